"""The gate by API: check-in, roster, manifest and upload, no-shows; and a buyer's bookings, codes and moves."""

from datetime import timedelta
from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from tests.bookings.guests import another_session, book, gatekeeper, go_to_gate, starts
from tests.checkout.shop import Shop, buyers, key, open_shop
from tests.clock import FakeClock
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN

TOLD = "__typename ... on UserError { code message retryable } ... on NotFound { field }"
CHECKED = "tickets { outcome ticketId ticket { state redeemedAt gate redeemedBy } }"
CHECK_IN = f"""
mutation CheckIn($tickets: GateTicketsInput!, $gate: String, $key: ID!) {{
  checkIn(tickets: $tickets, gate: $gate, idempotencyKey: $key) {{
    {TOLD} ... on GateClosed {{ opensAt closesAt }} ... on CheckInPayload {{ {CHECKED} }}
  }}
}}"""
MANIFEST = f"""
mutation Take($session: ID!, $key: ID!) {{
  issueGateManifest(sessionId: $session, idempotencyKey: $key) {{
    {TOLD} ... on GateManifestPayload {{ manifestId manifest publicKey ticketCount opensAt closesAt uploadUntil }}
  }}
}}"""
UPLOAD = f"""
mutation Upload($manifest: ID!, $scans: [OfflineScanInput!]!, $key: ID!) {{
  uploadCheckIns(manifestId: $manifest, scans: $scans, gate: "山门", idempotencyKey: $key) {{
    {TOLD} ... on CheckInPayload {{ {CHECKED} }}
  }}
}}"""
NO_SHOW = f"""
mutation NoShow($id: ID!, $key: ID!) {{
  markNoShow(bookingId: $id, idempotencyKey: $key) {{
    {TOLD} ... on BookingPayload {{ booking {{ state nextStates tickets {{ state }} }} }}
  }}
}}"""
UNDO = f"""
mutation Undo($id: ID!, $key: ID!) {{
  undoNoShow(bookingId: $id, idempotencyKey: $key) {{ {TOLD} ... on CheckInPayload {{ {CHECKED} }} }}
}}"""
MOVE = f"""
mutation Move($id: ID!, $session: ID!, $key: ID!) {{
  rescheduleBooking(bookingId: $id, sessionId: $session, idempotencyKey: $key) {{
    {TOLD} ... on PriceHigher {{ difference {{ amount }} }} ... on ChangeTooLate {{ until }}
    ... on BookingPayload {{ booking {{ localDate session {{ id }} amount {{ amount }} }} }}
  }}
}}"""
ROSTER = """
query Roster($id: ID!) {
  tourSession(id: $id) {
    roster { totalCount nodes { orderNumber contact contactPhone seats state tickets { state name } } }
  }
  rosterCounts(sessionId: $id) { name kind tickets pax redeemed noShow }
}"""
MINE = """
query Mine($where: BookingWhere) {
  me { bookings(where: $where) { totalCount nodes {
    state nextStates localDate changeUntil contactPhone tickets { code qr state participant }
  } } }
}"""


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


async def _do(asker: Asker, mutation: str, actor: Actor, **variables: Any) -> Any:
    data = await asker.data(mutation, {"key": key(), **variables}, actor=actor)
    (answer,) = data.values()
    return answer


def _stranger(market: Market, shop: Shop) -> Actor:
    draft = OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, shop.stalls.village)
    return gatekeeper(market, register_organisation(market, ADMIN, draft))


def test_a_party_is_checked_in_and_the_roster_says_so(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, keeper = book(market, shop, 3), gatekeeper(market, shop.stalls.producer)
    book(market, shop, 1, is_paid=False)
    go_to_gate(market, clock, shop)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        first = await _do(asker, CHECK_IN, keeper, tickets={"code": guests.codes[0]}, gate="北门")
        assert first["tickets"] == [
            {
                "outcome": "REDEEMED",
                "ticketId": guests.tickets[0],
                "ticket": {
                    "state": "REDEEMED",
                    "redeemedAt": "2026-06-20T00:00:00Z",
                    "gate": "北门",
                    "redeemedBy": "买家0",
                },
            }
        ]
        clock.advance(minutes=3)
        again = await _do(asker, CHECK_IN, keeper, tickets={"ticketIds": list(guests.tickets[:2])})
        assert [each["outcome"] for each in again["tickets"]] == ["ALREADY_REDEEMED", "REDEEMED"]
        assert again["tickets"][0]["ticket"] == first["tickets"][0]["ticket"], "when, where and by whom"

        roster = await asker.data(ROSTER, {"id": shop.visit}, actor=keeper)
        (party,) = roster["tourSession"]["roster"]["nodes"]
        assert (party["contact"], party["contactPhone"], party["seats"]) == ("林**", "138****1234", 3)
        assert (len(party["orderNumber"]), party["state"]) == (14, "CONFIRMED")
        assert [each["state"] for each in party["tickets"]] == ["REDEEMED", "REDEEMED", "VALID"]
        assert roster["rosterCounts"] == [
            {"name": "成人", "kind": "ADULT", "tickets": 3, "pax": 3, "redeemed": 2, "noShow": 0}
        ]
        number = party["orderNumber"]
        for where, count in (
            (f'number: "{number}"', 1),
            ('number: "00000000000000"', 0),
            ('phoneTail: "1234"', 1),
            ('phoneTail: "4321"', 0),
        ):
            found = await asker.data(
                f'{{ tourSession(id: "{shop.visit}") {{ roster(where: {{{where}}}) {{ totalCount }} }} }}', actor=keeper
            )
            assert found["tourSession"]["roster"]["totalCount"] == count, where
        all_states = "{ tourSession(id: %s) { roster(where: {states: [ON_HOLD]}) { totalCount } } }"
        waiting = await asker.data(all_states % f'"{shop.visit}"', actor=keeper)
        assert waiting["tourSession"]["roster"]["totalCount"] == 1

    asked(market, walk)


def test_who_may_not_is_told_and_a_strangers_thing_is_an_unknown_one(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    guests, stranger = book(market, shop, 1), _stranger(market, shop)
    go_to_gate(market, clock, shop)
    unknown = {"tkt": "tkt_" + "0" * 26, "bkg": "bkg_" + "0" * 26, "ses": "ses_" + "0" * 26}
    pairs: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        (CHECK_IN, {"tickets": {"code": guests.codes[0]}}, {"tickets": {"code": "0" * 20}}),
        (CHECK_IN, {"tickets": {"ticketIds": [guests.tickets[0]]}}, {"tickets": {"ticketIds": [unknown["tkt"]]}}),
        (MANIFEST, {"session": shop.visit}, {"session": unknown["ses"]}),
        (NO_SHOW, {"id": guests.booking}, {"id": unknown["bkg"]}),
        (UNDO, {"id": guests.booking}, {"id": unknown["bkg"]}),
    ]

    async def walk(here: Market) -> None:
        asker = Asker(here)
        for mutation, theirs, nobodys in pairs:
            told = [
                (await asker.answer(mutation, {"key": key(), **each}, actor=stranger)).body
                for each in (theirs, nobodys)
            ]
            assert told[0] == told[1]
            assert b'"NOT_FOUND"' in told[0]
            assert (await _do(asker, mutation, VISITOR, **theirs))["__typename"] == "NotSignedIn"
            assert (await _do(asker, mutation, guests.buyer, **theirs))["__typename"] == "Forbidden"
        bodies = [
            (await asker.answer(ROSTER, {"id": each}, actor=stranger)).body for each in (shop.visit, unknown["ses"])
        ]
        assert bodies[0] == b'{"data":{"tourSession":{"roster":{"totalCount":0,"nodes":[]}},"rosterCounts":null}}'
        assert bodies[1] == b'{"data":{"tourSession":null,"rosterCounts":null}}'
        bodies = [
            (await asker.answer("query Q($id: ID!) { booking(id: $id) { id } }", {"id": each}, actor=stranger)).body
            for each in (guests.booking, unknown["bkg"])
        ]
        assert bodies[0] == bodies[1] == b'{"data":{"booking":null}}'

    asked(market, walk)


def test_a_buyers_bookings_have_their_codes_and_nobody_else_gets_them(
    market: Market, clock: FakeClock, shop: Shop
) -> None:
    guests, keeper = book(market, shop, 2), gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)
    staff = Actor(
        ActorKind.STAFF,
        "acc_f",
        staff_roles=frozenset({Role.STAFF_FINANCE}),
        region_codes=frozenset({"330213000000"}),
    )

    async def walk(here: Market) -> None:
        asker = Asker(here)
        mine = (await asker.data(MINE, actor=guests.buyer))["me"]["bookings"]
        (booking,) = mine["nodes"]
        assert (booking["state"], booking["nextStates"]) == ("CONFIRMED", ["REDEEMED", "NO_SHOW", "CANCELLED"])
        assert (booking["localDate"], booking["changeUntil"]) == ("2026-06-20", "2026-06-18T01:00:00Z")
        assert [each["code"] for each in booking["tickets"]] == list(guests.codes)
        assert [each["participant"] for each in booking["tickets"]] == ["林顾客", None]
        first, second = (each["qr"] for each in booking["tickets"])
        assert first.startswith("<svg ")
        assert first.endswith("</svg>")
        assert first != second
        for where, count in (
            ({"from": "2026-06-20", "to": "2026-06-20"}, 1),
            ({"from": "2026-06-21"}, 0),
            ({"to": "2026-06-19"}, 0),
            ({"states": ["CANCELLED"]}, 0),
            ({"states": ["CONFIRMED"], "session": shop.visit}, 1),
        ):
            found = await asker.data(MINE, {"where": where}, actor=guests.buyer)
            assert found["me"]["bookings"]["totalCount"] == count, where
        one = "query One($id: ID!) { booking(id: $id) { tickets { state %s } } }"
        for actor in (staff, keeper):
            seen = (await asker.data(one % "gate", {"id": guests.booking}, actor=actor))["booking"]
            assert seen["tickets"] == [{"state": "VALID", "gate": None}] * 2
            for secret in ("code", "qr", "participant"):
                told = await asker.ask(one % secret, {"id": guests.booking}, actor=actor)
                assert guests.codes[0] not in str(told)
                assert "<svg" not in str(told)
        admins = await asker.data(one % "code qr participant", {"id": guests.booking}, actor=ADMIN)
        assert admins["booking"]["tickets"] == [
            {"state": "VALID", "code": None, "qr": None, "participant": None} for _ in guests.tickets
        ]
        await _do(asker, CHECK_IN, keeper, tickets={"code": guests.codes[0]})
        used = (await asker.data(MINE, actor=guests.buyer))["me"]["bookings"]["nodes"][0]["tickets"]
        assert [(each["code"] is None, each["qr"] is None, each["state"]) for each in used] == [
            (True, True, "REDEEMED"),
            (False, False, "VALID"),
        ]

    asked(market, walk)


def test_a_gate_goes_offline_and_tells_afterwards(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, keeper = book(market, shop, 2), gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        taken = await _do(asker, MANIFEST, keeper, session=shop.visit)
        assert (taken["ticketCount"], taken["closesAt"]) == (2, "2026-06-20T16:00:00Z")
        assert taken["uploadUntil"] == "2026-06-27T16:00:00Z"
        scans = [
            {"scannedAt": "2026-06-20T08:30:00+08:00", "code": guests.codes[0]},
            {"scannedAt": "2026-06-20T08:31:00+08:00", "code": "smudged"},
        ]
        clock.advance(hours=2)
        told = await _do(asker, UPLOAD, keeper, manifest=taken["manifestId"], scans=scans)
        assert told["tickets"][0]["ticket"]["redeemedAt"] == "2026-06-20T00:30:00Z"
        assert [(each["outcome"], each["ticketId"] is None) for each in told["tickets"]] == [
            ("REDEEMED", False),
            ("UNKNOWN", True),
        ]
        clock.now = starts(market, shop.visit) + timedelta(days=9)
        late = await _do(asker, UPLOAD, keeper, manifest=taken["manifestId"], scans=scans)
        assert (late["__typename"], late["code"]) == ("Conflict", "MANIFEST_ENDED")
        closed = await _do(asker, CHECK_IN, keeper, tickets={"code": guests.codes[1]})
        assert (closed["__typename"], closed["closesAt"]) == ("GateClosed", "2026-06-20T16:00:00Z")

    asked(market, walk)


def test_who_did_not_come_is_said_and_taken_back(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, keeper = book(market, shop, 2), gatekeeper(market, shop.stalls.producer)
    go_to_gate(market, clock, shop)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        early = await _do(asker, NO_SHOW, keeper, id=guests.booking)
        assert early["code"] == "NOT_CHANGEABLE"
        clock.advance(hours=4)
        said = await _do(asker, NO_SHOW, keeper, id=guests.booking)
        assert said["booking"] == {
            "state": "NO_SHOW",
            "nextStates": ["REDEEMED"],
            "tickets": [{"state": "NO_SHOW"}, {"state": "NO_SHOW"}],
        }
        undone = await _do(asker, UNDO, keeper, id=guests.booking)
        assert [each["outcome"] for each in undone["tickets"]] == ["REDEEMED", "REDEEMED"]
        again = await _do(asker, NO_SHOW, keeper, id=guests.booking)
        assert again["__typename"] == "IllegalTransition"

    asked(market, walk)


def test_a_buyer_moves_a_booking(market: Market, clock: FakeClock, shop: Shop) -> None:
    guests, to = book(market, shop, 2), another_session(market, shop)
    (other,) = buyers(market, 1)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        bodies = [
            (await asker.answer(MOVE, {"key": key(), "id": each, "session": to}, actor=other)).body
            for each in (guests.booking, "bkg_" + "0" * 26)
        ]
        assert bodies[0] == bodies[1]
        moved = await _do(asker, MOVE, guests.buyer, id=guests.booking, session=to)
        assert moved["booking"] == {
            "localDate": "2026-06-21",
            "session": {"id": to},
            "amount": {"amount": "256.00"},
        }
        clock.now = starts(market, to) - timedelta(hours=47)
        late = await _do(asker, MOVE, guests.buyer, id=guests.booking, session=shop.visit)
        assert (late["__typename"], late["until"]) == ("ChangeTooLate", "2026-06-19T01:00:00Z")

    asked(market, walk)

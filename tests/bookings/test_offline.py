"""A gate without a network: a signed list, later an upload, and what went wrong meanwhile is told."""

import base64
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.types import Options
from sqlmodel import select

from market.aftersales.bookings import cancel_booking
from market.bookings.check_in import CheckInDraft, check_in
from market.bookings.errors import GateClosed, ManifestEnded
from market.bookings.gate import CheckOutcome
from market.bookings.manifest import Manifest, issue_manifest, offline_digest
from market.bookings.no_show import mark_no_shows
from market.bookings.tables import Booking, GateManifest, Redemption, Ticket
from market.bookings.uploads import OfflineScan, UploadDraft, upload_check_ins
from market.kernel.errors import Forbidden, IdempotencyConflict, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from tests.bookings.guests import Guests, another_session, book, gatekeeper, go_to_gate, starts, state_of
from tests.checkout.shop import Shop, key, open_shop
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


@pytest.fixture(name="keeper")
def _keeper(market: Market, shop: Shop) -> Actor:
    return gatekeeper(market, shop.stalls.producer)


def _read(manifest: Manifest) -> dict[str, object]:
    """What a gate's device makes of it."""
    raw = base64.urlsafe_b64decode(manifest.public_key + "=")
    options: Options = {
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
    }  # the test's clock is not the system's
    claims: dict[str, object] = jwt.decode(
        manifest.token, Ed25519PublicKey.from_public_bytes(raw), algorithms=["EdDSA"], options=options
    )
    return claims


def _upload(
    market: Market, actor: Actor, manifest: Manifest, *scans: OfflineScan, gate: str = "山门", with_key: str = ""
) -> list[str]:
    draft = UploadDraft(manifest.id, scans, gate)
    return [each.outcome.value for each in upload_check_ins(market, actor, draft, key=with_key or key())]


def test_the_list_is_signed_and_names_tickets_by_what_only_their_code_gives(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor
) -> None:
    guests = book(market, shop, 2)
    book(market, shop, 1, is_paid=False)
    go_to_gate(market, clock, shop)

    manifest = issue_manifest(market, keeper, session_id=shop.visit, key=key())

    claims = _read(manifest)
    assert (claims["jti"], claims["sub"], manifest.ticket_count) == (manifest.id, shop.visit, 2)
    tickets = claims["tickets"]
    assert isinstance(tickets, list)
    assert {each["digest"] for each in tickets} == {offline_digest(manifest.id, code) for code in guests.codes}
    assert {(each["booking"], each["name"], each["pax"], each["state"]) for each in tickets} == {
        (guests.booking, "成人", 1, "VALID")
    }
    assert not any(code in manifest.token for code in guests.codes)
    forged = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA")
    with pytest.raises(jwt.InvalidSignatureError):
        _read(replace(manifest, token=forged))


def test_the_same_key_is_the_same_manifest_with_the_tickets_as_they_are(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor
) -> None:
    guests, with_key = book(market, shop, 2), key()
    go_to_gate(market, clock, shop)
    first = issue_manifest(market, keeper, session_id=shop.visit, key=with_key)
    check_in(market, keeper, CheckInDraft(code=guests.codes[0]), key=key())

    again = issue_manifest(market, keeper, session_id=shop.visit, key=with_key)

    assert again.id == first.id
    tickets = _read(again)["tickets"]
    assert isinstance(tickets, list)
    assert sorted(each["state"] for each in tickets) == ["REDEEMED", "VALID"]
    with market.read() as session:
        assert len(session.exec(select(GateManifest)).all()) == 1


def test_only_the_organisations_people_take_it_and_not_after_the_day(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor
) -> None:
    other = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, shop.stalls.village)
    )
    stranger, guests = gatekeeper(market, other), book(market, shop)
    go_to_gate(market, clock, shop)
    told = []
    for session_id in (shop.visit, "ses_unknown"):
        with pytest.raises(NotFound) as refused:
            issue_manifest(market, stranger, session_id=session_id, key=key())
        told.append(str(refused.value))
    assert told[0] == told[1]
    with pytest.raises(Forbidden):
        issue_manifest(market, guests.buyer, session_id=shop.visit, key=key())
    manifest = issue_manifest(market, keeper, session_id=shop.visit, key=key())
    for actor, manifest_id in ((stranger, manifest.id), (stranger, "mft_unknown")):
        with pytest.raises(NotFound) as refused:
            scan = OfflineScan(market.now(), code=guests.codes[0])
            upload_check_ins(market, actor, UploadDraft(manifest_id, (scan,)), key=key())
        told.append(str(refused.value))
    assert told[2] == told[3]
    clock.advance(days=1)
    with pytest.raises(GateClosed):
        issue_manifest(market, keeper, session_id=shop.visit, key=key())
    assert state_of(market, guests) == ("CONFIRMED", ["VALID", "VALID"])


def test_an_upload_counts_each_scan_once_and_tells_every_conflict(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor
) -> None:
    comes, cancelled, elsewhere, moved = (book(market, shop, 2) for _ in range(4))
    go_to_gate(market, clock, shop)
    manifest = issue_manifest(market, keeper, session_id=shop.visit, key=key())
    scanned = clock.advance(minutes=5)
    check_in(market, keeper, CheckInDraft(code=elsewhere.codes[0], gate="online"), key=key())
    clock.now = starts(market, shop.visit) - timedelta(days=3)
    cancel_booking(market, cancelled.buyer, booking_id=cancelled.booking, key=key())
    _send_to(market, moved, another_session(market, shop))
    clock.now = scanned + timedelta(hours=1)
    scans = (
        OfflineScan(scanned, code=comes.codes[0]),
        OfflineScan(scanned, ticket_id=comes.tickets[1]),
        OfflineScan(scanned, code=cancelled.codes[0]),
        OfflineScan(scanned, code=elsewhere.codes[0]),
        OfflineScan(scanned, code=moved.codes[0]),
        OfflineScan(scanned, code="00000-00000-00000-00000"),
        OfflineScan(scanned, code="smudged"),
        OfflineScan(scanned, ticket_id="tkt_unknown"),
        OfflineScan(scanned + timedelta(seconds=9), code=comes.codes[0]),
        OfflineScan(scanned, code=comes.codes[0]),
    )

    told = _upload(market, keeper, manifest, *scans)

    assert told == [
        *["REDEEMED", "REDEEMED", "CANCELLED", "ALREADY_REDEEMED", "MOVED"],
        *["UNKNOWN", "UNKNOWN", "UNKNOWN", "ALREADY_REDEEMED", "REDEEMED"],
    ]
    assert state_of(market, comes) == ("REDEEMED", ["REDEEMED", "REDEEMED"])
    assert state_of(market, moved) == ("CONFIRMED", ["VALID", "VALID"])
    with market.read() as session:
        ticket = session.get(Ticket, comes.tickets[0])
        assert ticket is not None
        assert (ticket.redeemed_at, ticket.gate) == (scanned, "山门")
        kept = [each.outcome for each in session.exec(select(Redemption)).all() if each.manifest_id is not None]
    assert sorted(kept) == sorted(told[:-1])

    assert _upload(market, keeper, manifest, *scans[:5]) == told[:5], "the same scans in another upload"
    with market.read() as session:
        assert len(session.exec(select(Redemption)).all()) == len(kept) + 1


def _send_to(market: Market, guests: Guests, session_id: str) -> None:
    """As a booking that was moved."""
    with market.transaction() as session:
        for row in session.exec(select(Ticket).where(Ticket.booking_id == guests.booking)).all():
            row.session_id = session_id
        booking = session.get(Booking, guests.booking)
        assert booking is not None
        booking.session_id = session_id


def test_the_same_upload_is_done_once_and_a_key_is_for_one_upload(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor
) -> None:
    guests, with_key = book(market, shop, 1), key()
    now = go_to_gate(market, clock, shop)
    manifest = issue_manifest(market, keeper, session_id=shop.visit, key=key())
    scan = OfflineScan(now, code=guests.codes[0])

    assert _upload(market, keeper, manifest, scan, with_key=with_key) == ["REDEEMED"]
    assert _upload(market, keeper, manifest, scan, with_key=with_key) == ["REDEEMED"]
    with pytest.raises(IdempotencyConflict):
        _upload(market, keeper, manifest, OfflineScan(now, code="other"), with_key=with_key)
    with pytest.raises(Invalid):
        _upload(market, keeper, manifest)


@pytest.mark.parametrize(
    ("minutes", "outcome"),
    [
        (-6, "WRONG_TIME"),
        (-5, "REDEEMED"),
        (0, "REDEEMED"),
        (65, "REDEEMED"),
        (66, "WRONG_TIME"),
        (60 * 24 * 9, "WRONG_TIME"),
    ],
)
def test_a_gates_clock_may_be_five_minutes_wrong(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor, minutes: int, outcome: str
) -> None:
    guests = book(market, shop, 1)
    issued = go_to_gate(market, clock, shop)
    manifest = issue_manifest(market, keeper, session_id=shop.visit, key=key())
    now = clock.advance(hours=1)
    scanned = issued + timedelta(minutes=minutes)

    assert _upload(market, keeper, manifest, OfflineScan(scanned, code=guests.codes[0])) == [outcome]

    with market.read() as session:
        redeemed_at = session.exec(select(Ticket.redeemed_at)).one()
    assert redeemed_at == (min(scanned, now) if outcome == "REDEEMED" else None)


def test_whoever_was_let_in_offline_is_no_no_show_up_to_a_week_later(
    market: Market, clock: FakeClock, shop: Shop, keeper: Actor
) -> None:
    early, late = book(market, shop, 1), book(market, shop, 1)
    scanned = go_to_gate(market, clock, shop)
    manifest = issue_manifest(market, keeper, session_id=shop.visit, key=key())
    clock.now = starts(market, shop.visit) + timedelta(hours=15)
    assert mark_no_shows(market) == 2
    clock.advance(days=7)

    assert _upload(market, keeper, manifest, OfflineScan(scanned, code=early.codes[0])) == [CheckOutcome.REDEEMED]
    assert state_of(market, early) == ("REDEEMED", ["REDEEMED"])
    clock.advance(seconds=1)
    with pytest.raises(ManifestEnded):
        _upload(market, keeper, manifest, OfflineScan(scanned, code=late.codes[0]))
    assert state_of(market, late) == ("NO_SHOW", ["NO_SHOW"])

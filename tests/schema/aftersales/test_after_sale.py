"""After-sales by API: previews and refunds, claims from opening to staff's decision, and who sees what of them."""

from datetime import timedelta
from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.orders.rules import LineKind
from tests.aftersales.claiming import photo
from tests.aftersales.sales import bought, line_of, send, staff_of
from tests.checkout.shop import Shop, buyers, key, open_shop
from tests.clock import FakeClock
from tests.schema.asking import Asker, asked

PREVIEW = """
query Preview($input: RefundLinesInput!) {
  refundPreview(input: $input) {
    amount { amount } delivery { amount } vouchers { amount } commission { amount }
    lines { lineId quantity amount { amount } }
  }
}
"""
REFUND = """
mutation Refund($input: RefundLinesInput!, $key: ID!) {
  refundLines(input: $input, idempotencyKey: $key) {
    __typename
    ... on SellerOrderPayload { sellerOrder { id state refunded { amount } lines { refunded { amount } } } }
    ... on UserError { code message }
  }
}
"""
CANCEL_PREVIEW = """
query Preview($input: CancelOrderLinesInput!) {
  cancellationPreview(input: $input) { amount { amount } delivery { amount } }
}
"""
CANCEL = """
mutation Cancel($input: CancelOrderLinesInput!, $key: ID!) {
  cancelOrderLines(input: $input, idempotencyKey: $key) {
    __typename
    ... on SellerOrderPayload { sellerOrder { id state } }
    ... on AlreadyHandedOver { left }
    ... on UserError { code message }
  }
}
"""
CANCEL_BOOKING = """
mutation Cancel($id: ID!, $key: ID!) {
  cancelBooking(bookingId: $id, idempotencyKey: $key) {
    __typename
    ... on CancelBookingPayload { booking { state refundPercent } }
    ... on UserError { code }
  }
}
"""
DEPARTURE = """
mutation Cancel($id: ID!) {
  cancelDeparture(sessionId: $id, reason: "台风") {
    __typename ... on CancelDeparturePayload { session { id status } } ... on UserError { code }
  }
}
"""
FIELDS = """
  id state nextStates reason wish quantity spoilagePercent asked { amount } refunded { amount }
  text answer appeal decision dueAt settledAt line { title quantity } sellerOrder { id } photos { url(size: SMALL) }
"""
OPEN = f"""
mutation Open($input: OpenClaimInput!, $key: ID!) {{
  openClaim(input: $input, idempotencyKey: $key) {{
    __typename ... on ClaimPayload {{ claim {{ {FIELDS} }} }} ... on UserError {{ code message }}
  }}
}}
"""
ANSWER = f"""
mutation Answer($input: AnswerClaimInput!, $key: ID!) {{
  answerClaim(input: $input, idempotencyKey: $key) {{
    __typename ... on ClaimPayload {{ claim {{ {FIELDS} }} }} ... on UserError {{ code message }}
  }}
}}
"""
ESCALATE = f"""
mutation Escalate($id: ID!, $key: ID!) {{
  escalateClaim(claimId: $id, text: "不够", idempotencyKey: $key) {{
    __typename ... on ClaimPayload {{ claim {{ {FIELDS} }} }} ... on UserError {{ code message }}
  }}
}}
"""
DECIDE = f"""
mutation Decide($input: DecideClaimInput!, $key: ID!) {{
  decideClaim(input: $input, idempotencyKey: $key) {{
    __typename ... on ClaimPayload {{ claim {{ {FIELDS} }} }} ... on UserError {{ code message }}
  }}
}}
"""
CLAIM = f"query Claim($id: ID!) {{ claim(id: $id) {{ {FIELDS} }} }}"
QUEUE = "query Queue($where: ClaimWhere) { claims(where: $where, orderBy: OLDEST) { totalCount nodes { id } } }"


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def staff(role: Role, region: str = "330213000000") -> Actor:
    return Actor(
        ActorKind.STAFF, f"acc_{role}_{region}", staff_roles=frozenset({role}), region_codes=frozenset({region})
    )


def test_a_refund_is_seen_before_it_is_made(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 2)
    seller = staff_of(market, shop.stalls.producer, Role.FINANCE)
    (stranger,) = buyers(market, 1)
    line = line_of(market, part).id

    async def walk(here: Market) -> None:
        asker = Asker(here)
        given = {"sellerOrderId": part, "lines": [{"lineId": line, "share": {"quantity": 1}}]}
        seen = (await asker.data(PREVIEW, {"input": given}, actor=seller))["refundPreview"]
        assert seen["amount"] == {"amount": "88.00"}
        assert seen["lines"] == [{"lineId": line, "quantity": 1, "amount": {"amount": "88.00"}}]
        for actor, code in ((stranger, "FORBIDDEN"), (buyer, "FORBIDDEN")):
            refused = await asker.ask(PREVIEW, {"input": given}, actor=actor)
            assert refused["errors"][0]["extensions"]["code"] == code
        same = key()
        for _twice in range(2):
            done = (await asker.data(REFUND, {"input": given, "key": same}, actor=seller))["refundLines"]
            assert done["sellerOrder"]["refunded"] == {"amount": "88.00"}
        some = {"sellerOrderId": part, "lines": [{"lineId": line, "share": {"amount": "8.50"}}], "delivery": "1.00"}
        done = (await asker.data(REFUND, {"input": some, "key": key()}, actor=seller))["refundLines"]
        assert done["sellerOrder"]["refunded"] == {"amount": "97.50"}
        wrong = {"sellerOrderId": part, "lines": [{"lineId": line, "share": {"amount": "8,50"}}]}
        refused = (await asker.data(REFUND, {"input": wrong, "key": key()}, actor=seller))["refundLines"]
        assert refused["__typename"] == "InvalidInput"
        none = {"sellerOrderId": part, "lines": [{"lineId": line, "share": {"quantity": 0}}]}
        refused = (await asker.data(REFUND, {"input": none, "key": key()}, actor=seller))["refundLines"]
        assert refused["__typename"] == "InvalidInput"

    asked(market, walk)


def test_a_buyer_cancels_what_is_not_sent(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 3)
    (stranger,) = buyers(market, 1)
    line = line_of(market, part).id
    send(market, part, 1)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        all_three = {"sellerOrderId": part, "lines": [{"lineId": line, "quantity": 3}]}
        refused = (await asker.data(CANCEL, {"input": all_three, "key": key()}, actor=buyer))["cancelOrderLines"]
        assert (refused["__typename"], refused["left"]) == ("AlreadyHandedOver", 2)
        rest = {"sellerOrderId": part}
        seen = (await asker.data(CANCEL_PREVIEW, {"input": rest}, actor=buyer))["cancellationPreview"]
        assert seen == {"amount": {"amount": "176.00"}, "delivery": {"amount": "0.00"}}
        theirs = await asker.answer(CANCEL, {"input": rest, "key": key()}, actor=stranger)
        nobodys = {"sellerOrderId": "sor_" + "0" * 26}
        assert theirs.body == (await asker.answer(CANCEL, {"input": nobodys, "key": key()}, actor=stranger)).body
        done = (await asker.data(CANCEL, {"input": rest, "key": key()}, actor=buyer))["cancelOrderLines"]
        assert done["sellerOrder"]["id"] == part

    asked(market, walk)


def test_a_booking_and_a_departure_are_cancelled(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 0, adults=1)
    operator = staff_of(market, shop.stalls.producer, Role.EDITOR)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        found = (await asker.data("{ bookings { nodes { id } } }", actor=buyer))["bookings"]["nodes"]
        booking = found[0]["id"]
        look = "query Look($id: ID!) { bookingCancellation(bookingId: $id) { percent amount { amount } } }"
        seen = (await asker.data(look, {"id": booking}, actor=buyer))["bookingCancellation"]
        assert seen == {"percent": 100, "amount": {"amount": "128.00"}}
        done = (await asker.data(CANCEL_BOOKING, {"id": booking, "key": key()}, actor=buyer))["cancelBooking"]
        assert done["booking"] == {"state": "CANCELLED", "refundPercent": 100}
        refused = (await asker.data(DEPARTURE, {"id": shop.visit}, actor=buyer))["cancelDeparture"]
        assert refused["__typename"] == "Forbidden"
        ended = (await asker.data(DEPARTURE, {"id": shop.visit}, actor=operator))["cancelDeparture"]
        assert ended["session"]["id"] == shop.visit

    assert line_of(market, part, LineKind.BOOKING).seats == 1
    asked(market, walk)


def test_a_claim_from_opening_to_the_last_word(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 2)
    send(market, part)
    seller = staff_of(market, shop.stalls.producer, Role.FINANCE)
    moderator = staff(Role.STAFF_MODERATOR)
    given = {
        "lineId": line_of(market, part).id,
        "reason": "SPOILED",
        "wish": "REFUND",
        "quantity": 2,
        "spoilagePercent": 50,
        "text": "坏了一半",
        "photoIds": [photo(market, buyer)],
    }

    async def walk(here: Market) -> None:
        asker = Asker(here)
        opened = (await asker.data(OPEN, {"input": given, "key": key()}, actor=buyer))["openClaim"]["claim"]
        assert (opened["state"], opened["asked"]) == ("OPEN", {"amount": "88.00"})
        assert opened["photos"][0]["url"].startswith("/private-media/mda_")
        again = (await asker.data(OPEN, {"input": given, "key": key()}, actor=buyer))["openClaim"]
        assert again["__typename"] == "ClaimOpen"
        claim = opened["id"]
        waiting = {"where": {"states": ["OPEN"], "producer": shop.stalls.producer}}
        queue = (await asker.data(QUEUE, waiting, actor=seller))["claims"]
        assert queue == {"totalCount": 1, "nodes": [{"id": claim}]}
        overdue = {"where": {"isOverdue": True}}
        assert (await asker.data(QUEUE, overdue, actor=moderator))["claims"]["totalCount"] == 0

        part_of_it = {"claimId": claim, "kind": "REFUND", "amount": "30.00", "text": "各让一步"}
        answered = (await asker.data(ANSWER, {"input": part_of_it, "key": key()}, actor=seller))["answerClaim"]["claim"]
        assert (answered["state"], answered["nextStates"]) == ("PARTLY_REFUNDED", ["ESCALATED"])
        told = (await asker.data(ESCALATE, {"id": claim, "key": key()}, actor=buyer))["escalateClaim"]["claim"]
        assert (told["state"], told["appeal"]) == ("ESCALATED", "不够")
        final = {"claimId": claim, "text": "照片清楚", "amount": "58.00"}
        decided = (await asker.data(DECIDE, {"input": final, "key": key()}, actor=moderator))["decideClaim"]["claim"]
        assert (decided["state"], decided["refunded"]) == ("REFUNDED", {"amount": "88.00"})
        mine = await asker.data("{ me { claims { nodes { id state } } } }", actor=buyer)
        assert mine["me"]["claims"]["nodes"] == [{"id": claim, "state": "REFUNDED"}]

    asked(market, walk)


def test_who_sees_a_claim(market: Market, clock: FakeClock, shop: Shop) -> None:
    buyer, part = bought(market, shop, 1)
    send(market, part)
    clock.now += timedelta(hours=1)
    (stranger,) = buyers(market, 1)
    line = line_of(market, part).id
    given = {"lineId": line, "reason": "NOT_AS_DESCRIBED", "wish": "REFUND"}
    insiders = {
        "buyer": buyer,
        "owner": staff_of(market, shop.stalls.producer, Role.OWNER),
        "fulfilment": staff_of(market, shop.stalls.producer, Role.FULFILMENT),
        "moderator": staff(Role.STAFF_MODERATOR),
        "finance": staff(Role.STAFF_FINANCE),
    }
    outsiders = {
        "stranger": stranger,
        "editor": staff_of(market, shop.stalls.producer, Role.EDITOR),
        "moderator elsewhere": staff(Role.STAFF_MODERATOR, "330281000000"),
    }

    async def walk(here: Market) -> None:
        asker = Asker(here)

        async def open_as(actor: Actor, line_id: str) -> Any:
            with_line = {"input": {**given, "lineId": line_id}, "key": key()}
            return await asker.answer(OPEN, with_line, actor=actor)

        assert (await open_as(stranger, line)).body == (await open_as(stranger, "lin_" + "0" * 26)).body
        claim = (await asker.data(OPEN, {"input": given, "key": key()}, actor=buyer))["openClaim"]["claim"]["id"]
        for name, actor in insiders.items():
            assert (await asker.data(CLAIM, {"id": claim}, actor=actor))["claim"]["id"] == claim, name
        for name, actor in outsiders.items():
            theirs = await asker.answer(CLAIM, {"id": claim}, actor=actor)
            nobodys = await asker.answer(CLAIM, {"id": "clm_" + "0" * 26}, actor=actor)
            assert theirs.body == nobodys.body, name
            assert (await asker.data(QUEUE, actor=actor))["claims"]["totalCount"] == 0, name
        refused = await asker.ask(CLAIM, {"id": claim})
        assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        answer = {"claimId": claim, "kind": "REFUND"}
        told = (await asker.data(ANSWER, {"input": answer, "key": key()}, actor=insiders["fulfilment"]))["answerClaim"]
        assert told["__typename"] == "Forbidden"
        theirs = await asker.answer(ESCALATE, {"id": claim, "key": key()}, actor=stranger)
        nobodys = await asker.answer(ESCALATE, {"id": "clm_" + "0" * 26, "key": key()}, actor=stranger)
        assert theirs.body == nobodys.body

    asked(market, walk)

"""Campaigns by API: made, started, used up; seen by whoever pays for them, and by buyers while they can use them."""

from datetime import timedelta
from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.people.manage import give_role
from market.vouchers.uses import Use, confirm_uses, hold_uses
from tests.checkout.shop import buyers, key
from tests.clock import FakeClock
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN, Stalls, set_up

FACTS = """
  id name code state nextStates funder kind percent amount { amount } minimum { amount } cap { amount }
  seller { id } authorityRegion budget { amount } spent { amount } left { amount currency }
  totalLimit usedCount usesLeft personLimit scope { producerId region earlyDays kind }
"""
CREATE = f"""
mutation Create($input: CreateVoucherCampaignInput!, $key: ID!) {{
  createVoucherCampaign(input: $input, idempotencyKey: $key) {{
    __typename
    ... on VoucherCampaignPayload {{ campaign {{ {FACTS} }} }}
    ... on InvalidInput {{ field }}
    ... on NotFound {{ field }}
    ... on UserError {{ code message }}
  }}
}}
"""
LIST = f"""
query List($where: VoucherCampaignWhere) {{ voucherCampaigns(where: $where) {{ totalCount nodes {{ {FACTS} }} }} }}
"""
USABLE = """
query Usable($where: VoucherWhere) {
  vouchers(where: $where) { nodes { id: campaignId name code amount { amount } percent usesLeft endsAt scope { producerId } } }
}
"""
STRANGER = Actor(ActorKind.MEMBER, "acc_s", organisations={"pdr_x": frozenset({Role.OWNER})})
CUSTOMER = Actor(ActorKind.CUSTOMER, "acc_c")


def move(verb: str) -> str:
    return f"""
    mutation Move($id: ID!) {{
      {verb}VoucherCampaign(campaignId: $id) {{
        __typename
        ... on VoucherCampaignPayload {{ campaign {{ state nextStates }} }}
        ... on IllegalTransition {{ fromState allowed }}
        ... on UserError {{ code message path }}
      }}
    }}
    """


@pytest.fixture(name="stalls")
def _stalls(market: Market) -> Stalls:
    return set_up(market)


def owner(market: Market, stalls: Stalls) -> Actor:
    """The producer's own."""
    (buyer,) = buyers(market, 1)
    assert buyer.account_id
    give_role(market, ADMIN, account_id=buyer.account_id, role=Role.OWNER, within=stalls.producer)
    return Actor(ActorKind.MEMBER, buyer.account_id, organisations={stalls.producer: frozenset({Role.OWNER})})


def finance(market: Market, region: str) -> Actor:
    """Staff who give out an authority's money."""
    (buyer,) = buyers(market, 1)
    return Actor(
        ActorKind.STAFF,
        buyer.account_id,
        staff_roles=frozenset({Role.STAFF_FINANCE}),
        region_codes=frozenset({region}),
    )


def seller_draft(market: Market, stalls: Stalls, **changes: Any) -> dict[str, Any]:
    facts = {
        "name": "满 50 减 20",
        "funder": "SELLER",
        "sellerId": stalls.producer,
        "kind": "THRESHOLD",
        "amount": "20.00",
        "minimum": "50.00",
        "budget": "60.00",
        "totalLimit": 5,
        "personLimit": 2,
        "startsAt": (market.now() - timedelta(days=1)).isoformat(),
        "endsAt": (market.now() + timedelta(days=30)).isoformat(),
    }
    return {**facts, **changes}


def government_draft(market: Market, stalls: Stalls, **changes: Any) -> dict[str, Any]:
    facts = {
        "name": "奉化消费券",
        "funder": "GOVERNMENT",
        "sellerId": None,
        "authorityRegion": "330213000000",
        "code": "fenghua26",
        "kind": "PERCENT",
        "percent": 10,
        "amount": None,
        "minimum": None,
        "cap": "30.00",
        "totalLimit": None,
    }
    return {**seller_draft(market, stalls), **facts, **changes}


def use(market: Market, campaign: str, account: str, order: str, fen: int) -> None:
    with market.transaction() as session:
        until = market.now() + timedelta(minutes=15)
        hold_uses(session, [Use(campaign, fen)], account_id=account, until=until, holder=order, now=market.now())
        confirm_uses(session, holder=order, now=market.now())


def test_a_campaign_is_made_started_used_and_ended(market: Market, stalls: Stalls) -> None:
    seller = owner(market, stalls)
    (buyer,) = buyers(market, 1)
    assert buyer.account_id

    async def walk(here: Market) -> None:
        asker = Asker(here)
        given = {"input": seller_draft(market, stalls), "key": key()}
        made = (await asker.data(CREATE, given, actor=seller))["createVoucherCampaign"]
        campaign = made["campaign"]
        assert campaign["state"] == "DRAFT"
        assert campaign["nextStates"] == ["ACTIVE", "ENDED"]
        assert campaign["seller"] == {"id": stalls.producer}
        assert (campaign["amount"], campaign["minimum"]) == ({"amount": "20.00"}, {"amount": "50.00"})
        assert (campaign["percent"], campaign["cap"], campaign["authorityRegion"]) == (None, None, None)
        assert campaign["scope"]["producerId"] == stalls.producer
        again = (await asker.data(CREATE, given, actor=seller))["createVoucherCampaign"]
        assert again == made, "the same key makes it once"

        assert (await asker.data(USABLE, actor=buyer))["vouchers"]["nodes"] == [], "a draft is announced to nobody"
        started = await asker.data(move("activate"), {"id": campaign["id"]}, actor=seller)
        assert started["activateVoucherCampaign"]["campaign"] == {"state": "ACTIVE", "nextStates": ["PAUSED", "ENDED"]}
        (usable,) = (await asker.data(USABLE, actor=buyer))["vouchers"]["nodes"]
        assert (usable["id"], usable["usesLeft"], usable["code"]) == (campaign["id"], 2, None)

        use(here, campaign["id"], buyer.account_id or "", here.new_id("ord"), 2_000)
        (usable,) = (await asker.data(USABLE, actor=buyer))["vouchers"]["nodes"]
        assert usable["usesLeft"] == 1
        (seen,) = (await asker.data(LIST, actor=seller))["voucherCampaigns"]["nodes"]
        assert (seen["spent"], seen["left"]) == ({"amount": "20.00"}, {"amount": "40.00", "currency": "CNY"})
        assert (seen["usedCount"], seen["usesLeft"], seen["totalLimit"]) == (1, 4, 5)
        use(here, campaign["id"], buyer.account_id or "", here.new_id("ord"), 2_000)
        assert (await asker.data(USABLE, actor=buyer))["vouchers"]["nodes"] == [], "as often as one person may"

        paused = await asker.data(move("pause"), {"id": campaign["id"]}, actor=seller)
        assert paused["pauseVoucherCampaign"]["campaign"]["state"] == "PAUSED"
        ended = await asker.data(move("end"), {"id": campaign["id"]}, actor=seller)
        assert ended["endVoucherCampaign"]["campaign"] == {"state": "ENDED", "nextStates": []}
        refused = (await asker.data(move("activate"), {"id": campaign["id"]}, actor=seller))["activateVoucherCampaign"]
        assert (refused["__typename"], refused["fromState"], refused["allowed"]) == ("IllegalTransition", "ENDED", [])

    asked(market, walk)


def test_each_campaign_is_seen_by_whoever_pays_and_by_nobody_else(market: Market, stalls: Stalls) -> None:
    seller, staff, elsewhere = owner(market, stalls), finance(market, "330213000000"), finance(market, "330281000000")

    async def walk(here: Market) -> None:
        asker = Asker(here)

        async def make(actor: Actor, draft: dict[str, Any]) -> Any:
            return (await asker.data(CREATE, {"input": draft, "key": key()}, actor=actor))["createVoucherCampaign"]

        sellers = (await make(seller, seller_draft(market, stalls)))["campaign"]["id"]
        public = (await make(staff, government_draft(market, stalls)))["campaign"]
        assert (public["code"], public["percent"], public["amount"]) == ("FENGHUA26", 10, None)
        platform = {"funder": "PLATFORM", "sellerId": None}
        ours = (await make(ADMIN, seller_draft(market, stalls, **platform)))["campaign"]["id"]

        async def seen(actor: Actor, where: dict[str, Any] | None = None) -> set[str]:
            found = (await asker.data(LIST, {"where": where}, actor=actor))["voucherCampaigns"]
            assert found["totalCount"] == len(found["nodes"])
            return {each["id"] for each in found["nodes"]}

        assert await seen(seller) == {sellers}
        assert await seen(staff) == {sellers, public["id"]}, "their region's sellers, and their region's money"
        assert await seen(elsewhere) == set()
        assert await seen(STRANGER) == set()
        assert await seen(ADMIN) == {sellers, public["id"], ours}
        assert await seen(ADMIN, {"funders": ["GOVERNMENT"]}) == {public["id"]}
        assert await seen(ADMIN, {"seller": stalls.producer}) == {sellers}
        assert await seen(ADMIN, {"states": ["ACTIVE"]}) == set()

        for actor, code in ((VISITOR, "UNAUTHENTICATED"), (CUSTOMER, "FORBIDDEN")):
            (error,) = (await asker.ask(LIST, actor=actor))["errors"]
            assert error["extensions"]["code"] == code
            assert (await make(actor, seller_draft(market, stalls)))["code"] == code
        unknown = here.new_id("vch")
        for actor in (STRANGER, elsewhere):
            answers = [
                (await asker.answer(move("activate"), {"id": each}, actor=actor)).body for each in (sellers, unknown)
            ]
            assert answers[0] == answers[1], "a foreign one answers as an unknown one"
            assert b"NOT_FOUND" in answers[0]
        assert (await make(elsewhere, government_draft(market, stalls)))["__typename"] == "NotFound"
        assert (await make(seller, government_draft(market, stalls)))["code"] in {"NOT_FOUND", "FORBIDDEN"}
        assert (await make(seller, seller_draft(market, stalls, **platform)))["code"] == "FORBIDDEN"
        taken = await make(staff, government_draft(market, stalls))
        assert (taken["__typename"], taken["code"]) == ("VoucherCodeTaken", "CODE_TAKEN")
        wrong = await make(staff, government_draft(market, stalls, budget=None, code="OTHER26"))
        assert (wrong["__typename"], wrong["field"]) == ("InvalidInput", "budget")

    asked(market, walk)


def test_a_code_is_told_to_whoever_knows_it_while_it_can_be_used(
    market: Market, stalls: Stalls, clock: FakeClock
) -> None:
    (buyer,) = buyers(market, 1)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        given = {"input": government_draft(market, stalls), "key": key()}
        made = (await asker.data(CREATE, given, actor=ADMIN))["createVoucherCampaign"]["campaign"]["id"]
        await asker.data(move("activate"), {"id": made}, actor=ADMIN)

        async def usable(where: dict[str, Any] | None) -> list[str]:
            found = await asker.data(USABLE, {"where": where}, actor=buyer)
            return [each["id"] for each in found["vouchers"]["nodes"]]

        assert await usable(None) == [], "a code does not come by itself"
        assert await usable({"code": " fenghua26 "}) == [made]
        assert await usable({"code": "FENGHUA"}) == []
        assert await usable({"code": "fenghua26", "producer": stalls.producer}) == [made]
        (error,) = (await asker.ask(USABLE))["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
        clock.advance(days=31)
        assert await usable({"code": "fenghua26"}) == [], "it is over"

    asked(market, walk)

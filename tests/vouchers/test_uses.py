"""What is left of a campaign: never overspent, however many want it at once; nothing lost when they do not pay."""

import threading
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from market.kernel.errors import Forbidden, IllegalTransition, Invalid, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.people.tables import Account
from market.vouchers.errors import CodeTaken, VoucherUnusable
from market.vouchers.evaluate import Scope, VoucherLine
from market.vouchers.find import discounts_for
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from market.vouchers.rules import CAMPAIGN_MOVES, CampaignState, DiscountKind, Funder, WhyNot
from market.vouchers.tables import VoucherCampaign, VoucherPerson, VoucherUse
from market.vouchers.uses import Use, confirm_uses, give_back, hold_uses, release_uses, tidy_uses
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN, Stalls, set_up

SOON = timedelta(minutes=15)


@pytest.fixture(name="stalls")
def _stalls(market: Market) -> Stalls:
    return set_up(market)


def draft(market: Market, **changes: Any) -> CampaignDraft:
    facts: dict[str, Any] = {
        "name": "满 50 减 20",
        "funder": Funder.GOVERNMENT,
        "authority_region": "330213000000",
        "kind": DiscountKind.THRESHOLD,
        "amount_fen": 2_000,
        "minimum_fen": 5_000,
        "budget_fen": 10_000,
        "starts_at": market.now() - timedelta(days=1),
        "ends_at": market.now() + timedelta(days=30),
    }
    return CampaignDraft(**{**facts, **changes})


def running(market: Market, **changes: Any) -> str:
    made = create_campaign(market, ADMIN, draft(market, **changes), key=f"campaign-{next(KEYS):08d}")
    move_campaign(market, ADMIN, campaign_id=made, to=CampaignState.ACTIVE)
    return made


KEYS = count()


def people(market: Market, count: int) -> list[str]:
    with market.transaction() as session:
        made = [
            Account(id=market.new_id("acc"), name=f"人{number}", created_at=market.now()) for number in range(count)
        ]
        session.add_all(made)
        return [each.id for each in made]


def hold(market: Market, campaign: str, account: str, holder: str, amount: int = 2_000) -> None:
    with market.transaction() as session:
        hold_uses(
            session,
            [Use(campaign, amount)],
            account_id=account,
            holder=holder,
            until=market.now() + SOON,
            now=market.now(),
        )


def left(market: Market, campaign: str) -> tuple[int, int]:
    with market.read() as session:
        found = session.get(VoucherCampaign, campaign)
        assert found is not None
        return found.spent_fen, found.used_count


def test_thirty_at_once_spend_the_budget_and_no_fen_more(market: Market, stalls: Stalls) -> None:
    del stalls
    campaign = running(market)
    done: list[str] = []
    refused: list[WhyNot] = []

    def want(account: str, number: int) -> None:
        try:
            hold(market, campaign, account, f"ord_{number}")
            done.append(account)
        except VoucherUnusable as error:
            refused.append(error.facts["why"])

    threads = [
        threading.Thread(target=want, args=(account, number)) for number, account in enumerate(people(market, 30))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) == 5
    assert refused == [WhyNot.USED_UP] * 25
    assert left(market, campaign) == (10_000, 5)


def test_one_person_at_once_stays_within_their_limit(market: Market, stalls: Stalls) -> None:
    del stalls
    campaign = running(market, person_limit=1, total_limit=9)
    (account,) = people(market, 1)
    refused: list[WhyNot] = []

    def want(number: int) -> None:
        try:
            hold(market, campaign, account, f"ord_{number}")
        except VoucherUnusable as error:
            refused.append(error.facts["why"])

    threads = [threading.Thread(target=want, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refused == [WhyNot.PERSON_LIMIT] * 9
    assert left(market, campaign) == (2_000, 1)


def test_a_hold_that_ended_is_taken_back_by_whoever_needs_it(market: Market, clock: FakeClock, stalls: Stalls) -> None:
    del stalls
    campaign = running(market, budget_fen=2_000, person_limit=1)
    first, second = people(market, 2)
    hold(market, campaign, first, "ord_1")
    with pytest.raises(VoucherUnusable):
        hold(market, campaign, second, "ord_2")

    clock.advance(minutes=15)
    hold(market, campaign, second, "ord_2")

    assert left(market, campaign) == (2_000, 1)
    with market.transaction() as session:
        assert confirm_uses(session, holder="ord_1", now=market.now()) == [], "it came too late"
        assert confirm_uses(session, holder="ord_2", now=market.now()) == [campaign]
    with market.read() as session:
        counts = {each.account_id: each.used_count for each in session.exec(select(VoucherPerson)).all()}
    assert counts == {first: 0, second: 1}


def test_what_is_released_or_lapses_comes_back_once(market: Market, clock: FakeClock, stalls: Stalls) -> None:
    del stalls
    campaign = running(market)
    one, two = people(market, 2)
    hold(market, campaign, one, "ord_1")
    hold(market, campaign, two, "ord_2")
    for _again in range(2):
        with market.transaction() as session:
            release_uses(session, holder="ord_1")
    assert left(market, campaign) == (2_000, 1)

    clock.advance(minutes=15)
    with market.transaction() as session:
        assert tidy_uses(session, market.now()) == 1
        assert tidy_uses(session, market.now()) == 0
    assert left(market, campaign) == (0, 0)


def test_a_refund_goes_back_to_whoever_paid_and_a_whole_one_frees_the_use(market: Market, stalls: Stalls) -> None:
    del stalls
    campaign = running(market, person_limit=1)
    (account,) = people(market, 1)
    hold(market, campaign, account, "ord_1")
    with market.transaction() as session:
        confirm_uses(session, holder="ord_1", now=market.now())
    with market.transaction() as session:
        assert not give_back(session, holder="ord_1", campaign_id=campaign, amount_fen=500)
    assert left(market, campaign) == (1_500, 1)
    with pytest.raises(VoucherUnusable):
        hold(market, campaign, account, "ord_2")

    with market.transaction() as session:
        assert give_back(session, holder="ord_1", campaign_id=campaign, amount_fen=1_500)
    assert left(market, campaign) == (0, 0)
    hold(market, campaign, account, "ord_2")
    with pytest.raises(ValueError, match="has not used"), market.transaction() as session:
        give_back(session, holder="ord_1", campaign_id=campaign, amount_fen=1)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE voucher_campaign SET spent_fen = budget_fen + 1",
        "UPDATE voucher_campaign SET spent_fen = -1",
        "UPDATE voucher_campaign SET used_count = -1",
        "UPDATE voucher_campaign SET budget_fen = NULL",
    ],
)
def test_the_database_refuses_to_overspend(market: Market, stalls: Stalls, change: str) -> None:
    del stalls
    running(market)

    with pytest.raises(IntegrityError), market.transaction() as session:
        session.execute(sa.text(change))


PEACHES = VoucherLine("peach", 10_000, "PRODUCT", "prd_p", "pdr_a", "vil_a", "330213005208", ("fruit",))


def test_a_person_is_told_why_a_code_gives_nothing(market: Market, clock: FakeClock, stalls: Stalls) -> None:
    del stalls
    campaign = running(market, code="LOCAL", person_limit=1)
    create_campaign(market, ADMIN, draft(market, code="HIDDEN"), key="a-hidden-campaign")
    (account,) = people(market, 1)

    def told(*codes: str, who: str | None = account) -> list[tuple[str, WhyNot]]:
        with market.read() as session:
            found = discounts_for(session, codes, [PEACHES], account_id=who, now=market.now())
        return [(each.code, each.why) for each in found.refused]

    assert told("local") == []
    assert told("NOPE", "HIDDEN") == [("NOPE", WhyNot.UNKNOWN), ("HIDDEN", WhyNot.UNKNOWN)]
    hold(market, campaign, account, "ord_1")
    assert told("LOCAL") == [("LOCAL", WhyNot.PERSON_LIMIT)]
    assert told("LOCAL", who=None) == []
    move_campaign(market, ADMIN, campaign_id=campaign, to=CampaignState.PAUSED)
    assert told("LOCAL") == [("LOCAL", WhyNot.NOT_RUNNING)]
    move_campaign(market, ADMIN, campaign_id=campaign, to=CampaignState.ACTIVE)
    clock.advance(days=31)
    assert told("LOCAL", who=None) == [("LOCAL", WhyNot.NOT_RUNNING)]


def test_every_move_of_a_campaign_from_every_state(market: Market, stalls: Stalls) -> None:
    del stalls
    campaign = running(market)
    for state in CampaignState:
        for to in CampaignState:
            with market.transaction() as session:
                session.execute(sa.update(VoucherCampaign).values(state=state))
            try:
                move_campaign(market, ADMIN, campaign_id=campaign, to=to)
            except IllegalTransition:
                assert to not in CAMPAIGN_MOVES[state], (state, to)
            else:
                assert to in CAMPAIGN_MOVES[state], (state, to)


def staff(*regions: str) -> Actor:
    return Actor(ActorKind.STAFF, "acc_s", staff_roles=frozenset({Role.STAFF_FINANCE}), region_codes=frozenset(regions))


def member(market: Market, organisation: str) -> Actor:
    (account,) = people(market, 1)
    from market.people.manage import give_role

    give_role(market, ADMIN, account_id=account, role=Role.OWNER, within=organisation)
    return Actor(ActorKind.MEMBER, account, organisations={organisation: frozenset({Role.OWNER})})


def test_whose_campaign_it_is_says_who_may_make_it(market: Market, stalls: Stalls) -> None:
    own = draft(
        market, funder=Funder.SELLER, authority_region=None, seller_id=stalls.producer, scope=Scope(kind="PRODUCT")
    )
    platform = draft(market, funder=Funder.PLATFORM, authority_region=None)
    public = draft(market)
    owner = member(market, stalls.producer)
    tries: list[tuple[Actor, CampaignDraft, type[Exception] | None]] = [
        (owner, own, None),
        (owner, platform, Forbidden),
        (owner, public, NotFound),
        (staff("330213000000"), public, None),
        (staff("330281000000"), public, NotFound),
        (staff("330213000000"), platform, Forbidden),
        (staff("330213000000"), own, NotFound),
        (VISITOR, public, NotSignedIn),
        (Actor(ActorKind.CUSTOMER, "acc_c"), own, Forbidden),
    ]
    for number, (actor, wanted, refusal) in enumerate(tries):
        before = _count(market)
        if refusal is None:
            create_campaign(market, actor, wanted, key=f"whose-campaign-{number}")
            assert _count(market) == before + 1
        else:
            with pytest.raises(refusal):
                create_campaign(market, actor, wanted, key=f"whose-campaign-{number}")
            assert _count(market) == before


def test_a_strangers_campaign_is_unknown(market: Market, stalls: Stalls) -> None:
    mine = running(market)
    owner = member(market, stalls.producer)

    def told(campaign_id: str, actor: Actor) -> str:
        with pytest.raises(NotFound) as refused:
            move_campaign(market, actor, campaign_id=campaign_id, to=CampaignState.ENDED)
        return str(refused.value)

    assert told(mine, owner) == told("vch_unknown", owner)
    assert told(mine, staff("330281000000")) == told("vch_unknown", staff("330281000000"))


def test_a_sellers_voucher_is_for_its_own_things_alone(market: Market, stalls: Stalls) -> None:
    owner = member(market, stalls.producer)
    wanted = draft(
        market,
        funder=Funder.SELLER,
        authority_region=None,
        seller_id=stalls.producer,
        scope=Scope(producer_id="pdr_somebody_else"),
    )
    made = create_campaign(market, owner, wanted, key="only-for-its-own")

    with market.read() as session:
        campaign = session.get(VoucherCampaign, made)
        assert campaign is not None
        assert campaign.scope_producer_id == stalls.producer


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"code": "a b"}, "code"),
        ({"starts_in_days": 31}, "endsAt"),
        ({"amount_fen": 0}, "amount"),
        ({"minimum_fen": 1_999}, "minimum"),
        ({"budget_fen": None}, "budget"),
        ({"budget_fen": -1}, "budget"),
        ({"person_limit": 0}, "personLimit"),
        ({"kind": DiscountKind.PERCENT, "percent": 101, "amount_fen": 0}, "percent"),
        ({"kind": DiscountKind.PERCENT, "percent": 10}, "amount"),
        ({"seller_id": "pdr_a"}, "seller"),
        ({"authority_region": None}, "authorityRegion"),
        ({"authority_region": "33"}, "region"),
    ],
)
def test_what_no_campaign_can_be_is_refused_by_name(market: Market, change: dict[str, Any], field: str) -> None:
    change = dict(change)
    days = change.pop("starts_in_days", -1)
    wanted = draft(market, **{"starts_at": market.now() + timedelta(days=days), **change})
    with pytest.raises(Invalid) as refused:
        create_campaign(market, ADMIN, wanted, key="what-cannot-be-1")

    assert refused.value.facts["field"] == field


def test_a_code_names_one_campaign(market: Market, stalls: Stalls) -> None:
    del stalls
    running(market, code="SPRING")

    with pytest.raises(CodeTaken):
        create_campaign(market, ADMIN, draft(market, code="spring"), key="another-spring-1")


def test_the_same_key_makes_one_campaign(market: Market, stalls: Stalls) -> None:
    del stalls
    wanted = draft(market)
    first = create_campaign(market, ADMIN, wanted, key="the-same-key-twice")

    assert create_campaign(market, ADMIN, wanted, key="the-same-key-twice") == first
    assert _count(market) == 1


def _count(market: Market) -> int:
    with market.read() as session:
        return len(session.exec(select(VoucherCampaign.id)).all())


def test_nothing_is_left_of_a_refused_hold(market: Market, stalls: Stalls) -> None:
    del stalls
    good, spent = running(market), running(market, name="空", budget_fen=1_000)
    (account,) = people(market, 1)

    with pytest.raises(VoucherUnusable), market.transaction() as session:
        hold_uses(
            session,
            [Use(good, 2_000), Use(spent, 2_000)],
            account_id=account,
            holder="ord_1",
            until=market.now() + SOON,
            now=market.now(),
        )

    assert left(market, good) == left(market, spent) == (0, 0)
    with market.read() as session:
        assert session.exec(select(VoucherUse)).all() == []

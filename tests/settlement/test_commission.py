"""Commission: by organisation, category and period, never two at once, as sold."""

from datetime import date
from functools import partial

import pytest
from sqlmodel import col, select

from market.kernel.audit import AuditEntry
from market.kernel.errors import Forbidden, IdempotencyConflict, Invalid, NotFound
from market.kernel.market import Market
from market.orders.commission import CommissionDraft, end_commission, set_commission
from market.orders.errors import CommissionOverlap
from market.orders.tables import CommissionRule, OrderLine
from tests.checkout.shop import key
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.settlement.world import World, at_once, bought, build, people_of, staff


@pytest.fixture(name="world")
def _world(market: Market) -> World:
    return build(market)


def of(world: World, first: date, last: date | None = None, *, points: int = 300) -> CommissionDraft:
    return CommissionDraft(points, first, last, organisation_id=world.shop.stalls.producer)


def test_no_two_rules_of_one_organisation_and_category_hold_on_one_day(market: Market, world: World) -> None:
    set_commission(market, staff(), of(world, date(2026, 6, 1), date(2026, 6, 30)))
    for first, last in (
        (date(2026, 5, 1), date(2026, 6, 1)),
        (date(2026, 6, 30), None),
        (date(2026, 6, 10), date(2026, 6, 11)),
        (date(2026, 5, 1), None),
    ):
        with pytest.raises(CommissionOverlap):
            set_commission(market, staff(), of(world, first, last))

    set_commission(market, staff(), of(world, date(2026, 5, 1), date(2026, 5, 31)))
    set_commission(market, staff(), of(world, date(2026, 7, 1)))
    tea = CommissionDraft(200, date(2026, 6, 1), None, world.shop.stalls.producer, world.shop.stalls.tea)
    set_commission(market, staff(), tea)


def test_two_at_once_make_one_rule(market: Market, world: World) -> None:
    make = partial(set_commission, market, staff(), of(world, date(2026, 6, 1)))
    refused = at_once(*[make] * 4)

    assert [type(each) for each in refused] == [CommissionOverlap] * 3
    with market.read() as session:
        assert (
            len(session.exec(select(CommissionRule).where(col(CommissionRule.organisation_id).is_not(None))).all()) == 1
        )


def test_the_share_is_as_sold_whatever_rule_comes_later(market: Market, clock: FakeClock, world: World) -> None:
    bought(market, world, boxes=1)
    rule = set_commission(market, staff(), of(world, date(2026, 6, 2)))
    bought(market, world, boxes=1)
    end_commission(market, staff(), rule_id=rule, last_day=date(2026, 6, 2))
    clock.advance(days=1)
    bought(market, world, boxes=1)

    with market.read() as session:
        points = session.exec(
            select(OrderLine.commission_bp).order_by(col(OrderLine.placed_at), col(OrderLine.id))
        ).all()
    assert sorted(points) == [300, 500, 500]


def test_who_makes_rules_and_for_whom(market: Market, world: World) -> None:
    with pytest.raises(Forbidden):
        set_commission(market, staff(), CommissionDraft(300, date(2030, 1, 1)))
    with pytest.raises(Forbidden):
        set_commission(market, people_of(world.cooperative), of(world, date(2026, 6, 1)))
    with pytest.raises(NotFound):
        set_commission(market, staff(region="330281000000"), of(world, date(2026, 6, 1)))
    with pytest.raises(NotFound):
        set_commission(market, ADMIN, CommissionDraft(300, date(2026, 6, 1), category_id=market.new_id("cat")))
    for_all = set_commission(market, ADMIN, CommissionDraft(300, date(2026, 6, 1), category_id=world.shop.stalls.tea))
    with pytest.raises(Forbidden):
        end_commission(market, staff(), rule_id=for_all, last_day=date(2026, 6, 30))
    with pytest.raises(NotFound):
        end_commission(market, staff(), rule_id=market.new_id("cmr"), last_day=date(2026, 6, 30))


def test_a_rule_ends_from_yesterday_on_and_never_later_than_it_did(market: Market, world: World) -> None:
    rule = set_commission(market, staff(), of(world, date(2026, 5, 1)))
    for day in (date(2026, 4, 30), date(2026, 5, 31)):
        with pytest.raises(Invalid):
            end_commission(market, staff(), rule_id=rule, last_day=day)
    for _ in range(2):
        end_commission(market, staff(), rule_id=rule, last_day=date(2026, 6, 1))
    with pytest.raises(Invalid):
        end_commission(market, staff(), rule_id=rule, last_day=date(2026, 6, 2))

    with market.read() as session:
        actions = session.exec(select(AuditEntry.action).where(AuditEntry.subject == rule)).all()
    assert sorted(actions) == ["commission.end", "commission.set"]


def test_a_rule_made_twice_with_one_key_is_one(market: Market, world: World) -> None:
    with_key = key()
    made = {set_commission(market, staff(), of(world, date(2026, 6, 1)), key=with_key) for _ in range(2)}

    assert len(made) == 1
    with pytest.raises(IdempotencyConflict):
        set_commission(market, staff(), of(world, date(2026, 7, 1)), key=with_key)

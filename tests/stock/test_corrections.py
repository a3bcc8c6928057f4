"""The stock is put right: adjusted, counted, moved between lots, certified later."""

from datetime import date
from functools import partial

import pytest

from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.organisations.rules import OrganisationKind
from market.stock.errors import ConformityRequired, LotShort, StockPromised
from market.stock.rules import LOSSES, AdjustReason
from tests.clock import FakeClock
from tests.stock.doing import UNKNOWN_LOT, adjust, count, hold, lot_of
from tests.stock.farms import (
    a_producer,
    a_variant,
    assert_adds_up,
    audited,
    everything,
    holds,
    level,
    lots,
    movements,
    people_of,
    receive,
    told,
    variants_of,
)


@pytest.mark.parametrize("reason", sorted(LOSSES))
def test_losses_are_written_off_for_their_reason(market: Market, reason: AdjustReason) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer)
    receive(market, variant, 10)
    actor = people_of(market, producer)

    after = adjust(market, variant, -7, reason, note="两箱", actor=actor)

    assert (after.on_hand, after.version, told(market, variant)) == (3, 2, "LOW")
    movement = movements(market, variant)[-1]
    assert (movement.kind, movement.reason, movement.quantity, movement.note) == ("WRITTEN_OFF", reason, -7, "两箱")
    assert audited(market)[-1] == (actor.account_id, "stock.adjust", producer)
    assert_adds_up(market)


@pytest.mark.parametrize("reason", sorted(LOSSES))
def test_a_loss_is_no_gain(market: Market, reason: AdjustReason) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)
    before = everything(market)

    with pytest.raises(Invalid) as refusal:
        adjust(market, variant, 1, reason)

    assert refusal.value.facts["field"] == "reason"
    assert everything(market) == before


@pytest.mark.parametrize(
    ("by", "reason", "note", "field"),
    [
        (0, AdjustReason.COUNTED, "", "by"),
        (1_000_001, AdjustReason.COUNTED, "", "by"),
        (-1, AdjustReason.OTHER, " ", "note"),
        (-1, AdjustReason.GIFT, "赠" * 201, "note"),
    ],
)
def test_what_no_adjustment_can_be_is_refused(
    market: Market, by: int, reason: AdjustReason, note: str, field: str
) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)
    before = everything(market)

    with pytest.raises(Invalid) as refusal:
        adjust(market, variant, by, reason, note=note)

    assert refusal.value.facts["field"] == field
    assert everything(market) == before


def test_an_adjustment_is_made_once_by_its_key(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)

    assert adjust(market, variant, -3) == adjust(market, variant, -3)

    assert level(market, variant).on_hand == 7


def test_what_is_promised_is_never_adjusted_away(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)
    hold(market, {variant: 6})
    before = everything(market)

    for act in (partial(adjust, market, variant, -5), partial(count, market, variant, 5, 1)):
        with pytest.raises(StockPromised) as refusal:
            act()
        assert refusal.value.facts == {"on_hand": 10, "promised": 6, "wanted": 5}

    assert everything(market) == before
    assert adjust(market, variant, -4).free == 0


def test_a_promise_that_ended_is_in_nobodys_way(market: Market, clock: FakeClock) -> None:
    variant = a_variant(market)
    receive(market, variant, 10)
    hold(market, {variant: 6})
    clock.advance(minutes=15)

    assert adjust(market, variant, -10).on_hand == 0

    assert (holds(market), told(market, variant)) == ({}, "SOLD_OUT")
    assert_adds_up(market)


def test_what_goes_goes_first_expired_first_and_the_past_before_that(market: Market) -> None:
    variant = a_variant(market, shelf_life_days=10)
    fresh, past, keeps = (
        lot_of(market, variant, 5, date(2026, 6, 1)),
        lot_of(market, variant, 5, date(2026, 5, 1)),
        lot_of(market, variant, 5, None),
    )

    adjust(market, variant, -12)

    assert {each.id: each.remaining for each in lots(market, variant)} == {fresh: 0, past: 0, keeps: 3}
    assert_adds_up(market)


def test_one_lot_is_adjusted_but_not_below_nothing(market: Market) -> None:
    variant, other = a_variant(market), a_variant(market)
    first, second = lot_of(market, variant, 5, date(2026, 6, 1)), lot_of(market, variant, 5, date(2026, 6, 2))
    foreign = lot_of(market, other, 5, date(2026, 6, 2))

    adjust(market, variant, -2, lot=second)
    before = everything(market)

    with pytest.raises(LotShort) as refusal:
        adjust(market, variant, -4, lot=second, key="more")
    assert refusal.value.facts == {"remaining": 3, "asked": 4}
    for lot in (foreign, UNKNOWN_LOT):
        for by in (-1, 1):
            with pytest.raises(NotFound):
                adjust(market, variant, by, AdjustReason.COUNTED, lot=lot, key="foreign")
    assert everything(market) == before
    assert {each.id: each.remaining for each in lots(market, variant)} == {first: 5, second: 3}


def test_what_is_found_belongs_to_the_lot_received_last(market: Market) -> None:
    variant = a_variant(market)
    first, second = lot_of(market, variant, 5, date(2026, 6, 2)), lot_of(market, variant, 5, date(2026, 6, 1))

    adjust(market, variant, 2, AdjustReason.COUNTED)
    adjust(market, variant, 1, AdjustReason.OTHER, note="找到一箱", lot=first, key="named")

    assert {each.id: each.remaining for each in lots(market, variant)} == {first: 6, second: 7}
    assert {each.received for each in lots(market, variant)} == {5}
    assert [each.kind for each in movements(market, variant)[-2:]] == ["ADJUSTED", "ADJUSTED"]
    assert_adds_up(market)


def test_what_is_found_where_nothing_was_received_is_like_a_receipt(market: Market) -> None:
    [covered] = variants_of(market, a_producer(market, OrganisationKind.COOPERATIVE), is_covered=True)
    free = a_variant(market)

    with pytest.raises(ConformityRequired):
        adjust(market, covered, 3, AdjustReason.COUNTED)
    adjust(market, free, 3, AdjustReason.COUNTED, key="free")

    assert [lot.harvested_on for lot in lots(market, free)] == [None]
    assert not lots(market, covered)
    assert_adds_up(market)

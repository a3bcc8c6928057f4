"""Lots put right: pieces move between them, certificates come later, few are said to be few."""

from datetime import date

import pytest

from market.kernel.errors import IllegalTransition, Invalid, MarketError, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.stock.corrections import return_step
from market.stock.errors import LotShort
from market.stock.levels import Level
from market.stock.manage import (
    move_between_lots,
    record_conformity,
    set_low_stock,
)
from market.stock.rules import ConformityState
from tests.stock.doing import CERTIFICATE, UNKNOWN_LOT, consume, hold, lot_of
from tests.stock.farms import (
    ADMIN,
    a_key,
    a_producer,
    a_variant,
    assert_adds_up,
    audited,
    everything,
    level,
    lots,
    movements,
    people_of,
    receive,
    told,
    variants_of,
)


def test_pieces_move_from_lot_to_lot_and_stay_on_hand(market: Market) -> None:
    variant = a_variant(market)
    loose, lot = lot_of(market, variant, 5, None), lot_of(market, variant, 5, date(2026, 6, 1))

    def move(quantity: int, to: str = lot, key: str = "move") -> Level:
        return move_between_lots(
            market, ADMIN, from_lot_id=loose, to_lot_id=to, quantity=quantity, idempotency_key=a_key(key)
        )

    assert (move(4).on_hand, move(4).version) == (10, 3)

    assert {each.id: each.remaining for each in lots(market, variant)} == {loose: 1, lot: 9}
    assert {each.lot_id: each.quantity for each in movements(market, variant)[-2:]} == {loose: -4, lot: 4}
    foreign = lot_of(market, a_variant(market), 5, date(2026, 6, 1))
    before = everything(market)
    refusals: list[tuple[int, str, type[MarketError]]] = [
        (2, lot, LotShort),
        (0, lot, Invalid),
        (1, loose, Invalid),
        (1, foreign, NotFound),
        (1, UNKNOWN_LOT, NotFound),
    ]
    for quantity, to, refusal in refusals:
        with pytest.raises(refusal):
            move(quantity, to, key="refused")
    assert everything(market) == before
    assert_adds_up(market)


def test_a_certificate_can_come_later_once(market: Market) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer, is_covered=True)
    lot, loose = lot_of(market, variant, 5, date(2026, 6, 1)), lot_of(market, variant, 5, None)
    actor, stranger = people_of(market, producer), people_of(market, a_producer(market))

    def certify(lot_id: str, who: Actor = actor, key: str = "certify") -> None:
        record_conformity(market, who, lot_id=lot_id, certificate=CERTIFICATE, idempotency_key=a_key(key))

    certify(lot)
    certify(lot)

    assert {each.id: each.conformity for each in lots(market, variant)} == {
        lot: ConformityState.ISSUED,
        loose: ConformityState.MISSING,
    }
    assert audited(market)[-1] == (actor.account_id, "stock.certify", producer)
    before = everything(market)
    with pytest.raises(IllegalTransition):
        certify(lot, key="again")
    with pytest.raises(Invalid):
        certify(loose, key="loose")
    for lot_id, who in ((lot, stranger), (UNKNOWN_LOT, actor)):
        with pytest.raises(NotFound) as refusal:
            certify(lot_id, who, key="foreign")
        assert refusal.value.facts == {"field": "lot"}
    assert everything(market) == before


def test_what_is_low_is_the_producers_to_say(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 8)
    assert told(market, variant) == "IN_STOCK"

    set_low_stock(market, ADMIN, variant_id=variant, low_at=8)
    assert told(market, variant) == "LOW"
    hold(market, {variant: 8})
    assert told(market, variant) == "SOLD_OUT"
    receive(market, variant, 9)
    assert told(market, variant) == "IN_STOCK"

    set_low_stock(market, ADMIN, variant_id=variant, low_at=None)
    assert (told(market, variant), level(market, variant).version) == ("IN_STOCK", 2)
    assert_adds_up(market)
    with pytest.raises(Invalid):
        set_low_stock(market, ADMIN, variant_id=variant, low_at=-1)


def test_what_comes_back_goes_to_the_lots_it_was_drawn_from(market: Market) -> None:
    variant, other = a_variant(market, shelf_life_days=10), a_variant(market)
    late, early = lot_of(market, variant, 5, date(2026, 6, 1)), lot_of(market, variant, 5, date(2026, 5, 25))
    foreign = lot_of(market, other, 5, date(2026, 6, 1))
    hold(market, {variant: 10})
    drawn = consume(market, {variant: 7})
    assert told(market, variant) == "SOLD_OUT"

    def give_back(returned: dict[str, list[tuple[str, int]]]) -> None:
        with market.transaction() as session:
            return_step(session, ADMIN, returned, reference="clm_1", now=market.now())

    with pytest.raises(NotFound):
        give_back({variant: [(foreign, 1)]})
    give_back(drawn)

    assert {each.id: each.remaining for each in lots(market, variant)} == {late: 5, early: 5}
    back = movements(market, variant)[-2:]
    assert {(each.kind, each.lot_id, each.quantity, each.reference) for each in back} == {
        ("RETURNED", early, 5, "clm_1"),
        ("RETURNED", late, 2, "clm_1"),
    }
    assert (level(market, variant).free, told(market, variant)) == (7, "IN_STOCK")
    assert_adds_up(market)

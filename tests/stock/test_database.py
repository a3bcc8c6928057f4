"""What the database refuses by itself, whoever writes; and what the stock check finds where somebody got past it."""

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa

from market import migrations
from market.kernel.market import Market
from market.kernel.triggers import free
from market.stock.check import Kept, stock_check
from market.stock.drafts import LotDraft
from market.stock.manage import receive_stock
from tests.stock.doing import CERTIFICATE, hold
from tests.stock.farms import ADMIN, a_key, a_variant, assert_adds_up, everything, level, movements, receive


@pytest.fixture(name="variant")
def _variant(market: Market) -> str:
    """A variant with a certified lot of ten, four of them held."""
    variant = a_variant(market)
    draft = LotDraft(variant, 10, date(2026, 6, 1), certificate=CERTIFICATE)
    receive_stock(market, ADMIN, draft, idempotency_key=a_key("lot"))
    hold(market, {variant: 4})
    return variant


def run(market: Market, *statements: str) -> None:
    with market.transaction() as session:
        for statement in statements:
            session.execute(sa.text(statement))


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE stock_level SET on_hand = 3",
        "UPDATE stock_level SET reserved = 11",
        "UPDATE stock_level SET reserved = -1",
        "UPDATE stock_level SET on_hand = 100000001",
        "UPDATE stock_level SET low_at = -1",
        "UPDATE stock_lot SET remaining = -1",
        "UPDATE stock_lot SET received = -1",
        "UPDATE stock_lot SET best_before = '2026-05-31'",
        "UPDATE stock_lot SET conformity = 'FORGED'",
        "UPDATE stock_hold SET quantity = 0",
        "UPDATE stock_movement SET quantity = 11",
        "DELETE FROM stock_movement",
        "UPDATE conformity_certificate SET number = 'X'",
        "DELETE FROM conformity_certificate",
        "INSERT INTO stock_hold SELECT * FROM stock_hold",
        "INSERT INTO conformity_certificate SELECT * FROM conformity_certificate",
    ],
)
def test_the_database_refuses(market: Market, variant: str, forbidden: str) -> None:
    before = everything(market)

    with pytest.raises(sa.exc.DBAPIError):
        run(market, forbidden)

    assert everything(market) == before
    assert level(market, variant).on_hand == 10


_COPY = (
    "INSERT INTO stock_movement (id, variant_id, lot_id, version, kind, quantity, on_hand, reason, note, actor, at)"
    " SELECT 'mov_x', variant_id, lot_id, {version}, '{kind}', {quantity}, 10, {reason}, '{note}', 'x', at"
    " FROM stock_movement"
)


@pytest.mark.parametrize(
    ("version", "kind", "quantity", "reason", "note"),
    [
        (2, "RECEIVED", -1, "NULL", ""),
        (2, "RETURNED", 0, "NULL", ""),
        (2, "SHIPPED", 1, "NULL", ""),
        (2, "WRITTEN_OFF", 1, "'GIFT'", ""),
        (2, "ADJUSTED", 0, "'COUNTED'", ""),
        (2, "ADJUSTED", 1, "NULL", ""),
        (2, "RECEIVED", 1, "'GIFT'", ""),
        (2, "ADJUSTED", 1, "'OTHER'", ""),
        (1, "RECEIVED", 1, "NULL", ""),
    ],
)
def test_the_database_refuses_movements_that_cannot_be(
    market: Market, variant: str, version: int, kind: str, quantity: int, reason: str, note: str
) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        run(market, _COPY.format(version=version, kind=kind, quantity=quantity, reason=reason, note=note))

    assert len(movements(market, variant)) == 1


def test_the_database_takes_the_movement_that_can_be(market: Market, variant: str) -> None:
    run(market, _COPY.format(version=2, kind="ADJUSTED", quantity=1, reason="'OTHER'", note="找到"))

    assert len(movements(market, variant)) == 2


def test_a_variant_has_one_lot_of_what_belongs_to_none(market: Market) -> None:
    receive(market, a_variant(market), 1)

    with pytest.raises(sa.exc.IntegrityError):
        run(
            market,
            "INSERT INTO stock_lot (id, variant_id, producer_id, plot, received, remaining, conformity, received_at)"
            " SELECT 'lot_x', variant_id, producer_id, plot, received, remaining, conformity, received_at FROM stock_lot",
        )


def _level(assignment: str) -> Callable[[Market], None]:
    return lambda market: run(market, f"UPDATE stock_level SET {assignment}")


def _movement(market: Market) -> None:
    run(market, *free("stock_movement", market.database.engine.name), "UPDATE stock_movement SET quantity = 9")


@pytest.mark.parametrize(
    ("meddle", "found"),
    [
        (_level("on_hand = 11"), {(Kept.ON_HAND, "11", "10"), (Kept.LOTS, "10", "11")}),
        (_level("reserved = 0"), {(Kept.RESERVED, "0", "4")}),
        (_level("version = 2"), {(Kept.VERSION, "2", "1")}),
        (_level("low_at = 6"), {(Kept.STATE, "IN_STOCK", "LOW")}),
        (_movement, {(Kept.ON_HAND, "10", "9"), (Kept.LOT, "10", "9")}),
        (lambda market: run(market, "DELETE FROM stock_hold"), {(Kept.RESERVED, "4", "0")}),
        (
            lambda market: run(market, "UPDATE stock_lot SET remaining = 12"),
            {(Kept.LOTS, "12", "10"), (Kept.LOT, "12", "10")},
        ),
        (lambda market: run(market, "UPDATE variant SET stock_state = 'LOW'"), {(Kept.STATE, "LOW", "IN_STOCK")}),
    ],
)
def test_the_check_finds_what_does_not_add_up(
    market: Market, variant: str, meddle: Callable[[Market], None], found: set[tuple[Kept, str, str]]
) -> None:
    assert_adds_up(market)

    meddle(market)

    with market.read() as session:
        differences = list(stock_check(session))
    assert {each.variant_id for each in differences} == {variant}
    assert {(each.kept, each.found, each.expected) for each in differences} == found


def test_stock_from_before_there_were_movements_gets_its_books(market: Market, variant: str) -> None:
    migrations.downgrade(market.database, "0005")

    migrations.upgrade(market.database)

    assert (level(market, variant).on_hand, level(market, variant).reserved) == (10, 4)
    [movement] = movements(market, variant)
    assert (movement.kind, movement.quantity, movement.note) == ("RECEIVED", 10, "期初")
    assert_adds_up(market)
    receive(market, variant, 5)
    assert level(market, variant).version == 2
    assert_adds_up(market)

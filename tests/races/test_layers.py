"""Beneath what the application refuses, the database does: for when the application is wrong."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from market.kernel.market import Market
from market.stock.errors import SoldOut
from market.stock.holds import hold_step
from market.stock.tables import StockHold
from tests.aftersales.sales import bought, line_of
from tests.checkout.shop import open_shop


def test_the_database_pays_back_no_more_than_was_paid(market: Market) -> None:
    _buyer, part = bought(market, open_shop(market), boxes=2)
    line = line_of(market, part)

    for table, row_id in (
        ("order_line", line.id),
        ("seller_order", part),
        ("customer_order", line.order_id),
    ):
        too_much = sa.text(f"UPDATE {table} SET refunded_fen = payable_fen + 1 WHERE id = :id")
        with pytest.raises(IntegrityError), market.transaction() as session:
            session.execute(too_much, {"id": row_id})
    with pytest.raises(IntegrityError), market.transaction() as session:
        session.execute(
            sa.text("UPDATE payment SET refunded_fen = amount_fen + 1 WHERE order_id = :id"), {"id": line.order_id}
        )


def test_only_what_has_ended_is_taken_back_by_whoever_needs_it(market: Market) -> None:
    shop, now = open_shop(market, pieces=3), market.now()

    def hold(holder: str, minutes: int, at: datetime) -> None:
        with market.transaction() as session:
            until = at + timedelta(minutes=minutes)
            hold_step(session, {shop.peaches: 1}, until=until, holder=holder, now=at)

    hold("ord_ended", 5, now)
    hold("ord_waits", 60, now)
    hold("ord_also", 60, now)
    later = now + timedelta(minutes=6)
    hold("ord_next", 5, later)

    with pytest.raises(SoldOut):
        hold("ord_too_many", 5, later)
    with market.read() as session:
        held = session.exec(select(StockHold.holder).where(StockHold.variant_id == shop.peaches)).all()
    assert set(held) == {"ord_waits", "ord_also", "ord_next"}

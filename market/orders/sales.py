"""Steps: what an order's lines say to the journal of sales, when they are sold and when they go back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.ledger.sales.rules import Figures, SalesLine, SoldWhere, delivery_shares
from market.orders.tables import CustomerOrder, LineDiscount, OrderLine, SellerOrder
from market.vouchers.rules import Funder

Row = sa.Row[Any]

_TABLES = SQLModel.metadata.tables
_ORDER, _LINE = _TABLES[str(CustomerOrder.__tablename__)].c, _TABLES[str(OrderLine.__tablename__)].c
_OFF = _TABLES[str(LineDiscount.__tablename__)].c

# Built once: every payment runs them.
_LINES = (
    sa.select(
        _LINE.id,
        _LINE.listing_id,
        _LINE.category_id,
        _LINE.kind,
        _LINE.quantity,
        _LINE.seats,
        _LINE.weight_grams,
        _LINE.amount_fen,
        _LINE.commission_fen,
        _ORDER.channel,
    )
    .join_from(_LINE.id.table, _ORDER.id.table, _ORDER.id == _LINE.order_id)
    .where(_LINE.seller_order_id == sa.bindparam("of"))
    .order_by(_LINE.position)
)
_DISCOUNTS = (
    sa.select(_OFF.line_id, _OFF.funder, sa.func.sum(_OFF.amount_fen).label("fen"))
    .join_from(_OFF.line_id.table, _LINE.id.table, _LINE.id == _OFF.line_id)
    .where(_LINE.seller_order_id == sa.bindparam("of"))
    .group_by(_OFF.line_id, _OFF.funder)
)


@dataclass(frozen=True, slots=True)
class Returned:
    """What goes back of a line."""

    line_id: str
    quantity: int
    amount_fen: int
    commission_fen: int
    platform_fen: int = 0
    government_fen: int = 0


def lines_sold(session: Session, part: SellerOrder) -> list[SalesLine]:
    """Step: the lines of a seller's part as they were sold, its delivery fee divided among them."""
    rows = session.execute(_LINES, {"of": part.id}).all()
    off: dict[tuple[str, str], int] = {
        (row.line_id, row.funder): int(row.fen) for row in session.execute(_DISCOUNTS, {"of": part.id})
    }
    shares = delivery_shares(part.delivery_fen, _weights(rows))
    return [
        SalesLine(
            _where(part, row),
            Figures(
                units=row.quantity,
                seats=row.seats,
                weight_grams=row.weight_grams,
                gross_fen=row.amount_fen,
                delivery_fen=share,
                platform_fen=off.get((row.id, Funder.PLATFORM), 0),
                seller_fen=off.get((row.id, Funder.SELLER), 0),
                government_fen=off.get((row.id, Funder.GOVERNMENT), 0),
                commission_fen=row.commission_fen,
            ),
        )
        for row, share in zip(rows, shares, strict=True)
    ]


def lines_returned(
    session: Session, part: SellerOrder, returned: Sequence[Returned], *, delivery_fen: int
) -> list[SalesLine]:
    """Step: what goes back of a seller's lines, and of its delivery fee, which is divided as it was when sold."""
    rows = session.execute(_LINES, {"of": part.id}).all()
    shares = delivery_shares(delivery_fen, _weights(rows))
    by_line: dict[str, list[Returned]] = {}
    for each in returned:
        by_line.setdefault(each.line_id, []).append(each)
    found = []
    for row, share in zip(rows, shares, strict=True):
        mine = by_line.get(row.id, [])
        if mine or share:
            found.append(SalesLine(_where(part, row), _given_back(mine, share)))
    return found


def _weights(rows: Sequence[Row]) -> list[int]:
    """Delivery is for produce: by what it costs; when all of it is free, the same for each."""
    return [0 if row.kind == "BOOKING" else row.amount_fen for row in rows]


def _given_back(returned: Sequence[Returned], delivery_fen: int) -> Figures:
    return Figures(
        commission_fen=-sum(each.commission_fen for each in returned),
        refunds=1,
        refunded_units=sum(each.quantity for each in returned),
        refunded_fen=sum(each.amount_fen for each in returned) + delivery_fen,
        refunded_platform_fen=sum(each.platform_fen for each in returned),
        refunded_government_fen=sum(each.government_fen for each in returned),
    )


def _where(part: SellerOrder, row: Row) -> SoldWhere:
    return SoldWhere(
        line_id=row.id,
        order_id=part.order_id,
        seller_order_id=part.id,
        producer_id=part.producer_id,
        settlement_party=part.settlement_party,
        village_id=part.village_id,
        region_code=part.region_code,
        listing_id=row.listing_id,
        category_id=row.category_id,
        kind=row.kind,
        channel=row.channel,
    )

"""Are reports right? Sums against the journal, the journal against the ledger and against the orders themselves."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel.clock import day_bounds
from market.kernel.market import Market
from market.ledger.sales.check import FINDINGS_MAX, Off, SalesFinding, journal_off, paid_of, sums_off
from market.ledger.sales.fold import months_of_sales
from market.ledger.sales.tables import ENTRIES
from market.orders.tables import OrderLine, SellerOrder
from market.reports.sales.rules import months_later

_PARTS = SQLModel.metadata.tables[str(SellerOrder.__tablename__)]
_LINES = SQLModel.metadata.tables[str(OrderLine.__tablename__)]


def check_sales(market: Market) -> list[SalesFinding]:
    """Everything that is off, month by month; nothing, always. Selling goes on meanwhile: each comparison is one
    statement, and so of one moment."""
    with market.read(patiently=True) as session:
        months = months_of_sales(session)
    found: list[SalesFinding] = []
    for month in months:
        with market.read(patiently=True) as session:
            found += sums_off(session, month)
            found += journal_off(session, month)
            found += orders_off(session, month)
    return found


def orders_off(session: Session, month: date) -> list[SalesFinding]:
    """Step: sellers' parts of orders paid in a month whose journal is not what their rows say: goods, delivery,
    discounts and commission as sold, and what went back since. One statement."""
    starts, _ = day_bounds(month)
    ends, _ = day_bounds(months_later(month, 1))
    part = _PARTS.c
    ours = sa.select(part.id).where(part.paid_at >= starts, part.paid_at < ends).subquery("paid")
    commission = sa.func.sum(_LINES.c.commission_fen - _LINES.c.commission_refunded_fen)
    rows = sa.union_all(
        sa.select(
            part.id,
            part.payable_fen.label("paid"),
            part.refunded_fen.label("refunded"),
            sa.literal(0).label("commission"),
        ).join_from(_PARTS, ours, ours.c.id == part.id),
        sa.select(_LINES.c.seller_order_id, sa.literal(0), sa.literal(0), commission)
        .join_from(_LINES, ours, ours.c.id == _LINES.c.seller_order_id)
        .group_by(_LINES.c.seller_order_id),
        sa.select(
            ENTRIES.c.seller_order_id, -paid_of(ENTRIES), -ENTRIES.c.refunded_fen, -ENTRIES.c.commission_fen
        ).join_from(ENTRIES, ours, ours.c.id == ENTRIES.c.seller_order_id),
    ).subquery("sides")
    names = ("paid", "refunded", "commission")
    sums = [sa.func.sum(rows.c[name]).label(name) for name in names]
    off = session.execute(
        sa.select(rows.c.id, *sums)
        .group_by(rows.c.id)
        .having(sa.or_(*[each.element != 0 for each in sums]))
        .order_by(rows.c.id)
        .limit(FINDINGS_MAX)
    ).mappings()
    return [
        SalesFinding(Off.JOURNAL_IS_NOT_ORDER, row["id"], name, int(row[name]))
        for row in off
        for name in names
        if row[name]
    ]

"""Adding up the journal: the worker's folding, and building a month's sums anew."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # the one INSERT … ON CONFLICT that both engines compile
from sqlmodel import Session

from market.kernel.market import Market
from market.ledger.sales.rules import month_of
from market.ledger.sales.tables import DAY, ENTRIES, FIGURES, ROLL_UPS, SUMS, UNFOLDED, of_sum

BATCH = 1_000

_of: sa.BindParameter[str] = sa.bindparam("of", expanding=True)
_TAKE = sa.select(UNFOLDED.c.entry_id).order_by(UNFOLDED.c.entry_id).with_for_update(skip_locked=True)
_DONE = sa.delete(UNFOLDED).where(UNFOLDED.c.entry_id.in_(_of))


def _adding(table: sa.Table, source: sa.FromClause, *where: sa.ColumnElement[bool]) -> Any:
    """Add a source's rows to a sum. Rows are taken in the order of the sum's key, so that two folders never wait for
    each other in a circle."""
    keys, by = [column.name for column in table.primary_key.columns], of_sum(table)
    # What a key decides (the month of a day, the region of a village) is one value, whichever is taken.
    said = [source.c[name] if name in keys else sa.func.max(source.c[name]).label(name) for name in by]
    sums = [sa.func.sum(source.c[name]).label(name) for name in FIGURES]
    rows = sa.select(*said, *sums).where(*where).group_by(*[source.c[name] for name in keys])
    new = insert(table).from_select([*by, *FIGURES], rows.order_by(*[source.c[name] for name in keys]))
    return new.on_conflict_do_update(
        index_elements=[table.c[name] for name in keys],
        set_={name: table.c[name] + new.excluded[name] for name in FIGURES},
    )


_FOLD = [_adding(table, ENTRIES, ENTRIES.c.id.in_(_of)) for table in SUMS]


def fold_sales(market: Market, *, limit: int = BATCH) -> int:
    """The worker's: add rows of the journal to the sums; says how many. Reports do not wait for it: they read what is
    not folded yet as well.

    Guards: the row lock in the queue, which other workers skip; all or nothing, so a crash leaves it as it was.
    """
    with market.transaction() as session:
        ids = session.execute(_TAKE.limit(limit)).scalars().all()
        if ids:
            for statement in _FOLD:
                session.execute(statement, {"of": ids})
            session.execute(_DONE, {"of": ids})
        return len(ids)


def months_of_sales(session: Session) -> list[date]:
    """Step: the months that anything was sold or given back in, or that a sum says so of; the earliest first."""
    ends: list[date] = []
    for column in (ENTRIES.c.business_day, *[table.c[_day_of(table)] for table in SUMS]):
        first, last = session.execute(sa.select(sa.func.min(column), sa.func.max(column))).one()
        ends += [each for each in (first, last) if each is not None]
    if not ends:
        return []
    found, last = [month_of(min(ends))], month_of(max(ends))
    while found[-1] < last:
        year, month = divmod(found[-1].year * 12 + found[-1].month, 12)
        found.append(date(year, month + 1, 1))
    return found


def rebuild_month(session: Session, month: date) -> None:
    """Step: make a month's sums anew from the journal, leaving to the folders what they have still to fold."""
    for table in SUMS:
        session.execute(sa.delete(table).where(table.c.month == month))
    waiting = sa.exists().where(UNFOLDED.c.entry_id == ENTRIES.c.id)
    days = session.execute(
        sa.select(ENTRIES.c.business_day).where(in_month(ENTRIES, month)).distinct().order_by(ENTRIES.c.business_day)
    ).scalars()
    for day in days.all():
        session.execute(_adding(DAY, ENTRIES, ENTRIES.c.business_day == day, ~waiting))
        for each in ROLL_UPS:
            if each.day is not DAY:  # the finest: the others are its sums
                session.execute(_adding(each.day, DAY, DAY.c.business_day == day))
    for each in ROLL_UPS:
        session.execute(_adding(each.month, each.day, in_month(each.day, month)))


def rebuild_sales(market: Market) -> int:
    """Make all sums anew from the journal, a month in each transaction; how many months. Selling goes on meanwhile, and
    every report is right before, between and after."""
    with market.read(patiently=True) as session:
        months = months_of_sales(session)
    for month in months:
        with market.transaction(patiently=True) as session:
            rebuild_month(session, month)
    return len(months)


def in_month(table: sa.Table, month: date) -> sa.ColumnElement[bool]:
    """The rows of a table by day that are of this month."""
    year, at = divmod(month.year * 12 + month.month, 12)
    return sa.and_(table.c.business_day >= month, table.c.business_day < date(year, at + 1, 1))


def _day_of(table: sa.Table) -> str:
    return "business_day" if "business_day" in table.c else "month"

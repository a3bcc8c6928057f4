"""Copies of rows that were made, by the database itself: millions in the time of a few inserts."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, UTCDateTime

from market.kernel.clock import shanghai
from seeds.load.bulk import bulk_of
from seeds.load.rowset import table_of

COPIES_MAX = 52
"""Each is sold a week earlier than the one before it."""
_MARKS = "abcdefghjkmnpqrstvwxyz"
_IDS = {"id", "order_id", "seller_order_id", "line_id", "reference", "number"}
_AT = len("lin_01")
_YEAR = 364


def copy_rows(session: Session, models: Sequence[type[SQLModel]], number: int, *, first_day: date) -> None:
    """Step: once more all that was made, with other ids and as many weeks earlier as the copy's number says: other days
    for the same things. What would be sold before the first day is so at the year's end.

    The ids' second and third digits (centuries from now, in a TypeID's time) say the copy's number.
    """
    mark = _MARKS[number // len(_MARKS)] + _MARKS[number % len(_MARKS)]
    for model in models:
        table = table_of(model)
        key = _key_of(table)
        least: str = session.execute(sa.select(sa.func.min(key))).scalar_one()
        first, after = least[:_AT], least[: _AT - 1] + "2"  # a range, so that earlier copies are not even looked at
        values = {column.name: _marked(column, mark) if column.name in _IDS else column for column in table.columns}
        values |= _moved(session, table, number, first_day)
        made = sa.select(*values.values()).where(key >= first, key < after).order_by(key)
        session.execute(sa.insert(table).from_select(list(values), made))


def _moved(session: Session, table: sa.Table, number: int, first_day: date) -> dict[str, sa.ColumnElement[Any]]:
    anchor = table.c.get("placed_at", table.c.get("at"))
    if anchor is None:
        return {}
    bulk, days = bulk_of(session), 7 * number
    too_early = anchor < shanghai(first_day + timedelta(days=days), time(0))
    moved: dict[str, sa.ColumnElement[Any]] = {
        column.name: sa.case(
            (too_early, bulk.later(column, _YEAR - days)),
            else_=bulk.later(column, -days),
        )
        for column in table.columns
        if isinstance(column.type, sa.Date | UTCDateTime)
    }
    if "month" in moved:
        moved["month"] = bulk.month_of(moved["business_day"])
    return moved


def _key_of(table: sa.Table) -> sa.Column[Any]:
    return table.c.id if "id" in table.c else table.c.line_id


def _marked(column: sa.Column[Any], mark: str) -> sa.ColumnElement[Any]:
    if column.name == "number":
        return sa.literal(mark.upper()).concat(sa.func.substr(column, 1 + len(mark)))  # made ones have none
    return sa.func.substr(column, 1, _AT - 1).concat(mark).concat(sa.func.substr(column, _AT + len(mark)))

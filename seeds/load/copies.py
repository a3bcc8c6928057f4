"""Copies of rows that were made, by the database itself: millions in the time of a few inserts."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from seeds.load.rowset import table_of

_MARKS = "abcdefghjkmnpqrstvwxyz"


def copy_rows(session: Session, models: Sequence[type[SQLModel]], number: int) -> None:
    """Step: once more all that was made, with other ids: their second and third digits (centuries from now, in a
    TypeID's time) say the copy's number."""
    mark, first = _MARKS[number // len(_MARKS)] + _MARKS[number % len(_MARKS)], "1"
    for model in models:
        table = table_of(model)
        values = [_marked(column, mark) if column.name in _IDS else column for column in table.columns]
        made = sa.select(*values).where(sa.func.substr(_key_of(table), _AT, 1) == first)
        session.execute(sa.insert(table).from_select([column.name for column in table.columns], made))


_IDS = {"id", "order_id", "seller_order_id", "line_id", "reference", "number"}
_AT = len("lin_01")


def _key_of(table: sa.Table) -> sa.Column[Any]:
    return table.c.id if "id" in table.c else table.c.line_id


def _marked(column: sa.Column[Any], mark: str) -> sa.ColumnElement[Any]:
    if column.name == "number":
        return sa.literal(mark.upper()).concat(sa.func.substr(column, 1 + len(mark)))  # made ones have none
    return sa.func.substr(column, 1, _AT - 1).concat(mark).concat(sa.func.substr(column, _AT + len(mark)))

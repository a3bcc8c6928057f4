"""Rows of any table, filled with whatever its columns allow: so that a new type needs no new code here."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from market.kernel.ids import PREFIXES, new_id

_NUMBERS = count(1)
NAMED = {"organisation_id": "organisation", "producer_id": "organisation", "account_id": "account"}
"""Columns that point at something without a foreign key."""


def add_row(session: Session, table: sa.Table, links: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    """Insert a row: what is given, foreign keys by the tables they point at, the rest made up."""
    row = {
        column.name: given[column.name] if column.name in given else _made_up(column, links)
        for column in table.columns
        if column.name in given or not _may_be_left_out(column)
    }
    session.execute(sa.insert(table).values(**row))
    return row


def _may_be_left_out(column: sa.Column[Any]) -> bool:
    return column.nullable is True or column.server_default is not None or column.default is not None


def _made_up(column: sa.Column[Any], links: Mapping[str, Any]) -> Any:
    for key in column.foreign_keys:
        return links[key.column.table.name]
    if column.name in NAMED:
        return links[NAMED[column.name]]
    number = next(_NUMBERS)
    kind = column.type.impl_instance if isinstance(column.type, sa.types.TypeDecorator) else column.type
    if isinstance(kind, sa.Enum):
        return kind.enums[0]
    if isinstance(kind, sa.DateTime):
        return datetime.fromisoformat("2026-06-20T01:00:00+00:00")
    if isinstance(kind, sa.Date):
        return date(2026, 6, 20)
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.Integer | sa.Numeric):
        return 1
    return f"x{number}"[: getattr(kind, "length", None) or 30]


def id_for(prefix: str) -> str:
    """A new id that nothing has."""
    assert prefix in PREFIXES
    return new_id(prefix)

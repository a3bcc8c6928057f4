"""Which rows are whose: a walk from the account over all rooms' tables.

Rows are a person's own when a column named `account_id` (or the account's key itself) points at them, or when they are
part of such a row and say so (`part_of`). Rows that only mention them, such as a review's `reviewed_by`, are somebody
else's: a copy of the person's data shows that they are mentioned, and nothing personal of others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa

from market.kernel.personal import is_part_of

ACCOUNT = "account"
OWN = "account_id"

TECHNICAL: Mapping[str, str] = MappingProxyType(
    {
        "idempotency_key": "answers kept for seven days, in case a request is repeated; erased with the person",
        "privacy_export": "the copies themselves",
    }
)
"""Tables that a copy leaves out, each with why."""

Where = Callable[[str], sa.ColumnElement[bool]]
"""From an account's id to which rows of a table."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """The rows of a table that are a person's own, or that mention them."""

    table: sa.Table
    is_own: bool
    where: Where


def belongings(metadata: sa.MetaData) -> tuple[Belonging, ...]:
    """Every table with rows of, or about, a person, parents before their parts."""
    found: list[Belonging] = []
    for table in metadata.sorted_tables:
        own = _own(table)
        if own is not None:
            found.append(Belonging(table, is_own=True, where=own))
            continue
        mentions = [column for column in table.columns if _mentions(column)]
        if mentions:
            found.append(Belonging(table, is_own=False, where=_any_of(mentions)))
    return tuple(found)


def leads_to_account(table: sa.Table) -> bool:
    """Whether a table's rows are some person's own."""
    return _own(table) is not None


def _own(table: sa.Table) -> Where | None:
    if table.name == ACCOUNT:
        return lambda account_id: table.c.id == account_id
    if OWN in table.c and _points_at_people(table.c[OWN]):
        return lambda account_id: table.c[OWN] == account_id
    for column in table.columns:
        if is_part_of(column):
            [key] = column.foreign_keys
            whole = _own(key.column.table)
            if whole is not None:
                return _part(column, key.column, whole)
    return None


def _part(column: sa.Column[str], of: sa.Column[str], whole: Where) -> Where:
    return lambda account_id: column.in_(sa.select(of).where(whole(account_id)))


def _mentions(column: sa.Column[object]) -> bool:
    """Whether a column holds an account's id: by a foreign key, or by its name where there is none (`granted_by`, the
    audit trail's `actor`)."""
    if column.foreign_keys:
        return _points_at_people(column)
    return is_text(column) and (column.name.endswith("_by") or column.name == "actor")


def _points_at_people(column: sa.Column[object]) -> bool:
    """Whether a reference can be to people's accounts: it is, or the database does not know. The ledger has accounts of
    its own."""
    return not column.foreign_keys or any(key.target_fullname == f"{ACCOUNT}.id" for key in column.foreign_keys)


def is_text(column: sa.Column[object]) -> bool:
    """Whether a column holds free text, and not one word of a closed list."""
    kind = column.type.impl if isinstance(column.type, sa.types.TypeDecorator) else column.type
    return isinstance(kind, sa.String) and not isinstance(kind, sa.Enum)


def _any_of(columns: list[sa.Column[str]]) -> Where:
    return lambda account_id: sa.or_(*[column == account_id for column in columns])

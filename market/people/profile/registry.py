"""The personal-data registry: every personal column of every room (PIPL art. 51 asks to know what is kept and to guard
it by its kind). It is a walk over the tables, so it cannot fall behind them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa

from market.kernel.personal import OnErasure, PersonalKind, personal_mark
from market.people.profile.belongings import is_text, leads_to_account

EXEMPT: Mapping[str, str] = MappingProxyType(
    {
        "webhook_endpoint.secret_sealed": "an organisation's key, made by us",
        "webhook_endpoint.old_secret_sealed": "an organisation's key, made by us",
    }
)
"""Columns, as `table.column`, that look personal and are not, each with why."""

_WORDS = frozenset(
    {
        *("phone", "mobile", "telephone", "email", "openid", "unionid", "wechat", "alipay"),
        *("recipient", "consignee", "contact", "nickname", "surname", "avatar", "representative"),
        *("street", "address", "ip", "agent", "birth", "birthday", "gender", "passport", "idcard", "signature"),
    }
)
_NAMES = re.compile(r"(full|real|first|last|family|given|display|login|user|person|buyer|guest|account)_name")


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """One column, what it tells about a person, and what becomes of it when they are erased."""

    table: str
    column: str
    kind: PersonalKind
    on_erasure: OnErasure
    sealed_for: str | None
    reason: str


def personal_columns(metadata: sa.MetaData) -> tuple[PersonalColumn, ...]:
    """The registry: all marked columns of these tables, by table and column."""
    return tuple(
        PersonalColumn(table.name, column.name, mark.kind, mark.on_erasure, mark.sealed_for, mark.reason)
        for table, column in _columns(metadata)
        if (mark := personal_mark(column)) is not None
    )


def undeclared(metadata: sa.MetaData, exempt: Mapping[str, str] = EXEMPT) -> tuple[str, ...]:
    """Columns, as `table.column`, that look personal and neither say so nor are exempt."""
    return tuple(
        f"{table.name}.{column.name}"
        for table, column in _columns(metadata)
        if personal_mark(column) is None
        and f"{table.name}.{column.name}" not in exempt
        and _looks_personal(table, column)
    )


def unreachable(metadata: sa.MetaData) -> tuple[str, ...]:
    """Marked columns, as `table.column`, whose rows no one finds who starts from an account, though they are to be
    deleted or cleared with it. They would be neither exported nor erased."""
    return tuple(
        f"{table.name}.{column.name}"
        for table, column in _columns(metadata)
        if (mark := personal_mark(column)) is not None
        and mark.on_erasure in {OnErasure.DELETE, OnErasure.CLEAR}
        and not leads_to_account(table)
    )


def _columns(metadata: sa.MetaData) -> Iterator[tuple[sa.Table, sa.Column[object]]]:
    for name in sorted(metadata.tables):
        table = metadata.tables[name]
        for column in table.columns:
            yield table, column


def _looks_personal(table: sa.Table, column: sa.Column[object]) -> bool:
    """Whether the name of a column that can hold a text says that it is about a person. A bare `name` is a person's, or
    given by one, only beside an account; one with an English twin is a thing's."""
    if not (is_text(column) or isinstance(column.type, sa.JSON | sa.LargeBinary)):
        return False
    if column.name.endswith("_sealed"):
        return True
    if column.name == "name":
        return leads_to_account(table) and "name_en" not in table.c
    return bool(_NAMES.search(column.name) or _WORDS & set(column.name.split("_")))

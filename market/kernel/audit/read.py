"""Reading the trail: a page of entries, the newest first. Whose entries a reader may see is the caller's to say."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from market.kernel.audit.tables import ENTRIES, AuditEntry
from market.kernel.errors import Invalid, InvalidCursor
from market.kernel.pages import SEPARATOR, Page, cursor_parts, key_number

ACTION_CHARACTERS_MAX = 64
_ACTION = re.compile(r"[a-z_]{1,32}(\.[a-z_]{0,31})?")
_TAG = "a"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AuditWhere:
    """Which entries. `action` is how their action begins: a whole one, `listing.approve`, or `listing.` for all of a
    kind. `since` counts, `until` does not."""

    subject: str | None = None
    actor: str | None = None
    principal: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, the newest first, and whether there are more in the direction of the page."""

    entries: tuple[AuditEntry, ...]
    has_more: bool


def read_entries(
    session: Session, where: AuditWhere, *, within: sa.ColumnElement[bool], page: Page, cursor: str | None = None
) -> AuditPage:
    """Step: a page of the entries that are `within` the reader's reach, older than the cursor's (or newer, going
    backward). Entries of one moment are in the order of their numbers.

    Refuses: Invalid for what can be no action, and for a time that ends before it begins; InvalidCursor.
    """
    chosen = [*_conditions(where), within]
    if cursor is not None:
        here, there = sa.tuple_(ENTRIES.c.at, ENTRIES.c.seq), sa.tuple_(*_place(cursor, page))
        chosen.append(here > there if page.is_backward else here < there)
    keys = (ENTRIES.c.at, ENTRIES.c.seq)
    order = keys if page.is_backward else [key.desc() for key in keys]
    # First the numbers, by an index alone: where many must be sorted, their contents need not be.
    numbers = sa.select(ENTRIES.c.seq).where(*chosen).order_by(*order).limit(page.size + 1)
    rows = session.exec(select(AuditEntry).where(ENTRIES.c.seq.in_(numbers)).order_by(*order)).all()
    shown = rows[: page.size]
    return AuditPage(tuple(reversed(shown) if page.is_backward else shown), len(rows) > page.size)


def count_entries(session: Session, where: AuditWhere, *, within: sa.ColumnElement[bool], most: int) -> int:
    """Step: how many entries there are within the reader's reach, counting no further than `most`."""
    some: sa.Select[Any] = (
        sa.select(sa.literal_column("1")).select_from(ENTRIES).where(*_conditions(where), within).limit(most)
    )
    return int(session.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one())


def cursor_of(entry: AuditEntry) -> str:
    """Where an entry is in the list."""
    return SEPARATOR.join((_TAG, str((entry.at - _EPOCH) // timedelta(microseconds=1)), str(entry.seq)))


def _conditions(where: AuditWhere) -> list[sa.ColumnElement[bool]]:
    """What the entries asked for have in common. Refuses with Invalid what no entry can have."""
    columns = (
        (ENTRIES.c.subject, where.subject),
        (ENTRIES.c.actor, where.actor),
        (ENTRIES.c.principal, where.principal),
    )
    chosen: list[sa.ColumnElement[bool]] = [column == wanted for column, wanted in columns if wanted is not None]
    if where.action is not None:
        chosen += _begins(ENTRIES.c.action, _checked_action(where.action))
    if where.since is not None and where.until is not None and where.until <= where.since:
        raise Invalid(field="until", allowed="it is later than since", allowed_zh="结束时间须晚于开始时间")
    if where.since is not None:
        chosen.append(ENTRIES.c.at >= where.since)
    if where.until is not None:
        chosen.append(ENTRIES.c.at < where.until)
    return chosen


def _checked_action(action: str) -> str:
    """The beginning of an action, or refuses with Invalid."""
    if not _ACTION.fullmatch(action):
        raise Invalid(
            field="action",
            allowed="how an action begins: listing.approve, or listing. for all of a kind",
            allowed_zh="操作名或其开头，例如 listing.approve，或以 listing. 表示一类操作",
        )
    return action


def _begins(column: sa.ColumnElement[str], prefix: str) -> list[sa.ColumnElement[bool]]:
    """Whether an action begins so. The range is for the index and holds in every collation, for actions are made of
    lower-case letters, dots and underscores; where a collation skips the dots it is too wide, and the second decides.
    That one is a CASE so that PostgreSQL's planner does not take it for a rare thing."""
    last = prefix + "z" * (ACTION_CHARACTERS_MAX - len(prefix))
    begins = sa.case((sa.func.substr(column, 1, len(prefix)) == prefix, sa.true()), else_=sa.false())
    return [column.between(prefix, last), begins]


def _place(cursor: str, page: Page) -> tuple[datetime, int]:
    """The sort key in a cursor, or refuses with InvalidCursor."""
    field = "before" if page.is_backward else "after"
    at, seq = cursor_parts(cursor, tag=_TAG, parts=2, field=field)
    try:
        return _EPOCH + timedelta(microseconds=key_number(at)), key_number(seq)
    except (ValueError, OverflowError) as error:
        raise InvalidCursor(field=field) from error

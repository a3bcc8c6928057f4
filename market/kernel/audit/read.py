"""Reading the trail: a page of entries, the newest first. Whose entries a reader may see is the caller's to say."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, select

from market.kernel.audit.tables import ENTRIES, AuditEntry
from market.kernel.errors import Invalid, InvalidCursor, InvalidPage
from market.kernel.pages import SEPARATOR, SIZE_MAX, cursor_parts, key_number

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
    """Some entries, and where the next page begins: after this cursor, or nowhere."""

    entries: tuple[AuditEntry, ...]
    after: str | None


def read_entries(
    session: Session, where: AuditWhere, *, within: sa.ColumnElement[bool], size: int, after: str | None = None
) -> AuditPage:
    """Step: a page of the entries that are `within` the reader's reach, the newest first.

    Refuses: Invalid for what can be no action, and for a time that ends before it begins; InvalidPage; InvalidCursor.
    """
    if not 1 <= size <= SIZE_MAX:
        raise InvalidPage(
            field="first", allowed=f"a page has 1 to {SIZE_MAX} rows", allowed_zh=f"每页 1 到 {SIZE_MAX} 条"
        )
    chosen = [*conditions(where), within]
    if after is not None:
        chosen.append(sa.tuple_(ENTRIES.c.at, ENTRIES.c.seq) < sa.tuple_(*_place(after)))
    newest_first = (ENTRIES.c.at.desc(), ENTRIES.c.seq.desc())
    # First the numbers, by an index alone: where many must be sorted, their contents need not be.
    numbers = sa.select(ENTRIES.c.seq).where(*chosen).order_by(*newest_first).limit(size + 1)
    rows = session.exec(select(AuditEntry).where(ENTRIES.c.seq.in_(numbers)).order_by(*newest_first)).all()
    shown = tuple(rows[:size])
    return AuditPage(shown, _cursor(shown[-1]) if len(rows) > size else None)


def conditions(where: AuditWhere) -> list[sa.ColumnElement[bool]]:
    """What the entries asked for have in common. Refuses with Invalid what no entry can have."""
    columns = (
        (ENTRIES.c.subject, where.subject),
        (ENTRIES.c.actor, where.actor),
        (ENTRIES.c.principal, where.principal),
    )
    chosen: list[sa.ColumnElement[bool]] = [column == wanted for column, wanted in columns if wanted is not None]
    if where.action is not None:
        prefix = check_action(where.action)
        chosen += action_begins(ENTRIES.c.action, sa.literal(prefix), sa.literal(last_action(prefix)))
    if where.since is not None and where.until is not None and where.until <= where.since:
        raise Invalid(field="until", allowed="it is later than since", allowed_zh="结束时间须晚于开始时间")
    if where.since is not None:
        chosen.append(ENTRIES.c.at >= where.since)
    if where.until is not None:
        chosen.append(ENTRIES.c.at < where.until)
    return chosen


def check_action(action: str) -> str:
    """The beginning of an action, or refuses with Invalid.

    >>> check_action("listing.")
    'listing.'
    """
    if not _ACTION.fullmatch(action):
        raise Invalid(
            field="action",
            allowed="how an action begins: listing.approve, or listing. for all of a kind",
            allowed_zh="操作名或其开头，例如 listing.approve，或以 listing. 表示一类操作",
        )
    return action


def last_action(prefix: str) -> str:
    """What no action that begins so comes after."""
    return prefix + "z" * (ACTION_CHARACTERS_MAX - len(prefix))


def action_begins(
    column: sa.ColumnElement[str], first: sa.ColumnElement[str], last: sa.ColumnElement[str]
) -> list[sa.ColumnElement[bool]]:
    """Whether an action begins with the first of these; the last is its `last_action`. The range is for the index and holds in every collation, for actions are made of
    lower-case letters, dots and underscores; where a collation skips the dots it is too wide, and the second decides.
    That one is a CASE so that PostgreSQL's planner does not take it for a rare thing."""
    begins = sa.case((sa.func.substr(column, 1, sa.func.length(first)) == first, sa.true()), else_=sa.false())
    return [column.between(first, last), begins]


def _cursor(entry: AuditEntry) -> str:
    return SEPARATOR.join((_TAG, str((entry.at - _EPOCH) // timedelta(microseconds=1)), str(entry.seq)))


def _place(cursor: str) -> tuple[datetime, int]:
    """The sort key in a cursor, or refuses with InvalidCursor."""
    at, seq = cursor_parts(cursor, tag=_TAG, parts=2, field="after")
    try:
        return _EPOCH + timedelta(microseconds=key_number(at)), key_number(seq)
    except (ValueError, OverflowError) as error:
        raise InvalidCursor(field="after") from error

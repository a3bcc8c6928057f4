"""Idempotency: doing a thing again with the same key gives the first answer, and the thing is done once.

The key's row, the effect and the answer commit together or not at all, so there is no "started" state to recover and
a failed attempt leaves the key free. Read `once` first.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Field, Session, SQLModel

from market.kernel.database.prebuilt import Prebuilt
from market.kernel.errors import IdempotencyConflict, Invalid

KEPT = timedelta(days=7)
"""How long an answer is remembered: far longer than any client retries."""

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")

T = TypeVar("T")


class IdempotencyRow(SQLModel, table=True):
    """One key that one actor used for one operation, with the answer. Made by `once`, never changed until it expires.

    `response` is JSON text; it is null only within the transaction that makes the row.
    """

    __tablename__ = "idempotency_key"

    actor: str = Field(primary_key=True, max_length=64)
    operation: str = Field(primary_key=True, max_length=64)
    key: str = Field(primary_key=True, max_length=64)
    fingerprint: str = Field(max_length=64)
    response: str | None = Field(default=None, sa_type=sa.Text)
    created_at: datetime
    expires_at: datetime = Field(index=True)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Who does what, under which client-made key, with which input. Refuses a malformed key with Invalid."""

    actor: str
    operation: str
    key: str
    fingerprint: str

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise Invalid(
                field="idempotencyKey",
                allowed="make a new key of 16 to 64 letters, digits, _ or - for each new request",
                allowed_zh="请为每个新请求生成 16 至 64 位的键，只含字母、数字、_ 或 -",
            )

    @classmethod
    def of(cls, *, actor: str, operation: str, key: str, asked: Any) -> "IdempotencyKey":
        """The key of this call; `asked` is its whole input, of which only the fingerprint is kept."""
        return cls(actor, operation, key, canonical({"operation": operation, "input": asked}))


_ROWS = SQLModel.metadata.tables["idempotency_key"].c
_MINE = sa.and_(*[column == sa.bindparam(f"of_{column.name}") for column in (_ROWS.actor, _ROWS.operation, _ROWS.key)])
_NEW = insert(_ROWS.key.table)
# Take the key if it is free or expired; otherwise this gives no row.
_TAKE = Prebuilt(
    _NEW.on_conflict_do_update(
        index_elements=[_ROWS.actor, _ROWS.operation, _ROWS.key],
        set_={name: _NEW.excluded[name] for name in ("fingerprint", "response", "created_at", "expires_at")},
        where=_ROWS.expires_at <= _NEW.excluded.created_at,
    ).returning(_ROWS.key)
)
_FIND = Prebuilt(sa.select(_ROWS.fingerprint, _ROWS.response).where(_MINE))
_ANSWER = Prebuilt(sa.update(_ROWS.key.table).where(_MINE).values(response=sa.bindparam("answer")))


def once(
    session: Session,
    key: IdempotencyKey,
    act: Callable[[], T],
    *,
    now: datetime,
    dump: Callable[[T], Any],
    load: Callable[[Any], T],
) -> T:
    """Step: do it and remember the answer, or give the answer remembered. First in its transaction.

    `dump` makes JSON data of an answer (best just its id), `load` the answer of such data again.

    Refuses: IdempotencyConflict when the key was used with another input; whatever `act` refuses, which must not be
    caught before the transaction has ended, for it is the rollback that frees the key.
    Once: the same key and input give the first answer for seven days; `act` is not called again.
    Guards: the primary key. A concurrent twin waits at the insert until the first has committed or failed.
    """
    mine = {"of_actor": key.actor, "of_operation": key.operation, "of_key": key.key}
    row = {"actor": key.actor, "operation": key.operation, "key": key.key, "fingerprint": key.fingerprint}
    row_times = {"response": None, "created_at": now, "expires_at": now + KEPT}
    if _TAKE.first(session, {**row, **row_times}) is None:
        fingerprint, response = _FIND.one(session, mine)
        if fingerprint != key.fingerprint:
            raise IdempotencyConflict
        if response is None:
            raise RuntimeError(f"{key.operation}: a refusal inside once() was caught and then committed")
        return load(json.loads(response))
    answer = act()
    _ANSWER.run(session, {**mine, "answer": canonical_json(dump(answer))})
    return answer


def prune(session: Session, now: datetime, *, limit: int = 1000) -> int:
    """Step: forget answers past their time, oldest first, at most so many; says how many."""
    identity = (_ROWS.actor, _ROWS.operation, _ROWS.key)
    oldest = sa.select(*identity).order_by(_ROWS.expires_at).limit(limit)
    # The time is asked of the row itself: one that was taken over while this waited for it is a new one.
    which = sa.and_(sa.tuple_(*identity).in_(oldest), _ROWS.expires_at <= now)
    return len(session.execute(sa.delete(_ROWS.key.table).where(which).returning(_ROWS.key)).all())


def canonical(value: Any) -> str:
    """The SHA-256 of the value's canonical JSON, in hex: equal inputs have equal ones, whatever order they came in.

    >>> canonical({"a": 1, "b": [2, None]}) == canonical({"b": [2, None], "a": 1})
    True
    >>> canonical({"quantity": 1}) == canonical({"quantity": "1"})
    False
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def canonical_json(value: Any) -> str:
    """The value as JSON text that depends on nothing but the value: sorted keys, no spaces, ASCII only.

    Dataclasses become objects; moments become UTC text; decimals become text. Refuses NaN and infinities with
    ValueError, and what has no JSON with TypeError.

    >>> canonical_json({"b": Decimal("1.50"), "a": datetime(2026, 6, 2, tzinfo=UTC)})
    '{"a":"2026-06-02T00:00:00.000000+00:00","b":"1.50"}'
    """
    return _CANONICAL.encode(value)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            if value.utcoffset() is None:
                raise TypeError(f"a moment without a time zone is ambiguous: {value!r}")
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
    raise TypeError(f"{type(value).__name__} has no canonical JSON")


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)

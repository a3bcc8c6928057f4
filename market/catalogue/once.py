"""Step: an operation of this room under its idempotency key."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlmodel import Session

from market.catalogue.access import who
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.permissions import Actor

T = TypeVar("T")


def once_of(
    session: Session,
    actor: Actor,
    operation: str,
    idempotency_key: str,
    *,
    asked: Any,
    act: Callable[[], T],
    answer: Any,
    now: datetime,
) -> T:
    """Step: `act` once under this key; the answer it gave then or now, of this type: a dataclass, an enum, a number.

    Refuses as `kernel.idempotency.once` does, and as `act` does.
    """
    kind: TypeAdapter[T] = TypeAdapter(answer)
    key = IdempotencyKey.of(actor=who(actor), operation=operation, key=idempotency_key, asked=asked)
    return once(
        session,
        key,
        act,
        now=now,
        dump=lambda given: kind.dump_python(given, mode="json"),
        load=kind.validate_python,
    )

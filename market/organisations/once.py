"""Step: an operation of this room under its idempotency key. Each answers with the id of what it was about."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.permissions import Actor


def once_id(
    session: Session,
    actor: Actor,
    operation: str,
    idempotency_key: str,
    *,
    asked: Any,
    act: Callable[[], str],
    now: datetime,
) -> str:
    """Step: `act` once under this key; the id it gave then or now. `asked` holds nothing personal: a phone's keyed hash.

    Refuses as `kernel.idempotency.once` does, and as `act` does.
    """
    who = actor.account_id or actor.kind.value
    key = IdempotencyKey.of(actor=who, operation=operation, key=idempotency_key, asked=asked)
    return once(session, key, act, now=now, dump=str, load=str)

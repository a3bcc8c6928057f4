"""What all changes of settlement share: done once by the client's key, by staff where their region lies."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach

TEXT_MAX = 500


def key_of(actor: Actor, operation: str, key: str, asked: Any) -> IdempotencyKey:
    """The client's key for this change. Refuses with Invalid a malformed one."""
    return IdempotencyKey.of(actor=who(actor), operation=operation, key=key, asked=asked)


def keyed(session: Session, market: Market, key: IdempotencyKey, act: Callable[[], str]) -> str:
    """Step: do it once by the key; an id either way. Refuses: IdempotencyConflict; whatever `act` refuses."""
    return once(session, key, act, now=market.now(), dump=str, load=str)


def require_managed(actor: Actor, region_code: str, *, field: str) -> None:
    """Refuse, with NotFound as for an unknown one, what lies outside the regions whose settlement the actor manages."""
    if not reach(actor, Permission.SETTLEMENT_MANAGE).covers(region_code=region_code):
        raise NotFound(field=field)


def who(actor: Actor) -> str:
    """The actor as rows name it."""
    return actor.account_id or actor.kind.value


def words(text: str, *, field: str) -> str:
    """The text without spaces around it; refuses with Invalid an empty or too long one."""
    found = text.strip()
    if not 0 < len(found) <= TEXT_MAX:
        raise Invalid(
            field=field, allowed=f"say it in 1 to {TEXT_MAX} characters", allowed_zh=f"请填写 1 到 {TEXT_MAX} 字"
        )
    return found

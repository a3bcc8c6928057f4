"""What all changes of a claim share: one transaction, once, put on record."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from market.aftersales.claims.rules import TEXT_MAX
from market.aftersales.tables import Claim
from market.kernel import audit
from market.kernel.errors import Invalid
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor

Act = Callable[[Session, datetime], Claim]
"""Finds the claim for the actor, changes it, and gives it back."""


def act_once(
    market: Market, actor: Actor, operation: str, act: Act, *, key: str, asked: Any, is_seller: bool = False
) -> str:
    """Change a claim in one transaction; its id. Refuses: IdempotencyConflict; what `act` refuses. Once, by `key`."""
    mine = IdempotencyKey.of(actor=actor.account_id or "", operation=operation, key=key, asked=asked)
    with market.transaction() as session:
        now = market.now()

        def done() -> str:
            claim = act(session, now)
            audit.record(
                session,
                actor,
                action=f"claim.{operation.removesuffix('Claim')}",
                subject=claim.id,
                principal=claim.producer_id if is_seller else None,
                after={"state": claim.state, "refundedFen": claim.refunded_fen},
                now=now,
            )
            return claim.id

        return once(session, mine, done, now=now, dump=str, load=str)


def words(text: str, *, is_needed: bool) -> str:
    """What somebody says, or refuses with Invalid what is too long, or missing where it is needed."""
    found = text.strip()
    if len(found) > TEXT_MAX or (is_needed and not found):
        raise Invalid(field="text", allowed=f"1 to {TEXT_MAX} characters", allowed_zh=f"请填写，最多 {TEXT_MAX} 个字")
    return found

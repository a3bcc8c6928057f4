"""Steps of a claim's life: found for whoever may act, moved once, paid back from what was sold."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from market.aftersales.claims.rules import MOVES, UNSETTLED, ClaimState, due_at, illegal_move
from market.aftersales.reckon import LineRefund, SoldLine, refund_amount, refund_pieces
from market.aftersales.refunds import refund_lines, sold_lines
from market.aftersales.tables import Claim
from market.kernel import outbox
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.permissions import Actor, Permission, reach
from market.orders.create import add_event
from market.orders.moves import count_open_claims
from market.orders.rules import LineKind
from market.orders.tables import OrderLine
from market.organisations.acting import act_for
from market.payments.rules import RefundReason

_CLAIMS = SQLModel.metadata.tables[str(Claim.__tablename__)]


def own_claim(session: Session, actor: Actor, claim_id: str) -> Claim:
    """Step: a claim of the actor's own, its row this transaction's. Refuses: NotSignedIn; NotFound."""
    mine = reach(actor, Permission.ORDER_PLACE)
    claim = _locked(session, claim_id)
    if claim is None or not mine.covers(owner_id=claim.account_id):
        raise NotFound(field="claim")
    return claim


def seller_claim(session: Session, actor: Actor, claim_id: str, *, now: datetime) -> Claim:
    """Step: a claim on what the actor sells, its row this transaction's. Refuses: NotSignedIn; Forbidden; NotFound."""
    reach(actor, Permission.REFUND_APPROVE)
    claim = _locked(session, claim_id)
    if claim is None:
        raise NotFound(field="claim")
    act_for(
        session,
        actor,
        Permission.REFUND_APPROVE,
        producer_id=claim.producer_id,
        today=business_day(now),
        field="claim",
    )
    return claim


def staff_claim(session: Session, actor: Actor, claim_id: str) -> Claim:
    """Step: a claim in the actor's region, its row this transaction's. Refuses: NotSignedIn; Forbidden; NotFound."""
    opened = reach(actor, Permission.CLAIM_DECIDE)
    claim = _locked(session, claim_id)
    if claim is None or not opened.covers(region_code=claim.region_code):
        raise NotFound(field="claim")
    return claim


def _locked(session: Session, claim_id: str) -> Claim | None:
    return session.exec(
        select(Claim)
        .where(Claim.id == claim_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()


def move_claim(session: Session, claim: Claim, to: ClaimState, *, actor: str, now: datetime, **values: Any) -> None:
    """Step: move a claim, put it on the order's record and tell whoever listens. Refuses: IllegalTransition.

    Guards: one conditional update of the row. While a claim is unsettled its seller order is not completed.
    """
    was = ClaimState(claim.state)
    if to not in MOVES[was]:
        raise illegal_move(was, to)
    settled = {} if to in UNSETTLED else {"settled_at": now}
    moved = session.execute(
        sa.update(_CLAIMS)
        .where(_CLAIMS.c.id == claim.id, _CLAIMS.c.state == was)
        .values(state=to, due_at=due_at(to, now), **settled, **values)
    )
    if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise illegal_move(was, to)
    if (was in UNSETTLED) != (to in UNSETTLED):
        count_open_claims(session, claim.seller_order_id, 1 if to in UNSETTLED else -1)
    tell(session, claim, f"claim.{to.value.lower()}", actor=actor, now=now, was=was, to=to)
    session.refresh(claim)


def tell(
    session: Session,
    claim: Claim,
    what: str,
    *,
    actor: str,
    now: datetime,
    was: ClaimState | None = None,
    to: ClaimState | None = None,
) -> None:
    """Step: what happened to a claim, for the order's record and for the outbox."""
    add_event(
        session,
        claim.order_id,
        what,
        actor=actor,
        now=now,
        seller_order_id=claim.seller_order_id,
        from_state=was,
        to_state=to,
        facts={"claim": claim.id},
    )
    news = {"claim": claim.id, "order": claim.order_id, "sellerOrder": claim.seller_order_id}
    outbox.publish(session, "claim.changed", aggregate=claim.order_id, payload=news, now=now)


def settle_by_refund(
    session: Session,
    claim: Claim,
    amount_fen: int | None,
    *,
    actor: str,
    now: datetime,
    is_final: bool = False,
    **values: Any,
) -> None:
    """Step: pay back so many fen for a claim (None: all that is left of what it asks) and move it: REFUNDED when nothing
    more is asked (or `is_final`: staff have decided), else PARTLY_REFUNDED.

    Refuses: Invalid for nothing, or more than is asked or left of the line; IllegalTransition.
    Guards: the claim's row and the line's are this transaction's; each refund of a claim has its own reference.
    """
    line = sold_lines(session, [claim.line_id])[claim.line_id]
    left = min(claim.asked_fen - claim.refunded_fen, line.payable_fen - line.refunded_fen)
    fen = left if amount_fen is None else amount_fen
    if not 0 < fen <= left and not (amount_fen is None and left == 0):
        raise Invalid(
            field="amount",
            allowed=f"0.01 to {left / 100:.2f}: what is claimed and not paid back",
            allowed_zh=f"0.01 到 {left / 100:.2f}，不超过申请且未退的金额",
        )
    is_whole = fen == left
    to = ClaimState.REFUNDED if is_whole or is_final else ClaimState.PARTLY_REFUNDED
    number = 1 if claim.refunded_fen == 0 else 2
    reference = claim.id if number == 1 else f"{claim.id}/{number}"
    reason = RefundReason.RETURN if claim.state == ClaimState.RETURN_SENT else RefundReason.CLAIM
    before = claim.refunded_fen
    move_claim(session, claim, to, actor=actor, now=now, refunded_fen=before + fen, **values)
    found = _refund_of(session, claim, line, fen, is_whole=is_whole and before == 0)
    refund_lines(session, claim.seller_order_id, [found], reason=reason, reference=reference, actor=actor, now=now)


def _refund_of(session: Session, claim: Claim, line: SoldLine, fen: int, *, is_whole: bool) -> LineRefund:
    """Whole pieces when they came and all of their price goes back, so that the last takes the remainder; else money."""
    row = session.get_one(OrderLine, claim.line_id)
    came = row.kind == LineKind.PRODUCT and row.fulfilled_quantity + row.refunded_quantity >= row.quantity
    if is_whole and came and claim.spoilage_percent == 100 and claim.quantity <= line.quantity - line.refunded_quantity:
        pieces = refund_pieces(line, claim.quantity)
        if pieces.amount_fen == fen:
            return pieces
    return refund_amount(line, fen)

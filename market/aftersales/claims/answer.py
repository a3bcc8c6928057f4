"""Use cases: a seller answers claims, staff decide those that were taken to them, the worker acts for who is silent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from market.aftersales.claims.acting import act_once, words
from market.aftersales.claims.moves import move_claim, seller_claim, settle_by_refund, staff_claim
from market.aftersales.claims.rules import ClaimReason, ClaimState, ClaimWish, illegal_move
from market.aftersales.errors import NotReturnable
from market.aftersales.tables import Claim
from market.fulfilment.rules import Carrier, tracking_number
from market.fulfilment.ship import parcel_row, send_again
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.tables import OrderLine, SellerOrder

SYSTEM = "SYSTEM"


class AnswerKind(StrEnum):
    """What a seller says to a claim."""

    REFUND = "REFUND"
    RESHIP = "RESHIP"
    RETURN = "RETURN"
    REJECT = "REJECT"


@dataclass(frozen=True, slots=True)
class Answer:
    """A seller's answer. `amount_fen` of a REFUND: None for all that is asked. REJECT and RETURN need words: why not, and
    where to send it."""

    claim_id: str
    kind: AnswerKind
    text: str = ""
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What staff decide on a claim: so much goes back, or (None) nothing more."""

    claim_id: str
    text: str
    amount_fen: int | None = None


def answer_claim(market: Market, actor: Actor, answer: Answer, *, key: str) -> str:
    """A seller's people answer a claim: pay back all or a part, promise to send it again, ask for it back, or say no; its
    id. A return that came is answered the same way: pay, or say no.

    Refuses: NotSignedIn; Forbidden; NotFound, also for another seller's; Invalid for an amount beyond the claim, or for a
    no without words; NotReturnable for a no to a return that the law allows; IllegalTransition; IdempotencyConflict.
    Once, by `key`. Guards: the claim's row, one conditional update.
    """
    reach(actor, Permission.REFUND_APPROVE)
    text = words(answer.text, is_needed=answer.kind in {AnswerKind.REJECT, AnswerKind.RETURN})

    def act(session: Session, now: datetime) -> Claim:
        claim = seller_claim(session, actor, answer.claim_id, now=now)
        _answer(session, claim, answer, text, actor=_who(actor), now=now)
        return claim

    return act_once(market, actor, "answerClaim", act, key=key, asked=answer, is_seller=True)


def _answer(session: Session, claim: Claim, answer: Answer, text: str, *, actor: str, now: datetime) -> None:
    said: dict[str, Any] = {"answer": text, "answered_at": now}
    if claim.state == ClaimState.ESCALATED:  # it is with staff
        raise illegal_move(ClaimState.ESCALATED, ClaimState.REFUNDED)
    match answer.kind:
        case AnswerKind.REFUND:
            settle_by_refund(session, claim, answer.amount_fen, actor=actor, now=now, **said)
        case AnswerKind.RESHIP:
            move_claim(session, claim, ClaimState.RESHIP_DUE, actor=actor, now=now, **said)
        case AnswerKind.RETURN:
            move_claim(session, claim, ClaimState.RETURN_DUE, actor=actor, now=now, **said)
        case AnswerKind.REJECT:
            if claim.reason == ClaimReason.NO_REASON and claim.state == ClaimState.OPEN:
                raise NotReturnable(basis="SEVEN_DAYS")
            move_claim(session, claim, ClaimState.REJECTED, actor=actor, now=now, **said)


def reship_claim(market: Market, actor: Actor, *, claim_id: str, carrier: Carrier, number: str, key: str) -> str:
    """A seller's people send a replacement, as they promised; the claim's id. It is a shipment like any other, followed
    and received; its pieces leave the stock, and nothing is sold.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid for a tracking number that is none; IllegalTransition; SoldOut when
    there are no pieces to send: pay it back then; IdempotencyConflict. Once, by `key`. Guards: the claim's row.
    """
    reach(actor, Permission.REFUND_APPROVE)
    via = tracking_number(number)
    sent = {"claim": claim_id, "carrier": carrier, "number": via}

    def act(session: Session, now: datetime) -> Claim:
        claim = seller_claim(session, actor, claim_id, now=now)
        by = {"carrier": carrier, "tracking_number": via}
        move_claim(session, claim, ClaimState.RESHIPPED, actor=_who(actor), now=now, **by)
        part, line = session.get_one(SellerOrder, claim.seller_order_id), session.get_one(OrderLine, claim.line_id)
        row = parcel_row(market, part, carrier, via, is_again=True, now=now)
        send_again(session, actor, part, line, quantity=claim.quantity, row=row, holder=claim.id, now=now)
        return claim

    return act_once(market, actor, "reshipClaim", act, key=key, asked=sent, is_seller=True)


def decide_claim(market: Market, actor: Actor, decision: Decision, *, key: str) -> str:
    """Staff decide a claim that was taken to them: so much goes back, or nothing more; its id.

    Refuses: NotSignedIn; Forbidden; NotFound, also outside their region; Invalid for an amount beyond the claim, or
    without words; IllegalTransition; IdempotencyConflict. Once, by `key`. Guards: the claim's row.
    """
    reach(actor, Permission.CLAIM_DECIDE)
    text = words(decision.text, is_needed=True)

    def act(session: Session, now: datetime) -> Claim:
        claim = staff_claim(session, actor, decision.claim_id)
        if claim.state != ClaimState.ESCALATED:
            raise illegal_move(ClaimState(claim.state), ClaimState.DISMISSED)
        if decision.amount_fen is None:
            move_claim(session, claim, ClaimState.DISMISSED, actor=_who(actor), now=now, decision=text)
        else:
            fen, who = decision.amount_fen, _who(actor)
            settle_by_refund(session, claim, fen, actor=who, now=now, is_final=True, decision=text)
        return claim

    return act_once(market, actor, "decideClaim", act, key=key, asked=decision)


def settle_due_claims(market: Market, *, limit: int = 50) -> int:
    """The worker's: act for who was silent until a claim's time was over; says how many. A seller who did not answer has
    accepted, one who said nothing of a return has received it; a return that was not sent is withdrawn. Each in a
    transaction of its own; one that was acted on meanwhile is left alone."""
    now = market.now()
    silent = (ClaimState.OPEN, ClaimState.RETURN_DUE, ClaimState.RETURN_SENT)
    with market.read() as session:
        due = session.exec(
            select(Claim.id)
            .where(col(Claim.due_at) <= now, col(Claim.state).in_(silent))
            .order_by(col(Claim.due_at), col(Claim.id))
            .limit(limit)
        ).all()
    for claim_id in due:
        with market.transaction() as session:
            claim = session.exec(select(Claim).where(Claim.id == claim_id).with_for_update(key_share=True)).one()
            if claim.due_at is not None and claim.due_at <= now and claim.state in silent:
                _act_for_silent(session, claim, now=now)
    return len(due)


def _act_for_silent(session: Session, claim: Claim, *, now: datetime) -> None:
    if claim.state == ClaimState.RETURN_DUE:
        move_claim(session, claim, ClaimState.WITHDRAWN, actor=SYSTEM, now=now)
    elif claim.state == ClaimState.OPEN and claim.wish == ClaimWish.RETURN:
        move_claim(session, claim, ClaimState.RETURN_DUE, actor=SYSTEM, now=now)
    else:  # nobody can be made to send it again: the money goes back
        settle_by_refund(session, claim, None, actor=SYSTEM, now=now)


def _who(actor: Actor) -> str:
    return actor.account_id or actor.kind.value

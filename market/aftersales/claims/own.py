"""Use cases: what a buyer does with an open claim: sends the thing back, takes it to staff, gives it up."""

from datetime import datetime

from sqlmodel import Session

from market.aftersales.claims.acting import act_once, words
from market.aftersales.claims.moves import move_claim, own_claim
from market.aftersales.claims.rules import ClaimState, illegal_move
from market.aftersales.errors import ClaimTooLate
from market.aftersales.tables import Claim
from market.fulfilment.rules import Carrier, tracking_number
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach


def send_return(market: Market, actor: Actor, *, claim_id: str, carrier: Carrier, number: str, key: str) -> str:
    """A buyer has sent back what a claim is about; its id. The seller pays when it has come, or says why not.

    Refuses: NotSignedIn; NotFound, also for somebody else's; Invalid for a tracking number that is none;
    IllegalTransition; IdempotencyConflict. Once, by `key`. Guards: the claim's row.
    """
    reach(actor, Permission.ORDER_PLACE)
    via = tracking_number(number)

    def act(session: Session, now: datetime) -> Claim:
        claim = own_claim(session, actor, claim_id)
        sent = {"carrier": carrier, "tracking_number": via}
        move_claim(session, claim, ClaimState.RETURN_SENT, actor=claim.account_id, now=now, **sent)
        return claim

    asked = {"claim": claim_id, "carrier": carrier, "number": via}
    return act_once(market, actor, "sendReturn", act, key=key, asked=asked)


def escalate_claim(market: Market, actor: Actor, *, claim_id: str, text: str, key: str) -> str:
    """A buyer takes a claim to staff that was refused or paid in part, or whose promised replacement has not been sent;
    its id.

    Refuses: NotSignedIn; NotFound, also for somebody else's; Invalid without words; ClaimTooLate a week after the
    answer; IllegalTransition, also while the week for a replacement runs; IdempotencyConflict.
    Once, by `key`. Guards: the claim's row.
    """
    reach(actor, Permission.ORDER_PLACE)
    said = words(text, is_needed=True)

    def act(session: Session, now: datetime) -> Claim:
        claim = own_claim(session, actor, claim_id)
        is_over = claim.due_at is not None and claim.due_at <= now
        if claim.state == ClaimState.RESHIP_DUE and not is_over:
            raise illegal_move(ClaimState.RESHIP_DUE, ClaimState.ESCALATED)
        if claim.state in {ClaimState.REJECTED, ClaimState.PARTLY_REFUNDED} and is_over:
            raise ClaimTooLate(until=claim.due_at.isoformat() if claim.due_at else "")
        move_claim(session, claim, ClaimState.ESCALATED, actor=claim.account_id, now=now, appeal=said)
        return claim

    return act_once(market, actor, "escalateClaim", act, key=key, asked={"claim": claim_id, "text": said})


def withdraw_claim(market: Market, actor: Actor, *, claim_id: str, key: str) -> str:
    """A buyer gives a claim up; its id.

    Refuses: NotSignedIn; NotFound, also for somebody else's; IllegalTransition; IdempotencyConflict.
    Once, by `key`. Guards: the claim's row.
    """
    reach(actor, Permission.ORDER_PLACE)

    def act(session: Session, now: datetime) -> Claim:
        claim = own_claim(session, actor, claim_id)
        move_claim(session, claim, ClaimState.WITHDRAWN, actor=claim.account_id, now=now)
        return claim

    return act_once(market, actor, "withdrawClaim", act, key=key, asked={"claim": claim_id})

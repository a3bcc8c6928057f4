"""Use cases of staff: approve an application, return it with reasons, reject it, close what was frozen.

Only staff in whose regions it lies, and none of its own people. Two at once: one decides, the other is told the state.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.errors import CreditCodeTaken, LicenceMissing
from market.organisations.manage.invitations import end_invitations_step
from market.organisations.once import once_id
from market.organisations.queries import licence_kinds
from market.organisations.rules import (
    APPLYING,
    MOVES,
    REGISTERED,
    DocumentState,
    OrganisationMove,
    Reason,
    check_reasons,
    licences_needed,
    stored,
)
from market.organisations.steps import illegal_move, move_step, organisation_for, require_impartial
from market.organisations.tables import Organisation


def approve_organisation(market: Market, actor: Actor, *, organisation_id: str, idempotency_key: str) -> str:
    """Approve an application, SUBMITTED → ACTIVE; the organisation's id. The licence its kind needs is accepted before.

    Refuses: NotSignedIn; Forbidden, also to its own people; NotFound, also outside the actor's regions; LicenceMissing
    without an accepted licence that holds today; CreditCodeTaken; IllegalTransition; IdempotencyConflict.
    """
    return _decide(market, actor, organisation_id, OrganisationMove.APPROVE, reasons=(), key=idempotency_key)


def return_organisation(
    market: Market, actor: Actor, *, organisation_id: str, reasons: Sequence[Reason], idempotency_key: str
) -> str:
    """Return an application to its applicant, who may mend it, SUBMITTED → RETURNED; the organisation's id.

    Refuses as `approve_organisation` does, and Invalid without reasons.
    """
    return _decide(market, actor, organisation_id, OrganisationMove.RETURN, reasons=reasons, key=idempotency_key)


def reject_organisation(
    market: Market, actor: Actor, *, organisation_id: str, reasons: Sequence[Reason], idempotency_key: str
) -> str:
    """Reject an application for good, SUBMITTED → REJECTED, its invitations with it; the organisation's id.

    Refuses as `return_organisation` does.
    """
    return _decide(market, actor, organisation_id, OrganisationMove.REJECT, reasons=reasons, key=idempotency_key)


def close_organisation(
    market: Market, actor: Actor, *, organisation_id: str, reasons: Sequence[Reason], idempotency_key: str
) -> str:
    """Close a frozen organisation for good, FROZEN → CLOSED, its invitations with it; its id.

    Refuses as `return_organisation` does.
    """
    return _decide(market, actor, organisation_id, OrganisationMove.CLOSE, reasons=reasons, key=idempotency_key)


def _decide(
    market: Market,
    actor: Actor,
    organisation_id: str,
    move: OrganisationMove,
    *,
    reasons: Sequence[Reason],
    key: str,
) -> str:
    reach(actor, Permission.ORGANISATION_REVIEW)
    if move is not OrganisationMove.APPROVE:
        check_reasons(reasons)
    now, verb = market.now(), move.value.lower()

    def act() -> str:
        organisation = organisation_for(session, actor, Permission.ORGANISATION_REVIEW, organisation_id, now=now)
        require_impartial(actor, organisation_id)
        before = organisation.state
        if before not in MOVES[move][0]:
            raise illegal_move(before, move)
        if move is OrganisationMove.APPROVE:
            _require_licence(session, organisation, now)
        try:
            move_step(session, actor, organisation, move, now=now, reasons=reasons)
        except sa.exc.IntegrityError as error:  # the one constraint a move can meet: organisation_credit_code_once
            raise CreditCodeTaken from error
        if MOVES[move][1] not in (*APPLYING, *REGISTERED):
            end_invitations_step(session, organisation_id, now=now)
        audit.record(
            session,
            actor,
            action=f"organisation.{verb}",
            subject=organisation_id,
            principal=organisation_id,
            before={"state": before.value},
            after={"state": organisation.state.value, "reasons": [each["code"] for each in stored(reasons)]},
            now=now,
        )
        return organisation_id

    asked = {"organisation": organisation_id, "reasons": stored(reasons)}
    with market.transaction() as session:
        return once_id(session, actor, f"{verb}Organisation", key, asked=asked, act=act, now=now)


def _require_licence(session: Session, organisation: Organisation, now: datetime) -> None:
    needed = licences_needed(organisation.kind)
    held = licence_kinds(session, organisation.id, states=(DocumentState.ACCEPTED,), on=business_day(now))
    if not needed & held:
        raise LicenceMissing(needed=tuple(sorted(needed)))

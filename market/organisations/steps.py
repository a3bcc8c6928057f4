"""Steps: one organisation by id, its state's moves with their events, freezing. They join the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select
from typeid import TypeID

from market.kernel.clock import business_day
from market.kernel.errors import Forbidden, IllegalTransition, NotFound
from market.kernel.permissions import Actor, Permission
from market.kernel.topics import touch
from market.organisations.acting import act_for
from market.organisations.errors import NotSelling
from market.organisations.rules import (
    MOVES,
    PUBLIC,
    OrganisationMove,
    OrganisationState,
    Reason,
    ReviewReason,
    check_reasons,
    next_states,
    stored,
)
from market.organisations.tables import Organisation, OrganisationEvent

_ORGANISATION = SQLModel.metadata.tables["organisation"]


def organisation_of(session: Session, organisation_id: str, *, field: str = "organisation") -> Organisation:
    """Step: an organisation, or refuses with NotFound."""
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound(field=field)
    return organisation


def organisation_for(
    session: Session,
    actor: Actor,
    permission: Permission,
    organisation_id: str,
    *,
    now: datetime,
    field: str = "organisation",
) -> Organisation:
    """Step: the organisation to which the actor may do this, see `act_for`. Refuses: NotSignedIn, Forbidden, NotFound."""
    return act_for(session, actor, permission, producer_id=organisation_id, today=business_day(now), field=field)


def require_selling(organisation: Organisation) -> None:
    """Step: refuses with NotSelling an organisation that is not ACTIVE. Whoever puts something on sale asks this."""
    if organisation.state is not OrganisationState.ACTIVE:
        raise NotSelling(state=organisation.state.value)


def require_impartial(actor: Actor, organisation_id: str) -> None:
    """Step: refuses with Forbidden whoever belongs to the organisation: nobody reviews their own papers."""
    if organisation_id in actor.organisations:
        raise Forbidden


def lock_people(session: Session, organisation_id: str) -> None:
    """Step: whoever changes the people or invitations of one organisation does so one after another.

    What is counted after this is still true at the commit. On SQLite transactions that write queue anyway.
    """
    # NO KEY: rows that only point at the organisation (new listings) need not wait.
    session.execute(
        select(_ORGANISATION.c.id).where(_ORGANISATION.c.id == organisation_id).with_for_update(key_share=True)
    )


def move_step(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    move: OrganisationMove,
    *,
    now: datetime,
    reasons: Sequence[Reason] = (),
    **changes: Any,
) -> Organisation:
    """Step: make a move of an organisation's state, with its event; `changes` are columns to set with it.

    Refuses with IllegalTransition, from the state it is really in, what `MOVES` does not name or somebody else was
    quicker to do. The caller has checked who may, and records it.
    """
    sources, to_state = MOVES[move]
    from_state = organisation.state
    moved = (
        sa.update(_ORGANISATION)
        .where(_ORGANISATION.c.id == organisation.id, _ORGANISATION.c.state == from_state)
        .values(state=to_state, **changes)
        .returning(_ORGANISATION.c.id)
    )
    if from_state not in sources or session.execute(moved).first() is None:
        session.refresh(organisation)
        raise illegal_move(organisation.state, move)
    session.refresh(organisation)
    add_event(session, actor, organisation, from_state=from_state, reasons=reasons, now=now)
    if {from_state, to_state} & PUBLIC:
        touch(session, "organisations")
    return organisation


def add_event(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    *,
    from_state: OrganisationState | None,
    reasons: Sequence[Reason] = (),
    now: datetime,
) -> None:
    """Step: put on record that an organisation came into the state it is in."""
    session.add(
        OrganisationEvent(
            id=str(TypeID("oev")),
            organisation_id=organisation.id,
            from_state=from_state and from_state.value,
            to_state=organisation.state,
            actor=actor.account_id or actor.kind.value,
            reasons=stored(reasons) or None,
            at=now.replace(microsecond=0),
        )
    )
    session.flush()


def illegal_move(state: OrganisationState, move: OrganisationMove) -> IllegalTransition:
    """The refusal of a move that this state does not have."""
    return IllegalTransition(
        from_state=state.value,
        to_state=MOVES[move][1].value,
        allowed=tuple(each.value for each in next_states(state)),
    )


def freeze_step(session: Session, actor: Actor, organisation_id: str, reason: str, now: datetime) -> Organisation:
    """Step: ACTIVE → FROZEN, with its event. Taking its listings off sale and recording it is the caller's, in the same
    transaction; its orders go on being served.

    Refuses: NotSignedIn; Forbidden, also to its own people; NotFound outside the actor's regions; Invalid without a
    reason; IllegalTransition.
    """
    return _staff_move(session, actor, organisation_id, OrganisationMove.FREEZE, reason=reason, now=now)


def unfreeze_step(session: Session, actor: Actor, organisation_id: str, reason: str, now: datetime) -> Organisation:
    """Step: FROZEN → ACTIVE, with its event; recording it is the caller's. Refuses as `freeze_step` does."""
    return _staff_move(session, actor, organisation_id, OrganisationMove.UNFREEZE, reason=reason, now=now)


def _staff_move(
    session: Session, actor: Actor, organisation_id: str, move: OrganisationMove, *, reason: str, now: datetime
) -> Organisation:
    organisation = organisation_for(session, actor, Permission.ORGANISATION_REVIEW, organisation_id, now=now)
    require_impartial(actor, organisation_id)
    reasons = (Reason(ReviewReason.OTHER, reason),)
    check_reasons(reasons)
    # Listings show their seller, and whether it sells.
    touch(session, "catalogue")
    return move_step(session, actor, organisation, move, now=now, reasons=reasons)

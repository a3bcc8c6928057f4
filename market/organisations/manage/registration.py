"""Use cases: register an organisation, by staff at once or by an applicant, who is then its owner; change, submit and
withdraw an application."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, func, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, LimitReached
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, Role, reach, require
from market.kernel.topics import touch
from market.organisations.errors import LicenceMissing, NotEditable
from market.organisations.manage.drafts import (
    LegalFacts,
    OrganisationChanges,
    OrganisationDraft,
    columns_of,
    without_persons,
)
from market.organisations.manage.invitations import end_invitations_step
from market.organisations.once import once_id
from market.organisations.queries import licence_kinds
from market.organisations.rules import (
    APPLYING,
    EDITABLE,
    REGISTERED,
    DocumentState,
    OrganisationMove,
    OrganisationState,
    licences_needed,
    needs_credit_code,
    prefix_of_kind,
)
from market.organisations.steps import add_event, move_step, organisation_for
from market.organisations.tables import Organisation
from market.people.manage import give_role_step
from market.people.tables import RoleHeld
from market.places.manage import village_of

APPLICATIONS_MAX = 5
"""Applications under way that one person owns: more is a mistake or a nuisance."""

_ALWAYS = frozenset({"story", "story_en", "contact_phone_sealed"})
"""Columns that an approved organisation changes by itself. Name, place and legal facts are what staff approved."""
_ORGANISATION = SQLModel.metadata.tables[str(Organisation.__tablename__)]


def register_organisation(market: Market, actor: Actor, draft: OrganisationDraft) -> str:
    """Register an organisation at home in a village, by staff, ACTIVE at once; its id.

    Refuses: Forbidden, also for a village outside the actor's regions; NotFound for the village; Invalid.
    """
    reach(actor, Permission.ORGANISATION_REVIEW)
    now = market.now()
    columns = columns_of(draft, market.sealer)
    with market.transaction() as session:
        organisation = _add(session, actor, draft, OrganisationState.ACTIVE, columns=columns, now=now)
        require(actor, Permission.ORGANISATION_REVIEW, region_code=organisation.region_code)
        touch(session, "organisations")
        audit.record(
            session,
            actor,
            action="organisation.register",
            subject=organisation.id,
            principal=organisation.id,
            after={"kind": draft.kind.value},
            now=now,
        )
        return organisation.id


def apply_for_organisation(
    market: Market, actor: Actor, draft: OrganisationDraft, facts: LegalFacts, *, idempotency_key: str
) -> str:
    """Begin an application, a DRAFT that only its people and staff see; its id. Who applies becomes its owner.

    Refuses: NotSignedIn; Forbidden; NotFound for the village; Invalid; LimitReached when five of the person's are under
    way; IdempotencyConflict.
    """
    reach(actor, Permission.ORGANISATION_REGISTER)
    account_id = actor.account_id
    assert account_id is not None, "the permission is a person's own"
    now, sealer = market.now(), market.sealer
    columns = columns_of(draft, sealer) | columns_of(facts, sealer)

    def act() -> str:
        _require_few(session, account_id)
        organisation = _add(session, actor, draft, OrganisationState.DRAFT, columns=columns, now=now)
        give_role_step(session, account_id=account_id, role=Role.OWNER, within=organisation.id)
        audit.record(
            session,
            actor,
            action="organisation.apply",
            subject=organisation.id,
            principal=organisation.id,
            after={"kind": draft.kind.value},
            now=now,
        )
        return organisation.id

    asked = asdict(draft) | without_persons(facts, sealer)
    with market.transaction() as session:
        return once_id(session, actor, "applyForOrganisation", idempotency_key, asked=asked, act=act, now=now)


def edit_organisation(
    market: Market, actor: Actor, *, organisation_id: str, changes: OrganisationChanges, idempotency_key: str
) -> str:
    """Change an organisation by its owner; its id. Everything while DRAFT or RETURNED; story and contact phone while
    ACTIVE or FROZEN; nothing while staff look at it.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid; NotEditable; IdempotencyConflict.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    now = market.now()
    columns = columns_of(changes, market.sealer)

    def act() -> str:
        organisation = organisation_for(session, actor, Permission.ORGANISATION_EDIT, organisation_id, now=now)
        if changes.village_id is not None:
            columns.update(_home(session, changes.village_id))
        _change(session, organisation, columns)
        touch(session, "organisations", "catalogue")
        audit.record(
            session,
            actor,
            action="organisation.edit",
            subject=organisation.id,
            principal=organisation.id,
            # Which, not what: some of it is personal.
            after={"changed": sorted(columns)},
            now=now,
        )
        return organisation.id

    asked = {"organisation": organisation_id} | without_persons(changes, market.sealer)
    with market.transaction() as session:
        return once_id(session, actor, "editOrganisation", idempotency_key, asked=asked, act=act, now=now)


def submit_organisation(market: Market, actor: Actor, *, organisation_id: str, idempotency_key: str) -> str:
    """Hand an application in for review, DRAFT or RETURNED → SUBMITTED; the organisation's id.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid for a legal fact that is missing; LicenceMissing without a licence
    document that its kind needs; IllegalTransition; IdempotencyConflict.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    now = market.now()

    def act() -> str:
        organisation = organisation_for(session, actor, Permission.ORGANISATION_EDIT, organisation_id, now=now)
        _require_complete(session, organisation, now)
        move_step(
            session, actor, organisation, OrganisationMove.SUBMIT, now=now, submitted_at=now.replace(microsecond=0)
        )
        audit.record(
            session, actor, action="organisation.submit", subject=organisation.id, principal=organisation.id, now=now
        )
        return organisation.id

    with market.transaction() as session:
        return once_id(session, actor, "submitOrganisation", idempotency_key, asked=organisation_id, act=act, now=now)


def withdraw_organisation(market: Market, actor: Actor, *, organisation_id: str, idempotency_key: str) -> str:
    """Give an application up for good, DRAFT, SUBMITTED or RETURNED → CLOSED, its invitations with it; its id.

    Refuses: NotSignedIn; Forbidden; NotFound; IllegalTransition; IdempotencyConflict.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    now = market.now()

    def act() -> str:
        organisation = organisation_for(session, actor, Permission.ORGANISATION_EDIT, organisation_id, now=now)
        move_step(session, actor, organisation, OrganisationMove.WITHDRAW, now=now)
        end_invitations_step(session, organisation.id, now=now)
        audit.record(
            session, actor, action="organisation.withdraw", subject=organisation.id, principal=organisation.id, now=now
        )
        return organisation.id

    with market.transaction() as session:
        return once_id(session, actor, "withdrawOrganisation", idempotency_key, asked=organisation_id, act=act, now=now)


def _add(
    session: Session,
    actor: Actor,
    draft: OrganisationDraft,
    state: OrganisationState,
    *,
    columns: dict[str, Any],
    now: datetime,
) -> Organisation:
    organisation = Organisation(
        id=new_id(prefix_of_kind(draft.kind)),
        kind=draft.kind,
        state=state,
        created_at=now.replace(microsecond=0),
        **_home(session, draft.village_id),
        **columns,
    )
    session.add(organisation)
    session.flush()
    add_event(session, actor, organisation, from_state=None, now=now)
    return organisation


def _home(session: Session, village_id: str) -> dict[str, Any]:
    """The columns that say where an organisation is at home. Refuses with NotFound."""
    village = village_of(session, village_id)
    return {
        "village_id": village.id,
        "region_code": village.region_code,
        "latitude": village.latitude,
        "longitude": village.longitude,
    }


def _require_few(session: Session, account_id: str) -> None:
    under_way = session.exec(
        select(func.count())
        .select_from(RoleHeld)
        .join(Organisation, col(Organisation.id) == RoleHeld.organisation_id)
        .where(RoleHeld.account_id == account_id, RoleHeld.role == Role.OWNER, col(Organisation.state).in_(APPLYING))
    ).one()
    if under_way >= APPLICATIONS_MAX:
        raise LimitReached(what="applications", limit=APPLICATIONS_MAX)


def _change(session: Session, organisation: Organisation, columns: dict[str, Any]) -> None:
    """Set columns of an organisation that is still in a state that lets them be set, or refuse with NotEditable."""
    state = organisation.state
    allowed = state in EDITABLE or (state in REGISTERED and columns.keys() <= _ALWAYS)
    changed = (
        sa.update(_ORGANISATION)
        .where(_ORGANISATION.c.id == organisation.id, _ORGANISATION.c.state == state)
        .values(columns or {"state": state})
        .returning(_ORGANISATION.c.id)
    )
    if not allowed or session.execute(changed).first() is None:
        session.refresh(organisation)
        raise NotEditable(state=organisation.state.value)
    session.refresh(organisation)


def _require_complete(session: Session, organisation: Organisation, now: datetime) -> None:
    """Refuses an application that reviewers could only return: Invalid, LicenceMissing."""
    is_coded = needs_credit_code(organisation.kind)
    needed = ["contact_phone_sealed", "representative_sealed", *(["legal_name", "credit_code"] if is_coded else [])]
    for column in needed:
        if getattr(organisation, column) is None:
            raise Invalid(
                field=column.removesuffix("_sealed"),
                allowed="an application says this before it is submitted",
                allowed_zh="提交前必填",
            )
    kinds = licences_needed(organisation.kind)
    shown = licence_kinds(
        session,
        organisation.id,
        states=(DocumentState.PENDING, DocumentState.ACCEPTED),
        on=business_day(now),
    )
    if not kinds & shown:
        raise LicenceMissing(needed=tuple(sorted(kinds)))

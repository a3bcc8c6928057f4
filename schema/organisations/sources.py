"""Where the fields of cooperatives and producers come from, and who sees which of them: everybody ACTIVE ones, their own
people and staff those in any state."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from market.kernel.permissions import Permission
from market.organisations.rules import OrganisationState as State
from market.organisations.rules import next_states
from market.organisations.tables import CONTACT_PHONE, REPRESENTATIVE
from market.organisations.tables import Membership as MembershipTable
from market.organisations.tables import OrganisationEvent as EventTable
from schema.enums import OrganisationKind
from schema.filters import moment_order, text_order
from schema.node import LOCATION
from schema.organisations.memberships import (
    MEMBERSHIP,
    MEMBERSHIP_FIELDS,
    MEMBERSHIPS,
    REQUEST_FIELDS,
    REQUESTS,
    current,
)
from schema.organisations.papers import (
    CERTIFICATE,
    CERTIFICATE_FIELDS,
    LICENCE,
    LICENCE_FIELDS,
    MANAGED_CERTIFICATE,
    NEWEST_SUBMITTED,
    waiting_hours,
)
from schema.organisations.people import (
    INVITATION_FIELDS,
    INVITATIONS,
    PEOPLE,
)
from schema.organisations.reach import (
    ORGANISATIONS,
    masked,
    masked_name,
    private,
    reaches,
    sealed,
)
from schema.places import VILLAGE, VILLAGE_FIELDS
from schema.projection import (
    Args,
    Build,
    Choice,
    Computed,
    Projection,
    ToMany,
    ToOne,
    column,
    exists,
    localized,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression, Field

_READ = Permission.MEMBERSHIP_READ


def active(t: sa.FromClause, _build: Build) -> list[Condition]:
    """What everybody sees."""
    return [t.c.state == quoted("ACTIVE")]


def managed(t: sa.FromClause, build: Build) -> list[Condition]:
    """What the viewer's roles open, in any state."""
    return [reaches(build, _READ, t.c.id)]


def _read(t: sa.FromClause, build: Build) -> Condition:
    return reaches(build, _READ, t.c.id)


def _in_full(t: sa.FromClause, build: Build) -> Condition:
    return reaches(build, Permission.PERSON_UNMASK, t.c.id)


def _waits(t: sa.FromClause, build: Build, args: Args) -> list[Expression]:
    (since,) = _WAITING.of(t, build, args)
    return [sa.case((_read(t, build), since))]


_WAITING = waiting_hours("SUBMITTED")


def _next_states(state: str | None) -> list[str] | None:
    return None if state is None else [each.value for each in next_states(State(state))]


EVENT = Projection(
    "OrganisationEvent",
    table_of(EventTable),
    topic="organisations",
    fields={
        "fromState": column("from_state"),
        "toState": column("to_state"),
        "reasons": LICENCE_FIELDS["reasons"],
        "reasonNotes": LICENCE_FIELDS["reasonNotes"],
        "at": column("at"),
    },
    visible=lambda t, build: [reaches(build, _READ, t.c.organisation_id)],
)


def _of_it(target: Projection, order: str, by: Any) -> Listed:
    """A list of what belongs to an organisation."""
    return Listed(lambda: target, {order: by}, order, on=lambda t, row, _build: row.c.organisation_id == t.c.id)


_COMMON: dict[str, Field] = {
    "id": column("id"),
    "kind": column("kind"),
    "name": localized("name"),
    "story": localized("story"),
    "village": ToOne(lambda: VILLAGE, lambda t, village: village.c.id == t.c.village_id),
    "county": VILLAGE_FIELDS["county"],
    "location": LOCATION,
    "certificates": ToMany(
        lambda: CERTIFICATE,
        lambda t, certificate: certificate.c.organisation_id == t.c.id,
        lambda certificate: [certificate.c.kind, certificate.c.id],
        is_owned=False,
    ),
    "legalName": column("legal_name"),
    "creditCode": column("credit_code"),
    "state": private("state"),
    "nextStates": Computed(_next_states, lambda t, build, _args: [sa.case((_read(t, build), t.c.state))]),
    "representative": sealed(
        lambda t: t.c.representative_sealed, REPRESENTATIVE, mask=masked_name, shown=_read, in_full=_in_full
    ),
    "contactPhone": sealed(
        lambda t: t.c.contact_phone_sealed, CONTACT_PHONE, mask=masked, shown=_read, in_full=_in_full
    ),
    "submittedAt": private("submitted_at"),
    "waitingHours": replace(_WAITING, of=_waits),
    "people": PEOPLE,
    "invitations": INVITATIONS,
    "licences": _of_it(LICENCE, "NEWEST", NEWEST_SUBMITTED),
    "allCertificates": _of_it(MANAGED_CERTIFICATE, "NEWEST", text_order("c", "id", is_descending=True)),
    "allMemberships": MEMBERSHIPS,
    "membershipRequests": REQUESTS,
    "history": _of_it(EVENT, "NEWEST", moment_order("t", "at", is_descending=True)),
}

PRODUCER_FIELDS: dict[str, Field] = _COMMON | {
    "memberships": ToMany(
        lambda: MEMBERSHIP,
        lambda t, membership: membership.c.producer_id == t.c.id,
        lambda membership: [membership.c.joined_on, membership.c.id],
        where=lambda membership, build, _args: current(membership, build),
        is_owned=False,
    )
}


def _is_member(t: sa.FromClause, producer: sa.FromClause, build: Build) -> Condition:
    membership = table_of(MembershipTable).alias()
    held = [membership.c.cooperative_id == t.c.id, membership.c.producer_id == producer.c.id]
    return exists(membership, where=[*held, *current(membership, build)])


PRODUCER = Projection("Producer", ORGANISATIONS, topic="organisations", fields=PRODUCER_FIELDS, visible=active)
COOPERATIVE_FIELDS: dict[str, Field] = _COMMON | {
    "members": Listed(lambda: PRODUCER, {"NAME": text_order("a", "name")}, "NAME", on=_is_member),
}
COOPERATIVE = Projection("Cooperative", ORGANISATIONS, topic="organisations", fields=COOPERATIVE_FIELDS, visible=active)
ORGANISATION = Choice(
    "Organisation",
    lambda t: t.c.kind,
    lambda: {
        (OrganisationKind.COOPERATIVE.value,): COOPERATIVE,
        tuple(kind.value for kind in OrganisationKind if kind is not OrganisationKind.COOPERATIVE): PRODUCER,
    },
    ORGANISATIONS,
    topic="organisations",
    visible=active,
)
MANAGED_ORGANISATION = replace(ORGANISATION, visible=managed)
"""In any state, for its own people and staff."""

# A membership says by itself who sees it, so neither side is hidden from whoever sees the membership.
_ANY_COOPERATIVE: Projection = replace(COOPERATIVE, visible=None)
_ANY_PRODUCER: Projection = replace(PRODUCER, visible=None)
_SIDES: dict[str, Field] = {
    "cooperative": ToOne(lambda: _ANY_COOPERATIVE, lambda t, other: other.c.id == t.c.cooperative_id),
    "producer": ToOne(lambda: _ANY_PRODUCER, lambda t, other: other.c.id == t.c.producer_id),
}
MEMBERSHIP_FIELDS.update(_SIDES)
REQUEST_FIELDS.update(_SIDES)


def _of_active(t: sa.FromClause, build: Build) -> list[Condition]:
    """Accepted, and of an organisation that everybody sees."""
    row = ORGANISATIONS.alias()
    return [t.c.state == quoted("ACCEPTED"), exists(row, where=[row.c.id == t.c.organisation_id, *active(row, build)])]


ONE_CERTIFICATE = replace(CERTIFICATE, visible=_of_active)
"""A certificate by its own id: below its organisation it need not ask whether that is seen."""

_MANAGED = ToOne(lambda: MANAGED_ORGANISATION, lambda t, organisation: organisation.c.id == t.c.organisation_id)
CERTIFICATE_FIELDS["organisation"] = _MANAGED
LICENCE_FIELDS["organisation"] = _MANAGED


def _invited_by(t: sa.FromClause, build: Build) -> list[Condition]:
    return [sa.or_(*active(t, build), *managed(t, build))]


_INVITING = replace(ORGANISATION, visible=_invited_by)
INVITATION_FIELDS["organisation"] = ToOne(
    lambda: _INVITING, lambda t, organisation: organisation.c.id == t.c.organisation_id
)

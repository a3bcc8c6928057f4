"""Cooperatives and producers: what everybody sees of them, and what only their own people and staff do.

Everybody sees ACTIVE ones. `organisation(id)` shows one in any state to its own people and staff; fields with the rule
`membership:read` are null or empty for everybody else wherever they appear.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import strawberry

from market.kernel.permissions import Permission
from market.organisations.rules import OrganisationState as State
from market.organisations.rules import next_states
from market.organisations.tables import CONTACT_PHONE, REPRESENTATIVE
from market.organisations.tables import Membership as MembershipTable
from market.organisations.tables import OrganisationEvent as EventTable
from schema.enums import OrganisationKind, OrganisationState, ReviewReason
from schema.filters import moment_order, text_order
from schema.node import LOCATION, Location, Node
from schema.organisations.memberships import (
    MEMBERSHIP,
    MEMBERSHIP_FIELDS,
    MEMBERSHIPS,
    REQUEST_FIELDS,
    REQUESTS,
    Membership,
    MembershipRequest,
    current,
)
from schema.organisations.papers import (
    CERTIFICATE,
    CERTIFICATE_FIELDS,
    LICENCE,
    LICENCE_FIELDS,
    MANAGED_CERTIFICATE,
    NEWEST_SUBMITTED,
    Certificate,
    Licence,
    waiting_hours,
)
from schema.organisations.people import (
    INVITATION_FIELDS,
    INVITATIONS,
    PEOPLE,
    Invitation,
    OrganisationPerson,
)
from schema.organisations.reach import (
    ORGANISATIONS,
    masked,
    masked_name,
    private,
    reaches,
    sealed,
)
from schema.pagination import Connection, field, lazy, listed, localized_field
from schema.permissions import PUBLIC, ruled
from schema.places import VILLAGE, VILLAGE_FIELDS, Region, Village
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

_READ, _EDIT = Permission.MEMBERSHIP_READ, Permission.ORGANISATION_EDIT


@strawberry.type(description="A move of an organisation's state.")
@ruled(_READ)
class OrganisationEvent:
    from_state: OrganisationState | None = field("The state before; null for the first.")
    to_state: OrganisationState = field("The state after.")
    reasons: list[ReviewReason] = field("Why, where staff must say it.")
    reason_notes: list[str] = field("Their words for each reason, empty without any.")
    at: datetime = field("When.")


@strawberry.interface(description="Whoever sells: a cooperative or a producer.")
@ruled(PUBLIC)
class Organisation(Node):
    kind: OrganisationKind = field("What it is.")
    name: str = localized_field("Its name.")
    story: str = localized_field("What it tells about itself.")
    village: Village = field("Where it is at home.")
    county: Region = field("The county or district it is in.")
    location: Location = field("Where it is.")
    certificates: list[Certificate] = field("Its accepted certificates.")
    legal_name: str | None = field("Its name on the business licence; null when it has or told none.")
    credit_code: str | None = field(
        "Its unified social credit code (GB 32100-2015), as article 15 of the E-commerce Law wants it shown; null for "
        "households and farms that need none, and when it is not known here."
    )
    state: OrganisationState | None = field("Where it is. Others see ACTIVE ones only.", rule=_READ)
    next_states: list[OrganisationState] | None = field("The states it can go to now.", rule=_READ)
    representative: str | None = field(
        "Who answers for it in law; but for whoever may see persons in full, only the first character.", rule=_READ
    )
    contact_phone: str | None = field(
        "Its contact number; with its middle hidden but for whoever may see persons in full.", rule=_READ
    )
    submitted_at: datetime | None = field("When it last went to review.", rule=_READ)
    waiting_hours: int | None = field(
        "How long its application waits for review, in whole hours; null in any other state.", rule=_READ
    )
    people: Connection[OrganisationPerson] = listed(
        "Its people, in the order they came.", Connection[OrganisationPerson], rule=_READ
    )
    invitations: Connection[Invitation] = listed(
        "Whom its owners have invited, the newest first; for them alone.", Connection[Invitation], rule=_EDIT
    )
    licences: Connection[Licence] = listed(
        "Its licence documents, the newest first; for owners and staff.", Connection[Licence], rule=_READ
    )
    all_certificates: Connection[Certificate] = listed(
        "Its certificates in any state of review, the newest first.", Connection[Certificate], rule=_READ
    )
    all_memberships: Connection[Membership] = listed(
        "Its memberships, past ones too, the newest first.", Connection[Membership], rule=_READ
    )
    membership_requests: Connection[MembershipRequest] = listed(
        "Requests between it and others, answered ones too, the newest first.",
        Connection[MembershipRequest],
        rule=_READ,
    )
    history: Connection[OrganisationEvent] = listed(
        "The moves of its state, the newest first.", Connection[OrganisationEvent], rule=_READ
    )
    listings = listed(
        "What it grows, hosts or sells, in any state, as far as the caller manages or reviews it; the last changed first.",
        Connection[lazy("listings.types", "ManagedListing")],  # type: ignore[misc]  # a type only at run time
        where=lazy("listings.types", "ManagedListingWhere"),
        rule=Permission.LISTING_READ,
    )


def _lists(of: str) -> dict[str, Any]:
    """The listing lists of an organisation's type."""
    return {
        "products": listed(
            f"Produce of this {of}.",
            lazy("catalogue.products", "ProductConnection"),
            where=lazy("catalogue.products", "ProductWhere"),
            order=lazy("catalogue.products", "ProductOrder"),
            usual="POPULARITY",
        ),
        "tour_packages": listed(
            f"Tour packages of this {of}.",
            lazy("catalogue.tours", "TourPackageConnection"),
            where=lazy("catalogue.tours", "TourPackageWhere"),
            order=lazy("catalogue.tours", "TourPackageOrder"),
            usual="POPULARITY",
        ),
    }


@strawberry.type(description="Who grows or hosts: a farm, a household, a company, a village collective, a homestay.")
@ruled(PUBLIC)
class Producer(Organisation):
    memberships: list[Membership] = field("The cooperatives it is in now.")
    products = _lists("producer")["products"]
    tour_packages = _lists("producer")["tour_packages"]


@strawberry.type(description="A cooperative: it manages its members' listings, sessions and sales.")
@ruled(PUBLIC)
class Cooperative(Organisation):
    members: Connection[Producer] = listed("Its members now, by name.", Connection[Producer])
    products = _lists("cooperative")["products"]
    tour_packages = _lists("cooperative")["tour_packages"]


# -- where they come from ----------------------------------------------------------------------------------------------


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

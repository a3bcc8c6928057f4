"""Cooperatives and producers: what everybody sees of them, and what only their own people and staff do.

Everybody sees ACTIVE ones. `organisation(id)` shows one in any state to its own people and staff; fields with the rule
`membership:read` are null or empty for everybody else wherever they appear.
"""

from datetime import datetime
from typing import Any

import strawberry

from market.kernel.permissions import Permission
from schema.enums import OrganisationKind, OrganisationState, ReviewReason
from schema.node import Location, Node
from schema.organisations.memberships import (
    Membership,
    MembershipRequest,
)
from schema.organisations.papers import (
    Certificate,
    Licence,
)
from schema.organisations.people import (
    Invitation,
    OrganisationPerson,
)
from schema.pagination import Connection, field, lazy, listed, localized_field
from schema.permissions import PUBLIC, ruled
from schema.places import Region, Village

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

"""What a signed-in person sees under `me`: the organisations they act for, and what their number is invited to."""

import strawberry

from market.kernel.permissions import Permission
from market.people.tables import RoleHeld as RoleTable
from schema.enums import OrganisationRole
from schema.filters import text_order
from schema.organisations.people import MY_INVITATIONS, Invitation, is_first_role, roles_held
from schema.organisations.sources import MANAGED_ORGANISATION
from schema.organisations.types import Organisation
from schema.pagination import Connection, field, listed
from schema.permissions import ruled
from schema.projection import Column, Projection, ToOne, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Field


@strawberry.type(description="An organisation that a person acts for.")
@ruled(Permission.PROFILE_MANAGE)
class MyOrganisation:
    organisation: Organisation | None = field(
        "The organisation, in whatever state. `allMemberships` has the powers that it was given or gave."
    )
    roles: list[OrganisationRole] = field("What the person may do there.")


@strawberry.type
class AccountOrganisations:
    """Fields of an account that this room answers for."""

    organisations: Connection[MyOrganisation] = listed(
        "The organisations it acts for, in the order it came to them.", Connection[MyOrganisation]
    )
    invitations: Connection[Invitation] = listed(
        "What its number is invited to and can still answer, the newest first.", Connection[Invitation]
    )


MY_ORGANISATION = Projection(
    "MyOrganisation",
    table_of(RoleTable),
    topic="organisations",
    fields={
        "organisation": ToOne(
            lambda: MANAGED_ORGANISATION, lambda t, organisation: organisation.c.id == t.c.organisation_id
        ),
        "roles": Column(roles_held),
    },
    visible=lambda t, _build: [t.c.organisation_id.is_not(None), is_first_role(t)],
)
ACCOUNT_ORGANISATION_FIELDS: dict[str, Field] = {
    "organisations": Listed(
        lambda: MY_ORGANISATION,
        {"JOINED": text_order("j", "id")},
        "JOINED",
        on=lambda t, own, _build: own.c.account_id == t.c.id,
    ),
    "invitations": MY_INVITATIONS,
}

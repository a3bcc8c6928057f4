"""Who acts for an organisation, and who was asked to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import strawberry

from market.kernel.permissions import Permission
from market.organisations.tables import INVITED_PHONE
from market.organisations.tables import Invitation as InvitationTable
from market.people.tables import PHONE
from market.people.tables import Account as AccountTable
from market.people.tables import RoleHeld as RoleTable
from schema.enums import InvitationState, OrganisationRole
from schema.filters import moment_order, text_order
from schema.node import Node
from schema.organisations.reach import ORGANISATIONS, masked, masked_name, reaches, sealed
from schema.pagination import field, lazy, localized_field, single
from schema.permissions import SIGNED_IN, ruled
from schema.projection import Args, Build, Column, Computed, Projection, column, exists, looked_up, quoted, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression
from schema.projection.viewer import own


@strawberry.type(description="One of an organisation's people. Their own organisation and staff see them.")
@ruled(Permission.MEMBERSHIP_READ)
class OrganisationPerson:
    account_id: strawberry.ID = field("The account, as `changeRoles` and `removePerson` take it.")
    name: str = field("Their name; but for themselves and whoever may see persons in full, only its first character.")
    phone: str | None = field("Their number with its middle hidden; null when they signed in without one.")
    roles: list[OrganisationRole] = field("What they may do here.")


@strawberry.type(
    description="A phone number asked to join an organisation's people. Its owners see it, and whoever has the number."
)
@ruled(SIGNED_IN)
class Invitation(Node):
    organisation_name: str = localized_field("The organisation's name.")
    organisation = single(
        "The organisation; null until it is approved, but for its own people.",
        lazy("organisations.types", "Organisation") | None,
    )
    phone: str | None = field("The number with its middle hidden; null once it is over, since it is not kept.")
    roles: list[OrganisationRole] = field("What accepting it gives.")
    state: InvitationState = field("Where it is.")
    invited_at: datetime = field("When it was made.")
    sent_at: datetime = field("When it was last sent.")
    sent_count: int = field("How often it was sent.")
    expires_at: datetime = field("Until when it can be answered.")


# -- where they come from ----------------------------------------------------------------------------------------------

_ROLES, _ACCOUNTS, _INVITATIONS = table_of(RoleTable), table_of(AccountTable), table_of(InvitationTable)


def is_first_role(t: sa.FromClause) -> Condition:
    """Whether a role is the first of its account in its organisation: one row for each person there."""
    other = _ROLES.alias()
    earlier = [
        other.c.account_id == t.c.account_id,
        other.c.organisation_id == t.c.organisation_id,
        other.c.id < t.c.id,
    ]
    return sa.not_(exists(other, where=earlier))


def roles_held(t: sa.FromClause, build: Build, _args: Args) -> Expression:
    """All roles of a role's account in its organisation, as a JSON list."""
    held = _ROLES.alias()
    ordered = (
        sa.select(held.c.role)
        .where(held.c.account_id == t.c.account_id, held.c.organisation_id == t.c.organisation_id)
        .order_by(held.c.role)
        .correlate_except(held)
        .subquery()
    )
    listed = sa.select(build.engine.json_list(ordered.c.role)).select_from(ordered).correlate_except(ordered)
    return build.engine.json_nested(listed.scalar_subquery())


def _of_account(name: str) -> Callable[[sa.FromClause], Expression]:
    def value(t: sa.FromClause) -> Expression:
        account = _ACCOUNTS.alias()
        return looked_up(account.c[name], account, where=[account.c.id == t.c.account_id])

    return value


def _in_full(t: sa.FromClause, build: Build) -> Condition:
    return sa.or_(t.c.account_id == own(build), reaches(build, Permission.PERSON_UNMASK, t.c.organisation_id))


def _person_name(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
    return [_of_account("name")(t), build.engine.json_boolean(_in_full(t, build))]


def _always(_t: sa.FromClause, _build: Build) -> Condition:
    return sa.true()


def _never(_t: sa.FromClause, _build: Build) -> Condition:
    return sa.false()


PERSON = Projection(
    "OrganisationPerson",
    _ROLES,
    topic="organisations",
    fields={
        "accountId": column("account_id"),
        "name": Computed(lambda name, is_full: name if is_full else masked_name(name), _person_name),
        "phone": sealed(_of_account("phone_sealed"), PHONE, mask=masked, shown=_always, in_full=_never),
        "roles": Column(roles_held),
    },
    visible=lambda t, build: [
        is_first_role(t),
        reaches(build, Permission.MEMBERSHIP_READ, t.c.organisation_id),
    ],
)
# By id, not by name: a cursor would tell names that are masked.
PEOPLE = Listed(
    lambda: PERSON,
    {"JOINED": text_order("j", "id")},
    "JOINED",
    on=lambda t, person, _build: person.c.organisation_id == t.c.id,
)

_BY_DATE = {"NEWEST": moment_order("n", "invited_at", is_descending=True)}


def is_open(t: sa.FromClause, build: Build) -> Condition:
    """Whether an invitation can be answered."""
    return sa.and_(t.c.state == quoted("OPEN"), t.c.expires_at > build.now())


def _state(t: sa.FromClause, build: Build, _args: Args) -> Expression:
    """An open one past its time is over, whether or not the worker has been there."""
    is_past = sa.and_(t.c.state == quoted("OPEN"), sa.not_(is_open(t, build)))
    return sa.case((is_past, quoted("EXPIRED")), else_=sa.cast(t.c.state, sa.Text))


def _organisation_name(t: sa.FromClause, build: Build, args: Args) -> Expression:
    row = ORGANISATIONS.alias()
    is_english = (args.get("locale") or build.locale) in ("en", "EN")
    text = sa.func.coalesce(row.c.name_en, row.c.name) if is_english else row.c.name
    return looked_up(text, row, where=[row.c.id == t.c.organisation_id])


def _its_owner(t: sa.FromClause, build: Build) -> list[Condition]:
    return [reaches(build, Permission.ORGANISATION_EDIT, t.c.organisation_id)]


def _its_invited(t: sa.FromClause, build: Build) -> list[Condition]:
    """Whoever has the number, while it can be answered."""
    account = _ACCOUNTS.alias()
    mine = looked_up(account.c.phone_digest, account, where=[account.c.id == own(build)])
    return [t.c.phone_digest == mine, is_open(t, build)]


def _its_owner_or_invited(t: sa.FromClause, build: Build) -> list[Condition]:
    return [sa.or_(sa.and_(*_its_owner(t, build)), sa.and_(*_its_invited(t, build)))]


INVITATION_FIELDS: dict[str, Any] = {
    "id": column("id"),
    "organisationName": Column(_organisation_name),
    "phone": sealed(lambda t: t.c.phone_sealed, INVITED_PHONE, mask=masked, shown=_always, in_full=_never),
    "roles": Column(lambda t, build, _args: build.engine.json_nested(t.c.roles)),
    "state": Column(_state),
    "invitedAt": column("invited_at"),
    "sentAt": column("sent_at"),
    "sentCount": column("sent_count"),
    "expiresAt": column("expires_at"),
}
"""`organisation` joins them in `types`."""
INVITATION = Projection(
    "Invitation", _INVITATIONS, topic="organisations", fields=INVITATION_FIELDS, visible=_its_owner_or_invited
)
_MANAGED = replace(INVITATION, visible=_its_owner)
_MINE = replace(INVITATION, visible=lambda t, build: [is_open(t, build)])
INVITATIONS = Listed(
    lambda: _MANAGED,
    _BY_DATE,
    "NEWEST",
    on=lambda t, invitation, _build: invitation.c.organisation_id == t.c.id,
)
MY_INVITATIONS = Listed(
    lambda: _MINE, _BY_DATE, "NEWEST", on=lambda t, invitation, _build: invitation.c.phone_digest == t.c.phone_digest
)
"""Below an account: what its number is invited to."""

"""The signed-in person: their account, its roles, the devices they are signed in on."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
import strawberry

from market.kernel.permissions import Permission
from market.kernel.phones import masked
from market.kernel.sealing import Sealer
from market.people.tables import PHONE, PasswordHeld, RoleHeld, SecondFactor
from market.people.tables import Account as AccountTable
from market.people.tables import Device as DeviceTable
from schema.enums import AccountState, Role, SignInMethod
from schema.filters import text_order
from schema.node import Node
from schema.organisations import (
    ACCOUNT_ORGANISATION_FIELDS,
    MANAGED_ORGANISATION,
    AccountOrganisations,
    Organisation,
)
from schema.pagination import Connection, field, lazy, listed, single
from schema.permissions import PUBLIC, ruled
from schema.places import REGION, Region
from schema.projection import (
    Args,
    Build,
    Column,
    Computed,
    Given,
    Mine,
    Projection,
    ToMany,
    ToOne,
    column,
    exists,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression
from schema.projection.declare import Field as Projected
from schema.projection.viewer import reached


@strawberry.type(description="A role that an account holds.")
@ruled(Permission.PROFILE_MANAGE)
class HeldRole:
    role: Role = field("Which role. Staff and administrator roles count only on a device with `isStrong`.")
    organisation: Organisation | None = field("The organisation it is held in; null for roles of staff.")
    region: Region | None = field("The region whose subtree it is held over; null for others.")


@strawberry.type(description="A device that an account is signed in on.")
@ruled(Permission.PROFILE_MANAGE)
class Device(Node):
    name: str = field("What the person or the app called it; may be empty.")
    user_agent: str = field("What its program calls itself, at most 200 characters.")
    method: SignInMethod = field("How it was let in.")
    is_strong: bool = field("Whether it was let in with a second factor, so that staff roles count.")
    created_at: datetime = field("When it signed in.")
    last_seen_at: datetime = field("When it last refreshed its tokens, to a quarter of an hour.")
    expires_at: datetime = field("When it is signed out, unless it is used before.")


@strawberry.type(description="An account, as its person and administrators see it.")
@ruled(Permission.PROFILE_MANAGE)
class Account(AccountOrganisations, Node):
    name: str = field("What the person is called here.")
    state: AccountState = field("Whether it can be used.")
    phone: str | None = field("The number it signs in with, its middle hidden: 199****0001; null when there is none.")
    has_password: bool = field("Whether it can sign in by password.")
    has_second_factor: bool = field("Whether it has a second factor in force.")
    created_at: datetime = field("When it was opened.")
    roles: list[HeldRole] = field("The roles it holds.")
    devices: Connection[Device] = listed("Where it is signed in now, the newest sign-in first.", Connection[Device])
    claims = listed(
        "The claims it opened, newest first.",
        Connection[lazy("aftersales.claims.types", "Claim")],  # type: ignore[misc]  # a type only at run time
    )
    bookings = listed(
        "What it has booked, by the start, with the tickets.",
        Connection[lazy("bookings.types", "Booking")],  # type: ignore[misc]  # a type only at run time
        where=lazy("bookings.types", "BookingWhere"),
    )
    tickets = listed(
        "The tickets of what it has booked, the newest first.",
        Connection[lazy("bookings.types", "Ticket")],  # type: ignore[misc]  # a type only at run time
        where=lazy("bookings.types", "TicketWhere"),
    )


# -- where they come from ----------------------------------------------------------------------------------------------

ACCOUNTS, DEVICES = table_of(AccountTable), table_of(DeviceTable)


def _own(of: str) -> Any:
    """Their own rows, by the column that says whose they are; administrators see all."""

    def visible(t: sa.FromClause, build: Build) -> list[Condition]:
        return [reached(build, Permission.PROFILE_MANAGE, owner=t.c[of])]

    return visible


def _phone() -> Computed:
    def values(t: sa.FromClause, _build: Build, _args: Args) -> list[Expression]:
        return [t.c.phone_sealed]

    def act(kept: str | None, sealer: Sealer) -> str | None:
        return None if kept is None else masked(sealer.open(kept, purpose=PHONE))

    def given(build: Build, _args: Args) -> dict[str, Given]:
        sealer = build.fact("sealer")
        return {"sealer": Given(via=lambda _nothing: sealer)}

    return Computed(act, values, given)


def _has(table: sa.Table, *conditions: str) -> Column:
    """Whether the account has a row there, in which these columns are set."""

    def of(t: sa.FromClause, build: Build, _args: Args) -> Expression:
        other = table.alias()
        held = [other.c.account_id == t.c.id, *(other.c[each].is_not(None) for each in conditions)]
        return build.engine.json_boolean(exists(other, where=held))

    return Column(of)


def _is_signed_in(t: sa.FromClause, build: Build, _args: Args) -> list[Condition]:
    return [t.c.revoked_at.is_(None), t.c.expires_at > build.now()]


HELD_ROLE = Projection(
    "HeldRole",
    table_of(RoleHeld),
    fields={
        "role": column("role"),
        "organisation": ToOne(lambda: MANAGED_ORGANISATION, lambda t, other: other.c.id == t.c.organisation_id),
        "region": ToOne(lambda: REGION, lambda t, region: region.c.code == t.c.region_code),
    },
)

DEVICE = Projection(
    "Device",
    DEVICES,
    visible=_own("account_id"),
    fields={
        "id": column("id"),
        "name": column("name"),
        "userAgent": column("user_agent"),
        "method": column("method"),
        "isStrong": column("is_strong"),
        "createdAt": column("created_at"),
        "lastSeenAt": column("last_seen_at"),
        "expiresAt": column("expires_at"),
    },
)

ACCOUNT_FIELDS: dict[str, Projected] = {
    "id": column("id"),
    "name": column("name"),
    "state": column("state"),
    "phone": _phone(),
    "hasPassword": _has(table_of(PasswordHeld)),
    "hasSecondFactor": _has(table_of(SecondFactor), "confirmed_at"),
    "createdAt": column("created_at"),
    "roles": ToMany(
        lambda: HELD_ROLE,
        lambda t, role: role.c.account_id == t.c.id,
        lambda role: [role.c.role, role.c.within],
    ),
    "devices": Listed(
        lambda: DEVICE,
        # Ids made later sort later, so this is by the time of signing in.
        {"NEWEST": text_order("n", "id", is_descending=True)},
        "NEWEST",
        on=lambda t, device, _build: device.c.account_id == t.c.id,
        where=_is_signed_in,
    ),
    **ACCOUNT_ORGANISATION_FIELDS,
}
ACCOUNT = Projection("Account", ACCOUNTS, visible=_own("id"), fields=ACCOUNT_FIELDS)


@strawberry.type
class MeQueries:
    """The root fields of the signed-in person."""

    me: Account | None = single("The account that is signed in; null when nobody is.", Account | None, rule=PUBLIC)


ME_QUERIES: dict[str, Projected] = {"me": Mine(lambda: ACCOUNT)}

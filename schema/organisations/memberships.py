"""Memberships of producers in cooperatives, what they let the cooperative do, and requests for them."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
import strawberry

from market.kernel.permissions import Permission
from market.organisations.tables import Membership as MembershipTable
from market.organisations.tables import MembershipPower as PowerTable
from market.organisations.tables import MembershipRequest as RequestTable
from schema.enums import MembershipRequestState, MembershipSide, Power
from schema.filters import moment_order
from schema.node import Node
from schema.organisations.reach import ORGANISATIONS, reaches
from schema.pagination import field, lazy, single
from schema.permissions import PUBLIC, ruled
from schema.projection import Args, Build, Column, Order, Projection, ToMany, column, exists, quoted, table_of
from schema.projection import Connection as Listed
from schema.projection.columns import formatted
from schema.projection.declare import Condition, Expression

_READ = Permission.MEMBERSHIP_READ


@strawberry.type(description="Something that a member lets its cooperative do for it.")
@ruled(_READ)
class MembershipPower:
    power: Power = field("What.")
    valid_from: date = field("The first day it holds.")
    valid_to: date | None = field("The last day it holds; null when open.")
    granted_at: datetime = field("When it was granted.")


@strawberry.type(description="A producer's membership in a cooperative.")
@ruled(PUBLIC)
class Membership(Node):
    cooperative = single("The cooperative.", lazy("organisations.types", "Cooperative"))
    producer = single("The producer.", lazy("organisations.types", "Producer"))
    joined_on: date = field("Since this day.")
    left_on: date | None = field(
        "The day it ended, or will end; null to all but its two sides and staff, and while it goes on.", rule=_READ
    )
    powers: list[MembershipPower] = field(
        "What the cooperative may do for the member, today or later, unless it is revoked; empty to all but its two "
        "sides and staff.",
        rule=_READ,
    )


@strawberry.type(
    description="One side has asked for a membership, the other answers. The membership that comes of it has its id."
)
@ruled(_READ)
class MembershipRequest:
    request_id: strawberry.ID = field("As `answerMembershipRequest` and `withdrawMembershipRequest` take it.")
    cooperative = single("The cooperative.", lazy("organisations.types", "Cooperative"))
    producer = single("The producer.", lazy("organisations.types", "Producer"))
    asked_by: MembershipSide = field("Who asked; the other one answers.")
    state: MembershipRequestState = field("Where it is.")
    requested_at: datetime = field("When it was made.")
    answered_at: datetime | None = field("When it was answered or withdrawn.")


# -- where they come from ----------------------------------------------------------------------------------------------

_MEMBERSHIPS, _POWERS, _REQUESTS = table_of(MembershipTable), table_of(PowerTable), table_of(RequestTable)


def current(membership: sa.FromClause, build: Build) -> list[Condition]:
    """Memberships that hold today."""
    today = build.today()
    return [
        membership.c.joined_on <= today,
        sa.or_(membership.c.left_on.is_(None), membership.c.left_on > today),
    ]


def _of_active(t: sa.FromClause, _build: Build) -> list[Condition]:
    """Only between two that everybody sees."""
    conditions: list[Condition] = []
    for side in (t.c.cooperative_id, t.c.producer_id):
        row = ORGANISATIONS.alias()
        conditions.append(exists(row, where=[row.c.id == side, row.c.state == quoted("ACTIVE")]))
    return conditions


def _of_a_side(t: sa.FromClause, build: Build) -> Condition:
    return sa.or_(*[reaches(build, _READ, side) for side in (t.c.cooperative_id, t.c.producer_id)])


def _left_on(t: sa.FromClause, build: Build, _args: Args) -> Expression:
    return sa.case((_of_a_side(t, build), formatted(t.c.left_on, build)))


def _powers_of_a_side(power: sa.FromClause, build: Build) -> list[Condition]:
    row = _MEMBERSHIPS.alias()
    return [
        exists(row, where=[row.c.id == power.c.membership_id, _of_a_side(row, build)]),
        power.c.revoked_at.is_(None),
        sa.or_(power.c.valid_to.is_(None), power.c.valid_to >= build.today()),
    ]


POWER = Projection(
    "MembershipPower",
    _POWERS,
    topic="organisations",
    fields={
        "power": column("power"),
        "validFrom": column("valid_from"),
        "validTo": column("valid_to"),
        "grantedAt": column("granted_at"),
    },
    visible=_powers_of_a_side,
)
MEMBERSHIP_FIELDS: dict[str, Any] = {
    "id": column("id"),
    "joinedOn": column("joined_on"),
    "leftOn": Column(_left_on),
    "powers": ToMany(
        lambda: POWER,
        lambda t, power: power.c.membership_id == t.c.id,
        lambda power: [power.c.power, power.c.valid_from, power.c.id],
        is_owned=False,
    ),
}
"""`cooperative` and `producer` join them in `types`."""
MEMBERSHIP = Projection("Membership", _MEMBERSHIPS, topic="organisations", fields=MEMBERSHIP_FIELDS, visible=_of_active)
MANAGED_MEMBERSHIP = replace(MEMBERSHIP, visible=lambda t, build: [_of_a_side(t, build)])
"""Past ones too, for both sides and staff."""

REQUEST_FIELDS: dict[str, Any] = {
    "requestId": column("id"),
    "askedBy": column("asked_by"),
    "state": column("state"),
    "requestedAt": column("requested_at"),
    "answeredAt": column("answered_at"),
}
"""`cooperative` and `producer` join them in `types`."""
REQUEST = Projection(
    "MembershipRequest",
    _REQUESTS,
    topic="organisations",
    fields=REQUEST_FIELDS,
    visible=lambda t, build: [_of_a_side(t, build)],
)


_JOINED = Order(
    "j",
    lambda t, _build, _args: t.c.joined_on,
    date.fromisoformat,
    sa.Date(),
    text=lambda key, build: build.engine.json_date(key),
    is_descending=True,
)


def _of_either(t: sa.FromClause, row: sa.FromClause, _build: Build) -> Condition:
    return sa.or_(row.c.cooperative_id == t.c.id, row.c.producer_id == t.c.id)


REQUESTS = Listed(
    lambda: REQUEST, {"NEWEST": moment_order("n", "requested_at", is_descending=True)}, "NEWEST", on=_of_either
)
MEMBERSHIPS = Listed(lambda: MANAGED_MEMBERSHIP, {"JOINED": _JOINED}, "JOINED", on=_of_either)

"""Cooperatives and producers, memberships, certificates."""

from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.kernel.clock import business_day
from market.organisations.tables import Certificate as CertificateTable
from market.organisations.tables import Membership as MembershipTable
from market.organisations.tables import Organisation as OrganisationTable
from schema.enums import CertificateKind, OrganisationKind
from schema.filters import (
    DISTANCE,
    Near,
    moment_order,
    near_conditions,
    text_order,
    within_region,
)
from schema.node import LOCATION, Location, Node
from schema.pagination import Connection, field, lazy, listed, localized_field
from schema.permissions import PUBLIC, ruled
from schema.places import VILLAGE, VILLAGE_FIELDS, Region, Village, contains
from schema.projection import (
    Args,
    Build,
    Choice,
    Computed,
    Given,
    Projection,
    ToMany,
    ToOne,
    among,
    column,
    exists,
    localized,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Order
from schema.scalars import described


@strawberry.type(description="What an organisation was certified for.")
@ruled(PUBLIC)
class Certificate(Node):
    kind: CertificateKind = field("What it says.")
    name: str = localized_field("Its name.")
    number: str | None = field("Its official number; null when it is not known here.")
    issued_by: str | None = field("Who issued it.")
    valid_from: date | None = field("The first day it holds; null when open.")
    valid_to: date | None = field("The last day it holds; null when open.")
    is_valid: bool = field("Whether it holds today.")


@strawberry.interface(description="Whoever sells: a cooperative or a producer.")
@ruled(PUBLIC)
class Organisation(Node):
    kind: OrganisationKind = field("What it is.")
    name: str = localized_field("Its name.")
    story: str = localized_field("What it tells about itself.")
    village: Village = field("Where it is at home.")
    county: Region = field("The county or district it is in.")
    location: Location = field("Where it is.")
    certificates: list[Certificate] = field("Its certificates.")


@strawberry.type(description="A producer's membership in a cooperative.")
@ruled(PUBLIC)
class Membership:
    cooperative: "Cooperative" = field("The cooperative.")
    producer: "Producer" = field("The producer.")
    joined_on: date = field("Since this day.")


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


@strawberry.input(description="Which organisations.")
class OrganisationWhere:
    region: str | None = strawberry.field(default=UNSET, description="In this region's subtree: its 12-digit code.")
    village: strawberry.ID | None = strawberry.field(default=UNSET, description="At home in this village.")
    kinds: list[OrganisationKind] | None = strawberry.field(default=UNSET, description="Of any of these kinds.")
    certificate: CertificateKind | None = strawberry.field(
        default=UNSET, description="With a certificate of this kind that holds today."
    )
    near: Near | None = strawberry.field(default=UNSET, description="Within a circle.")
    name: str | None = strawberry.field(default=UNSET, description="Whose Chinese name has this text in it.")


class OrganisationOrder(StrEnum):
    """Orders of organisations."""

    NEWEST = "NEWEST"
    NAME = "NAME"
    DISTANCE = "DISTANCE"


described(
    OrganisationOrder,
    "How organisations are ordered.",
    NEWEST="Who joined last first.",
    NAME="By Chinese name, in code point order.",
    DISTANCE="Nearest first; needs `where.near`.",
)

# -- where they come from ----------------------------------------------------------------------------------------------

ORGANISATIONS = table_of(OrganisationTable)


def holds_today(certificate: sa.FromClause, build: Build) -> Condition:
    """Whether a certificate holds today; the same rule as `organisations.rules.is_valid_on`, as a filter."""
    today = build.today()
    return sa.and_(
        sa.or_(certificate.c.valid_from.is_(None), certificate.c.valid_from <= today),
        sa.or_(certificate.c.valid_to.is_(None), certificate.c.valid_to >= today),
    )


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = contains(t.c.name, where, build)
    region, village = where.slot("region"), where.slot("village")
    if region is not None:
        conditions.append(within_region(t.c.region_code, region, build))
    if village is not None:
        conditions.append(t.c.village_id == build.bind(village))
    if "kinds" in where:
        conditions.append(among(t.c.kind, where.get("kinds")))
    if "certificate" in where:
        certificate = table_of(CertificateTable).alias()
        held = [
            certificate.c.organisation_id == t.c.id,
            certificate.c.kind == quoted(where.get("certificate")),
            holds_today(certificate, build),
        ]
        conditions.append(exists(certificate, where=held))
    if "near" in where:
        conditions += near_conditions(t, where.nested("near"), build)
    return conditions


def _of_kind(t: sa.FromClause, *, is_cooperative: bool) -> Condition:
    cooperative = quoted("COOPERATIVE")
    return t.c.kind == cooperative if is_cooperative else t.c.kind != cooperative


def _is_valid(valid_from: str | None, valid_to: str | None, *, today: str) -> bool:
    # ISO dates compare as text.
    return (valid_from is None or valid_from <= today) and (valid_to is None or today <= valid_to)


ORDERS: dict[str, Order] = {
    "NEWEST": moment_order("n", "created_at", is_descending=True),
    "NAME": text_order("a", "name"),
    "DISTANCE": DISTANCE,
}

CERTIFICATE = Projection(
    "Certificate",
    table_of(CertificateTable),
    topic="organisations",
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "name": localized("name"),
        "number": column("number"),
        "issuedBy": column("issued_by"),
        "validFrom": column("valid_from"),
        "validTo": column("valid_to"),
        "isValid": Computed(
            _is_valid,
            lambda t, build, _args: [build.engine.json_date(t.c.valid_from), build.engine.json_date(t.c.valid_to)],
            lambda _build, _args: {"today": Given(is_now=True, via=lambda now: business_day(now).isoformat())},
        ),
    },
)

_COMMON: dict[str, Any] = {
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
}

PRODUCER_FIELDS: dict[str, Any] = _COMMON | {
    "memberships": ToMany(
        lambda: MEMBERSHIP,
        lambda t, membership: membership.c.producer_id == t.c.id,
        lambda membership: [membership.c.joined_on, membership.c.id],
        where=lambda membership, build, _args: current(membership, build),
        is_owned=False,
    )
}


def current(membership: sa.FromClause, build: Build) -> list[Condition]:
    """Memberships that hold today."""
    today = build.today()
    return [
        membership.c.joined_on <= today,
        sa.or_(membership.c.left_on.is_(None), membership.c.left_on > today),
    ]


def _is_member(t: sa.FromClause, producer: sa.FromClause, build: Build) -> Condition:
    membership = table_of(MembershipTable).alias()
    held = [membership.c.cooperative_id == t.c.id, membership.c.producer_id == producer.c.id]
    return exists(membership, where=[*held, *current(membership, build)])


PRODUCER = Projection("Producer", ORGANISATIONS, topic="organisations", fields=PRODUCER_FIELDS)
COOPERATIVE_FIELDS: dict[str, Any] = _COMMON | {
    "members": Listed(lambda: PRODUCER, {"NAME": text_order("a", "name")}, "NAME", on=_is_member),
}
COOPERATIVE = Projection("Cooperative", ORGANISATIONS, topic="organisations", fields=COOPERATIVE_FIELDS)
MEMBERSHIP: Projection = Projection(
    "Membership",
    table_of(MembershipTable),
    topic="organisations",
    fields={
        "cooperative": ToOne(lambda: COOPERATIVE, lambda t, other: other.c.id == t.c.cooperative_id),
        "producer": ToOne(lambda: PRODUCER, lambda t, other: other.c.id == t.c.producer_id),
        "joinedOn": column("joined_on"),
    },
)
ORGANISATION = Choice(
    "Organisation",
    lambda t: t.c.kind,
    lambda: {
        (OrganisationKind.COOPERATIVE.value,): COOPERATIVE,
        tuple(kind.value for kind in OrganisationKind if kind is not OrganisationKind.COOPERATIVE): PRODUCER,
    },
    ORGANISATIONS,
    topic="organisations",
)


def organisation_list(*, is_cooperative: bool) -> Listed:
    """The root list of cooperatives, or of producers."""

    def where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
        return [_of_kind(t, is_cooperative=is_cooperative), *_where(t, build, args)]

    return Listed(lambda: COOPERATIVE if is_cooperative else PRODUCER, ORDERS, "NEWEST", where=where)


VILLAGE_FIELDS["producers"] = Listed(
    lambda: PRODUCER,
    ORDERS,
    "NEWEST",
    on=lambda t, producer, _build: sa.and_(producer.c.village_id == t.c.id, _of_kind(producer, is_cooperative=False)),
)

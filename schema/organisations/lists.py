"""Lists of organisations: how they can be narrowed and ordered."""

from enum import StrEnum

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.organisations.tables import Certificate as CertificateTable
from schema.enums import CertificateKind, OrganisationKind
from schema.filters import DISTANCE, Near, moment_order, near_conditions, text_order, within_region
from schema.organisations.papers import OLDEST, holds_today
from schema.organisations.reach import reaches
from schema.organisations.sources import COOPERATIVE, MANAGED_ORGANISATION, PRODUCER
from schema.places import VILLAGE_FIELDS, contains
from schema.projection import Args, Build, Order, among, exists, quoted, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Condition
from schema.scalars import described


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


ORDERS: dict[str, Order] = {
    "NEWEST": moment_order("n", "created_at", is_descending=True),
    "NAME": text_order("a", "name"),
    "DISTANCE": DISTANCE,
}


def organisation_list(*, is_cooperative: bool) -> Listed:
    """The root list of cooperatives, or of producers."""

    def where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
        return [_of_kind(t, is_cooperative=is_cooperative), *_where(t, build, args)]

    return Listed(lambda: COOPERATIVE if is_cooperative else PRODUCER, ORDERS, "NEWEST", where=where)


TO_REVIEW = Listed(
    lambda: MANAGED_ORGANISATION,
    {"OLDEST": OLDEST},
    "OLDEST",
    where=lambda t, build, args: [
        t.c.state == quoted("SUBMITTED"),
        reaches(build, Permission.ORGANISATION_REVIEW, t.c.id),
        *_where(t, build, args),
    ],
)
"""The queue of applications within the viewer's regions, who waits longest first."""

VILLAGE_FIELDS["producers"] = Listed(
    lambda: PRODUCER,
    ORDERS,
    "NEWEST",
    on=lambda t, producer, _build: sa.and_(producer.c.village_id == t.c.id, _of_kind(producer, is_cooperative=False)),
)

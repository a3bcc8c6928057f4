"""Regions and villages."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.places.tables import Region as RegionTable
from market.places.tables import Village as VillageTable
from market.places.tables import VillageHonour as HonourTable
from schema.enums import RegionLevel
from schema.filters import DISTANCE, Near, near_conditions, text_order, within_region
from schema.node import LOCATION, SIZE, Location, Node, media_url
from schema.pagination import Connection, field, lazy, listed, localized_field, single
from schema.permissions import PUBLIC, ruled
from schema.projection import (
    Args,
    Build,
    Projection,
    ToMany,
    ToOne,
    column,
    localized,
    number,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition
from schema.scalars import described


@strawberry.type(description="An administrative region by its statistical code (2023 edition).")
@ruled(PUBLIC)
class Region(Node):
    code: str = field("12 digits: province 2, city 4, county 6, township 9, village 12, then zeros.")
    name: str = localized_field("Its name.")
    level: RegionLevel = field("How far down the tree.")
    parent: "Region | None" = field("The region above; null at the top.")
    children: "Connection[Region]" = listed("The regions right below, by code.", Connection["Region"])


@strawberry.type(description="A published honour.")
@ruled(PUBLIC)
class Honour:
    title: str = localized_field("What it says.")


@strawberry.type(description="A village that takes part.")
@ruled(PUBLIC)
class Village(Node):
    name: str = localized_field("Its name.")
    region: Region = field("Its village-level region.")
    township: Region = field("The township it is in.")
    county: Region = field("The county or district it is in.")
    location: Location = field("Where it is.")
    is_location_checked: bool = field("Whether the point was checked to lie within the county.")
    story: str = localized_field("What it is known for.")
    honours: list[Honour] = field("Published honours.")
    picture: str | None = single("The address of its picture.", str | None, size=SIZE)
    producers = listed(
        "Producers at home here, newest first.",
        Connection[lazy("organisations", "Producer")],  # type: ignore[misc]  # a type only at run time
    )
    products = listed(
        "Produce from here.",
        lazy("catalogue.products", "ProductConnection"),
        where=lazy("catalogue.products", "ProductWhere"),
        order=lazy("catalogue.products", "ProductOrder"),
        usual="POPULARITY",
    )
    tour_packages = listed(
        "Tour packages here.",
        lazy("catalogue.tours", "TourPackageConnection"),
        where=lazy("catalogue.tours", "TourPackageWhere"),
        order=lazy("catalogue.tours", "TourPackageOrder"),
        usual="POPULARITY",
    )


@strawberry.input(description="Which regions.")
class RegionWhere:
    level: RegionLevel | None = strawberry.field(default=UNSET, description="Of this level.")
    within: str | None = strawberry.field(
        default=UNSET, description="In this region's subtree, itself included: its code."
    )
    name: str | None = strawberry.field(default=UNSET, description="Whose Chinese name has this text in it.")


@strawberry.input(description="Which villages.")
class VillageWhere:
    region: str | None = strawberry.field(default=UNSET, description="In this region's subtree: its 12-digit code.")
    near: Near | None = strawberry.field(default=UNSET, description="Within a circle.")
    name: str | None = strawberry.field(default=UNSET, description="Whose Chinese name has this text in it.")


class VillageOrder(StrEnum):
    """Orders of villages."""

    REGION = "REGION"
    DISTANCE = "DISTANCE"


described(
    VillageOrder,
    "How villages are ordered.",
    REGION="By region code: county by county.",
    DISTANCE="Nearest first; needs `where.near`.",
)

# -- where they come from ----------------------------------------------------------------------------------------------


def contains(text: sa.ColumnElement[str], args: Args, build: Build, name: str = "name") -> list[Condition]:
    """Whether a text has the argument's in it. For short tables: no index serves it."""
    slot = args.slot(name)
    if slot is None:
        return []
    return [sa.func.coalesce(build.engine.position(text, build.bind(slot, str)), 0) > number(0)]


def _region_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = contains(t.c.name, where, build)
    if "level" in where:
        conditions.append(t.c.level == quoted(where.get("level")))
    within = where.slot("within")
    if within is not None:
        conditions.append(within_region(t.c.code, within, build))
    return conditions


def _village_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = contains(t.c.name, where, build)
    region = where.slot("region")
    if region is not None:
        conditions.append(within_region(t.c.region_code, region, build))
    if "near" in where:
        conditions += near_conditions(t, where.nested("near"), build)
    return conditions


REGION_ORDERS = {"CODE": text_order("c", "code")}
VILLAGE_ORDERS = {"REGION": text_order("g", "region_code"), "DISTANCE": DISTANCE}


def _region_at(digits: int) -> ToOne:
    """The region above a row's `region_code`, by the digits of its level."""
    rest = "0" * (12 - digits)

    def on(t: sa.FromClause, region: sa.FromClause) -> Condition:
        code = sa.func.substr(t.c.region_code, number(1), number(digits))
        return region.c.code == (code.concat(quoted(rest)) if rest else code)

    return ToOne(lambda: REGION, on)


AT_REGION, AT_TOWNSHIP, AT_COUNTY = (
    ToOne(lambda: REGION, lambda t, region: region.c.code == t.c.region_code),
    _region_at(9),
    _region_at(6),
)

REGION: Projection = Projection(
    "Region",
    table_of(RegionTable),
    topic="places",
    fields={
        "id": column("id"),
        "code": column("code"),
        "name": localized("name"),
        "level": column("level"),
        "parent": ToOne(lambda: REGION, lambda t, parent: parent.c.code == t.c.parent_code),
        "children": Listed(
            lambda: REGION, REGION_ORDERS, "CODE", on=lambda t, child, _build: child.c.parent_code == t.c.code
        ),
    },
)

HONOUR = Projection("Honour", table_of(HonourTable), fields={"title": localized("title")})


VILLAGE_FIELDS: dict[str, Any] = {
    "id": column("id"),
    "name": localized("name"),
    "region": AT_REGION,
    "township": AT_TOWNSHIP,
    "county": AT_COUNTY,
    "location": LOCATION,
    "isLocationChecked": column("is_place_checked"),
    "story": localized("story"),
    "honours": ToMany(
        lambda: HONOUR, lambda t, honour: honour.c.village_id == t.c.id, lambda honour: [honour.c.position]
    ),
    "picture": media_url("picture"),
}
VILLAGE = Projection("Village", table_of(VillageTable), topic="places", fields=VILLAGE_FIELDS)
"""Its lists of producers and listings are declared where those are, see `schema/query.py`."""

REGIONS = Listed(lambda: REGION, REGION_ORDERS, "CODE", where=_region_where)
VILLAGES = Listed(lambda: VILLAGE, VILLAGE_ORDERS, "REGION", where=_village_where)

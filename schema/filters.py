"""Filters and orders that several lists share: by region, near a point, by distance."""

from datetime import UTC, datetime

import sqlalchemy as sa
import strawberry
from sqlmodel import UTCDateTime

from market.kernel.errors import Invalid
from market.kernel.pages import key_number
from market.places.rules import (
    DIGITS,
    METRES_PER_DEGREE,
    box_around,
    check_point,
    level_of,
    metres_shrink,
)
from schema.enums import RegionLevel
from schema.projection import Args, Build, Computed, Order, Slot, number
from schema.projection.declare import Condition, Expression

RADIUS_KM_MAX = 200.0


def order_number(text: str) -> str:
    """An order's number as it is kept: people read it out and copy it in groups.

    >>> order_number("4701 9875-220493")
    '47019875220493'
    """
    return "".join(each for each in text if not each.isspace() and each != "-")


@strawberry.input(description="A circle on the map.")
class Near:
    latitude: float = strawberry.field(description="Degrees north, WGS 84.")
    longitude: float = strawberry.field(description="Degrees east, WGS 84.")
    radius_km: float = strawberry.field(default=20.0, description="Radius in kilometres, above 0 and at most 200.")


def within_region(code: Expression, slot: Slot, build: Build) -> Condition:
    """Whether a region code lies in a region's subtree: between its first and last code."""

    def first(text: str) -> str:
        level_of(text, field="where.region")
        return text

    def last(text: str) -> str:
        return text[: DIGITS[level_of(text, field="where.region")]].ljust(12, "9")

    build.plan_each_time()  # a city is nearly all rows, a village hardly any
    return code.between(build.bind(slot, first), build.bind(slot, last))


def region_level(slot: Slot, build: Build) -> RegionLevel:
    """The level of the region asked for; it decides which column is compared."""
    level: RegionLevel = build.structure(slot, lambda text: level_of(text, field="where.region"))
    return level


def _circle(near: Args) -> tuple[Slot, Slot, Slot]:
    slots = near.slot("latitude"), near.slot("longitude"), near.slot("radiusKm")
    assert slots[0] is not None
    assert slots[1] is not None
    return slots[0], slots[1], slots[2] or Slot(None, (), 20.0)


def near_conditions(t: sa.FromClause, near: Args, build: Build) -> list[Condition]:
    """Within the circle: by a box that an index can serve, then exactly."""
    circle = _circle(near)

    def edge(name: str) -> Expression:
        def read(latitude: float, longitude: float, radius_km: float) -> float:
            check_point(latitude, longitude, field="where.near")
            if not 0 < radius_km <= RADIUS_KM_MAX:
                raise Invalid(
                    field="where.near.radiusKm",
                    allowed="a radius is above 0 and at most 200 km",
                    allowed_zh="半径大于 0，至多 200 公里",
                )
            return float(getattr(box_around(latitude, longitude, radius_km * 1000), name))

        return build.bind(circle, read, type_=sa.Float(53))

    build.plan_each_time()
    radius = build.bind(circle[2], lambda km: (km * 1000) ** 2, type_=sa.Float(53))
    return [
        t.c.latitude.between(edge("south"), edge("north")),
        t.c.longitude.between(edge("west"), edge("east")),
        square_metres(t, near, build) <= radius,
    ]


def square_metres(t: sa.FromClause, near: Args, build: Build) -> Expression:
    """The square of the distance to the point, in metres, on the flat map: no function that an engine may lack."""
    latitude, longitude, _radius = _circle(near)
    north = (t.c.latitude - build.bind(latitude, float, type_=sa.Float(53))) * number(float(METRES_PER_DEGREE))
    scale = build.bind(latitude, lambda degrees: METRES_PER_DEGREE * metres_shrink(degrees), type_=sa.Float(53))
    east = (t.c.longitude - build.bind(longitude, float, type_=sa.Float(53))) * scale
    return north * north + east * east


def _distance_key(t: sa.FromClause, build: Build, args: Args) -> Expression:
    return sa.cast(sa.func.round(square_metres(t, args.nested("where").nested("near"), build)), sa.BigInteger)


DISTANCE = Order("d", _distance_key, key_number, sa.BigInteger(), needs=("where.near", "where.near"))
"""Nearest first."""


def _distance(t: sa.FromClause, build: Build, args: Args) -> list[Expression]:
    near = args.nested("where").nested("near")
    return [_distance_key(t, build, args) if near.present else sa.null()]


def metres(square: int | None) -> int | None:
    """Metres from square metres, rounded."""
    return None if square is None else round(square**0.5)


DISTANCE_FIELD = Computed(metres, _distance)


def text_order(tag: str, name: str, *, is_descending: bool = False, tie: str = "id") -> Order:
    """By a text column."""
    return Order(tag, lambda t, _b, _a: t.c[name], str, sa.Text(), is_descending=is_descending, tie=tie)


def number_order(tag: str, name: str, *, is_descending: bool = False, tie: str = "id") -> Order:
    """By a whole-number column."""
    return Order(tag, lambda t, _b, _a: t.c[name], key_number, sa.BigInteger(), is_descending=is_descending, tie=tie)


def moment_order(tag: str, name: str, *, is_descending: bool = False) -> Order:
    """By a moment. Moments are kept to the second, so that a cursor says them exactly."""

    def parse(text: str) -> datetime:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    return Order(
        tag,
        lambda t, _b, _a: t.c[name],
        parse,
        UTCDateTime(),
        text=lambda key, build: build.engine.json_moment(key),
        is_descending=is_descending,
    )

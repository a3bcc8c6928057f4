"""Forms of a tour package: options, ticket types, what is included, cancellation."""

import strawberry

from market.catalogue.tables import CancellationTier as TierTable
from market.catalogue.tables import PackageNote as NoteTable
from market.catalogue.tables import PackageOption as OptionTable
from market.catalogue.tables import UnitType as UnitTable
from schema.enums import UnitKind
from schema.node import Money, Node, money
from schema.pagination import field, localized_field
from schema.permissions import PUBLIC, ruled
from schema.projection import (
    Projection,
    ToMany,
    column,
    localized,
    table_of,
)


@strawberry.type(description="A ticket type of an option.")
@ruled(PUBLIC)
class UnitType(Node):
    kind: UnitKind = field("Who it is for.")
    name: str = localized_field("Its name.")
    pax_count: int = field("How many seats one takes.")
    price: Money = field("The price of one.")
    min_age: int | None = field("From this age.")
    max_age: int | None = field("To this age, included.")
    max_quantity: int | None = field("At most so many in a booking.")


@strawberry.type(description="A form of a package: another length, another route.")
@ruled(PUBLIC)
class PackageOption(Node):
    name: str = localized_field("Its name.")
    units: list[UnitType] = field("Its ticket types.")


@strawberry.type(description="One line of what is included, excluded or to bring.")
@ruled(PUBLIC)
class PackageNote:
    text: str = localized_field("What it says.")


@strawberry.type(description="What comes back when a booking is cancelled in time.")
@ruled(PUBLIC)
class CancellationTier:
    hours_before: int = field("At least so many hours before the start.")
    refund_percent: int = field("This share of the price, 0 to 100.")


# -- where they come from ----------------------------------------------------------------------------------------------

UNIT_TYPE = Projection(
    "UnitType",
    table_of(UnitTable),
    topic="catalogue",
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "name": localized("name"),
        "paxCount": column("pax_count"),
        "price": money("price_fen"),
        "minAge": column("min_age"),
        "maxAge": column("max_age"),
        "maxQuantity": column("max_quantity"),
    },
)
OPTION = Projection(
    "PackageOption",
    table_of(OptionTable),
    topic="catalogue",
    fields={
        "id": column("id"),
        "name": localized("name"),
        "units": ToMany(
            lambda: UNIT_TYPE,
            lambda t, unit: unit.c.option_id == t.c.id,
            lambda unit: [unit.c.position],
            where=lambda unit, _build, _args: [unit.c.retired_at.is_(None)],
        ),
    },
)
NOTE = Projection("PackageNote", table_of(NoteTable), {"text": localized("text")})
TIER = Projection(
    "CancellationTier",
    table_of(TierTable),
    {"hoursBefore": column("hours_before"), "refundPercent": column("refund_percent")},
)

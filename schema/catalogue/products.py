"""Produce: products, variants, seasons."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.catalogue.tables import Product as ProductTable
from market.catalogue.tables import SeasonWindow as WindowTable
from market.catalogue.tables import Variant as VariantTable
from schema.catalogue.categories import CATEGORY_FIELDS
from schema.catalogue.facets import ProductFacets
from schema.catalogue.listing import (
    LISTING_FACETS,
    LISTING_FIELDS,
    LISTING_ORDERS,
    LISTINGS,
    Listing,
    live,
    of_kind,
)
from schema.catalogue.where import ListingWhere, listing_where
from schema.enums import ListingKind, StockState, Storage, WindowKind
from schema.filters import DISTANCE, DISTANCE_FIELD
from schema.node import Money, Node, money
from schema.organisations import COOPERATIVE_FIELDS, PRODUCER_FIELDS
from schema.pagination import Connection, Edge, field, localized_field
from schema.permissions import PUBLIC, ruled
from schema.places import VILLAGE_FIELDS
from schema.projection import (
    Args,
    Build,
    Column,
    Facet,
    Projection,
    ToMany,
    among,
    column,
    localized,
    number,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression
from schema.scalars import described


@strawberry.type(description="Days of the year, the same each year; may run over New Year.")
@ruled(PUBLIC)
class SeasonWindow:
    kind: WindowKind = field("What for.")
    start: str = strawberry.field(name="from", description="The first day, MM-DD.")
    end: str = strawberry.field(name="to", description="The last day, MM-DD, included.")


@strawberry.type(description="A sellable form (规格) of a product.")
@ruled(PUBLIC)
class Variant(Node):
    sku: str = field("The seller's code for it.")
    name: str = localized_field("Its name.")
    net_weight_grams: int = field("What one holds, all of it together, in grams: by this it is sent.")
    pack_count: int = field("How many are in one.")
    unit: str = localized_field("What one is called: a box, a tin.")
    price: Money = field("The price of one.")
    stock_state: StockState = field("Whether it can be had.")


@strawberry.type(description="Produce on sale.")
@ruled(PUBLIC)
class Product(Listing):
    variants: list[Variant] = field("Its forms, cheapest kind first as the seller orders them.")
    season_windows: list[SeasonWindow] = field("When it is sold, harvested and shipped.")
    storage: Storage = field("How it must be kept.")
    stock_state: StockState = field("Whether any form of it can be had.")
    shelf_life_days: int | None = field("How many days it keeps as stored.")
    origin: str = localized_field("Where it grows.")


@strawberry.type(description="A product in a list.")
@ruled(PUBLIC)
class ProductEdge(Edge[Product]):
    distance_metres: int | None = field("Metres from the point of `where.near`; null without it.")


@strawberry.type(description="A page of products.")
@ruled(PUBLIC)
class ProductConnection(Connection[Product]):
    edges: Sequence[ProductEdge] = field("The page's products with their cursors.")
    facets: ProductFacets = field("Counts over the whole filtered list, at most its first 10,000 rows.")


@strawberry.input(description="Which products.")
class ProductWhere(ListingWhere):
    storages: list[Storage] | None = strawberry.field(default=UNSET, description="Stored in any of these ways.")
    available: bool | None = strawberry.field(default=UNSET, description="Whether any form of it can be had.")


class ProductOrder(StrEnum):
    """Orders of products."""

    POPULARITY = "POPULARITY"
    NEWEST = "NEWEST"
    PRICE_LOW = "PRICE_LOW"
    PRICE_HIGH = "PRICE_HIGH"
    DISTANCE = "DISTANCE"


described(
    ProductOrder,
    "How products are ordered.",
    POPULARITY="Most asked for first.",
    NEWEST="Last published first.",
    PRICE_LOW="Cheapest first.",
    PRICE_HIGH="Dearest first.",
    DISTANCE="Nearest first; needs `where.near`.",
)

# -- where they come from ----------------------------------------------------------------------------------------------


def _month_day(name: str) -> Column:
    def of(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
        digits = sa.cast(number(10000) + t.c[name], sa.Text)
        return (
            sa.func.substr(digits, number(2), number(2))
            .concat(quoted("-"))
            .concat(sa.func.substr(digits, number(4), number(2)))
        )

    return Column(of)


VARIANT = Projection(
    "Variant",
    table_of(VariantTable),
    topic="catalogue",
    fields={
        "id": column("id"),
        "sku": column("sku"),
        "name": localized("name"),
        "netWeightGrams": column("net_weight_grams"),
        "packCount": column("pack_count"),
        "unit": localized("unit"),
        "price": money("price_fen"),
        "stockState": column("stock_state"),
    },
)
SEASON_WINDOW = Projection(
    "SeasonWindow",
    table_of(WindowTable),
    {"kind": column("kind"), "from": _month_day("start_day"), "to": _month_day("end_day")},
)
_PRODUCT = table_of(ProductTable)
PRODUCT = Projection(
    "Product",
    LISTINGS,
    topic="catalogue",
    visible=live,
    is_wide=True,
    fields=LISTING_FIELDS
    | {
        "variants": ToMany(
            lambda: VARIANT,
            lambda t, variant: variant.c.listing_id == t.c.id,
            lambda variant: [variant.c.position],
            where=lambda variant, _build, _args: [variant.c.retired_at.is_(None)],
        ),
        "seasonWindows": ToMany(
            lambda: SEASON_WINDOW, lambda t, window: window.c.listing_id == t.c.id, lambda window: [window.c.position]
        ),
        "storage": column("storage"),
        "stockState": column("stock_state"),
        "shelfLifeDays": column("shelf_life_days", _PRODUCT),
        "origin": localized("origin", _PRODUCT),
    },
)


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions = [of_kind(t, ListingKind.PRODUCT), *listing_where(t, build, args)]
    if "storages" in where:
        conditions.append(among(t.c.storage, where.get("storages")))
    if "available" in where:
        sold_out = quoted("SOLD_OUT")
        conditions.append(t.c.stock_state != sold_out if where.get("available") else t.c.stock_state == sold_out)
    return conditions


def product_list(
    on: Callable[[sa.FromClause, sa.FromClause, Build], Condition] | None = None,
) -> Listed:
    """A list of products: all, or those that belong to another row."""
    return Listed(
        lambda: PRODUCT,
        LISTING_ORDERS | {"DISTANCE": DISTANCE},
        "POPULARITY",
        on=on,
        where=_where,
        facets=LISTING_FACETS
        | {
            "storages": Facet(lambda t, _build: t.c.storage),
            "stocks": Facet(lambda t, _build: t.c.stock_state),
        },
        edge={"distanceMetres": DISTANCE_FIELD},
    )


def in_category(t: sa.FromClause, listing: sa.FromClause) -> list[Condition]:
    """The ways a listing may be in a category or below it: by each level's column. Only one can hold."""
    return [listing.c[f"category_{depth}"] == t.c.id for depth in (1, 2, 3)]


VILLAGE_FIELDS["products"] = product_list(lambda t, listing, _build: listing.c.region_code == t.c.region_code)
PRODUCER_FIELDS["products"] = product_list(lambda t, listing, _build: listing.c.producer_id == t.c.id)
COOPERATIVE_FIELDS["products"] = product_list(lambda t, listing, _build: listing.c.cooperative_id == t.c.id)
CATEGORY_FIELDS["products"] = replace(product_list(), alternatives=in_category)

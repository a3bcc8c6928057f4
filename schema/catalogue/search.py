"""Search over both kinds of listing."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import sqlalchemy as sa
import strawberry

from market.catalogue import search
from market.catalogue.tables import listing_search
from schema.catalogue.facets import TourPackageFacets
from schema.catalogue.listing import (
    LISTING_FACETS,
    LISTING_ORDERS,
    LISTINGS,
    Listing,
    live,
)
from schema.catalogue.products import PRODUCT
from schema.catalogue.tours import TOUR_PACKAGE
from schema.catalogue.where import listing_where
from schema.enums import ListingKind
from schema.filters import DISTANCE, DISTANCE_FIELD
from schema.pagination import Connection, Edge, field
from schema.permissions import PUBLIC, ruled
from schema.projection import Args, Build, Choice, Computed, Given, Tiers
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression
from schema.scalars import described


@strawberry.type(description="A listing that was found.")
@ruled(PUBLIC)
class SearchEdge(Edge[Listing]):
    title_segments: list[str] = field(
        "The title in the request's language, in pieces: the second, fourth… are what the query's words found."
    )
    distance_metres: int | None = field("Metres from the point of `where.near`; null without it.")


@strawberry.type(description="A page of what was found.")
@ruled(PUBLIC)
class SearchConnection(Connection[Listing]):
    edges: Sequence[SearchEdge] = field("The page's listings with their cursors.")
    facets: TourPackageFacets = field("Counts over everything found, at most 10,000 rows of it.")


class SearchOrder(StrEnum):
    """Orders of what was found."""

    RELEVANCE = "RELEVANCE"
    POPULARITY = "POPULARITY"
    NEWEST = "NEWEST"
    PRICE_LOW = "PRICE_LOW"
    PRICE_HIGH = "PRICE_HIGH"
    DISTANCE = "DISTANCE"


described(
    SearchOrder,
    "How what was found is ordered.",
    RELEVANCE="Words in the title first, then in who and where it is from, then in the text; popular first in each.",
    POPULARITY="Most asked for first.",
    NEWEST="Last published first.",
    PRICE_LOW="Cheapest first.",
    PRICE_HIGH="Dearest first.",
    DISTANCE="Nearest first; needs `where.near`.",
)

# -- where it comes from -----------------------------------------------------------------------------------------------

FOUND = Choice(
    "Listing",
    lambda t: t.c.kind,
    lambda: {(ListingKind.PRODUCT.value,): PRODUCT, (ListingKind.TOUR_PACKAGE.value,): TOUR_PACKAGE},
    LISTINGS,
    topic="catalogue",
    visible=live,
    is_wide=True,
)


def _tiers(build: Build, args: Args) -> list[Condition]:
    build.plan_each_time()
    query = args.present["query"]
    return [
        build.engine.matches(listing_search, tier, build.bind(query, _asked(build, args, tier)))
        for tier in range(len(search.TIERS))
    ]


def _asked(build: Build, args: Args, tier: int | None) -> Any:
    kind = _only_kind(args)
    return lambda text: search.asked(text, build.engine, tier=tier, kind=kind)


def _only_kind(args: Args) -> ListingKind | None:
    """The one kind asked for: the search table knows it. Both kinds, or none named, are no condition at all."""
    kinds = set(args.get("kinds") or [])
    return ListingKind(kinds.pop()) if len(kinds) == 1 else None


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    conditions = listing_where(t, build, args)
    if "kinds" in args and not args.get("kinds"):
        conditions.append(sa.false())  # an empty list names no kind
    return conditions


def _found(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    build.plan_each_time()
    words = build.bind(args.present["query"], _asked(build, args, None))
    ranks = sa.select(listing_search.c.rowid).where(build.engine.matches_any(listing_search, words)).correlate(None)
    return [t.c.search_rank.in_(ranks)]


def _title(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
    return [sa.func.coalesce(t.c.title_en, t.c.title) if build.locale == "en" else t.c.title]


SEARCH = Listed(
    lambda: FOUND,
    LISTING_ORDERS | {"DISTANCE": DISTANCE},
    "RELEVANCE",
    where=_where,
    tiers=Tiers(listing_search, "search_rank", _tiers),
    tiered="RELEVANCE",
    found=_found,
    facets=LISTING_FACETS,
    edge={
        "titleSegments": Computed(
            lambda title, *, query: search.highlighted(title, query=query),
            _title,
            lambda _build, args: {"query": Given(slot=args.present["query"])},
        ),
        "distanceMetres": DISTANCE_FIELD,
    },
)
QUERY_ARGUMENT = Annotated[str, strawberry.argument(description="One to eight words, Chinese or Latin, all of them.")]
KINDS_ARGUMENT = Annotated[
    list[ListingKind] | None, strawberry.argument(description="Only these kinds; both when left out.")
]

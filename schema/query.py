"""The root of all reads: which fields there are, and which projection each shows."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

import strawberry

from market.kernel.errors import Invalid
from market.kernel.ids import prefix_of, require_id
from market.places.rules import level_of
from market.sessions.availability import calendar
from schema.aftersales import CLAIM_QUERIES, AftersalesQueries
from schema.audit import AuditQueries
from schema.bookings import BOOKING_QUERIES, BookingQueries, RosterQueries
from schema.bulk import IMPORT_QUERIES, ImportQueries
from schema.catalogue.categories import CATEGORIES, CATEGORY, Category, CategoryWhere
from schema.catalogue.products import (
    PRODUCT,
    Product,
    ProductConnection,
    ProductOrder,
    ProductWhere,
    product_list,
)
from schema.catalogue.search import (
    KINDS_ARGUMENT,
    QUERY_ARGUMENT,
    SEARCH,
    SearchConnection,
    SearchOrder,
)
from schema.catalogue.tours import (
    TOUR_PACKAGE,
    TourPackage,
    TourPackageConnection,
    TourPackageOrder,
    TourPackageWhere,
    tour_package_list,
)
from schema.catalogue.where import ListingWhere
from schema.checkout import CheckoutQueries
from schema.context import Context
from schema.fulfilment import FULFILMENT_QUERIES, FulfilmentQueries, PickQueries
from schema.listings import LISTING_QUERIES, ListingQueries
from schema.media import MEDIA_QUERIES, MediaQueries
from schema.node import Node
from schema.orders import ORDER_QUERIES, OrderQueries
from schema.organisations import (
    COOPERATIVE,
    ORGANISATION_QUERIES,
    PRODUCER,
    Cooperative,
    OrganisationOrder,
    OrganisationQueries,
    OrganisationWhere,
    Producer,
    organisation_list,
)
from schema.pagination import Connection, listed, single
from schema.payments import PAYMENT_QUERIES, PaymentQueries
from schema.people.keys import KEY_QUERIES, KeyQueries
from schema.people.me import ME_QUERIES, MeQueries
from schema.people.profile import PROFILE_QUERIES, ProfileQueries
from schema.places import (
    REGION,
    REGIONS,
    VILLAGE,
    VILLAGES,
    Region,
    RegionWhere,
    Village,
    VillageOrder,
    VillageWhere,
)
from schema.plan import PLAN_QUERIES, PlanQueries, ScorecardQueries
from schema.projection import ById, ByIds, Projection
from schema.reports import REPORT_QUERIES, ReportCatalogueQueries, ReportQueries
from schema.reports.outputs import (
    REPORT_OUTPUT_QUERIES,
    ReportOutputQueries,
)
from schema.reviews import REVIEW_QUERIES, ReviewQueries
from schema.sessions import (
    ONE_SESSION,
    SESSION_QUERIES,
    AvailabilityDay,
    SeriesPreviews,
    SessionQueries,
    TourSession,
)
from schema.settlement import SETTLEMENT_QUERIES, SettlementQueries
from schema.stock import STOCK_QUERIES, StockQueries
from schema.targets import TARGETS
from schema.vouchers import VOUCHER_QUERIES, VoucherQueries
from schema.webhooks import WEBHOOK_QUERIES, WebhookQueries

Id = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
RegionCode = Annotated[str, strawberry.argument(description="Its 12-digit statistical code.")]


IDS_MAX = 100


@strawberry.type(description="All reads. An unknown or hidden id reads as null.")
class Query(
    AftersalesQueries,
    ReviewQueries,
    ImportQueries,
    CheckoutQueries,
    BookingQueries,
    RosterQueries,
    OrderQueries,
    PaymentQueries,
    FulfilmentQueries,
    PickQueries,
    AuditQueries,
    ProfileQueries,
    ListingQueries,
    MediaQueries,
    StockQueries,
    MeQueries,
    KeyQueries,
    OrganisationQueries,
    PlanQueries,
    ScorecardQueries,
    ReportCatalogueQueries,
    ReportQueries,
    ReportOutputQueries,
    SessionQueries,
    SettlementQueries,
    SeriesPreviews,
    VoucherQueries,
    WebhookQueries,
):
    node: Node | None = single("Anything with an id, by it; null when unknown.", Node | None, id=Id)
    nodes: list[Node | None] = single(
        "Several things by their ids, in the same order; null for each unknown one.",
        list[Node | None],
        ids=Annotated[list[strawberry.ID], strawberry.argument(description=f"Their ids, at most {IDS_MAX}.")],
    )
    region: Region | None = single("A region by its code.", Region | None, code=RegionCode)
    regions: Connection[Region] = listed("Administrative regions, by code.", Connection[Region], where=RegionWhere)
    village: Village | None = single("A village by its id.", Village | None, id=Id)
    villages: Connection[Village] = listed(
        "Villages that take part.", Connection[Village], where=VillageWhere, order=VillageOrder, usual="REGION"
    )
    cooperative: Cooperative | None = single("A cooperative by its id.", Cooperative | None, id=Id)
    cooperatives: Connection[Cooperative] = listed(
        "Cooperatives.", Connection[Cooperative], where=OrganisationWhere, order=OrganisationOrder, usual="NEWEST"
    )
    producer: Producer | None = single("A producer by its id.", Producer | None, id=Id)
    producers: Connection[Producer] = listed(
        "Producers.", Connection[Producer], where=OrganisationWhere, order=OrganisationOrder, usual="NEWEST"
    )
    category: Category | None = single("A category by its id.", Category | None, id=Id)
    categories: Connection[Category] = listed(
        "Categories, by their place among their siblings.", Connection[Category], where=CategoryWhere
    )
    product: Product | None = single("A product by its id.", Product | None, id=Id)
    products: ProductConnection = listed(
        "Produce on sale.", ProductConnection, where=ProductWhere, order=ProductOrder, usual="POPULARITY"
    )
    tour_package: TourPackage | None = single("A tour package by its id.", TourPackage | None, id=Id)
    tour_packages: TourPackageConnection = listed(
        "Tour packages on sale.",
        TourPackageConnection,
        where=TourPackageWhere,
        order=TourPackageOrder,
        usual="POPULARITY",
    )
    tour_session: TourSession | None = single("A session by its id.", TourSession | None, id=Id)
    search: SearchConnection = listed(
        "Produce and tour packages by words.",
        SearchConnection,
        where=ListingWhere,
        order=SearchOrder,
        usual="RELEVANCE",
        query=QUERY_ARGUMENT,
        kinds=KINDS_ARGUMENT,
    )

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover async methods with Info[…]
        description="What a tour package offers day by day, at most 92 days; null when the package is unknown.",
    )
    async def availability(
        self,
        info: strawberry.Info[Context],
        package_id: Annotated[strawberry.ID, strawberry.argument(description="The package's id.")],
        start: Annotated[date, strawberry.argument(name="from", description="The first day, Shanghai's.")],
        end: Annotated[date, strawberry.argument(name="to", description="The last day, included.")],
        party_size: Annotated[int, strawberry.argument(description="How many people stay together, 1 to 500.")] = 1,
    ) -> list[AvailabilityDay] | None:
        market = info.context.market
        days = await market.look(calendar, market, package_id, start, end, party_size=party_size)
        return None if days is None else [AvailabilityDay.of(day) for day in days]


def _by_id(target: Callable[[], Projection], prefix: str, *, is_keyed: bool = False) -> ById:
    return ById(target, check=lambda text: require_id(text, prefix), is_keyed=is_keyed)


def _code(text: str) -> str:
    level_of(text, field="code")
    return text


def _few(ids: list[str]) -> list[str]:
    if len(ids) > IDS_MAX:
        raise Invalid(field="ids", allowed=f"at most {IDS_MAX} ids", allowed_zh=f"最多 {IDS_MAX} 个编号")
    return ids


QUERY = Projection(
    "Query",
    None,
    {
        "node": ByIds(lambda: TARGETS, prefix_of, argument="id", is_single=True),
        "nodes": ByIds(lambda: TARGETS, lambda text: prefix_of(text, field="ids"), check=_few),
        "region": ById(lambda: REGION, argument="code", key="code", check=_code),
        "regions": REGIONS,
        "village": _by_id(lambda: VILLAGE, "vil"),
        "villages": VILLAGES,
        "cooperative": _by_id(lambda: COOPERATIVE, "cop"),
        "cooperatives": organisation_list(is_cooperative=True),
        "producer": _by_id(lambda: PRODUCER, "pdr"),
        "producers": organisation_list(is_cooperative=False),
        "category": _by_id(lambda: CATEGORY, "cat"),
        "categories": CATEGORIES,
        "product": _by_id(lambda: PRODUCT, "prd", is_keyed=True),
        "products": product_list(),
        "tourPackage": _by_id(lambda: TOUR_PACKAGE, "pkg", is_keyed=True),
        "tourPackages": tour_package_list(),
        "tourSession": _by_id(lambda: ONE_SESSION, "ses"),
        "search": SEARCH,
        **ORGANISATION_QUERIES,
        **MEDIA_QUERIES,
        **ME_QUERIES,
        **PROFILE_QUERIES,
        **KEY_QUERIES,
        **STOCK_QUERIES,
        **BOOKING_QUERIES,
        **ORDER_QUERIES,
        **PAYMENT_QUERIES,
        **CLAIM_QUERIES,
        **REVIEW_QUERIES,
        **FULFILMENT_QUERIES,
        **PLAN_QUERIES,
        **REPORT_QUERIES,
        **REPORT_OUTPUT_QUERIES,
        **SESSION_QUERIES,
        **SETTLEMENT_QUERIES,
        **LISTING_QUERIES,
        **IMPORT_QUERIES,
        **VOUCHER_QUERIES,
        **WEBHOOK_QUERIES,
    },
)
"""`availability` alone is a use case: it tells what days mean, which no column says."""

"""What produce and tour packages share: the `Listing` interface, its filters, orders and facets."""

from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.catalogue import search
from market.catalogue.rules import month_day
from market.catalogue.tables import Image as ImageTable
from market.catalogue.tables import Listing as ListingTable
from market.catalogue.tables import ListingCertificate as LinkTable
from market.catalogue.tables import listing_search
from market.kernel.errors import Invalid
from market.kernel.ids import prefix_of
from market.organisations.tables import Certificate as CertificateTable
from market.places.tables import Village as VillageTable
from schema.catalogue.categories import CATEGORY, Category
from schema.enums import CertificateKind, ListingKind, RegionLevel
from schema.filters import (
    Near,
    moment_order,
    near_conditions,
    number_order,
    region_level,
    within_region,
)
from schema.node import (
    LOCATION,
    RATING,
    Location,
    Money,
    Node,
    Rating,
    media_url,
    money,
)
from schema.organisations import (
    CERTIFICATE,
    COOPERATIVE,
    ORGANISATION,
    PRODUCER,
    Certificate,
    Cooperative,
    Producer,
    holds_today,
)
from schema.pagination import field, localized_field
from schema.places import AT_COUNTY, VILLAGE, Region, Village
from schema.projection import (
    Args,
    Build,
    Facet,
    Order,
    Projection,
    Slot,
    ToMany,
    ToOne,
    column,
    exists,
    localized,
    looked_up,
    quoted,
    table_of,
)
from schema.projection.declare import Condition, Expression


@strawberry.type(description="A picture.")
class Image:
    url: str = field("Its address.")
    alt: str = localized_field("What it shows.")
    width: int = field("Pixels.")
    height: int = field("Pixels.")


@strawberry.interface(description="What is offered: produce or a tour package.")
class Listing(Node):
    title: str = localized_field("Its title.")
    summary: str = localized_field("One line about it.")
    description: str = localized_field("All about it.")
    price: Money = field("The lowest price it starts from.")
    images: list[Image] = field("Its pictures, the cover first.")
    category: Category = field("Its category.")
    producer: Producer | None = field("Who grows or hosts it; null when the cooperative itself does.")
    cooperative: Cooperative | None = field("The cooperative that sells it; null when the producer sells alone.")
    village: Village = field("The village it comes from or takes place in.")
    county: Region = field("The county or district of that village.")
    location: Location = field("Where that is.")
    certificates: list[Certificate] = field("The certificates that cover it.")
    rating: Rating = field("What buyers thought.")
    popularity: int = field("How much it is asked for; only for comparing.")


@strawberry.input(description="Bounds of a price in yuan, both included.")
class PriceRange:
    min: Decimal | None = strawberry.field(default=UNSET, description="At least this much.")
    max: Decimal | None = strawberry.field(default=UNSET, description="At most this much.")


@strawberry.input(description="Sessions that a tour package must have.")
class SessionsWhere:
    start: date = strawberry.field(name="from", description="From this day, Shanghai's.")
    end: date = strawberry.field(name="to", description="To this day, included.")
    vacancies: int = strawberry.field(default=1, description="A session with at least so many vacancies.")


@strawberry.input(description="Which listings, of either kind.")
class ListingWhere:
    region: str | None = strawberry.field(default=UNSET, description="In this region's subtree: its 12-digit code.")
    village: strawberry.ID | None = strawberry.field(default=UNSET, description="From this village.")
    category: strawberry.ID | None = strawberry.field(default=UNSET, description="In this category or below it.")
    organisation: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Of this producer, or sold by this cooperative."
    )
    in_season_on: date | None = strawberry.field(default=UNSET, description="On sale on this day of the year.")
    certificate: CertificateKind | None = strawberry.field(
        default=UNSET, description="Covered by a certificate of this kind that holds today."
    )
    price: PriceRange | None = strawberry.field(default=UNSET, description="Starting at a price within these bounds.")
    near: Near | None = strawberry.field(default=UNSET, description="Within a circle.")
    text: str | None = strawberry.field(
        default=UNSET, description="With all these words in it, as `search` finds them."
    )


# -- where it comes from -----------------------------------------------------------------------------------------------

LISTINGS = table_of(ListingTable)


def live(t: sa.FromClause, _build: Build) -> list[Condition]:
    """Only what is on sale. A literal, so that the indexes over what is on sale serve it."""
    return [t.c.state == quoted("LIVE")]


def of_kind(t: sa.FromClause, kind: ListingKind) -> Condition:
    """Only listings of one kind."""
    return t.c.kind == quoted(kind)


def listing_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    """The filters that all lists of listings have."""
    where = args.nested("where")
    conditions: list[Condition] = []
    region, village = where.slot("region"), where.slot("village")
    organisation, category = where.slot("organisation"), where.slot("category")
    day, text = where.slot("inSeasonOn"), where.slot("text")
    if region is not None:
        conditions.append(_in_region(t, region, build))
    if village is not None:
        conditions.append(t.c.region_code == _village_code(village, build))
    if category is not None:
        conditions.append(_in_category(t, category, build))
    if organisation is not None:
        prefix = build.structure(organisation, lambda text: prefix_of(text, field="where.organisation"))
        seller = t.c.cooperative_id if prefix == "cop" else t.c.producer_id
        conditions.append(seller == build.bind(organisation))
    if day is not None:
        conditions.append(_in_season(t, day, build))
    if "certificate" in where:
        conditions.append(_certified(t, where.get("certificate"), build))
    if "near" in where:
        conditions += near_conditions(t, where.nested("near"), build)
    if text is not None:
        conditions.append(_has_words(t, text, build))
    return conditions + _priced(t, where.nested("price"), build)


def _in_region(t: sa.FromClause, region: Slot, build: Build) -> Condition:
    columns = {
        RegionLevel.COUNTY: t.c.county_code,
        RegionLevel.TOWNSHIP: t.c.township_code,
        RegionLevel.VILLAGE: t.c.region_code,
    }
    level = region_level(region, build)
    if level in columns:
        return columns[level] == build.bind(region)
    return within_region(t.c.region_code, region, build)


def _village_code(village: Slot, build: Build) -> Expression:
    """The village's region code: listings are indexed by that."""
    row = table_of(VillageTable).alias()
    return looked_up(row.c.region_code, row, where=[row.c.id == build.bind(village)])


def _in_category(t: sa.FromClause, category: Slot, build: Build) -> Condition:
    depth = build.structure(category, build.fact("category_depth"))
    if depth is None:
        return sa.false()
    build.narrow(category)
    return t.c[f"category_{depth}"] == build.bind(category)


def _in_season(t: sa.FromClause, day: Slot, build: Build) -> Condition:
    bound = build.bind(day, month_day, type_=sa.SmallInteger())
    return sa.or_(
        sa.and_(t.c.season_start_1 <= bound, bound <= t.c.season_end_1),
        sa.and_(t.c.season_start_2 <= bound, bound <= t.c.season_end_2),
    )


def _certified(t: sa.FromClause, kind: str, build: Build) -> Condition:
    link, certificate = table_of(LinkTable).alias(), table_of(CertificateTable).alias()
    held = [
        certificate.c.id == link.c.certificate_id,
        certificate.c.kind == quoted(kind),
        holds_today(certificate, build),
    ]
    # Not an EXISTS: a rare kind is then looked up from its side.
    return t.c.id.in_(sa.select(link.c.listing_id).where(*held).correlate(None))


def _priced(t: sa.FromClause, price: Args, build: Build) -> list[Condition]:
    conditions: list[Condition] = []
    low, high = price.slot("min"), price.slot("max")
    if price.present:
        build.plan_each_time()
    if low is not None:
        conditions.append(t.c.price_fen >= build.bind(low, _fen, type_=sa.BigInteger()))
    if high is not None:
        conditions.append(t.c.price_fen <= build.bind(high, _fen, type_=sa.BigInteger()))
    if low is not None and high is not None:
        build.check((low, high), _check_bounds)
    return conditions


def _fen(amount: Decimal) -> int:
    if not 0 <= amount <= 10**12:
        raise Invalid(
            field="where.price", allowed="a price is not negative", allowed_zh="价格不能为负，且不超过一万亿元"
        )
    return int(amount * 100)


def _check_bounds(low: Decimal, high: Decimal) -> None:
    if low > high:
        raise Invalid(field="where.price", allowed="min is at most max", allowed_zh="最低价不高于最高价")


def _has_words(t: sa.FromClause, text: Slot, build: Build) -> Condition:
    build.plan_each_time()
    words = build.bind(text, lambda given: search.asked(given, build.engine, tier=None))
    return t.c.search_rank.in_(
        sa.select(listing_search.c.rowid).where(build.engine.matches_any(listing_search, words)).correlate(None)
    )


POPULARITY = number_order("p", "popularity", is_descending=True)
NEWEST = moment_order("n", "published_at", is_descending=True)
PRICE_LOW = number_order("l", "price_fen")
PRICE_HIGH = number_order("h", "price_fen", is_descending=True)

IMAGE = Projection(
    "Image",
    table_of(ImageTable),
    {"url": media_url("key"), "alt": localized("alt"), "width": column("width"), "height": column("height")},
)


def _covering(t: sa.FromClause, certificate: sa.FromClause) -> Condition:
    link = table_of(LinkTable).alias()
    return exists(link, where=[link.c.listing_id == t.c.id, link.c.certificate_id == certificate.c.id])


LISTING_FIELDS: dict[str, Any] = {
    "id": column("id"),
    "title": localized("title"),
    "summary": localized("summary"),
    "description": localized("description"),
    "price": money("price_fen"),
    "images": ToMany(lambda: IMAGE, lambda t, image: image.c.listing_id == t.c.id, lambda image: [image.c.position]),
    "category": ToOne(lambda: CATEGORY, lambda t, category: category.c.id == t.c.category_id),
    "producer": ToOne(
        lambda: PRODUCER,
        lambda t, producer: sa.and_(producer.c.id == t.c.producer_id, producer.c.kind != quoted("COOPERATIVE")),
    ),
    "cooperative": ToOne(lambda: COOPERATIVE, lambda t, cooperative: cooperative.c.id == t.c.cooperative_id),
    "village": ToOne(lambda: VILLAGE, lambda t, village: village.c.id == t.c.village_id),
    "county": AT_COUNTY,
    "location": LOCATION,
    "certificates": ToMany(
        lambda: CERTIFICATE,
        _covering,
        lambda certificate: [certificate.c.kind, certificate.c.id],
        is_owned=False,
    ),
    "rating": RATING,
    "popularity": column("popularity"),
}


def _certificate_kinds(rows: sa.FromClause, build: Build) -> tuple[sa.FromClause, Condition]:
    link, certificate = table_of(LinkTable).alias(), table_of(CertificateTable).alias()
    kinds = (
        sa.select(link.c.listing_id, certificate.c.kind)
        .where(certificate.c.id == link.c.certificate_id, holds_today(certificate, build))
        .distinct()
        .subquery()
    )
    return kinds, kinds.c.listing_id == rows.c.id


LISTING_FACETS: dict[str, Facet] = {
    "categories": Facet(lambda t, _build: t.c.category_id, target=lambda: CATEGORY),
    "villages": Facet(lambda t, _build: t.c.village_id, target=lambda: VILLAGE),
    "producers": Facet(lambda t, _build: t.c.producer_id, target=lambda: ORGANISATION),
    "certificates": Facet(lambda t, _build: t.c.kind, joined=_certificate_kinds),
}
LISTING_ORDERS: dict[str, Order] = {
    "POPULARITY": POPULARITY,
    "NEWEST": NEWEST,
    "PRICE_LOW": PRICE_LOW,
    "PRICE_HIGH": PRICE_HIGH,
}

"""Filters of listings: what their lists can be narrowed by."""

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.catalogue import search
from market.catalogue.rules import month_day
from market.catalogue.tables import ListingCertificate as LinkTable
from market.catalogue.tables import listing_search
from market.kernel.errors import Invalid
from market.kernel.ids import prefix_of
from market.organisations.tables import Certificate as CertificateTable
from market.places.tables import Village as VillageTable
from schema.enums import CertificateKind, RegionLevel
from schema.filters import (
    Near,
    near_conditions,
    region_level,
    within_region,
)
from schema.organisations import (
    holds_today,
)
from schema.projection import (
    Args,
    Build,
    Slot,
    looked_up,
    quoted,
    table_of,
)
from schema.projection.declare import Condition, Expression


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


# -- as conditions -----------------------------------------------------------------------------------------------------


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

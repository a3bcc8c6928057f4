"""Tour packages: options, unit types, what is included, cancellation, gifts of produce, sessions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.catalogue.rules import NoteKind
from market.catalogue.tables import PackageGift as GiftTable
from market.catalogue.tables import TourPackage as PackageTable
from market.kernel.errors import Invalid
from schema.catalogue.categories import CATEGORY_FIELDS
from schema.catalogue.facets import TourPackageFacets
from schema.catalogue.listing import (
    LISTING_FACETS,
    LISTING_FIELDS,
    LISTING_ORDERS,
    LISTINGS,
    Listing,
    live,
    of_kind,
)
from schema.catalogue.options import NOTE, OPTION, TIER, CancellationTier, PackageNote, PackageOption
from schema.catalogue.products import PRODUCT, VARIANT, Product, Variant, in_category
from schema.catalogue.where import ListingWhere, SessionsWhere, listing_where
from schema.enums import GiftPer, ListingKind, PricingPer
from schema.filters import DISTANCE, DISTANCE_FIELD, moment_order
from schema.organisations import COOPERATIVE_FIELDS, PRODUCER_FIELDS
from schema.pagination import Connection, Edge, field, listed, localized_field
from schema.permissions import PUBLIC, ruled
from schema.places import VILLAGE_FIELDS
from schema.projection import (
    Args,
    Build,
    Projection,
    ToMany,
    ToOne,
    column,
    exists,
    localized,
    looked_up,
    number,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression
from schema.scalars import described
from schema.sessions import (
    SESSION,
    SESSION_FIELDS,
    SESSIONS,
    SessionWhere,
    TourSession,
    has_room,
    session_list,
    to_come,
)


@strawberry.type(description="Produce that comes with a package.")
@ruled(PUBLIC)
class PackageGift:
    variant: Variant = field("What it is.")
    product: Product | None = field("The product it is a form of; null when that is not on sale by itself.")
    quantity: int = field("How many.")
    per: GiftPer = field("How they are handed out.")
    note: str = localized_field("A word about it.")


@strawberry.type(description="A dated agri-tourism package (农旅套餐).")
@ruled(PUBLIC)
class TourPackage(Listing):
    options: list[PackageOption] = field("Its forms.")
    meeting_point: str = localized_field("Where to meet.")
    duration_minutes: int = field("How long it takes.")
    notice_minutes: int = field("Book at least so long before the start.")
    cutoff_minutes: int = field("No booking is confirmed later than this before the start.")
    pricing_per: PricingPer = field("What its prices are for.")
    needs_travel_agency: bool = field("Whether a licensed travel agency must run it (包价旅游).")
    included: list[PackageNote] = field("What is included.")
    excluded: list[PackageNote] = field("What is not.")
    bring: list[PackageNote] = field("What to bring.")
    cancellation_tiers: list[CancellationTier] = field("What comes back when cancelled, earliest first.")
    gifts: list[PackageGift] = field("Produce that comes with it.")
    next_session: TourSession | None = field("The next session with a vacancy that has not started.")
    sessions: Connection[TourSession] = listed(
        "Its sessions in order of time; those to come unless `where.from` says otherwise.",
        Connection[TourSession],
        where=SessionWhere,
    )


@strawberry.type(description="A tour package in a list.")
@ruled(PUBLIC)
class TourPackageEdge(Edge[TourPackage]):
    distance_metres: int | None = field("Metres from the point of `where.near`; null without it.")


@strawberry.type(description="A page of tour packages.")
@ruled(PUBLIC)
class TourPackageConnection(Connection[TourPackage]):
    edges: Sequence[TourPackageEdge] = field("The page's packages with their cursors.")
    facets: TourPackageFacets = field("Counts over the whole filtered list, at most its first 10,000 rows.")


@strawberry.input(description="Which tour packages.")
class TourPackageWhere(ListingWhere):
    sessions: SessionsWhere | None = strawberry.field(
        default=UNSET, description="With an open session on these days that has room."
    )


class TourPackageOrder(StrEnum):
    """Orders of tour packages."""

    POPULARITY = "POPULARITY"
    NEWEST = "NEWEST"
    PRICE_LOW = "PRICE_LOW"
    PRICE_HIGH = "PRICE_HIGH"
    NEXT_SESSION = "NEXT_SESSION"
    DISTANCE = "DISTANCE"


described(
    TourPackageOrder,
    "How tour packages are ordered.",
    POPULARITY="Most asked for first.",
    NEWEST="Last published first.",
    PRICE_LOW="Cheapest first.",
    PRICE_HIGH="Dearest first.",
    NEXT_SESSION="Soonest bookable session first; those without one last.",
    DISTANCE="Nearest first; needs `where.near`.",
)

# -- where they come from ----------------------------------------------------------------------------------------------

GIFT_OF = Projection(
    "PackageGift",
    table_of(GiftTable),
    topic="catalogue",
    fields={
        "variant": ToOne(lambda: VARIANT, lambda t, variant: variant.c.id == t.c.variant_id),
        "product": ToOne(lambda: PRODUCT, lambda t, product: product.c.id == _product_of(t)),
        "quantity": column("quantity"),
        "per": column("per"),
        "note": localized("note"),
    },
)


def _product_of(t: sa.FromClause) -> Expression:
    variant = VARIANT.table.alias()  # type: ignore[union-attr]  # declared with one
    return looked_up(variant.c.listing_id, variant, where=[variant.c.id == t.c.variant_id])


def _notes(kind: NoteKind) -> ToMany:
    return ToMany(
        lambda: NOTE,
        lambda t, note: sa.and_(note.c.package_id == t.c.id, note.c.kind == quoted(kind)),
        lambda note: [note.c.position],
    )


def _bookable(session: sa.FromClause, build: Build) -> list[Condition]:
    return [*has_room(session, build, number(1)), to_come(session, build)]


_PACKAGE = table_of(PackageTable)
TOUR_PACKAGE = Projection(
    "TourPackage",
    LISTINGS,
    topic="catalogue",
    visible=live,
    is_wide=True,
    fields=LISTING_FIELDS
    | {
        "options": ToMany(
            lambda: OPTION,
            lambda t, option: option.c.package_id == t.c.id,
            lambda option: [option.c.position],
            where=lambda option, _build, _args: [option.c.retired_at.is_(None)],
        ),
        "meetingPoint": localized("meeting_point", _PACKAGE),
        "durationMinutes": column("duration_minutes", _PACKAGE),
        "noticeMinutes": column("notice_minutes", _PACKAGE),
        "cutoffMinutes": column("cutoff_minutes", _PACKAGE),
        "pricingPer": column("pricing_per", _PACKAGE),
        "needsTravelAgency": column("needs_travel_agency", _PACKAGE),
        "included": _notes(NoteKind.INCLUDED),
        "excluded": _notes(NoteKind.EXCLUDED),
        "bring": _notes(NoteKind.BRING),
        "cancellationTiers": ToMany(
            lambda: TIER, lambda t, tier: tier.c.package_id == t.c.id, lambda tier: [tier.c.hours_before.desc()]
        ),
        "gifts": ToMany(lambda: GIFT_OF, lambda t, gift: gift.c.package_id == t.c.id, lambda gift: [gift.c.position]),
        "nextSession": ToOne(
            lambda: SESSION,
            lambda t, session: session.c.package_id == t.c.id,
            where=lambda session, build, _args: _bookable(session, build),
            order=lambda session: [session.c.starts_at, session.c.id],
            is_owned=True,
        ),
        "sessions": session_list(),
    },
)
SESSION_FIELDS["option"] = ToOne(lambda: OPTION, lambda t, option: option.c.id == t.c.option_id)
# Whoever sees a session sees its package, whatever its state.
_ITS_PACKAGE = replace(TOUR_PACKAGE, visible=None)
SESSION_FIELDS["tourPackage"] = ToOne(lambda: _ITS_PACKAGE, lambda t, package: package.c.id == t.c.package_id)


def _check_days(first: date, last: date) -> None:
    if first > last:
        raise Invalid(field="where.sessions", allowed="from is not after to", allowed_zh="起始日期不晚于结束日期")


def _with_sessions(t: sa.FromClause, sessions: Args, build: Build) -> Condition:
    session = SESSIONS.alias()
    first, last, least = sessions.slot("from"), sessions.slot("to"), sessions.slot("vacancies")
    assert first is not None
    assert last is not None
    assert least is not None
    build.check((first, last), _check_days)
    build.plan_each_time()
    held = [
        session.c.package_id == t.c.id,
        session.c.local_date.between(build.bind(first, type_=sa.Date()), build.bind(last, type_=sa.Date())),
        to_come(session, build),
        *has_room(session, build, build.bind(least, type_=sa.Integer())),
    ]
    return exists(session, where=held)


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    conditions = [of_kind(t, ListingKind.TOUR_PACKAGE), *listing_where(t, build, args)]
    sessions = args.nested("where").nested("sessions")
    return [*conditions, _with_sessions(t, sessions, build)] if sessions.present else conditions


def tour_package_list(
    on: Callable[[sa.FromClause, sa.FromClause, Build], Condition] | None = None,
) -> Listed:
    """A list of tour packages: all, or those that belong to another row."""
    return Listed(
        lambda: TOUR_PACKAGE,
        LISTING_ORDERS | {"NEXT_SESSION": moment_order("t", "next_session_at"), "DISTANCE": DISTANCE},
        "POPULARITY",
        on=on,
        where=_where,
        facets=LISTING_FACETS,
        edge={"distanceMetres": DISTANCE_FIELD},
    )


VILLAGE_FIELDS["tourPackages"] = tour_package_list(lambda t, listing, _build: listing.c.region_code == t.c.region_code)
PRODUCER_FIELDS["tourPackages"] = tour_package_list(lambda t, listing, _build: listing.c.producer_id == t.c.id)
COOPERATIVE_FIELDS["tourPackages"] = tour_package_list(lambda t, listing, _build: listing.c.cooperative_id == t.c.id)
CATEGORY_FIELDS["tourPackages"] = replace(tour_package_list(), alternatives=in_category)

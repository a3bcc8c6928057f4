"""Where the types of managed listings come from, and the lists of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from market.catalogue.rules import ListingState
from market.catalogue.rules.states import (
    OPEN_REVISIONS,
    RevisionState,
    next_listing_states,
    next_revision_states,
)
from market.catalogue.tables import Listing as ListingTable
from market.catalogue.tables import ListingEvent as EventTable
from market.catalogue.tables import ListingRevision as RevisionTable
from market.catalogue.tables import ListingSuspension as SuspensionTable
from market.catalogue.tables import PriceChange as ChangeTable
from market.catalogue.tables import Product as ProductTable
from market.catalogue.tables import TourPackage as PackageTable
from market.kernel.permissions import Permission, reach
from market.organisations.acting import POWER_FOR, holds
from market.organisations.tables import Membership as MembershipTable
from market.organisations.tables import MembershipPower as PowerTable
from schema.catalogue.categories import CATEGORY
from schema.catalogue.listing import IMAGE
from schema.catalogue.options import OPTION
from schema.catalogue.products import PRODUCT, VARIANT
from schema.catalogue.tours import TOUR_PACKAGE
from schema.catalogue.where import listing_where
from schema.filters import moment_order, number_order, within_region
from schema.listings.types import READ
from schema.node import money
from schema.organisations import COOPERATIVE_FIELDS, ORGANISATION, PRODUCER_FIELDS
from schema.organisations.papers import waiting_hours
from schema.places import VILLAGE
from schema.projection import (
    Args,
    Build,
    Computed,
    Connection,
    Projection,
    ToMany,
    ToOne,
    among,
    column,
    exists,
    localized,
    looked_up,
    quoted,
    table_of,
)
from schema.projection.declare import Condition, Expression
from schema.projection.viewer import organisations, within
from schema.scope import acts_for

_SELLER = replace(ORGANISATION, visible=None)
"""Whoever sees a listing sees whose it is, in any state."""
LISTINGS, REVISIONS, SUSPENSIONS = table_of(ListingTable), table_of(RevisionTable), table_of(SuspensionTable)


def _visible(t: sa.FromClause, build: Build) -> list[Condition]:
    """The rows of `scope.acts_for`, said so that a list of a few among very many starts from whose they are: the producers
    that the viewer acts for, then their listings by an index."""
    opened = reach(build.viewer.actor, READ)
    if opened.is_all or not opened.organisation_ids:
        return [acts_for(build, READ, t.c.producer_id, region=t.c.region_code)]
    membership, given = table_of(MembershipTable).alias(), table_of(PowerTable).alias()
    members = sa.select(membership.c.producer_id).where(
        membership.c.cooperative_id.in_(organisations(build, READ)),
        *holds(membership, given, POWER_FOR[READ], build.today()),
    )
    mine = t.c.producer_id.in_(sa.union(organisations(build, READ), members.correlate(None)))
    return [sa.or_(mine, within(build, READ, t.c.region_code)) if opened.region_prefixes else mine]


def _visible_revision(t: sa.FromClause, build: Build) -> list[Condition]:
    """Like its listing."""
    listing = LISTINGS.alias()
    region = looked_up(listing.c.region_code, listing, where=[listing.c.id == t.c.listing_id])
    return [acts_for(build, READ, t.c.producer_id, region=region)]


def _states(kind: Callable[[str], Any], following: Callable[[Any], tuple[Any, ...]]) -> Computed:
    return Computed(lambda state: [each.value for each in following(kind(state))], lambda t, _build, _args: [t.c.state])


def _each(name: str, key: str) -> Computed:
    """One value of each object in a JSON list."""
    return Computed(
        lambda found: [each[key] for each in found or []],
        lambda t, build, _args: [build.engine.json_nested(t.c[name])],
    )


def _detail(key: str, empty: Any = None) -> Computed:
    """A value of a JSON object, when it is there."""
    return Computed(
        lambda found: found.get(key, empty), lambda t, build, _args: [build.engine.json_nested(t.c.details)]
    )


def _published(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
    """What only its kind has is there from the first approval on."""
    kinds = [table_of(ProductTable).alias(), table_of(PackageTable).alias()]
    was_approved = sa.or_(*[exists(each, where=[each.c.id == t.c.id]) for each in kinds])
    return [sa.case((was_approved, build.engine.json_moment(t.c.published_at)))]


SUSPENSION = Projection(
    "ListingSuspension",
    SUSPENSIONS,
    {
        "cause": column("cause"),
        "since": column("since"),
        "reasons": _each("reasons", "code"),
        "reasonNotes": _each("reasons", "note"),
    },
)
LISTING_REVISION: Projection = Projection(
    "ListingRevision",
    REVISIONS,
    topic="catalogue",
    visible=_visible_revision,
    fields={
        "id": column("id"),
        "number": column("number"),
        "state": column("state"),
        "nextStates": _states(RevisionState, next_revision_states),
        "createdAt": column("created_at"),
        "savedAt": column("saved_at"),
        "submittedAt": column("submitted_at"),
        "waitingHours": waiting_hours("SUBMITTED"),
        "decidedAt": column("decided_at"),
        "rule": column("rule"),
        "reasons": _each("reasons", "code"),
        "reasonNotes": _each("reasons", "note"),
        "listing": ToOne(lambda: MANAGED_LISTING, lambda t, listing: listing.c.id == t.c.listing_id),
    },
)
EVENT = Projection(
    "ListingEvent",
    table_of(EventTable),
    {
        "kind": column("kind"),
        "at": column("at"),
        "revision": ToOne(lambda: LISTING_REVISION, lambda t, revision: revision.c.id == t.c.revision_id),
        "cause": _detail("cause"),
        "rule": _detail("rule"),
        "reasons": _detail("reasons", []),
    },
    topic="catalogue",
)
PRICE_CHANGE = Projection(
    "PriceChange",
    table_of(ChangeTable),
    {
        "itemId": column("item_id"),
        "before": money("before_fen"),
        "after": money("after_fen"),
        "reason": column("reason"),
        "at": column("at"),
    },
    topic="catalogue",
)


def _of_it(target: Callable[[], Projection], tag: str, key: str, *, tie: str = "listing_id") -> Connection:
    """A listing's own list, the newest first."""
    order = number_order(tag, key, is_descending=True, tie=tie)
    return Connection(target, {"NEWEST": order}, "NEWEST", on=lambda t, row, _build: row.c.listing_id == t.c.id)


MANAGED_LISTING: Projection = Projection(
    "ManagedListing",
    LISTINGS,
    topic="catalogue",
    visible=_visible,
    is_wide=True,
    fields={
        "listingId": column("id"),
        "kind": column("kind"),
        "state": column("state"),
        "nextStates": _states(ListingState, next_listing_states),
        "version": column("version"),
        "externalCode": column("external_code"),
        "title": localized("title"),
        "price": money("price_fen"),
        "cover": ToOne(
            lambda: IMAGE,
            lambda t, image: image.c.listing_id == t.c.id,
            order=lambda image: [image.c.position],
        ),
        "category": ToOne(lambda: CATEGORY, lambda t, category: category.c.id == t.c.category_id),
        "producer": ToOne(lambda: _SELLER, lambda t, seller: seller.c.id == t.c.producer_id),
        "cooperative": ToOne(lambda: _SELLER, lambda t, seller: seller.c.id == t.c.cooperative_id),
        "village": ToOne(lambda: VILLAGE, lambda t, village: village.c.id == t.c.village_id),
        "createdAt": column("created_at"),
        "updatedAt": column("updated_at"),
        "publishedAt": Computed(lambda moment: moment, _published),
        "variants": ToMany(
            lambda: VARIANT,
            lambda t, variant: variant.c.listing_id == t.c.id,
            lambda variant: [variant.c.position],
            where=lambda variant, _build, _args: [variant.c.retired_at.is_(None)],
        ),
        "options": ToMany(
            lambda: OPTION,
            lambda t, option: option.c.package_id == t.c.id,
            lambda option: [option.c.position],
            where=lambda option, _build, _args: [option.c.retired_at.is_(None)],
        ),
        "product": ToOne(lambda: PRODUCT, lambda t, row: sa.and_(row.c.id == t.c.id, row.c.kind == quoted("PRODUCT"))),
        "tourPackage": ToOne(
            lambda: TOUR_PACKAGE, lambda t, row: sa.and_(row.c.id == t.c.id, row.c.kind == quoted("TOUR_PACKAGE"))
        ),
        "suspensions": ToMany(
            lambda: SUSPENSION, lambda t, row: row.c.listing_id == t.c.id, lambda row: [row.c.since, row.c.cause]
        ),
        "openRevision": ToOne(
            lambda: LISTING_REVISION,
            lambda t, row: sa.and_(row.c.listing_id == t.c.id, among(row.c.state, OPEN_REVISIONS)),
        ),
        "revisions": _of_it(lambda: LISTING_REVISION, "v", "number", tie="id"),
        "history": _of_it(lambda: EVENT, "e", "id"),
        "priceChanges": _of_it(lambda: PRICE_CHANGE, "p", "id"),
    },
)


def _managed_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions = [*_of_kind(t, where), *listing_where(t, build, args)]
    code = where.slot("externalCode")
    if "states" in where:
        conditions.append(among(t.c.state, where.get("states")))
    if "revisionStates" in where:
        revision = REVISIONS.alias()
        held = [
            revision.c.listing_id == t.c.id,
            among(revision.c.state, OPEN_REVISIONS),
            among(revision.c.state, where.get("revisionStates")),
        ]
        conditions.append(exists(revision, where=held))
    if "causes" in where:
        cause = SUSPENSIONS.alias()
        held = [cause.c.listing_id == t.c.id, among(cause.c.cause, where.get("causes"))]
        conditions.append(exists(cause, where=held))
    if code is not None:
        conditions.append(t.c.external_code == build.bind(code))
    return conditions


def _of_kind(t: sa.FromClause, where: Args) -> list[Condition]:
    return [t.c.kind == quoted(where.get("kind"))] if "kind" in where else []


_ORDERS = {"UPDATED": moment_order("u", "updated_at", is_descending=True)}
MANAGED_LISTINGS = Connection(lambda: MANAGED_LISTING, _ORDERS, "UPDATED", where=_managed_where)


def _sold_by(t: sa.FromClause, listing: sa.FromClause, _build: Build) -> Condition:
    """By an index of each: no organisation has so many that sorting them is felt."""
    return sa.or_(listing.c.producer_id == t.c.id, listing.c.cooperative_id == t.c.id)


_OF_ORGANISATION = Connection(lambda: MANAGED_LISTING, _ORDERS, "UPDATED", on=_sold_by, where=_managed_where)
PRODUCER_FIELDS["listings"] = _OF_ORGANISATION
COOPERATIVE_FIELDS["listings"] = _OF_ORGANISATION


def _to_review(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where, listing = args.nested("where"), LISTINGS.alias()
    conditions: list[Condition] = []
    region, before = where.slot("region"), where.slot("submittedBefore")
    if region is not None:
        conditions.append(within_region(t.c.region_code, region, build))
    if before is not None:
        conditions.append(t.c.submitted_at < build.bind(before, type_=t.c.submitted_at.type))
    of_listing = [*_of_kind(listing, where), *listing_where(listing, build, args)]
    if of_listing:
        conditions.append(exists(listing, where=[listing.c.id == t.c.listing_id, *of_listing]))
    return conditions


def _waiting(t: sa.FromClause, build: Build) -> list[Condition]:
    """What the viewer may decide about: they review where the listing is and where it would be."""
    within = acts_for(build, Permission.LISTING_REVIEW, t.c.producer_id, region=t.c.region_code)
    return [t.c.state == quoted("SUBMITTED"), within, *_visible_revision(t, build)]


_WAITING = replace(LISTING_REVISION, visible=_waiting)
TO_REVIEW = Connection(lambda: _WAITING, {"OLDEST": moment_order("q", "submitted_at")}, "OLDEST", where=_to_review)

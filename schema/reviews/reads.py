"""Where reviews come from. What everybody sees is one projection, what writers, sellers and staff see another."""

from dataclasses import replace

import sqlalchemy as sa

from market.kernel.ids import require_id
from market.kernel.permissions import Permission, scope_of
from market.orders.tables import OrderLine
from market.people.tables import Account
from market.reviews.tables import Review as ReviewTable
from market.reviews.tables import ReviewPhoto as PhotoTable
from schema.filters import moment_order, within_region
from schema.node import media_url
from schema.projection import (
    Args,
    Build,
    ById,
    Column,
    Projection,
    ToMany,
    among,
    column,
    exists,
    looked_up,
    number,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression, Field
from schema.projection.viewer import own
from schema.scope import acts_for

REVIEWS, PHOTOS, LINES, ACCOUNTS = (table_of(each) for each in (ReviewTable, PhotoTable, OrderLine, Account))


def _author(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
    account = ACCOUNTS.alias()
    first = sa.func.substr(account.c.name, number(1), number(1), type_=sa.Text)
    return looked_up(first.concat(quoted("**")), account, where=[account.c.id == t.c.account_id])


def _bought(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
    line = LINES.alias()
    return looked_up(line.c.title, line, where=[line.c.id == t.c.line_id])


def _shown(t: sa.FromClause, _build: Build) -> list[Condition]:
    return [t.c.state == quoted("SHOWN")]


def _in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    """What everybody sees, and hidden ones for their writer, their seller's people and staff."""
    build.personal()
    ways = [t.c.state == quoted("SHOWN"), t.c.account_id == own(build)]
    if scope_of(build.viewer.actor, Permission.ORDER_READ) is not None:
        ways.append(acts_for(build, Permission.ORDER_READ, t.c.producer_id, region=t.c.region_code))
    return [sa.or_(*ways)]


REVIEW_PHOTO = Projection(
    "ReviewPhoto", PHOTOS, fields={"url": media_url("key"), "width": column("width"), "height": column("height")}
)

REVIEW = Projection(
    "Review",
    REVIEWS,
    topic="reviews",
    visible=_shown,
    fields={
        "id": column("id"),
        "listingId": column("listing_id"),
        "bought": Column(_bought),
        "rating": column("rating"),
        "text": column("text"),
        "author": Column(_author),
        "photos": ToMany(
            lambda: REVIEW_PHOTO, lambda t, photo: photo.c.review_id == t.c.id, lambda photo: [photo.c.position]
        ),
        "writtenAt": column("written_at"),
        "editedAt": column("edited_at"),
        "reply": column("reply"),
        "repliedAt": column("replied_at"),
        "state": column("state"),
        "hiddenFor": column("hidden_for"),
        "hiddenNote": column("hidden_note"),
    },
)
"""What everybody sees."""
MANAGED_REVIEW = replace(REVIEW, visible=_in_reach)
"""The same type for whoever may see hidden ones, too."""


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = []
    rating = where.slot("rating")
    if rating is not None:
        conditions.append(t.c.rating == build.bind(rating, type_=sa.Integer()))
    if where.get("hasPhotos") is not None:
        photo = PHOTOS.alias()
        shown = exists(photo, where=[photo.c.review_id == t.c.id])
        conditions.append(shown if where.get("hasPhotos") else sa.not_(shown))
    return conditions


def _managed_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions = _where(t, build, args)
    if "states" in where:
        conditions.append(among(t.c.state, where.get("states") or []))
    producer, region = where.slot("producer"), where.slot("region")
    if producer is not None:
        conditions.append(t.c.producer_id == build.bind(producer))
    if region is not None:
        conditions.append(within_region(t.c.region_code, region, build))
    for name, holds in (("isMine", t.c.account_id == own(build)), ("isAnswered", t.c.reply.is_not(None))):
        if where.get(name) is not None:
            conditions.append(holds if where.get(name) else sa.not_(holds))
    return conditions


NEWEST = {"NEWEST": moment_order("n", "written_at", is_descending=True)}
OF_LISTING = Listed(
    lambda: REVIEW, NEWEST, "NEWEST", on=lambda t, review, _build: review.c.listing_id == t.c.id, where=_where
)
REVIEW_QUERIES: dict[str, Field] = {
    "review": ById(lambda: MANAGED_REVIEW, check=lambda text: require_id(text, "rvw")),
    "reviews": Listed(lambda: MANAGED_REVIEW, NEWEST, "NEWEST", where=_managed_where),
}

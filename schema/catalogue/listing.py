"""What produce and tour packages share: the `Listing` interface, its filters, orders and facets."""

from typing import Any

import sqlalchemy as sa
import strawberry

from market.catalogue.tables import Image as ImageTable
from market.catalogue.tables import Listing as ListingTable
from market.catalogue.tables import ListingCertificate as LinkTable
from market.organisations.tables import Certificate as CertificateTable
from schema.catalogue.categories import CATEGORY, Category
from schema.enums import ListingKind
from schema.filters import (
    moment_order,
    number_order,
)
from schema.node import (
    LOCATION,
    RATING,
    SIZE,
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
from schema.pagination import Connection, field, listed, localized_field, single
from schema.permissions import PUBLIC, ruled
from schema.places import AT_COUNTY, VILLAGE, Region, Village
from schema.projection import (
    Build,
    Facet,
    Order,
    Projection,
    ToMany,
    ToOne,
    column,
    exists,
    localized,
    quoted,
    table_of,
)
from schema.projection.declare import Condition
from schema.reviews.reads import OF_LISTING
from schema.reviews.types import Review, ReviewWhere


@strawberry.type(description="A picture.")
@ruled(PUBLIC)
class Image:
    url: str = single("Its address.", str, size=SIZE)
    alt: str = localized_field("What it shows.")
    width: int = field("Pixels of the LARGE size; the others have the same proportions.")
    height: int = field("Pixels of the LARGE size.")


@strawberry.interface(description="What is offered: produce or a tour package.")
@ruled(PUBLIC)
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
    reviews: Connection[Review] = listed(
        "What buyers wrote of it, newest first: verified, and not hidden.", Connection[Review], where=ReviewWhere
    )


# -- where it comes from -----------------------------------------------------------------------------------------------

LISTINGS = table_of(ListingTable)


def live(t: sa.FromClause, _build: Build) -> list[Condition]:
    """Only what is on sale. A literal, so that the indexes over what is on sale serve it."""
    return [t.c.state == quoted("LIVE")]


def of_kind(t: sa.FromClause, kind: ListingKind) -> Condition:
    """Only listings of one kind."""
    return t.c.kind == quoted(kind)


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
    "reviews": OF_LISTING,
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

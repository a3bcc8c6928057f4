"""What a seeding left behind, in numbers, and what to look at first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from market.catalogue.rules import ListingKind
from market.catalogue.tables import Image, Listing, Variant
from market.organisations.rules import OrganisationKind
from market.organisations.tables import Certificate, Organisation
from market.places.tables import Region, Village
from market.sessions.tables import TourSession

Progress = Callable[[str, int, int], None]
"""Told what is being made, how many are done, and how many there are to be; now and then from another thread."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What there is now."""

    is_new: bool
    """False when everything was there already."""
    seconds: float
    counts: dict[str, int]
    examples: dict[str, str]
    """What to try first: ids by noun, and what a visitor may do."""


def counts(session: Session) -> dict[str, int]:
    """Step: how many there are of each noun, whoever made them."""
    is_cooperative = col(Organisation.kind) == OrganisationKind.COOPERATIVE
    is_product = col(Listing.kind) == ListingKind.PRODUCT

    def count(table: Any, *where: sa.ColumnElement[bool]) -> int:
        return session.exec(select(func.count()).select_from(table).where(*where)).one()

    return {
        "regions": count(Region),
        "villages": count(Village),
        "cooperatives": count(Organisation, is_cooperative),
        "producers": count(Organisation, ~is_cooperative),
        "certificates": count(Certificate),
        "products": count(Listing, is_product),
        "variants": count(Variant),
        "packages": count(Listing, ~is_product),
        "sessions": count(TourSession),
        "images": count(Image),
    }


def examples(session: Session) -> dict[str, str]:
    """Step: the package that can be joined soonest, the most popular product of a cooperative, and their sellers."""
    package = session.exec(
        select(Listing)
        .where(Listing.kind == ListingKind.TOUR_PACKAGE)
        .order_by(col(Listing.next_session_at), col(Listing.popularity).desc(), col(Listing.id))
    ).first()
    product = session.exec(
        select(Listing)
        .where(Listing.kind == ListingKind.PRODUCT, col(Listing.cooperative_id).is_not(None))
        .order_by(col(Listing.popularity).desc(), col(Listing.id))
    ).first()
    found = {"visitor": "not signed in: reads the whole catalogue"}
    if product is not None and product.cooperative_id is not None:
        found |= {"cooperative": product.cooperative_id, "producer": product.producer_id, "product": product.id}
    if package is not None:
        found["package"] = package.id
    return found

"""Named reads of the catalogue."""

from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.rules import ListingState
from market.catalogue.tables import Category, Listing, ListingCertificate, TourPackage, Variant
from market.organisations.rules import DocumentState, LicenceKind, OrganisationKind, licences_needed
from market.organisations.tables import Certificate, Licence, Organisation

Filter = sa.ColumnElement[bool]


def is_live(session: Session, listing_id: str) -> bool:
    """Whether a listing is on sale."""
    state = session.exec(select(Listing.state).where(Listing.id == listing_id)).first()
    return state == ListingState.LIVE


def category_depths(session: Session) -> dict[str, int]:
    """How deep each category lies: 1 for a root."""
    return {row.id: row.depth for row in session.exec(select(Category))}


def needs_conformity(session: Session, variant_id: str) -> bool:
    """Whether lots of a variant need a 承诺达标合格证: when its category, or one above it, says so. False for an
    unknown variant."""
    levels = (Listing.category_1, Listing.category_2, Listing.category_3)
    found = (
        select(Category.id)
        .join(Listing, sa.or_(*[col(Category.id) == level for level in levels]))
        .join(Variant, col(Variant.listing_id) == col(Listing.id))
        .where(Variant.id == variant_id, col(Category.needs_conformity_certificate))
    )
    return session.exec(found).first() is not None


def ended_certificate(today: date) -> Filter:
    """Whether a certificate that covers the listing (a row of `listing`) has ended before this day."""
    covered = select(ListingCertificate.listing_id).join(
        Certificate, col(Certificate.id) == col(ListingCertificate.certificate_id)
    )
    return col(Listing.id).in_(covered.where(col(Certificate.valid_to) < today))


def ended_licence(today: date) -> tuple[Filter, ...]:
    """The ways in which a licence that the listing (a row of `listing`) is sold under has ended: its producer or its
    cooperative once had one that it needs and has none that holds on this day; or neither has a travel agency's any
    more, of a package that only an agency may run. Whoever never had one was let in otherwise, and stays.

    Each by itself, so that whoever looks for all such listings finds them by an index.
    """
    of_kind = sa.or_(
        *[
            sa.and_(col(Organisation.kind) == kind, col(Licence.kind).in_(sorted(licences_needed(kind))))
            for kind in OrganisationKind
        ]
    )
    mine = sa.and_(col(Licence.organisation_id) == col(Organisation.id), of_kind)
    ended = select(Organisation.id).where(_licence(mine), sa.not_(_licence(mine, today)))
    agency_run = select(TourPackage.id).where(col(TourPackage.needs_travel_agency))
    return (
        col(Listing.producer_id).in_(ended),
        col(Listing.cooperative_id).in_(ended),
        sa.and_(col(Listing.id).in_(agency_run), _licence(_AGENCY), sa.not_(_licence(_AGENCY, today))),
    )


def has_agency_licence(session: Session, seller_ids: list[str], today: date) -> bool:
    """Whether one of these sellers has an accepted travel agency licence that holds on this day."""
    mine = sa.and_(col(Licence.kind) == LicenceKind.TRAVEL_AGENCY, col(Licence.organisation_id).in_(seller_ids))
    return bool(session.execute(sa.select(_licence(mine, today))).scalar_one())


_AGENCY = sa.and_(
    col(Licence.kind) == LicenceKind.TRAVEL_AGENCY,
    col(Licence.organisation_id).in_([col(Listing.producer_id), col(Listing.cooperative_id)]),
)


def _licence(mine: Filter, today: date | None = None) -> Filter:
    """Whether there is such an accepted licence, on a day or ever."""
    holds = (
        ()
        if today is None
        else (
            sa.or_(col(Licence.valid_from).is_(None), col(Licence.valid_from) <= today),
            sa.or_(col(Licence.valid_to).is_(None), col(Licence.valid_to) >= today),
        )
    )
    return sa.exists().where(mine, col(Licence.state) == DocumentState.ACCEPTED, *holds)

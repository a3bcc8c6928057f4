"""How the figures of `measures.py` are reckoned: each from its room's rows, of one region's subtree."""

from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.catalogue.rules import ListingState
from market.catalogue.tables import Listing, ListingCertificate, Variant
from market.kernel.clock import day_bounds
from market.ledger.sales.check import paid_of
from market.ledger.sales.tables import DAY, ENTRIES, PLACE_DAY, UNFOLDED
from market.orders.rules import LineKind
from market.orders.tables import SellerOrder
from market.organisations.rules import CertificateKind, OrganisationKind, OrganisationState
from market.organisations.tables import Certificate, Membership, Organisation
from market.reports.scope import within
from market.stock.rules import ConformityState
from market.stock.tables import StockLot

Act = Callable[[Session, str, date, date], int]
E_COMMERCE_VILLAGE_FEN = 1_000_000_000
"""A village with more than ¥10 million of online retail in a year (电商专业村), of this platform's sales alone."""

_ENTITY, _LISTING, _BOOKING, _LOT, _VARIANT, _PART, _CERTIFICATE, _COVERED, _MEMBERSHIP = (
    sa.inspect(model).local_table
    for model in (
        Organisation,
        Listing,
        Booking,
        StockLot,
        Variant,
        SellerOrder,
        Certificate,
        ListingCertificate,
        Membership,
    )
)


# -- of sales ----------------------------------------------------------------------------------------------------------


def _sold(table: sa.Table, prefix: str, start: date, end: date, *columns: str) -> sa.Subquery:
    """Rows of a sum by day in a region, with those that it does not have yet."""

    def part(rows: sa.Table, *where: sa.ColumnElement[bool]) -> sa.Select[Any]:
        c = rows.c
        net = (paid_of(rows) - c.refunded_fen).label("net")
        when = c.business_day.between(start, end)
        return sa.select(*[c[name] for name in columns], net, c.seats, c.government_fen).where(
            when, within(c.region_code, prefix), *where
        )

    waiting = ENTRIES.c.id.in_(sa.select(UNFOLDED.c.entry_id))
    return sa.union_all(part(table), part(ENTRIES, waiting)).subquery("sold")


def net(*, kind: str | None = None, channel: str | None = None) -> Act:
    """Paid less refunded, of one kind or channel or of all."""

    def act(session: Session, prefix: str, start: date, end: date) -> int:
        rows = _sold(PLACE_DAY, prefix, start, end, "kind", "channel")
        where = [rows.c.kind == kind] if kind is not None else []
        where += [rows.c.channel == channel] if channel is not None else []
        return _one(session, sa.select(sa.func.coalesce(sa.func.sum(rows.c.net), 0)).where(*where))

    return act


def voucher_subsidy(session: Session, prefix: str, start: date, end: date) -> int:
    """What public money paid for."""
    rows = _sold(PLACE_DAY, prefix, start, end)
    return _one(session, sa.select(sa.func.coalesce(sa.func.sum(rows.c.government_fen), 0)))


def gi_net(session: Session, prefix: str, start: date, end: date) -> int:
    """Net of produce under a geographical indication valid on the day of the sale."""
    rows = _sold(DAY, prefix, start, end, "listing_id", "kind", "business_day")
    gi = (CertificateKind.GEOGRAPHICAL_INDICATION, CertificateKind.GI_TRADEMARK)
    covered = sa.exists().where(
        _COVERED.c.listing_id == rows.c.listing_id,
        _COVERED.c.certificate_id == _CERTIFICATE.c.id,
        _CERTIFICATE.c.kind.in_(gi),
        sa.or_(_CERTIFICATE.c.valid_to.is_(None), _CERTIFICATE.c.valid_to >= rows.c.business_day),
    )
    net = sa.func.coalesce(sa.func.sum(rows.c.net), 0)
    return _one(session, sa.select(net).where(rows.c.kind == LineKind.PRODUCT, covered))


def sellers(*kinds: OrganisationKind) -> Act:
    """Producers of which something was sold, of some kinds or of all, each once."""

    def act(session: Session, prefix: str, start: date, end: date) -> int:
        rows = _sold(DAY, prefix, start, end, "producer_id")
        where = [_ENTITY.c.kind.in_(kinds)] if kinds else []
        found = sa.select(sa.func.count(sa.distinct(rows.c.producer_id)))
        return _one(session, found.join_from(rows, _ENTITY, _ENTITY.c.id == rows.c.producer_id).where(*where))

    return act


def e_commerce_villages(session: Session, prefix: str, _start: date, end: date) -> int:
    """Villages with more than ¥10 million net in the year that ends with the period."""
    year = end.replace(day=28) if (end.month, end.day) == (2, 29) else end
    rows = _sold(PLACE_DAY, prefix, year.replace(year=year.year - 1), end, "village_id")
    large = (
        sa.select(rows.c.village_id)
        .group_by(rows.c.village_id)
        .having(sa.func.sum(rows.c.net) > E_COMMERCE_VILLAGE_FEN)
    )
    return _one(session, sa.select(sa.func.count()).select_from(large.subquery()))


# -- of other things ---------------------------------------------------------------------------------------------------


def guests(session: Session, prefix: str, start: date, end: date) -> int:
    """People of bookings that were redeemed."""
    return _one(
        session,
        sa.select(sa.func.coalesce(sa.func.sum(_BOOKING.c.seats), 0)).where(
            _BOOKING.c.state == BookingState.REDEEMED,
            _BOOKING.c.local_date.between(start, end),
            within(_BOOKING.c.region_code, prefix),
        ),
    )


def villages_selling(session: Session, prefix: str, _start: date, _end: date) -> int:
    """As of now: what was on sale earlier is not kept."""
    found = sa.select(sa.func.count(sa.distinct(_LISTING.c.village_id)))
    return _one(session, found.where(_LISTING.c.state == ListingState.LIVE, within(_LISTING.c.region_code, prefix)))


def new_shops(session: Session, prefix: str, start: date, end: date) -> int:
    """Organisations registered in the period, and active now."""
    return _one(
        session,
        sa.select(sa.func.count()).where(
            _ENTITY.c.created_at >= day_bounds(start)[0],
            _ENTITY.c.created_at < day_bounds(end)[1],
            _ENTITY.c.state == OrganisationState.ACTIVE,
            within(_ENTITY.c.region_code, prefix),
        ),
    )


def members(session: Session, prefix: str, _start: date, end: date) -> int:
    """Producers that are members of a cooperative at the end of the period."""
    return _one(
        session,
        sa.select(sa.func.count(sa.distinct(_MEMBERSHIP.c.producer_id)))
        .join_from(_MEMBERSHIP, _ENTITY, _ENTITY.c.id == _MEMBERSHIP.c.producer_id)
        .where(
            _MEMBERSHIP.c.joined_on <= end,
            sa.or_(_MEMBERSHIP.c.left_on.is_(None), _MEMBERSHIP.c.left_on > end),
            within(_ENTITY.c.region_code, prefix),
        ),
    )


def producers(session: Session, prefix: str, _start: date, end: date) -> int:
    """Producers there are at the end of the period."""
    return _one(
        session,
        sa.select(sa.func.count()).where(
            _ENTITY.c.kind != OrganisationKind.COOPERATIVE,
            _ENTITY.c.state == OrganisationState.ACTIVE,
            _ENTITY.c.created_at < day_bounds(end)[1],
            within(_ENTITY.c.region_code, prefix),
        ),
    )


def lots(*, holding: bool) -> Act:
    """Lots received in the period that need a conformity certificate, or that have it."""
    states = (ConformityState.ISSUED,) if holding else (ConformityState.ISSUED, ConformityState.MISSING)

    def act(session: Session, prefix: str, start: date, end: date) -> int:
        return _one(
            session,
            sa.select(sa.func.count())
            .join_from(_LOT, _VARIANT, _VARIANT.c.id == _LOT.c.variant_id)
            .join(_LISTING, _LISTING.c.id == _VARIANT.c.listing_id)
            .where(
                _LOT.c.conformity.in_(states),
                _LOT.c.received_at >= day_bounds(start)[0],
                _LOT.c.received_at < day_bounds(end)[1],
                within(_LISTING.c.region_code, prefix),
            ),
        )

    return act


def sent(*, in_time: bool) -> Act:
    """Sellers' parts handed over in the period that had a promise, or that kept it."""

    def act(session: Session, prefix: str, start: date, end: date) -> int:
        timely = [_PART.c.fulfilled_at <= _PART.c.ship_by] if in_time else []
        return _one(
            session,
            sa.select(sa.func.count()).where(
                _PART.c.fulfilled_at >= day_bounds(start)[0],
                _PART.c.fulfilled_at < day_bounds(end)[1],
                _PART.c.ship_by.is_not(None),
                within(_PART.c.region_code, prefix),
                *timely,
            ),
        )

    return act


def _one(session: Session, statement: sa.Select[Any]) -> int:
    return int(session.execute(statement).scalar_one())

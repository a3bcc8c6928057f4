"""How the figures of `measures.py` are reckoned: each from its room's rows, of each region of a subtree."""

from collections.abc import Callable
from dataclasses import dataclass
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
from market.ledger.sales.tables import FRESH, ROLL_UPS, RollUp
from market.orders.rules import LineKind
from market.orders.tables import SellerOrder
from market.organisations.rules import CertificateKind, OrganisationKind, OrganisationState
from market.organisations.tables import Certificate, Membership, Organisation
from market.reports.sales.rules import Span, cover
from market.reports.scope import within
from market.stock.rules import ConformityState
from market.stock.tables import StockLot

E_COMMERCE_VILLAGE_FEN = 1_000_000_000
"""A village with more than ¥10 million of online retail in a year (电商专业村), of this platform's sales alone."""


@dataclass(frozen=True, slots=True)
class Areas:
    """A region's subtree, by the beginning of its codes, divided into regions of so many digits: all at once."""

    prefix: str
    digits: int

    def of(self, region_code: Any) -> sa.ColumnElement[str]:
        """Which of them a row is in."""
        return sa.func.substr(region_code, 1, self.digits, type_=sa.String).label("area")

    def has(self, region_code: Any) -> sa.ColumnElement[bool]:
        """Whether a row is in any of them."""
        return within(region_code, self.prefix)


Act = Callable[[Session, Areas, date, date], dict[str, int]]
"""The figure of each area that has one, by its digits, in one statement."""

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


_PLACES, _CHANNELS, _, _SELLERS, _LISTINGS = ROLL_UPS

# -- of sales ----------------------------------------------------------------------------------------------------------


def _sold(
    roll_up: RollUp,
    areas: Areas,
    start: date,
    end: date,
    *columns: str,
    by_day: bool = False,
    of: sa.Select[Any] | None = None,
) -> sa.Subquery:
    """Rows of a roll-up (`of` some listings), with those that it does not have yet: by area and the columns asked for, to be added up (days
    may be taken off again). `moved` is above zero where anything was sold or given back."""

    def part(rows: sa.FromClause, *when: sa.ColumnElement[bool], sign: int = 1) -> sa.Select[Any]:
        c = rows.c
        figures = {
            "net": paid_of(rows) - c.refunded_fen,
            "government_fen": c.government_fen,
            "moved": c.units + c.refunds,
        }
        return (
            sa.select(
                areas.of(c.region_code),
                *[c[name] for name in columns],
                *[(sign * figure).label(name) for name, figure in figures.items()],
            )
            .select_from(rows)
            .where(*when, areas.has(c.region_code), *([] if of is None else [c.listing_id.in_(of)]))
        )

    months, days = roll_up.month, roll_up.day
    said = cover(Span(start, end), by_day=by_day)
    parts = [part(months, months.c.month.between(each.start, each.end)) for each in said.months]
    for spans, sign in ((said.days, 1), (said.less, -1)):
        parts += [part(days, days.c.business_day.between(each.start, each.end), sign=sign) for each in spans]
    parts.append(part(FRESH, FRESH.c.business_day.between(start, end)))
    return sa.union_all(*parts).subquery("sold")


def net(*, kind: str | None = None, channel: str | None = None) -> Act:
    """Paid less refunded, of one kind or channel or of all."""

    def act(session: Session, areas: Areas, start: date, end: date) -> dict[str, int]:
        columns = ["kind"] if channel is None else ["kind", "channel"]
        rows = _sold(_PLACES if channel is None else _CHANNELS, areas, start, end, *columns)
        where = [rows.c.kind == kind] if kind is not None else []
        where += [rows.c.channel == channel] if channel is not None else []
        return _by_area(session, sa.select(rows.c.area, sa.func.sum(rows.c.net)).where(*where).group_by(rows.c.area))

    return act


def voucher_subsidy(session: Session, areas: Areas, start: date, end: date) -> dict[str, int]:
    """What public money paid for."""
    rows = _sold(_PLACES, areas, start, end)
    return _by_area(session, sa.select(rows.c.area, sa.func.sum(rows.c.government_fen)).group_by(rows.c.area))


def gi_net(session: Session, areas: Areas, start: date, end: date) -> dict[str, int]:
    """Net of produce under a geographical indication valid on the day of the sale."""
    gi = (CertificateKind.GEOGRAPHICAL_INDICATION, CertificateKind.GI_TRADEMARK)
    covered = sa.select(_COVERED.c.listing_id).where(
        _COVERED.c.certificate_id == _CERTIFICATE.c.id, _CERTIFICATE.c.kind.in_(gi)
    )
    rows = _sold(_LISTINGS, areas, start, end, "listing_id", "kind", "business_day", by_day=True, of=covered)
    is_valid = sa.exists(
        covered.where(
            _COVERED.c.listing_id == rows.c.listing_id,
            sa.or_(_CERTIFICATE.c.valid_to.is_(None), _CERTIFICATE.c.valid_to >= rows.c.business_day),
        )
    )
    return _by_area(
        session,
        sa.select(rows.c.area, sa.func.sum(rows.c.net))
        .where(rows.c.kind == LineKind.PRODUCT, is_valid)
        .group_by(rows.c.area),
    )


def sellers(*kinds: OrganisationKind) -> Act:
    """Producers of which something was sold, of some kinds or of all, each once."""

    def act(session: Session, areas: Areas, start: date, end: date) -> dict[str, int]:
        rows = _sold(_SELLERS, areas, start, end, "producer_id")
        active = (
            sa.select(rows.c.area, rows.c.producer_id)
            .group_by(rows.c.area, rows.c.producer_id)
            .having(sa.func.sum(rows.c.moved) > 0)
            .subquery("active")
        )
        where = [_ENTITY.c.kind.in_(kinds)] if kinds else []
        return _by_area(
            session,
            sa.select(active.c.area, sa.func.count())
            .join_from(active, _ENTITY, _ENTITY.c.id == active.c.producer_id)
            .where(*where)
            .group_by(active.c.area),
        )

    return act


def e_commerce_villages(session: Session, areas: Areas, _start: date, end: date) -> dict[str, int]:
    """Villages with more than ¥10 million net in the year that ends with the period."""
    year = end.replace(day=28) if (end.month, end.day) == (2, 29) else end
    rows = _sold(_PLACES, areas, year.replace(year=year.year - 1), end, "village_id")
    large = (
        sa.select(rows.c.area, rows.c.village_id)
        .group_by(rows.c.area, rows.c.village_id)
        .having(sa.func.sum(rows.c.net) > E_COMMERCE_VILLAGE_FEN)
        .subquery("large")
    )
    return _by_area(session, sa.select(large.c.area, sa.func.count()).group_by(large.c.area))


# -- of other things ---------------------------------------------------------------------------------------------------


def guests(session: Session, areas: Areas, start: date, end: date) -> dict[str, int]:
    """People of bookings that were redeemed."""
    return _of(
        session,
        areas,
        _BOOKING.c.region_code,
        sa.select(sa.func.sum(_BOOKING.c.seats)).where(
            _BOOKING.c.state == BookingState.REDEEMED, _BOOKING.c.local_date.between(start, end)
        ),
    )


def villages_selling(session: Session, areas: Areas, _start: date, _end: date) -> dict[str, int]:
    """As of now: what was on sale earlier is not kept."""
    found = sa.select(sa.func.count(sa.distinct(_LISTING.c.village_id))).where(_LISTING.c.state == ListingState.LIVE)
    return _of(session, areas, _LISTING.c.region_code, found)


def new_shops(session: Session, areas: Areas, start: date, end: date) -> dict[str, int]:
    """Organisations registered in the period, and active now."""
    return _of(
        session,
        areas,
        _ENTITY.c.region_code,
        sa.select(sa.func.count()).where(
            _ENTITY.c.created_at >= day_bounds(start)[0],
            _ENTITY.c.created_at < day_bounds(end)[1],
            _ENTITY.c.state == OrganisationState.ACTIVE,
        ),
    )


def members(session: Session, areas: Areas, _start: date, end: date) -> dict[str, int]:
    """Producers that are members of a cooperative at the end of the period."""
    return _of(
        session,
        areas,
        _ENTITY.c.region_code,
        sa.select(sa.func.count(sa.distinct(_MEMBERSHIP.c.producer_id)))
        .join_from(_MEMBERSHIP, _ENTITY, _ENTITY.c.id == _MEMBERSHIP.c.producer_id)
        .where(
            _MEMBERSHIP.c.joined_on <= end,
            sa.or_(_MEMBERSHIP.c.left_on.is_(None), _MEMBERSHIP.c.left_on > end),
        ),
    )


def producers(session: Session, areas: Areas, _start: date, end: date) -> dict[str, int]:
    """Producers there are at the end of the period."""
    return _of(
        session,
        areas,
        _ENTITY.c.region_code,
        sa.select(sa.func.count()).where(
            _ENTITY.c.kind != OrganisationKind.COOPERATIVE,
            _ENTITY.c.state == OrganisationState.ACTIVE,
            _ENTITY.c.created_at < day_bounds(end)[1],
        ),
    )


def lots(*, holding: bool) -> Act:
    """Lots received in the period that need a conformity certificate, or that have it."""
    states = (ConformityState.ISSUED,) if holding else (ConformityState.ISSUED, ConformityState.MISSING)

    def act(session: Session, areas: Areas, start: date, end: date) -> dict[str, int]:
        return _of(
            session,
            areas,
            _LISTING.c.region_code,
            sa.select(sa.func.count())
            .join_from(_LOT, _VARIANT, _VARIANT.c.id == _LOT.c.variant_id)
            .join(_LISTING, _LISTING.c.id == _VARIANT.c.listing_id)
            .where(
                _LOT.c.conformity.in_(states),
                _LOT.c.received_at >= day_bounds(start)[0],
                _LOT.c.received_at < day_bounds(end)[1],
            ),
        )

    return act


def sent(*, in_time: bool) -> Act:
    """Sellers' parts handed over in the period that had a promise, or that kept it."""

    def act(session: Session, areas: Areas, start: date, end: date) -> dict[str, int]:
        timely = [_PART.c.fulfilled_at <= _PART.c.ship_by] if in_time else []
        return _of(
            session,
            areas,
            _PART.c.region_code,
            sa.select(sa.func.count()).where(
                _PART.c.fulfilled_at >= day_bounds(start)[0],
                _PART.c.fulfilled_at < day_bounds(end)[1],
                _PART.c.ship_by.is_not(None),
                *timely,
            ),
        )

    return act


def _of(session: Session, areas: Areas, region_code: Any, figure: sa.Select[Any]) -> dict[str, int]:
    """A figure over rows, of each area."""
    area = areas.of(region_code)
    return _by_area(session, figure.add_columns(area).where(areas.has(region_code)).group_by(area), area=1)


def _by_area(session: Session, statement: sa.Select[Any], *, area: int = 0) -> dict[str, int]:
    return {row[area]: int(row[1 - area]) for row in session.execute(statement)}

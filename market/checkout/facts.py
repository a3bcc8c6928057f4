"""What is true of things now, as far as buying them goes: read in a constant number of statements, however many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.bookings.rules import UnitFacts
from market.catalogue.rules import GiftPer, ListingKind, ListingState, PricingPer, Storage, UnitKind
from market.catalogue.tables import CancellationTier, Listing, PackageGift, PackageOption, Product, TourPackage, Variant
from market.catalogue.tables import UnitType as UnitTypeTable
from market.kernel.database.prebuilt import Prebuilt
from market.orders.rules import ReturnBasis
from market.organisations.rules import OrganisationState
from market.organisations.tables import Organisation
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession
from market.sessions.vacancies import vacancies
from market.stock.tables import StockHold, StockLevel


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


_LISTING, _VARIANT, _PRODUCT = _table(Listing), _table(Variant), _table(Product)
_SESSION, _OPTION, _PACKAGE = _table(TourSession), _table(PackageOption), _table(TourPackage)
_UNIT, _TIER, _GIFT = _table(UnitTypeTable), _table(CancellationTier), _table(PackageGift)
_LEVEL, _HOLD, _SELLER = _table(StockLevel), _table(StockHold), _table(Organisation)

PERISHES_WITHIN_DAYS = 15


@dataclass(frozen=True, slots=True)
class Offer:
    """What both kinds have: whose it is, where, and whether it is on sale."""

    listing_id: str
    kind: ListingKind
    title: str
    title_en: str | None
    producer_id: str
    cooperative_id: str | None
    village_id: str
    region_code: str
    category_path: tuple[str, ...]
    is_on_sale: bool

    @property
    def category_id(self) -> str:
        """The category itself, the last of its path."""
        return self.category_path[-1]


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """A variant as it is sold now."""

    id: str
    offer: Offer
    sku: str
    name: str
    name_en: str | None
    unit: str
    price_fen: int
    weight_grams: int
    """Of one piece, packed contents only."""
    storage: Storage
    return_basis: ReturnBasis
    free: int


@dataclass(frozen=True, slots=True)
class Gift:
    """Produce that comes with a booking."""

    variant_id: str
    quantity: int
    per: GiftPer
    note: str


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session as it is sold now."""

    id: str
    offer: Offer
    option_id: str
    option_name: str
    option_name_en: str | None
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    book_by: datetime
    """The notice that the package asks for: no booking is begun later."""
    local_date: date
    state: SessionState
    vacancies: int
    pricing: PricingPer
    meeting_point: str
    units: tuple[UnitFacts, ...]
    tiers: tuple[tuple[int, int], ...]
    gifts: tuple[Gift, ...]


_OFFER = (
    _LISTING.c.id.label("listing_id"),
    _LISTING.c.kind,
    _LISTING.c.title,
    _LISTING.c.title_en,
    _LISTING.c.producer_id,
    _LISTING.c.cooperative_id,
    _LISTING.c.village_id,
    _LISTING.c.region_code,
    _LISTING.c.category_1,
    _LISTING.c.category_2,
    _LISTING.c.category_3,
    sa.and_(_LISTING.c.state == ListingState.LIVE, _SELLER.c.state == OrganisationState.ACTIVE).label("is_live"),
)
_now: sa.BindParameter[datetime] = sa.bindparam("now")
_ids: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_ENDED = (
    sa.select(sa.func.coalesce(sa.func.sum(_HOLD.c.quantity), 0))
    .where(_HOLD.c.variant_id == _VARIANT.c.id, _HOLD.c.expires_at <= _now)
    .correlate(_VARIANT)
    .scalar_subquery()
)
_VARIANTS = Prebuilt(
    sa.select(
        *_OFFER,
        _VARIANT.c.id,
        _VARIANT.c.sku,
        _VARIANT.c.name,
        _VARIANT.c.name_en,
        _VARIANT.c.unit,
        _VARIANT.c.price_fen,
        _VARIANT.c.net_weight_grams.label("weight_grams"),
        _VARIANT.c.retired_at,
        _LISTING.c.storage,
        _PRODUCT.c.shelf_life_days,
        # Pieces whose hold has ended are free, though their row may still be there.
        (sa.func.coalesce(_LEVEL.c.on_hand - _LEVEL.c.reserved, 0) + _ENDED).label("free"),
    )
    .join(_LISTING, _LISTING.c.id == _VARIANT.c.listing_id)
    .join(_PRODUCT, _PRODUCT.c.id == _LISTING.c.id)
    .join(_SELLER, _SELLER.c.id == _LISTING.c.producer_id)
    .outerjoin(_LEVEL, _LEVEL.c.variant_id == _VARIANT.c.id)
    .where(_VARIANT.c.id.in_(_ids))
)
_SESSIONS = Prebuilt(
    sa.select(
        *_OFFER,
        _SESSION.c.id,
        _SESSION.c.option_id,
        _SESSION.c.starts_at,
        _SESSION.c.ends_at,
        _SESSION.c.cutoff_at,
        _SESSION.c.local_date,
        _SESSION.c.state.label("session_state"),
        vacancies(_SESSION, _now).label("vacancies"),
        _OPTION.c.name.label("option_name"),
        _OPTION.c.name_en.label("option_name_en"),
        _OPTION.c.retired_at,
        _PACKAGE.c.notice_minutes,
        _PACKAGE.c.pricing_per,
        _PACKAGE.c.meeting_point,
    )
    .join(_OPTION, _OPTION.c.id == _SESSION.c.option_id)
    .join(_PACKAGE, _PACKAGE.c.id == _SESSION.c.package_id)
    .join(_LISTING, _LISTING.c.id == _PACKAGE.c.id)
    .join(_SELLER, _SELLER.c.id == _LISTING.c.producer_id)
    .where(_SESSION.c.id.in_(_ids))
)
_UNITS = Prebuilt(
    sa.select(_UNIT).where(_UNIT.c.option_id.in_(_ids), _UNIT.c.retired_at.is_(None)).order_by(_UNIT.c.position)
)
_TIERS = Prebuilt(sa.select(_TIER).where(_TIER.c.package_id.in_(_ids)).order_by(_TIER.c.hours_before.desc()))
_GIFTS = Prebuilt(sa.select(_GIFT).where(_GIFT.c.package_id.in_(_ids)).order_by(_GIFT.c.position))


def variants_now(session: Session, ids: Collection[str], now: datetime) -> dict[str, VariantFacts]:
    """Step: the variants with these ids that there are, on sale or not. One statement."""
    if not ids:
        return {}
    return {row.id: _variant(row) for row in _VARIANTS.all(session, {"ids": sorted(ids), "now": now})}


def sessions_now(session: Session, ids: Collection[str], now: datetime) -> dict[str, SessionFacts]:
    """Step: the sessions with these ids that there are, bookable or not. Four statements."""
    if not ids:
        return {}
    rows = _SESSIONS.all(session, {"ids": sorted(ids), "now": now})
    options = sorted({row.option_id for row in rows})
    packages = sorted({row.listing_id for row in rows})
    units = _grouped(session, _UNITS, options, "option_id")
    tiers = _grouped(session, _TIERS, packages, "package_id")
    gifts = _grouped(session, _GIFTS, packages, "package_id")
    return {row.id: _session(row, units, tiers, gifts) for row in rows}


Row = Any


def _grouped(session: Session, statement: Prebuilt, ids: Sequence[str], key: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    if ids:
        for row in statement.all(session, {"ids": ids}):
            found.setdefault(getattr(row, key), []).append(row)
    return found


def _offer(row: Row) -> Offer:
    path = (row.category_1, row.category_2, row.category_3)
    return Offer(
        listing_id=row.listing_id,
        kind=ListingKind(row.kind),
        title=row.title,
        title_en=row.title_en,
        producer_id=row.producer_id,
        cooperative_id=row.cooperative_id,
        village_id=row.village_id,
        region_code=row.region_code,
        category_path=tuple(each for each in path if each is not None),
        is_on_sale=bool(row.is_live) and row.retired_at is None,
    )


def _variant(row: Row) -> VariantFacts:
    storage = Storage(row.storage or Storage.AMBIENT)
    return VariantFacts(
        id=row.id,
        offer=_offer(row),
        sku=row.sku,
        name=row.name,
        name_en=row.name_en,
        unit=row.unit,
        price_fen=row.price_fen,
        weight_grams=row.weight_grams,
        storage=storage,
        return_basis=return_basis_of(storage, row.shelf_life_days),
        free=max(0, int(row.free)),
    )


def return_basis_of(storage: Storage, shelf_life_days: int | None) -> ReturnBasis:
    """Whether produce may be sent back without a reason: what is fresh and spoils may not (鲜活易腐).

    >>> return_basis_of(Storage.AMBIENT, 540)
    <ReturnBasis.SEVEN_DAYS: 'SEVEN_DAYS'>
    """
    is_fresh = shelf_life_days is not None and shelf_life_days <= PERISHES_WITHIN_DAYS
    is_cold = storage is not Storage.AMBIENT
    return ReturnBasis.PERISHABLE if is_fresh or is_cold else ReturnBasis.SEVEN_DAYS


def _session(
    row: Row, units: dict[str, list[Row]], tiers: dict[str, list[Row]], gifts: dict[str, list[Row]]
) -> SessionFacts:
    package_id = row.listing_id
    return SessionFacts(
        id=row.id,
        offer=_offer(row),
        option_id=row.option_id,
        option_name=row.option_name,
        option_name_en=row.option_name_en,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        cutoff_at=row.cutoff_at,
        book_by=row.starts_at - timedelta(minutes=row.notice_minutes),
        local_date=row.local_date,
        state=SessionState(row.session_state),
        vacancies=int(row.vacancies),
        pricing=PricingPer(row.pricing_per),
        meeting_point=row.meeting_point,
        units=tuple(
            UnitFacts(
                unit.id,
                UnitKind(unit.kind),
                unit.name,
                unit.pax_count,
                unit.price_fen,
                unit.max_quantity,
            )
            for unit in units.get(row.option_id, ())
        ),
        tiers=tuple((tier.hours_before, tier.refund_percent) for tier in tiers.get(package_id, ())),
        gifts=tuple(
            Gift(gift.variant_id, gift.quantity, GiftPer(gift.per), gift.note) for gift in gifts.get(package_id, ())
        ),
    )

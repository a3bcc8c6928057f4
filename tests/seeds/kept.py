"""What is true of any seeded marketplace: kept columns equal what they come from, and every listing can be found."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from market.catalogue.rules import ListingKind, ListingState, StockState, WindowKind, season_of, stock_state_of
from market.catalogue.rules.seasons import Season, Window
from market.catalogue.search import asked, rank_of
from market.catalogue.tables import (
    FAR_FUTURE,
    Category,
    Listing,
    PackageOption,
    SeasonWindow,
    UnitType,
    Variant,
    listing_search,
)
from market.kernel.market import Market
from market.organisations.tables import Organisation
from market.places.tables import Village
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession
from market.stock.tables import StockLevel

_BEST_FIRST = (StockState.IN_STOCK, StockState.LOW, StockState.SOLD_OUT)


def assert_kept_columns_are_true(session: Session, now: datetime) -> None:
    """Recompute every kept column of every listing, and of every variant."""
    listings = session.exec(select(Listing)).all()
    assert listings
    prices, states, seasons, starts = _prices(session), _stock(session), _seasons(session), _starts(session, now)
    paths = _category_paths(session)
    villages = {each.id: each for each in session.exec(select(Village))}
    for each in listings:
        is_product = each.kind is ListingKind.PRODUCT
        code = villages[each.village_id].region_code
        assert each.state is ListingState.LIVE
        assert each.price_fen == prices[each.id], each.title
        assert each.stock_state == (states[each.id] if is_product else None), each.title
        assert _season(each) == (seasons.get(each.id) or season_of([])), each.title
        assert each.next_session_at == starts.get(each.id, FAR_FUTURE), each.title
        assert each.search_rank == rank_of(each.popularity, each.id)
        assert [each.category_1, each.category_2, each.category_3] == paths[each.category_id]
        assert (each.region_code, each.township_code, each.county_code) == (code, f"{code[:9]}000", f"{code[:6]}000000")
        assert (each.latitude, each.longitude) == (
            villages[each.village_id].latitude,
            villages[each.village_id].longitude,
        )
    homes = select(func.count()).select_from(Organisation).join(Village, col(Village.id) == Organisation.village_id)
    strays = homes.where(col(Village.region_code) != col(Organisation.region_code))
    assert session.exec(strays).one() == 0


def _prices(session: Session) -> dict[str, int]:
    products = select(Variant.listing_id, func.min(Variant.price_fen)).group_by(col(Variant.listing_id))
    packages = (
        select(PackageOption.package_id, func.min(UnitType.price_fen))
        .join(UnitType, col(UnitType.option_id) == PackageOption.id)
        .where(UnitType.price_fen > 0)
        .group_by(col(PackageOption.package_id))
    )
    return dict(session.exec(products).all()) | dict(session.exec(packages).all())


def _stock(session: Session) -> dict[str, StockState]:
    """The best state of each product's variants, after checking each variant's own."""
    states: dict[str, set[StockState]] = {}
    for variant, level in session.exec(
        select(Variant, StockLevel).join(StockLevel, col(StockLevel.variant_id) == Variant.id)
    ):
        assert variant.stock_state is stock_state_of(level.on_hand - level.reserved), variant.sku
        states.setdefault(variant.listing_id, set()).add(variant.stock_state)
    assert (
        session.exec(select(func.count()).select_from(Variant)).one()
        == session.exec(select(func.count()).select_from(StockLevel)).one()
    )
    return {product: next(state for state in _BEST_FIRST if state in found) for product, found in states.items()}


def _seasons(session: Session) -> dict[str, Season]:
    windows: dict[str, list[Window]] = {}
    for row in session.exec(select(SeasonWindow).where(SeasonWindow.kind == WindowKind.SALE)):
        windows.setdefault(row.listing_id, []).append(Window(row.start_day, row.end_day))
    return {product: season_of(found) for product, found in windows.items()}


def _season(listing: Listing) -> Season:
    return Season(listing.season_start_1, listing.season_end_1, listing.season_start_2, listing.season_end_2)


def _starts(session: Session, now: datetime) -> dict[str, datetime]:
    query = (
        select(TourSession.package_id, func.min(TourSession.starts_at))
        .where(
            TourSession.state == SessionState.OPEN,
            col(TourSession.taken) < col(TourSession.capacity),
            TourSession.starts_at > now,
        )
        .group_by(col(TourSession.package_id))
    )
    return dict(session.exec(query).all())


def _category_paths(session: Session) -> dict[str, list[str | None]]:
    parents = {each.id: each.parent_id for each in session.exec(select(Category))}

    def path(category_id: str | None) -> list[str | None]:
        return [] if category_id is None else [*path(parents[category_id]), category_id]

    return {each: ([*path(each), None, None])[:3] for each in parents}


def assert_every_listing_can_be_found(session: Session) -> None:
    """One search row each, and none besides."""
    found = sa.select(listing_search.c.rowid)
    assert sorted(session.execute(found).scalars()) == sorted(session.exec(select(Listing.search_rank)))


def titles_found(market: Market, query: str) -> set[str]:
    """The titles that have these words."""
    engine = market.database.engine
    words: sa.ColumnElement[Any] = sa.literal(asked(query, engine, tier=0))
    with market.read() as session:
        found = (
            sa.select(col(Listing.title))
            .join_from(listing_search, Listing, col(Listing.search_rank) == listing_search.c.rowid)
            .where(engine.matches(listing_search, 0, words))
        )
        return set(session.execute(found).scalars())

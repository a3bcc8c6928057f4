"""The demo with everything in it that a tidy demo lacks: hidden listings, ties, sessions closed and past, people who
left, certificates that ran out. So that a filter which does nothing cannot pass."""

from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.catalogue.keep import keep_next_session, keep_stock_state
from market.catalogue.rules import ListingKind, ListingState, stock_state_of
from market.catalogue.search import rank_of
from market.catalogue.tables import Image, Listing, PackageGift, Variant, listing_search
from market.kernel.clock import business_day
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.organisations.rules import (
    CertificateKind,
    DocumentState,
    OrganisationKind,
    OrganisationState,
    prefix_of_kind,
)
from market.organisations.tables import Certificate, Membership, Organisation
from market.places.tables import Village
from market.sessions.holds.statements import KEEP
from market.sessions.manage import next_session_at
from market.sessions.rules import DrawPer, PoolKind, PoolPeriod, SessionState
from market.sessions.tables import PoolSlot, SeatHold, SeatHoldSlot, SeatPool, SessionSlot, TourSession
from market.stock.tables import StockLevel
from tests.schema.reviewed import add_reviews

Row = TypeVar("Row", bound=SQLModel)
_PARENTS_FIRST = {"region": "code", "category": "depth"}


def copy_rows(source: Market, target: Market) -> None:
    """All rows of one marketplace into an empty one of the same engine."""
    tables = [*SQLModel.metadata.sorted_tables, listing_search]
    with source.read() as old, target.transaction() as new:
        for table in tables:
            query = sa.select(table)
            if table.name in _PARENTS_FIRST:
                query = query.order_by(table.c[_PARENTS_FIRST[table.name]])
            rows = [dict(each) for each in old.execute(query).mappings()]
            if rows:
                new.execute(sa.insert(table), rows)


def vary(market: Market) -> None:
    """Change a copied demo; the same each time but for what depends on ids."""
    random = Random(2026)
    with market.transaction() as session:
        _vary_organisations(session, random, market.now())
        _hide_organisations(session, market.now().replace(microsecond=0))
        _vary_listings(session, random, market.now())
        _vary_stock(session, random)
        _vary_sessions(session, random)
        _vary_pools(session, random, market.now())
        add_reviews(session, random, market.now())
        packages = session.exec(select(Listing.id).where(Listing.kind == ListingKind.TOUR_PACKAGE)).all()
        for package_id in packages:
            keep_next_session(session, package_id, next_session_at(session, package_id, market.now()))


def _vary_organisations(session: Session, random: Random, now: datetime) -> None:
    today = business_day(now)
    for organisation in _all(session, Organisation):
        organisation.created_at = now - timedelta(days=random.randint(1, 9))
        if random.random() < 0.1:
            organisation.story_en = None
    for membership in _all(session, Membership):
        match random.randint(0, 9):
            case 0:
                membership.left_on = max(today, membership.joined_on)
            case 1:
                membership.left_on = max(today + timedelta(days=1), membership.joined_on)
            case 2:
                membership.joined_on = today + timedelta(days=3)
    for certificate in _all(session, Certificate):
        match random.randint(0, 7):
            case 0:
                certificate.valid_to = today - timedelta(days=1)
            case 1:
                certificate.valid_from, certificate.valid_to = today, today
            case 2:
                certificate.valid_from, certificate.valid_to = today + timedelta(days=1), None
            case 3:
                certificate.valid_from, certificate.valid_to = None, None
    for village in _all(session, Village):
        if random.random() < 0.2:
            village.picture, village.name_en, village.story_en = None, None, None


def _hide_organisations(session: Session, now: datetime) -> None:
    """Some that nobody sees, with members and certificates; and certificates that nobody has accepted."""
    one = _all(session, Organisation)[0]
    home = one.model_dump(include={"village_id", "region_code", "latitude", "longitude"})
    cooperative = session.exec(select(Membership.cooperative_id).order_by(col(Membership.id))).first() or ""
    hidden = [state for state in OrganisationState if state is not OrganisationState.ACTIVE]
    for state in hidden:
        for kind in (OrganisationKind.HOUSEHOLD, OrganisationKind.COOPERATIVE):
            organisation_id = new_id(prefix_of_kind(kind))
            name = f"{state}{kind}"
            session.add(Organisation(id=organisation_id, kind=kind, state=state, name=name, created_at=now, **home))
            session.flush()
            sides = (
                (organisation_id, one.id) if kind is OrganisationKind.COOPERATIVE else (cooperative, organisation_id)
            )
            membership = Membership(
                id=new_id("mbr"), cooperative_id=sides[0], producer_id=sides[1], joined_on=business_day(now)
            )
            session.add(membership)
            session.add(
                Certificate(id=new_id("crt"), organisation_id=organisation_id, kind=CertificateKind.ORGANIC, name=name)
            )
    for number, certificate in enumerate(_all(session, Certificate)[::5]):
        certificate.state = (DocumentState.PENDING, DocumentState.RETURNED)[number % 2]


def _vary_listings(session: Session, random: Random, now: datetime) -> None:
    in_gifts = set(session.exec(select(Variant.listing_id).join(PackageGift)))
    for listing in _all(session, Listing):
        old_rank = listing.search_rank
        listing.popularity = random.choice([0, 7, 7, 7, 1000, random.randint(1, 5000)])
        listing.search_rank = rank_of(listing.popularity, listing.id)
        listing.published_at = now - timedelta(days=random.randint(1, 20))
        listing.rating_count = random.choice([0, 3, 250])
        listing.rating_hundredths = random.randint(100, 500) if listing.rating_count else None
        if random.random() < (0.4 if listing.id in in_gifts else 0.15):
            listing.state = random.choice([ListingState.DRAFT, ListingState.SUSPENDED, ListingState.WITHDRAWN])
        row = listing_search.c.rowid == old_rank
        if listing.state is ListingState.LIVE:
            session.execute(sa.update(listing_search).where(row).values(rowid=listing.search_rank))
        else:  # what is hidden is not in the search table
            session.execute(sa.delete(listing_search).where(row))
    for image in _all(session, Image)[::9]:
        image.alt_en = None
    session.flush()


def _vary_stock(session: Session, random: Random) -> None:
    for level in _all(session, StockLevel):
        level.on_hand = random.choice([0, 5, 6, 40])
        level.reserved = min(level.on_hand, random.choice([0, 0, 1, 3, 40]))
        session.flush()
        keep_stock_state(session, level.variant_id, stock_state_of(level.on_hand - level.reserved))


def _vary_sessions(session: Session, random: Random) -> None:
    every = _all(session, TourSession)
    quiet = set(random.sample(sorted({each.package_id for each in every}), 3))
    for each in every:
        if each.package_id in quiet:
            each.state = SessionState.CLOSED
        elif random.random() < 0.2:
            each.state = random.choice([SessionState.CLOSED, SessionState.CANCELLED])
        each.taken = random.choice([0, each.capacity, each.capacity // 2, each.capacity // 2 + 1, each.capacity - 1])
    session.flush()


def _vary_pools(session: Session, random: Random, now: datetime) -> None:
    """Some sessions share pools; in some, pooled or not, seats are held: still, or no longer."""
    producer_id = session.exec(select(Listing.producer_id)).first() or ""
    pool = SeatPool(
        id=new_id("pol"),
        organisation_id=producer_id,
        kind=PoolKind.BUS_SEAT,
        name="大巴",
        period=PoolPeriod.DAY,
        slot_minutes=1440,
        capacity=9,
        created_at=now,
    )
    session.add(pool)
    session.flush()
    slots = [PoolSlot(pool_id=pool.id, starts_at=now + timedelta(days=day), capacity=9, taken=0) for day in range(40)]
    session.add_all(slots)
    session.flush()
    chosen = random.sample(_all(session, TourSession), 400)
    for number, each in enumerate(chosen):
        drawn = random.sample(slots, random.choice([0, 1, 1, 2]))
        for slot in drawn:
            assert slot.id is not None
            per = random.choice(list(DrawPer))
            session.add(SessionSlot(session_id=each.id, slot_id=slot.id, units=random.randint(1, 3), per=per))
        seats = min(each.capacity - each.taken, random.randint(0, 3))
        if seats == 0 or any(slot.capacity - slot.taken < seats for slot in drawn):
            continue
        expires_at = now + timedelta(minutes=random.choice([-5, 0, 1, 20]))
        session.add(
            SeatHold(holder=f"order-{number}", session_id=each.id, seats=seats, expires_at=expires_at, created_at=now)
        )
        session.flush()
        each.taken += seats
        for slot in drawn:
            slot.taken += seats
            session.add(SeatHoldSlot(holder=f"order-{number}", session_id=each.id, slot_id=slot.id or 0, units=seats))
    session.flush()
    KEEP.run(session, {"ids": [each.id for each in chosen]})
    session.expire_all()


def _all(session: Session, table: type[Row]) -> list[Row]:
    """Every row, in an order that does not change."""
    keys = sa.inspect(table).primary_key
    return list(session.exec(select(table).order_by(*keys)))

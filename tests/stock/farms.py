"""A tiny marketplace with stock in it: producers of any kind, their people, variants of what they sell."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.rules import ListingKind, ListingState
from market.catalogue.search import rank_of
from market.catalogue.tables import Category, Listing, Product, Variant
from market.kernel.audit import AuditEntry
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.organisations.rules import OrganisationKind
from market.organisations.tables import Organisation
from market.people.tables import Account, RoleHeld
from market.places.rules import RegionLevel
from market.places.tables import Region, Village
from market.stock.check import stock_check
from market.stock.drafts import LotDraft
from market.stock.levels import Level, level_of
from market.stock.manage import receive_stock
from market.stock.tables import StockHold, StockLot, StockMovement

ADMIN = Actor(ActorKind.ADMIN, "account")
VISITOR = Actor(ActorKind.VISITOR)
SYSTEM = Actor(ActorKind.SYSTEM)
EARLY = datetime(2026, 1, 2, tzinfo=UTC)
_CITY, _VILLAGE = "330200000000", "330213005208"


def a_key(name: str) -> str:
    """An idempotency key, the same for the same name."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def a_producer(market: Market, kind: OrganisationKind = OrganisationKind.HOUSEHOLD) -> str:
    """A producer of this kind; its id."""
    with market.transaction() as session:
        village = _village(session)
        organisation_id = new_id("cop" if kind is OrganisationKind.COOPERATIVE else "pdr")
        session.add(
            Organisation(
                id=organisation_id,
                kind=kind,
                name="老王家",
                village_id=village.id,
                region_code=_VILLAGE,
                latitude=29.69,
                longitude=121.39,
                created_at=EARLY,
            )
        )
        return organisation_id


def _village(session: Session) -> Village:
    found = session.exec(select(Village)).first()
    if found is not None:
        return found
    session.add(Region(code=_CITY, id=new_id("rgn"), name="宁波市", level=RegionLevel.CITY))
    session.flush()
    session.add(Region(code=_VILLAGE, id=new_id("rgn"), name="滕头村", level=RegionLevel.VILLAGE, parent_code=_CITY))
    session.flush()
    village = Village(
        id=new_id("vil"),
        region_code=_VILLAGE,
        name="滕头村",
        latitude=29.69,
        longitude=121.39,
        is_place_checked=True,
    )
    session.add(village)
    session.flush()
    return village


def _category(session: Session, *, is_covered: bool) -> Category:
    slug = "fruit" if is_covered else "honey"
    found = session.exec(select(Category).where(Category.slug == slug)).first()
    if found is not None:
        return found
    category = Category(
        id=new_id("cat"),
        kind=ListingKind.PRODUCT,
        slug=slug,
        name=slug,
        depth=1,
        position=1,
        needs_conformity_certificate=is_covered,
    )
    session.add(category)
    session.flush()
    return category


def variants_of(
    market: Market,
    producer_id: str,
    count: int = 1,
    *,
    is_covered: bool = False,
    shelf_life_days: int | None = None,
    ids: Sequence[str] = (),
) -> list[str]:
    """A product on sale with so many variants, or those of these ids; their ids, in order."""
    with market.transaction() as session:
        village, category = _village(session), _category(session, is_covered=is_covered)
        listing_id = new_id("prd")
        session.add(
            Listing(
                id=listing_id,
                kind=ListingKind.PRODUCT,
                state=ListingState.LIVE,
                title="水蜜桃",
                producer_id=producer_id,
                category_id=category.id,
                category_1=category.id,
                village_id=village.id,
                region_code=_VILLAGE,
                township_code="330213005000",
                county_code="330213000000",
                latitude=29.69,
                longitude=121.39,
                price_fen=8800,
                search_rank=rank_of(0, listing_id),
                published_at=EARLY,
                created_at=EARLY,
                updated_at=EARLY,
            )
        )
        session.flush()
        session.add(Product(id=listing_id, shelf_life_days=shelf_life_days))
        session.flush()
        made = sorted(ids or [new_id("var") for _ in range(count)])
        for position, variant_id in enumerate(made, start=1):
            session.add(
                Variant(
                    id=variant_id,
                    listing_id=listing_id,
                    position=position,
                    sku=f"SKU-{variant_id}",
                    name="盒装",
                    net_weight_grams=1000,
                    pack_count=1,
                    unit="盒",
                    price_fen=8800,
                )
            )
        return made


def a_variant(market: Market, *, is_covered: bool = False, shelf_life_days: int | None = None) -> str:
    """A variant of some household's."""
    return variants_of(market, a_producer(market), is_covered=is_covered, shelf_life_days=shelf_life_days)[0]


def people_of(market: Market, organisation_id: str, *roles: Role) -> Actor:
    """Somebody with these roles in an organisation, editor when none is said."""
    held = frozenset(roles or {Role.EDITOR})
    with market.transaction() as session:
        account_id = new_id("acc")
        session.add(Account(id=account_id, name="小王", created_at=EARLY))
        session.flush()
        for role in held:
            session.add(
                RoleHeld(
                    id=new_id("rol"),
                    account_id=account_id,
                    role=role,
                    within=organisation_id,
                    organisation_id=organisation_id,
                )
            )
    return Actor(ActorKind.MEMBER, account_id, organisations={organisation_id: held})


def receive(market: Market, variant_id: str, quantity: int, *, key: str | None = None, actor: Actor = ADMIN) -> str:
    """Unlotted pieces came in; the lot's id."""
    return receive_stock(market, actor, LotDraft(variant_id, quantity), idempotency_key=a_key(key or new_id("mov")))


def level(market: Market, variant_id: str) -> Level:
    """The level as it is."""
    with market.read() as session:
        found = level_of(session, variant_id)
    assert found is not None
    return found


def told(market: Market, variant_id: str) -> str:
    """What buyers are told of a variant; its product, which has no other, says the same."""
    with market.read() as session:
        variant = session.exec(select(Variant).where(Variant.id == variant_id)).one()
        states = set(session.exec(select(Variant.stock_state).where(Variant.listing_id == variant.listing_id)))
        product = session.exec(select(Listing.stock_state).where(Listing.id == variant.listing_id)).one()
    assert len(states) > 1 or states == {product}
    return variant.stock_state


def lots(market: Market, variant_id: str) -> list[StockLot]:
    """A variant's lots, as they were made."""
    with market.read() as session:
        of_it = select(StockLot).where(StockLot.variant_id == variant_id).order_by(col(StockLot.id))
        return list(session.exec(of_it))


def movements(market: Market, variant_id: str) -> list[StockMovement]:
    """A variant's movements, as they were made."""
    with market.read() as session:
        return list(
            session.exec(
                select(StockMovement)
                .where(StockMovement.variant_id == variant_id)
                .order_by(col(StockMovement.version), col(StockMovement.lot_id))
            )
        )


def holds(market: Market, holder: str | None = None) -> dict[tuple[str, str], int]:
    """How many of which variant each holder, or this one, holds."""
    with market.read() as session:
        rows = session.exec(select(StockHold.holder, StockHold.variant_id, StockHold.quantity)).all()
    return {(who, variant): quantity for who, variant, quantity in rows if holder in {None, who}}


def audited(market: Market) -> list[tuple[str, str, str]]:
    """Who did what, on whose behalf."""
    with market.read() as session:
        entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))
        return [(entry.actor, entry.action, entry.principal) for entry in entries]


def assert_adds_up(market: Market) -> None:
    """Everything kept equals what it comes from."""
    with market.read() as session:
        assert list(stock_check(session)) == []


def everything(market: Market) -> dict[str, list[tuple[object, ...]]]:
    """All there is of stock, and of the audit trail: for showing that nothing changed."""
    names = ("stock_level", "stock_lot", "stock_movement", "stock_hold", "conformity_certificate", "audit_entry")
    with market.read() as session:
        return {name: [tuple(row) for row in session.execute(sa.text(f"SELECT * FROM {name}"))] for name in names}

"""The demo's stock: a lot of each variant, with a conformity certificate where its producer must issue one."""

from datetime import date, timedelta

from sqlmodel import Session, col, select

from market.catalogue.queries import needs_conformity
from market.catalogue.tables import Listing, Variant
from market.kernel.clock import business_day
from market.kernel.market import Market
from market.organisations.rules import OrganisationKind
from market.organisations.tables import Organisation
from market.stock.drafts import ConformityDraft, LotDraft
from market.stock.manage import adjust_stock, receive_stock
from market.stock.rules import MUST_CERTIFY, AdjustReason, ConformityBasis, IssuerKind
from market.stock.tables import StockLevel
from seeds.ground import SEEDER

_KEEPS_LONG_DAYS = 30
_BEFORE_GONE = 6
"""How many there were of what is sold out."""


def stock_versions(session: Session) -> dict[str, int]:
    """How often the stock of each variant that has any record was changed."""
    return dict(session.exec(select(StockLevel.variant_id, StockLevel.version)).all())


def stock_variant(
    market: Market, variant_id: str, sku: str, on_hand: int, *, today: date, shelf_life_days: int | None, version: int
) -> None:
    """Receive a lot of a variant that has this many on hand, or what is missing of that. Of one that is sold out a few
    were there, and were sold at the village market."""
    today = min(today, business_day(market.now()))
    keeps = shelf_life_days is None or shelf_life_days >= _KEEPS_LONG_DAYS
    harvested_on = today - timedelta(days=20 if keeps else 1)
    if version == 0:
        with market.read() as session:
            certificate = certificate_for(session, variant_id, harvested_on)
        draft = LotDraft(variant_id, on_hand or _BEFORE_GONE, harvested_on, code=sku, certificate=certificate)
        receive_stock(market, SEEDER, draft, idempotency_key=f"seed-stock-received-{sku}")
        version = 1
    if version == 1 and on_hand == 0:
        adjust_stock(
            market,
            SEEDER,
            variant_id=variant_id,
            by=-_BEFORE_GONE,
            reason=AdjustReason.OTHER,
            note="村口集市售出",
            idempotency_key=f"seed-stock-gone-{sku}",
        )


def certificate_for(session: Session, variant_id: str, harvested_on: date) -> ConformityDraft | None:
    """Step: what a producer that must certify issued for its lot. It has no number: none is made up."""
    of_producer = (
        select(Organisation.kind)
        .join(Listing, col(Listing.producer_id) == col(Organisation.id))
        .join(Variant, col(Variant.listing_id) == col(Listing.id))
    )
    kind = session.exec(of_producer.where(Variant.id == variant_id)).one()
    if kind not in MUST_CERTIFY or not needs_conformity(session, variant_id):
        return None
    issuer = IssuerKind.COOPERATIVE if kind is OrganisationKind.COOPERATIVE else IssuerKind.ENTERPRISE
    return ConformityDraft(harvested_on, issuer, ConformityBasis.QUALITY_CONTROL)

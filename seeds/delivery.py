"""How the demo's produce gets to buyers: the platform's price list, and a pick-up point at each producer's gate."""

from sqlmodel import Session, col, select

from market.fulfilment.drafts import PointDraft, RateDraft
from market.fulfilment.manage import add_delivery_rate, add_pickup_point
from market.fulfilment.tables import DeliveryRate, PickupPoint
from market.kernel.market import Market
from market.orders.rules import DeliveryMethod
from market.organisations.rules import OrganisationKind
from market.organisations.tables import Organisation
from market.places.tables import Village
from seeds.ground import SEEDER

_ZHEJIANG, _NINGBO = "330000000000", "330200000000"
_COMMON = (
    RateDraft(None, DeliveryMethod.EXPRESS, 8_00, 48, _ZHEJIANG, next_fen=2_00, free_from_fen=199_00),
    RateDraft(None, DeliveryMethod.EXPRESS, 12_00, 96, next_fen=5_00),
    RateDraft(None, DeliveryMethod.COLD_CHAIN, 22_00, 48, _ZHEJIANG, next_fen=4_00, free_from_fen=399_00),
    RateDraft(None, DeliveryMethod.COLD_CHAIN, 38_00, 72, next_fen=10_00),
    RateDraft(None, DeliveryMethod.DROP, 6_00, 24, _NINGBO, next_fen=1_00, max_grams=10_000),
)
"""Invented, and like what couriers ask for."""


def seed_delivery(market: Market) -> None:
    """Add what is missing: the common rates, and a pick-up point for each producer."""
    with market.read() as session:
        rates = _common_rates(session)
        gates = _without_point(session)
    for number, rate in enumerate(_COMMON):
        if (rate.method, rate.zone) not in rates:
            add_delivery_rate(market, SEEDER, rate, key=f"seed-delivery-rate-{number}")
    for producer_id, name, name_en, village in gates:
        point = PointDraft(
            producer_id,
            name=f"{name}自提点",
            name_en=None if name_en is None else f"{name_en}, at the gate",
            place=f"{village}，{name}门口",
            opening="每天 8:00–18:00",
        )
        add_pickup_point(market, SEEDER, point, key=f"seed-point-{producer_id}")


def _common_rates(session: Session) -> set[tuple[DeliveryMethod, str | None]]:
    query = select(DeliveryRate.method, DeliveryRate.zone).where(col(DeliveryRate.producer_id).is_(None))
    return {(DeliveryMethod(method), zone) for method, zone in session.exec(query)}


def _without_point(session: Session) -> list[tuple[str, str, str | None, str]]:
    """Producers that have no pick-up point yet, with where they are."""
    query = (
        select(Organisation.id, Organisation.name, Organisation.name_en, Village.name)
        .join(Village, col(Village.id) == Organisation.village_id)
        .where(
            Organisation.kind != OrganisationKind.COOPERATIVE,
            col(Organisation.id).not_in(select(PickupPoint.producer_id)),
        )
        .order_by(col(Organisation.id))
    )
    return list(session.exec(query))

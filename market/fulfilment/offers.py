"""How sellers deliver: reads for quoting and placing."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.fulfilment.rates import DeliveryOffer, Parcel, Rate, offers_for
from market.fulfilment.tables import DeliveryRate
from market.kernel.database.prebuilt import Prebuilt
from market.orders.rules import DeliveryMethod

_TABLE = SQLModel.metadata.tables[str(DeliveryRate.__tablename__)]
_RATES = Prebuilt(
    sa.select(_TABLE)
    .where(
        _TABLE.c.retired_at.is_(None),
        sa.or_(
            _TABLE.c.producer_id.in_(sa.bindparam("producers", expanding=True)),
            _TABLE.c.producer_id.is_(None),
        ),
    )
    .order_by(_TABLE.c.id)
)


def rates_of(session: Session, producer_ids: Collection[str]) -> dict[str, list[Rate]]:
    """Step: the price list of each of these sellers; the platform's for those without one, beside their pick-up points.
    One statement."""
    rows = _RATES.all(session, {"producers": sorted(producer_ids)})
    common = [_rate(row) for row in rows if row.producer_id is None]
    own: dict[str, list[Rate]] = {}
    for row in rows:
        if row.producer_id is not None:
            own.setdefault(row.producer_id, []).append(_rate(row))
    return {producer_id: _with_common(own.get(producer_id, []), common) for producer_id in producer_ids}


def _with_common(own: list[Rate], common: list[Rate]) -> list[Rate]:
    delivers = any(rate.method is not DeliveryMethod.PICKUP for rate in own)
    return own if delivers else [*own, *common]


def offers_of(
    session: Session, parcels: Mapping[str, Parcel], producers: Mapping[str, str], region_code: str | None
) -> dict[str, list[DeliveryOffer]]:
    """Step: the ways in which each parcel can be had, cheapest first; none when it is not delivered there. Parcels are
    by the caller's key, `producers` says whose each is."""
    rates = rates_of(session, set(producers.values()))
    return {key: offers_for(rates[producers[key]], parcel, region_code) for key, parcel in parcels.items()}


def _rate(row: Any) -> Rate:
    return Rate(
        id=row.id,
        method=row.method,
        zone=row.zone,
        first_grams=row.first_grams,
        first_fen=row.first_fen,
        next_grams=row.next_grams,
        next_fen=row.next_fen,
        promise_hours=row.promise_hours,
        max_grams=row.max_grams,
        free_from_fen=row.free_from_fen,
        pickup_point_id=row.pickup_point_id,
    )

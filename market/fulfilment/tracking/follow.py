"""The worker asks the tracking service: to follow new parcels, and about those that are quiet. Written down here, asked
there, written down what came of it; no transaction is open meanwhile."""

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from market.fulfilment.errors import TrackingUnavailable
from market.fulfilment.rules import Carrier, ShipmentState, TrackingState
from market.fulfilment.tables import Shipment
from market.fulfilment.tracking.port import Parcel, Tracker
from market.fulfilment.tracking.record import QUIET, record_track, salt_of
from market.kernel.market import Market
from market.orders.tables import CustomerOrder

LEASE = timedelta(minutes=10)
"""So long a parcel is one worker's to ask about."""
_WAIT = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""After each time in vain; the last again and again."""

_SHIPMENTS = SQLModel.metadata.tables[str(Shipment.__tablename__)]


async def follow_parcels(tracker: Tracker, market: Market, *, limit: int = 50) -> int:
    """The worker's: ask about what is due; says how many. What cannot be asked now comes up again, later each time."""
    due = await market.run(_claim, market, limit)
    for is_new, parcel in due:
        try:
            if is_new:
                is_followed = await tracker.follow(parcel)
                await market.run(_followed, market, parcel, is_followed)
            else:
                track = await tracker.ask(parcel)
                await market.run(record_track, market, parcel.shipment_id, track)
        except TrackingUnavailable:
            await market.run(_later, market, parcel)
    return len(due)


def _claim(market: Market, limit: int) -> list[tuple[bool, Parcel]]:
    """What is due, on lease: another worker leaves it alone meanwhile."""
    now = market.now()
    with market.transaction() as session:
        rows = session.exec(
            select(Shipment, CustomerOrder.phone_tail)
            .join(CustomerOrder, col(CustomerOrder.id) == col(Shipment.order_id))
            .where(col(Shipment.ask_at) <= now, Shipment.state == ShipmentState.SENT)
            .order_by(col(Shipment.ask_at), col(Shipment.id))
            .limit(limit)
            .with_for_update(skip_locked=True, of=Shipment)
        ).all()
        found = [
            (shipment.tracking == TrackingState.WANTED, _parcel(market, shipment, phone_tail))
            for shipment, phone_tail in rows
        ]
        ids = [parcel.shipment_id for _is_new, parcel in found]
        session.execute(sa.update(_SHIPMENTS).where(_SHIPMENTS.c.id.in_(ids)).values(ask_at=now + LEASE))
        return found


def _parcel(market: Market, shipment: Shipment, phone_tail: str | None) -> Parcel:
    assert shipment.carrier is not None, "only parcels with carriers are asked about"
    assert shipment.tracking_number is not None, "a carrier goes with a number"
    salt = salt_of(market.sealer, shipment.id)
    return Parcel(shipment.id, Carrier(shipment.carrier), shipment.tracking_number, phone_tail, salt)


def _followed(market: Market, parcel: Parcel, is_followed: bool) -> None:
    """A number that was put right meanwhile is left as it is: it is asked about anew."""
    row = _SHIPMENTS.c
    values = (
        {"tracking": TrackingState.FOLLOWED, "ask_at": market.now() + QUIET, "asked": 0}
        if is_followed
        else {"tracking": TrackingState.FAILED, "ask_at": None}
    )
    with market.transaction() as session:
        session.execute(
            sa.update(_SHIPMENTS)
            .where(
                row.id == parcel.shipment_id,
                row.tracking == TrackingState.WANTED,
                row.tracking_number == parcel.number,
                row.carrier == parcel.carrier,
            )
            .values(values)
        )


def _later(market: Market, parcel: Parcel) -> None:
    row = _SHIPMENTS.c
    with market.transaction() as session:
        asked = session.execute(
            sa.update(_SHIPMENTS)
            .where(row.id == parcel.shipment_id, row.tracking_number == parcel.number, row.ask_at.is_not(None))
            .values(asked=row.asked + 1)
            .returning(row.asked)
        ).scalar_one_or_none()
        if asked is not None:
            wait = _WAIT[min(asked, len(_WAIT)) - 1]
            session.execute(
                sa.update(_SHIPMENTS).where(row.id == parcel.shipment_id).values(ask_at=market.now() + wait)
            )

"""What is written down of what a carrier says: each thing once, whatever the order, and never backwards."""

import re
from datetime import timedelta
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, select

from market.fulfilment.deliver import move_shipment
from market.fulfilment.parts import SYSTEM
from market.fulfilment.rules import ShipmentState, TrackingState, TrackingStatus
from market.fulfilment.tables import Shipment, TrackingEvent
from market.fulfilment.tracking.port import Happening, Track
from market.kernel.market import Market
from market.kernel.sealing import Sealer

QUIET = timedelta(hours=12)
"""So long after the last news a parcel is asked about: callbacks get lost."""
TEXT_MAX = 500

_SHIPMENTS = SQLModel.metadata.tables[str(Shipment.__tablename__)]
_EVENTS = SQLModel.metadata.tables[str(TrackingEvent.__tablename__)]
_ADD = insert(_EVENTS).on_conflict_do_nothing(index_elements=[_EVENTS.c.shipment_id, _EVENTS.c.digest])
_PHONE = re.compile(r"(?<!\d)(\d{3})[\d-]{4,6}(\d{4})(?!\d)")
_ENDS = {TrackingStatus.DELIVERED: ShipmentState.DELIVERED, TrackingStatus.RETURNED: ShipmentState.RETURNED}


def salt_of(sealer: Sealer, shipment_id: str) -> str:
    """What callbacks about a shipment are signed with: nobody can make one who does not know the secret."""
    return sealer.digest(shipment_id, purpose="tracking.salt")[:32]


def record_track(market: Market, shipment_id: str, track: Track) -> str:
    """Write down what is known of a parcel; what came of it, for the log.

    What was said before is kept once. The newest thing said is the parcel's status, in whatever order things are heard;
    DELIVERED and RETURNED end the shipment, the first of them that is heard, and nothing later moves it.
    UNKNOWN for a shipment that is not there, STALE for news of a number that was put right since.
    Guards: the shipment's row is locked; the digest of each happening is unique.
    """
    now = market.now()
    with market.transaction() as session:
        shipment = session.exec(
            select(Shipment).where(Shipment.id == shipment_id).with_for_update(key_share=True)
        ).first()
        if shipment is None:
            return "UNKNOWN"
        if shipment.tracking_number != track.number or track.carrier not in {None, shipment.carrier}:
            return "STALE"
        for each in track.happenings:
            _keep(session, market, shipment, each)
        _look(session, shipment, track, market)
        ends = sorted((each for each in track.happenings if each.status in _ENDS), key=lambda each: each.at)
        newest = max(track.happenings, key=lambda each: each.at, default=None)
        if not ends and newest is not None and track.status in _ENDS:
            ends = [Happening(newest.at, track.status, newest.text)]
        for each in ends[:1]:
            if move_shipment(session, shipment_id, _ENDS[each.status], actor=SYSTEM, at=each.at, now=now):
                return str(_ENDS[each.status])
        return "HEARD" if track.happenings else "NOTHING"


def _keep(session: Session, market: Market, shipment: Shipment, happening: Happening) -> None:
    text = without_numbers(happening.text)[:TEXT_MAX]
    said = f"{shipment.tracking_number}|{happening.at.isoformat()}|{happening.status}|{text}"
    session.execute(
        _ADD,
        {
            "id": market.new_id("tre"),
            "shipment_id": shipment.id,
            "number": shipment.tracking_number,
            "at": happening.at,
            "status": happening.status,
            "text": text,
            "digest": sha256(said.encode()).hexdigest(),
            "heard_at": market.now(),
        },
    )


def _look(session: Session, shipment: Shipment, track: Track, market: Market) -> None:
    """The parcel's status is what was said last, and it is asked about again when it is quiet for long."""
    row = _SHIPMENTS.c
    on_its_way = (row.id == shipment.id, row.state == ShipmentState.SENT)
    if track.is_lost:
        lost = {"tracking": TrackingState.FAILED, "ask_at": None}
        session.execute(sa.update(_SHIPMENTS).where(*on_its_way).values(lost))
        return
    session.execute(
        sa.update(_SHIPMENTS)
        .where(*on_its_way, row.tracking != TrackingState.WANTED)
        .values(tracking=TrackingState.FOLLOWED, ask_at=market.now() + QUIET, asked=0)
    )
    newest = max(track.happenings, key=lambda each: each.at, default=None)
    if newest is not None:
        said = min(newest.at, market.now())  # a carrier's clock that is ahead must not silence what it says later
        session.execute(
            sa.update(_SHIPMENTS)
            .where(row.id == shipment.id, sa.or_(row.tracking_at.is_(None), row.tracking_at <= said))
            .values(tracking_status=track.status or newest.status, tracking_at=said)
        )


def without_numbers(text: str) -> str:
    """What a carrier says without the numbers of couriers and recipients.

    >>> without_numbers("派件员 王 13812345678，电话 0574-88123456")
    '派件员 王 138****5678，电话 057****3456'
    """
    return _PHONE.sub(r"\1****\2", text)

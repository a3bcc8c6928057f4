"""The tables as statements take them."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from market.sessions.tables.holds import SeatHold, SeatHoldSlot
from market.sessions.tables.pools import PoolDraw, PoolSlot, SeatPool, SessionSlot
from market.sessions.tables.session import SessionEvent, TourSession


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


SESSION, EVENT = _table(TourSession), _table(SessionEvent)
POOL, DRAW, SLOT, LINK = _table(SeatPool), _table(PoolDraw), _table(PoolSlot), _table(SessionSlot)
HOLD, UNITS = _table(SeatHold), _table(SeatHoldSlot)

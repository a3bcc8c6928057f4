"""Named reads of stock."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.stock.tables import StockHold, StockLevel

_LEVEL = SQLModel.metadata.tables[str(StockLevel.__tablename__)].c
_HOLD = SQLModel.metadata.tables[str(StockHold.__tablename__)].c


def ended_holds(variant_id: sa.ColumnElement[str], now: sa.ColumnElement[datetime]) -> sa.ColumnElement[int]:
    """How many pieces of a variant (a column) are in holds that have ended and nobody has taken back yet."""
    ended = sa.select(sa.func.coalesce(sa.func.sum(_HOLD.quantity), 0))
    return ended.where(_HOLD.variant_id == variant_id, _HOLD.expires_at <= now).scalar_subquery()


_FREE = sa.select(
    _LEVEL.variant_id,
    _LEVEL.on_hand - _LEVEL.reserved + ended_holds(_LEVEL.variant_id, sa.bindparam("now")),
).where(_LEVEL.variant_id.in_(sa.bindparam("variants", expanding=True)))


def free_of(session: Session, variant_ids: Iterable[str], *, now: datetime) -> dict[str, int]:
    """How many pieces of each of these variants can be sold now; holds that ended do not count. 0 for what was never
    received."""
    asked = sorted(set(variant_ids))
    found = session.execute(_FREE, {"variants": asked, "now": now}).all()
    return dict.fromkeys(asked, 0) | {variant_id: int(free) for variant_id, free in found}

"""The worker's: forget what has had its time. Nothing depends on it; reads look at the times themselves."""

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import SQLModel

from market.kernel.market import Market
from market.people.rules import COUNTED_LONGEST
from market.people.tables import AttemptWindow, Device, OneTimeCode

DEVICES_KEPT = timedelta(days=90)
"""How long a device that ended is remembered: for whoever asks later who was signed in."""


def forget_expired(market: Market, *, limit: int = 500) -> int:
    """Delete codes and attempts that count for nothing any more, and devices that ended long ago, at most so many of
    each; says how many of whichever there were most."""
    tables, now = SQLModel.metadata.tables, market.now()
    codes, windows, devices = (tables[str(kind.__tablename__)] for kind in (OneTimeCode, AttemptWindow, Device))
    which = (
        (codes, codes.c.expires_at < now - COUNTED_LONGEST),
        (windows, windows.c.last_at < now - 2 * COUNTED_LONGEST),
        (devices, devices.c.expires_at < now - DEVICES_KEPT),
    )
    return max(_forget(market, table, is_past, limit) for table, is_past in which)


def _forget(market: Market, table: sa.Table, is_past: sa.ColumnElement[bool], limit: int) -> int:
    keys = list(table.primary_key)
    past = sa.select(*keys).where(is_past).limit(limit)
    # The time is asked of the row itself: one that was renewed while this waited for it is a new one.
    gone = sa.delete(table).where(sa.tuple_(*keys).in_(past), is_past).returning(*keys)
    with market.transaction() as session:
        return len(session.execute(gone).all())

"""Step: sessions come to be."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session

from market.catalogue.tables import TourPackage
from market.kernel.clock import business_day
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.sessions.rules import SessionState
from market.sessions.tables.core import SESSION

CAPACITY_MAX = 10_000
"""People in one session."""
SESSIONS_MAX = 2_000
"""Of one option, made at once."""

_ADD = insert(SESSION).on_conflict_do_nothing(index_elements=[SESSION.c.option_id, SESSION.c.starts_at])


def check_capacity(capacity: int, *, field: str = "capacity") -> None:
    """Refuses with Invalid a capacity that is not 1 to 10,000."""
    if not 1 <= capacity <= CAPACITY_MAX:
        raise Invalid(
            field=field,
            allowed=f"a capacity is 1 to {CAPACITY_MAX}",
            allowed_zh=f"容量为 1 到 {CAPACITY_MAX}",
        )


def check_count(count: int, *, field: str) -> None:
    """Refuses with Invalid more than 2,000 sessions at once."""
    if count > SESSIONS_MAX:
        raise Invalid(
            field=field,
            allowed=f"at most {SESSIONS_MAX} sessions at once",
            allowed_zh=f"一次最多 {SESSIONS_MAX} 场",
        )


def add_sessions(
    session: Session,
    market: Market,
    package: TourPackage,
    option_id: str,
    starts: Iterable[datetime],
    *,
    capacity: int,
    series_id: str | None = None,
) -> list[str]:
    """Step: open sessions of an option at these moments; the ids of those that are new. The caller lets them draw on
    pools with `link_to_pools`, for all options at once, and says `keep_next` then.

    Guards: an option has one session at a time, so whatever is there already is left as it is.
    """
    rows = [
        {
            "id": market.new_id("ses"),
            "package_id": package.id,
            "option_id": option_id,
            "starts_at": moment,
            "ends_at": moment + timedelta(minutes=package.duration_minutes),
            "cutoff_at": moment - timedelta(minutes=package.cutoff_minutes),
            "local_date": business_day(moment),
            "state": SessionState.OPEN,
            "capacity": capacity,
            "taken": 0,
            "series_id": series_id,
            "draw_revision": 0,
        }
        for moment in sorted(set(starts))
    ]
    if not rows:
        return []
    session.flush()
    return list(session.execute(_ADD.returning(SESSION.c.id), rows).scalars())

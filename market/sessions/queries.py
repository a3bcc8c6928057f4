"""Named reads of sessions."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session

from market.sessions.rules import Departure
from market.sessions.tables.core import SESSION
from market.sessions.vacancies import vacancies_shown

_BETWEEN = (
    sa.select(
        SESSION.c.id,
        SESSION.c.starts_at,
        SESSION.c.local_date,
        SESSION.c.state,
        SESSION.c.capacity,
        vacancies_shown(SESSION, sa.bindparam("now", type_=SESSION.c.starts_at.type)).label("vacancies"),
        SESSION.c.cutoff_at,
    )
    .where(
        SESSION.c.package_id == sa.bindparam("package_id"),
        SESSION.c.local_date.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .order_by(SESSION.c.starts_at, SESSION.c.id)
)


def departures_between(session: Session, package_id: str, first: date, last: date, now: datetime) -> list[Departure]:
    """The sessions of a package on these days, whatever their state, in order of time, with what is shown as left now."""
    rows = session.execute(_BETWEEN, {"package_id": package_id, "first": first, "last": last, "now": now})
    return [Departure(**row) for row in rows.mappings()]

"""Named reads of sessions."""

from datetime import date

from sqlmodel import Session, col, select

from market.sessions.rules import Departure
from market.sessions.tables import TourSession


def departures_between(session: Session, package_id: str, first: date, last: date) -> list[Departure]:
    """The sessions of a package on these days, whatever their state, in order of time."""
    rows = session.exec(
        select(TourSession)
        .where(TourSession.package_id == package_id, col(TourSession.local_date).between(first, last))
        .order_by(col(TourSession.starts_at), col(TourSession.id))
    )
    return [
        Departure(
            id=row.id,
            starts_at=row.starts_at,
            local_date=row.local_date,
            state=row.state,
            capacity=row.capacity,
            vacancies=row.capacity - row.taken,
            cutoff_at=row.cutoff_at,
        )
        for row in rows
    ]

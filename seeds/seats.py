"""Seats that demo guests have taken, until people can book: some sessions full, some half full, most open."""

from datetime import date
from hashlib import sha256

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.keep import keep_next_session
from market.catalogue.tables import Listing, PackageOption
from market.kernel.market import Market
from market.kernel.topics import touch
from market.sessions.manage import next_session_at
from market.sessions.tables import TourSession


def take_demo_seats(market: Market, package_ids: list[str], today: date) -> int:
    """Take seats in the sessions of these packages, all in one transaction; how many seats.

    The same sessions are as full every time: sooner, weekend and popular ones fuller. Once: the caller asks
    `has_taken_seats` first. Guards: never more than a session holds, checked by the database too.
    """
    now = market.now()
    with market.transaction() as session:
        taken = {
            row.id: _taken(row, f"{title}|{option}", popularity, today)
            for row, title, popularity, option in _sessions(session, package_ids)
        }
        if taken:
            session.execute(sa.update(TourSession), [{"id": each, "taken": seats} for each, seats in taken.items()])
        for package_id in package_ids:
            keep_next_session(session, package_id, next_session_at(session, package_id, now))
        touch(session, "sessions", *package_ids)
    return sum(taken.values())


def has_taken_seats(session: Session, package_ids: list[str]) -> bool:
    """Step: whether anybody has a seat in one of these packages."""
    query = select(TourSession.id).where(col(TourSession.package_id).in_(package_ids), TourSession.taken > 0)
    return session.exec(query.limit(1)).first() is not None


def _sessions(session: Session, package_ids: list[str]) -> list[tuple[TourSession, str, int, int]]:
    query = (
        select(TourSession, Listing.title, Listing.popularity, PackageOption.position)
        .join(Listing, col(Listing.id) == TourSession.package_id)
        .join(PackageOption, col(PackageOption.id) == TourSession.option_id)
        .where(col(TourSession.package_id).in_(package_ids))
    )
    return list(session.exec(query))


def _taken(row: TourSession, name: str, popularity: int, today: date) -> int:
    """Seats taken of one session, a function of its name and time alone."""
    chance = int.from_bytes(sha256(f"{name}|{row.starts_at:%Y-%m-%dT%H:%M}".encode()).digest()[:4]) / 2**32
    soon = max(0.0, 1 - (row.local_date - today).days / 45)
    weekend = row.local_date.isoweekday() >= 6
    expected = 0.1 + 0.3 * soon + 0.3 * weekend + 0.2 * min(popularity, 10_000) / 10_000
    return min(row.capacity, int(row.capacity * expected * (0.3 + 1.4 * chance)))

"""The worker's: papers that end. Late is harmless for warnings; what is sold under a paper that has ended is off sale
from the first run of the day on, and nothing goes on sale without the papers of that day."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, col, select

from market.catalogue.access import take_listing
from market.catalogue.content.parts import table_of
from market.catalogue.review.causes import DATED, begin_dated_cause, dated_causes, ways_to_end
from market.catalogue.rules import ListingState
from market.catalogue.rules.states import SuspensionCause
from market.catalogue.standing import causes_of
from market.catalogue.tables import ExpiryWarning, Listing, ListingSuspension
from market.kernel import outbox
from market.kernel.clock import business_day
from market.kernel.database import Engine
from market.kernel.market import Market
from market.organisations.queries import certificates_ending, licences_ending
from market.organisations.tables import Certificate, Licence

WARNED_DAYS = (30, 7)
"""Days before the last one: a month to renew it, a week to hurry. Each is told once, the later one alone when the first
was missed."""
TOPIC = "organisation.certificate_expiring"

_SOLD = (ListingState.LIVE, ListingState.SUSPENDED)
_WARNING = table_of(ExpiryWarning)


def suspend_expired(market: Market, *, limit: int) -> int:
    """Take listings off sale whose certificate, or whose seller's licence, ended before today, at most so many; how many.
    Also those that are off sale for another cause, so that they do not return by it."""
    now, engine = market.now(), market.database.engine
    # Looked for outside the transaction: it takes a while, and other writers need not wait.
    with market.read() as session:
        due = sorted({each for cause in DATED for each in _due(session, cause, business_day(now), limit)})[:limit]
    if not due:
        return 0
    with market.transaction() as session:
        return sum(_suspend(session, engine, listing_id, cause, now=now) for listing_id, cause in due)


def _due(session: Session, cause: SuspensionCause, today: date, limit: int) -> Iterator[tuple[str, SuspensionCause]]:
    has_it = sa.exists().where(
        col(ListingSuspension.listing_id) == col(Listing.id), col(ListingSuspension.cause) == cause
    )
    due = select(Listing.id).where(col(Listing.state).in_(_SOLD), ~has_it)
    for way in ways_to_end(cause, today):
        yield from ((each, cause) for each in session.exec(due.where(way).limit(limit)))


def _suspend(session: Session, engine: Engine, listing_id: str, cause: SuspensionCause, *, now: datetime) -> bool:
    listing = take_listing(session, listing_id)
    # A renewed paper, a withdrawal or another worker may have come first.
    if (
        listing.state not in _SOLD
        or cause in causes_of(session, listing_id)
        or cause not in dated_causes(session, listing_id, today=business_day(now))
    ):
        return False
    begin_dated_cause(session, engine, listing, cause, now=now)
    return True


def warn_expiring(market: Market, *, limit: int) -> int:
    """Leave a message about each certificate and licence that ends within 30 days, and again within 7, at most so many;
    how many. Whoever sends it looks up whom to tell.

    Once: for each paper, last day and threshold, by the primary key.
    """
    now = market.now()
    today = business_day(now)
    with market.read() as session:
        due = [each for days in range(max(WARNED_DAYS) + 1) for each in _unwarned(session, today, days)][:limit]
    if not due:
        return 0
    with market.transaction() as session:
        return sum(_warn(session, paper, ends_on, days, now=now) for paper, ends_on, days in due)


def _unwarned(session: Session, today: date, days: int) -> Iterator[tuple[Certificate | Licence, date, int]]:
    """What ends in so many days and was not warned of; with that day, and which warning is due."""
    ends_on, threshold = today + timedelta(days=days), threshold_of(days)
    ending: list[Certificate | Licence] = [
        *certificates_ending(session, ends_on),
        *licences_ending(session, ends_on),
    ]
    warned = _warned(session, ends_on, threshold)
    return ((paper, ends_on, threshold) for paper in ending if paper.id not in warned)


def _warned(session: Session, ends_on: date, days: int) -> set[str]:
    """Whose holders have been told already."""
    told = select(ExpiryWarning.subject_id).where(ExpiryWarning.ends_on == ends_on, ExpiryWarning.days == days)
    return set(session.exec(told))


def threshold_of(days: int) -> int:
    """Which warning is due so many days before the end.

    >>> [threshold_of(days) for days in (30, 8, 7, 0)]
    [30, 30, 7, 7]
    """
    return min(each for each in WARNED_DAYS if days <= each)


def _warn(session: Session, paper: Certificate | Licence, ends_on: date, days: int, *, now: datetime) -> bool:
    row = {"subject_id": paper.id, "ends_on": ends_on, "days": days, "warned_at": now}
    is_new = session.execute(insert(_WARNING).values(row).on_conflict_do_nothing().returning(_WARNING.c.days)).first()
    if is_new is None:
        return False
    payload = {
        "id": paper.id,
        "organisation_id": paper.organisation_id,
        "kind": paper.kind.value,
        "ends_on": ends_on.isoformat(),
        "days": days,
    }
    outbox.publish(session, TOPIC, aggregate=paper.organisation_id, payload=payload, now=now)
    return True

"""Steps: causes of suspension that a date decides, and a listing's return when the last cause is gone."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, select

from market.catalogue.history import SYSTEM, note
from market.catalogue.queries import Filter, ended_certificate, ended_licence
from market.catalogue.rules import ListingState
from market.catalogue.rules.states import ListingEventKind, ListingMove, SuspensionCause
from market.catalogue.standing import add_cause, causes_of, move_listing
from market.catalogue.tables import Listing
from market.kernel.clock import business_day
from market.kernel.database import Engine

DATED = (SuspensionCause.CERTIFICATE, SuspensionCause.LICENCE)
"""Causes that begin by themselves, on the day after a paper's last."""


def ways_to_end(cause: SuspensionCause, today: date) -> tuple[Filter, ...]:
    """The ways in which one of `DATED` can hold for a row of `listing` on this day."""
    return (ended_certificate(today),) if cause is SuspensionCause.CERTIFICATE else ended_licence(today)


def dated_causes(session: Session, listing_id: str, *, today: date) -> set[SuspensionCause]:
    """Step: which of `DATED` hold for a listing on this day, whether or not the worker has been there."""
    return {
        cause
        for cause in DATED
        if session.exec(select(Listing.id).where(Listing.id == listing_id, sa.or_(*ways_to_end(cause, today)))).first()
    }


def begin_dated_cause(
    session: Session, engine: Engine, listing: Listing, cause: SuspensionCause, *, now: datetime
) -> None:
    """Step: one of `DATED` begins to hold, and takes the listing off sale when nothing else has."""
    add_cause(session, SYSTEM, listing.id, cause, now=now)
    if listing.state is ListingState.LIVE:
        move_listing(session, engine, listing, ListingMove.SUSPEND, now=now)
    note(session, SYSTEM, ListingEventKind.SUSPENDED, listing.id, now=now, cause=cause.value)


def resume_if_free(session: Session, engine: Engine, listing: Listing, *, now: datetime) -> bool:
    """Step: a suspended listing that nothing keeps off sale any more is on sale again; whether it is. The caller has taken
    its sellers and the listing, and dropped a cause."""
    held = causes_of(session, listing.id)
    for cause in dated_causes(session, listing.id, today=business_day(now)) - held:
        begin_dated_cause(session, engine, listing, cause, now=now)
        held.add(cause)
    if held or listing.state is not ListingState.SUSPENDED:
        return False
    move_listing(session, engine, listing, ListingMove.RESUME, now=now)
    return True

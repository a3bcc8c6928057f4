"""Use cases: schedule sessions on given days; the worker's keeping of next sessions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlmodel import col, select

from market.catalogue.rules import ListingKind
from market.catalogue.tables import Listing
from market.kernel import audit
from market.kernel.clock import shanghai
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.sessions.access import managed_option
from market.sessions.keep import keep_next, next_session_at
from market.sessions.make import CAPACITY_MAX, add_sessions, check_capacity, check_count
from market.sessions.pools.links import link_to_pools
from market.sessions.steps import SavedSession, SaveOutcome, save_session

__all__ = [
    "CAPACITY_MAX",
    "SeriesDraft",
    "SessionDraft",
    "keep_next_sessions",
    "next_session_at",
    "schedule_session",
    "schedule_sessions",
]


@dataclass(frozen=True, slots=True)
class SeriesDraft:
    """Sessions of an option: on these days, at these times of Shanghai, each with so much room."""

    option_id: str
    days: tuple[date, ...]
    times: tuple[time, ...]
    capacity: int


def schedule_sessions(market: Market, actor: Actor, drafts: Iterable[SeriesDraft]) -> int:
    """Schedule sessions of options on given days, leaving alone those already there; says how many are new.

    Refuses: NotSignedIn, Forbidden; NotFound; OptionRetired; NotSelling; Invalid for a capacity that is not 1 to 10,000,
    or more than 2,000 sessions of an option at once.
    Once: an option has one session at a time, so scheduling the same again makes none.
    """
    reach(actor, Permission.SESSION_MANAGE)
    now = market.now()
    with market.transaction() as session:
        packages: dict[str, str] = {}
        made: dict[str, list[str]] = {}
        for draft in drafts:
            check_capacity(draft.capacity)
            check_count(len(draft.days) * len(draft.times), field="days")
            managed = managed_option(session, actor, draft.option_id, now=now)
            starts = [shanghai(day, at) for day in draft.days for at in draft.times]
            new = add_sessions(session, market, managed.package, draft.option_id, starts, capacity=draft.capacity)
            if new:
                made.setdefault(draft.option_id, []).extend(new)
                packages[managed.package.id] = managed.producer.id
        link_to_pools(session, made)
        keep_next(session, packages, now)
        for package_id, producer_id in sorted(packages.items()):
            audit.record(session, actor, action="session.schedule", subject=package_id, principal=producer_id, now=now)
    return sum(map(len, made.values()))


@dataclass(frozen=True, slots=True)
class SessionDraft:
    """One session of an option."""

    option_id: str
    starts_at: datetime
    capacity: int


def schedule_session(market: Market, actor: Actor, draft: SessionDraft, *, idempotency_key: str) -> SavedSession:
    """Schedule one session of an option, or give the one that it has at this moment another capacity.

    Refuses as `save_session`. Once: the same key gives the first answer, and an option has one session at a time.
    """
    reach(actor, Permission.SESSION_MANAGE)
    now = market.now()
    asked = IdempotencyKey.of(
        actor=actor.account_id or actor.kind, operation="session.schedule", key=idempotency_key, asked=draft
    )
    with market.transaction() as session:

        def act() -> SavedSession:
            saved = save_session(
                session,
                market,
                actor,
                option_id=draft.option_id,
                starts_at=draft.starts_at,
                capacity=draft.capacity,
                now=now,
            )
            audit.record(
                session,
                actor,
                action="session.schedule",
                subject=saved.session_id,
                principal=saved.producer_id,
                after={"capacity": draft.capacity, "outcome": saved.outcome},
                now=now,
            )
            return saved

        return once(
            session,
            asked,
            act,
            now=now,
            dump=lambda saved: [saved.session_id, saved.producer_id, saved.outcome],
            load=lambda kept: SavedSession(kept[0], kept[1], SaveOutcome(kept[2])),
        )


def keep_next_sessions(market: Market, *, limit: int = 500) -> int:
    """The worker's: move on the packages whose next session has started; says how many. Reads never wait for it:
    `nextSession` is looked up, only the order of lists comes from the kept column."""
    now = market.now()
    with market.transaction() as session:
        passed = session.exec(
            select(Listing.id)
            .where(Listing.kind == ListingKind.TOUR_PACKAGE, col(Listing.next_session_at) <= now)
            .order_by(col(Listing.id))
            .limit(limit)
        ).all()
        keep_next(session, passed, now)
        return len(passed)

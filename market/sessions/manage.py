"""Use cases: schedule sessions; keep what packages say about the next one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, select

from market.catalogue.keep import keep_next_session
from market.catalogue.rules import ListingKind
from market.catalogue.tables import FAR_FUTURE, Listing, PackageOption, TourPackage
from market.kernel.clock import shanghai
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.kernel.topics import touch
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession

CAPACITY_MAX = 10_000
SERIES_MAX = 2_000


@dataclass(frozen=True, slots=True)
class SeriesDraft:
    """Sessions of an option: on these days, at these times of Shanghai, each with so much room."""

    option_id: str
    days: tuple[date, ...]
    times: tuple[time, ...]
    capacity: int


def schedule_sessions(market: Market, actor: Actor, drafts: Iterable[SeriesDraft]) -> int:
    """Schedule sessions of one package's options, leaving alone those already there; says how many are new.

    Refuses: Forbidden; NotFound; Invalid for a capacity that is not 1 to 10,000, or more than 2,000 sessions at once.
    Guards: an option has one session at a time.
    """
    now, made = market.now(), 0
    with market.transaction() as session:
        packages: set[str] = set()
        for draft in drafts:
            _check(draft)
            package = _package_of(session, draft.option_id)
            listing = session.get(Listing, package.id)
            assert listing is not None, "a package is a listing"
            require(actor, Permission.SESSION_MANAGE, organisation_id=listing.cooperative_id or listing.producer_id)
            made += _add(session, market, package, draft)
            packages.add(package.id)
        session.flush()
        for package_id in packages:
            keep_next_session(session, package_id, next_session_at(session, package_id, now))
            touch(session, package_id, "sessions")
    return made


def _check(draft: SeriesDraft) -> None:
    if not 1 <= draft.capacity <= CAPACITY_MAX:
        raise Invalid(
            field="capacity",
            allowed=f"a capacity is 1 to {CAPACITY_MAX}",
            allowed_zh=f"容量为 1 到 {CAPACITY_MAX}",
        )
    if len(draft.days) * len(draft.times) > SERIES_MAX:
        raise Invalid(
            field="days",
            allowed=f"at most {SERIES_MAX} sessions at once",
            allowed_zh=f"一次最多 {SERIES_MAX} 场",
        )


def _package_of(session: Session, option_id: str) -> TourPackage:
    option = session.get(PackageOption, option_id)
    package = None if option is None else session.get(TourPackage, option.package_id)
    if package is None:
        raise NotFound(field="option")
    return package


def _add(session: Session, market: Market, package: TourPackage, draft: SeriesDraft) -> int:
    starts = {shanghai(day, at): day for day in draft.days for at in draft.times}
    known = set(session.exec(select(TourSession.starts_at).where(TourSession.option_id == draft.option_id)))
    fresh = [(moment, day) for moment, day in sorted(starts.items()) if moment not in known]
    session.add_all(
        TourSession(
            id=market.new_id("ses"),
            package_id=package.id,
            option_id=draft.option_id,
            starts_at=moment,
            ends_at=moment + timedelta(minutes=package.duration_minutes),
            cutoff_at=moment - timedelta(minutes=package.cutoff_minutes),
            local_date=day,
            capacity=draft.capacity,
        )
        for moment, day in fresh
    )
    return len(fresh)


def next_session_at(session: Session, package_id: str, now: datetime) -> datetime:
    """Step: when a package's next open session with a vacancy starts; FAR_FUTURE when there is none."""
    found = session.exec(
        select(TourSession.starts_at)
        .where(
            TourSession.package_id == package_id,
            TourSession.state == SessionState.OPEN,
            col(TourSession.taken) < col(TourSession.capacity),
            col(TourSession.starts_at) > now,
        )
        .order_by(col(TourSession.starts_at))
        .limit(1)
    ).first()
    return found or FAR_FUTURE


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
        for package_id in passed:
            keep_next_session(session, package_id, next_session_at(session, package_id, now))
        return len(passed)

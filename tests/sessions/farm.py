"""A farm with packages to schedule, people who may and may not, and short ways to say what tests say all the time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, select

from market.catalogue.tables import Listing, PackageOption
from market.kernel.clock import shanghai
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.people.manage import give_role, open_account
from market.sessions.holds import hold_seats
from market.sessions.manage import SeriesDraft, schedule_sessions
from market.sessions.tables import TourSession
from market.sessions.vacancies import vacancies, vacancies_shown
from tests.schema.stalls import ADMIN, Stalls, offer_tour, set_up

T = TypeVar("T")

DAY = date(2026, 6, 10)
"""A week after the clock's first day."""
HOLD = timedelta(minutes=15)
SESSION = TourSession.__table__  # type: ignore[attr-defined]  # SQLModel sets it on table classes


@dataclass(frozen=True)
class Farm:
    """The ids of what there is: a package of two hours (cutoff 12 hours before) with one option."""

    stalls: Stalls
    package: str
    option: str

    @property
    def producer(self) -> str:
        """Whose it is."""
        return self.stalls.producer


def set_up_farm(market: Market) -> Farm:
    """A farm with one package and no sessions."""
    stalls = set_up(market)
    package = offer_tour(market, stalls, "采茶半日")
    return Farm(stalls, package, option_of(market, package))


def option_of(market: Market, package: str) -> str:
    """The one option of a package."""
    with market.read() as session:
        return session.exec(select(PackageOption.id).where(PackageOption.package_id == package)).one()


def another_package(market: Market, farm: Farm, title: str) -> tuple[str, str]:
    """One more package of the farm; it and its option."""
    package = offer_tour(market, farm.stalls, title)
    return package, option_of(market, package)


def person(market: Market, role: Role, within: str) -> Actor:
    """Somebody with a role in an organisation, or in a region."""
    account = open_account(market, ADMIN, name=f"{role}-{within[:8]}")
    give_role(market, ADMIN, account_id=account, role=role, within=within)
    if within[0].isdigit():
        return Actor(
            ActorKind.STAFF, account, staff_roles=frozenset({role}), region_codes=frozenset({within}), request_id="t"
        )
    return Actor(ActorKind.MEMBER, account, organisations={within: frozenset({role})}, request_id="t")


def add_session(
    market: Market, option: str, *, day: date = DAY, at: time = time(9), capacity: int = 20, actor: Actor = ADMIN
) -> str:
    """A session of an option; its id."""
    schedule_sessions(market, actor, [SeriesDraft(option, (day,), (at,), capacity)])
    with market.read() as session:
        query = select(TourSession.id).where(
            TourSession.option_id == option, TourSession.starts_at == shanghai(day, at)
        )
        return session.exec(query).one()


def row_of(market: Market, session_id: str) -> TourSession:
    """A session's row."""
    with market.read() as session:
        return session.exec(select(TourSession).where(TourSession.id == session_id)).one()


def left(market: Market, session_id: str) -> int:
    """What is left of a session now, exactly."""
    return _counted(market, session_id, vacancies)


def shown(market: Market, session_id: str) -> int:
    """What lists show as left of a session now."""
    return _counted(market, session_id, vacancies_shown)


def _counted(market: Market, session_id: str, of: Callable[..., sa.ColumnElement[Any]]) -> int:
    with market.read() as session:
        now = sa.bindparam("now", market.now(), type_=SESSION.c.starts_at.type)
        return int(session.execute(sa.select(of(SESSION, now)).where(SESSION.c.id == session_id)).scalar_one())


def next_of(market: Market, package: str) -> datetime:
    """What a package says about its next session."""
    with market.read() as session:
        return session.exec(select(Listing.next_session_at).where(Listing.id == package)).one()


def hold(market: Market, demands: dict[str, int], holder: str, *, lasting: timedelta = HOLD) -> datetime:
    """Hold seats, in a transaction of its own."""
    now = market.now()
    with market.transaction() as session:
        return hold_seats(session, demands, until=now + lasting, holder=holder, now=now)


def within(market: Market, step: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """A step in a transaction of its own, now."""
    with market.transaction() as session:
        return step(session, *args, now=market.now(), **kwargs)


def race(attempts: Sequence[Callable[[], Any]], *, threads: int = 16) -> list[Any]:
    """All attempts at once; what each gave or refused with.

    One that waited too long for its turn (a slow machine) is made again, as clients do. One that was chosen to break a
    deadlock is not: there must be none.
    """

    def attempt(act: Callable[[], Any]) -> Any:
        while True:
            try:
                return act()
            except Exception as error:  # noqa: BLE001 - the test looks at what came
                if not _only_waited(error):
                    return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(attempt, attempts))


def _only_waited(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(cause, sa.exc.TimeoutError) or (
        isinstance(cause, sa.exc.DBAPIError) and isinstance(cause.orig, psycopg.errors.LockNotAvailable)
    )


def count(session: Session, table: Any) -> int:
    """How many rows a table has."""
    return int(session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def noon(day: date) -> datetime:
    """Noon in Shanghai."""
    return shanghai(day, time(12)).astimezone(UTC)

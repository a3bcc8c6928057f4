"""Use cases: change a series from now on, and end it."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from market.catalogue.tables import Listing
from market.kernel import audit
from market.kernel.errors import IllegalTransition, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.tables import Organisation
from market.sessions.access import acting, managed_option
from market.sessions.events import record_event
from market.sessions.keep import keep_next
from market.sessions.rules import (
    SERIES_MOVES,
    CloseReason,
    SeriesPlan,
    SeriesState,
    SessionEventKind,
    SessionState,
)
from market.sessions.series.extend import make_ahead
from market.sessions.series.plans import check_plan, columns_of, plan_of, starts_of, told
from market.sessions.tables import SessionSeries
from market.sessions.tables.core import SESSION


@dataclass(frozen=True, slots=True)
class SeriesChanged:
    """What became of a series' sessions to come: new ones, ones with another capacity, closed and reopened ones; and
    those left as they were though the series says otherwise, since somebody has seats in them."""

    series_id: str
    made: int
    changed: int
    closed: int
    reopened: int
    left: tuple[str, ...]


def edit_series(
    market: Market, actor: Actor, series_id: str, plan: SeriesPlan, *, idempotency_key: str
) -> SeriesChanged:
    """Let a series follow another plan from now on. Sessions to come in which nobody has a seat take over a new capacity
    (unless they were given one of their own); those it no longer has are closed, those it has again are reopened, and
    missing ones are made. A session in which somebody has a seat stays as it is and is named where the plan says
    otherwise.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound; IllegalTransition for a series that was ended; and as
    `create_series`.
    Once: the same key gives the first answer. Guards: the series' row, then its sessions' in id order; each update asks
    again that nothing is taken.
    """
    check_plan(plan, market.now())

    def act(session: Session, series: SessionSeries, now: datetime) -> SeriesChanged:
        managed_option(session, actor, series.option_id, now=now)
        wanted, was = set(starts_of(plan, now)), series.capacity
        series.sqlmodel_update({**columns_of(plan), "updated_at": now})
        session.flush()
        made = make_ahead(session, market, series, now)  # first: it locks pools and slots
        return _fit(session, actor, series, wanted, made=made, was=was, now=now)

    return _change(market, actor, series_id, act, operation="series.edit", idempotency_key=idempotency_key, plan=plan)


def end_series(market: Market, actor: Actor, series_id: str, *, idempotency_key: str) -> SeriesChanged:
    """End a series for good: no more sessions are made, those to come in which nobody has a seat are closed, the others
    stay and are named.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound; IllegalTransition when it was ended already.
    Once: the same key gives the first answer. Guards: as `edit_series`.
    """

    def act(session: Session, series: SessionSeries, now: datetime) -> SeriesChanged:
        series.state, series.updated_at = SeriesState.ENDED, now
        session.flush()
        return _fit(session, actor, series, set(), made=0, was=series.capacity, now=now)

    return _change(market, actor, series_id, act, operation="series.end", idempotency_key=idempotency_key, plan=None)


def _change(
    market: Market,
    actor: Actor,
    series_id: str,
    change: Callable[[Session, SessionSeries, datetime], SeriesChanged],
    *,
    operation: str,
    idempotency_key: str,
    plan: SeriesPlan | None,
) -> SeriesChanged:
    reach(actor, Permission.SESSION_MANAGE)
    require_id(series_id, "sre", field="series")
    now = market.now()
    asked = IdempotencyKey.of(
        actor=actor.account_id or actor.kind,
        operation=operation,
        key=idempotency_key,
        asked={"series": series_id, **(told(plan) if plan else {})},
    )
    with market.transaction() as session:

        def act() -> SeriesChanged:
            series, producer = _managed_series(session, actor, series_id, now)
            before = told(plan_of(series))
            done = change(session, series, now)
            keep_next(session, [series.package_id], now)
            after = {**(told(plan) if plan else {"state": series.state}), "left": len(done.left)}
            audit.record(
                session,
                actor,
                action=operation,
                subject=series.id,
                principal=producer.id,
                before=before,
                after=after,
                now=now,
            )
            return done

        return once(session, asked, act, now=now, dump=asdict, load=_loaded)


def _loaded(kept: dict[str, Any]) -> SeriesChanged:
    return SeriesChanged(**{**kept, "left": tuple(kept["left"])})


def _managed_series(
    session: Session, actor: Actor, series_id: str, now: datetime
) -> tuple[SessionSeries, Organisation]:
    """An active series, locked, and its producer."""
    series = session.exec(
        select(SessionSeries).where(SessionSeries.id == series_id).with_for_update(key_share=True)
    ).first()
    listing = None if series is None else session.get(Listing, series.package_id)
    if series is None or listing is None:
        raise NotFound(field="series")
    producer = acting(session, actor, listing.producer_id, field="series", now=now)
    if series.state is not SeriesState.ACTIVE:
        raise IllegalTransition(from_state=series.state, to_state=SeriesState.ENDED, allowed=SERIES_MOVES[series.state])
    return series, producer


def _fit(
    session: Session,
    actor: Actor,
    series: SessionSeries,
    wanted: Collection[datetime],
    *,
    made: int,
    was: int,
    now: datetime,
) -> SeriesChanged:
    """Let the sessions to come of a series be as it says, where nobody has a seat. `was` is its capacity before."""
    # NO KEY: a hold being added points at the session and need not wait.
    rows = session.execute(
        sa.select(SESSION)
        .where(
            SESSION.c.series_id == series.id,
            SESSION.c.starts_at > now,
            SESSION.c.state != SessionState.CANCELLED,
        )
        .order_by(SESSION.c.id)
        .with_for_update(key_share=True)
    ).all()
    out = {row.id for row in rows if row.starts_at not in wanted and row.state == SessionState.OPEN}
    back = {row.id for row in rows if row.starts_at in wanted and row.closed_for == CloseReason.SERIES}
    other = [row.id for row in rows if row.starts_at in wanted and row.capacity == was and was != series.capacity]
    closed = _update(session, out, state=SessionState.CLOSED, closed_for=CloseReason.SERIES)
    reopened = _update(session, back, state=SessionState.OPEN, closed_for=None)
    changed = _update(session, other, capacity=series.capacity)
    record_event(session, actor, closed, SessionEventKind.CLOSED, now=now, reason=CloseReason.SERIES)
    record_event(session, actor, reopened, SessionEventKind.REOPENED, now=now, reason=CloseReason.SERIES)
    record_event(session, actor, changed, SessionEventKind.CAPACITY_CHANGED, now=now, before=was, after=series.capacity)
    left = tuple(sorted(out.union(back, other).difference(closed, reopened, changed)))
    return SeriesChanged(series.id, made, len(changed), len(closed), len(reopened), left)


def _update(session: Session, ids: Collection[str], **values: Any) -> list[str]:
    """Change those of these sessions, which are locked, in which nobody has a seat; their ids."""
    untaken = sa.and_(SESSION.c.id.in_(sorted(ids)), SESSION.c.taken == 0)
    return sorted(session.execute(sa.update(SESSION).where(untaken).values(**values).returning(SESSION.c.id)).scalars())

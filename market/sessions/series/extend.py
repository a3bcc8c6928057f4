"""Making a series' sessions ahead of time."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.tables import PackageOption, TourPackage
from market.kernel.market import Market
from market.sessions.keep import keep_next
from market.sessions.make import add_sessions
from market.sessions.pools.links import link_to_pools
from market.sessions.rules import SeriesState
from market.sessions.series.plans import horizon, plan_of, starts_of
from market.sessions.tables import SessionSeries


def make_ahead(session: Session, market: Market, series: SessionSeries, now: datetime) -> int:
    """Step: make the sessions of a series, which the caller has locked, up to its horizon; how many are new. The caller
    says `keep_next` then. Once: what is there already, of this series or not, is left as it is."""
    package = session.get(TourPackage, series.package_id)
    assert package is not None, "an option's package"
    plan = plan_of(series)
    made = add_sessions(
        session,
        market,
        package,
        series.option_id,
        starts_of(plan, now),
        capacity=plan.capacity,
        series_id=series.id,
    )
    link_to_pools(session, {series.option_id: made})
    series.made_through = min(series.last_day, horizon(now))
    session.flush()
    return len(made)


def extend_series(market: Market, *, limit: int = 50) -> int:
    """The worker's: make the sessions of so many active series at most whose horizon has moved on, each in a transaction
    of its own; of how many. Series of options that are no longer offered are passed over."""
    done = 0
    while done < limit and _extend_one(market):
        done += 1
    return done


def _extend_one(market: Market) -> bool:
    """The series that is furthest behind. Guards: its row, which other workers skip."""
    now = market.now()
    with market.transaction() as session:
        series = session.exec(
            select(SessionSeries)
            .join(PackageOption, col(PackageOption.id) == SessionSeries.option_id)
            .where(
                SessionSeries.state == SeriesState.ACTIVE,
                col(SessionSeries.made_through) < horizon(now),
                col(SessionSeries.made_through) < col(SessionSeries.last_day),
                col(PackageOption.retired_at).is_(None),
            )
            .order_by(col(SessionSeries.made_through), col(SessionSeries.id))
            .limit(1)
            .with_for_update(skip_locked=True, of=sa.inspect(SessionSeries).local_table, key_share=True)
        ).first()
        if series is None:
            return False
        make_ahead(session, market, series, now)
        keep_next(session, [series.package_id], now)
        return True

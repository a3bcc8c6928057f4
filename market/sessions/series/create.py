"""Use case: a new series."""

from dataclasses import dataclass

from market.kernel import audit
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.sessions.access import managed_option
from market.sessions.keep import keep_next
from market.sessions.rules import SeriesPlan
from market.sessions.series.extend import make_ahead
from market.sessions.series.plans import check_plan, columns_of, told
from market.sessions.tables import SessionSeries


@dataclass(frozen=True, slots=True)
class SeriesMade:
    """A series, and how many of its sessions are new: of the coming 120 days."""

    series_id: str
    made: int


def create_series(
    market: Market, actor: Actor, option_id: str, plan: SeriesPlan, *, idempotency_key: str
) -> SeriesMade:
    """Make a series of an option, and its sessions of the coming 120 days; the worker makes the others in time.

    Where the option has a session at the same time already, that one stays as it is.
    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound; OptionRetired; NotSelling; Invalid for a rule outside the safe
    part of RFC 5545 (saying what is allowed), days beyond 366 after the first or all past, start times, a capacity that
    is not 1 to 10,000, or more than 2,000 sessions.
    Once: the same key gives the first answer.
    """
    reach(actor, Permission.SESSION_MANAGE)
    require_id(option_id, "opt", field="option")
    now = market.now()
    check_plan(plan, now)
    asked = IdempotencyKey.of(
        actor=actor.account_id or actor.kind,
        operation="series.create",
        key=idempotency_key,
        asked={"option": option_id, **told(plan)},
    )
    with market.transaction() as session:

        def act() -> SeriesMade:
            managed = managed_option(session, actor, option_id, now=now)
            series = SessionSeries(
                id=market.new_id("sre"),
                package_id=managed.package.id,
                option_id=option_id,
                made_through=plan.first_day,
                created_at=now,
                updated_at=now,
                **columns_of(plan),
            )
            session.add(series)
            session.flush()
            made = make_ahead(session, market, series, now)
            keep_next(session, [series.package_id], now)
            audit.record(
                session,
                actor,
                action="series.create",
                subject=series.id,
                principal=managed.producer.id,
                after={"option": option_id, **told(plan)},
                now=now,
            )
            return SeriesMade(series.id, made)

        return once(
            session,
            asked,
            act,
            now=now,
            dump=lambda made: [made.series_id, made.made],
            load=lambda kept: SeriesMade(*kept),
        )

"""Who may manage sessions: a producer's own people, and a cooperative's whose membership has the power for it."""

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from sqlmodel import select

from market.kernel.audit import AuditEntry
from market.kernel.errors import Forbidden, MarketError, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.organisations.manage import OrganisationDraft, join_cooperative, register_organisation
from market.organisations.rules import OrganisationKind, Power
from market.organisations.tables import MembershipPower
from market.sessions.bulk import SessionScope, close_sessions
from market.sessions.capacity import CapacityChange, change_capacity
from market.sessions.manage import SeriesDraft, SessionDraft, schedule_session, schedule_sessions
from market.sessions.moves import cancel_session, close_session, reopen_session
from market.sessions.pools.draws import DrawDraft, OptionDraws, draw_from_pools
from market.sessions.pools.manage import PoolCapacity, PoolDraft, change_pool_capacity, create_pool
from market.sessions.rules import CloseReason, DrawPer, PoolKind, PoolPeriod, SeriesPlan
from market.sessions.series import create_series, edit_series, end_series
from market.sessions.steps import save_session
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.sessions.farm import DAY, Farm, add_session, noon, person, row_of

KEYS = iter(f"key-of-this-test-{number}" for number in range(10_000))
PLAN = SeriesPlan("FREQ=DAILY;COUNT=3", DAY, (time(9),), 20)
WEATHER = CloseReason.WEATHER


def _save(market: Market, actor: Actor, option_id: str) -> object:
    with market.transaction() as session:
        return save_session(
            session, market, actor, option_id=option_id, starts_at=noon(DAY), capacity=9, now=market.now()
        )


def _draft(organisation: str) -> PoolDraft:
    return PoolDraft(organisation, PoolKind.ROOM, "客房", PoolPeriod.NIGHT, 8)


Act = Callable[[Market, Actor, str], object]
ACTS: dict[str, tuple[str, Act]] = {
    "save": ("opt", _save),
    "schedule": ("opt", lambda m, a, i: schedule_sessions(m, a, [SeriesDraft(i, (DAY,), (time(8),), 5)])),
    "schedule one": (
        "opt",
        lambda m, a, i: schedule_session(m, a, SessionDraft(i, noon(DAY), 5), idempotency_key=next(KEYS)),
    ),
    "create series": ("opt", lambda m, a, i: create_series(m, a, i, PLAN, idempotency_key=next(KEYS))),
    "edit series": ("sre", lambda m, a, i: edit_series(m, a, i, PLAN, idempotency_key=next(KEYS))),
    "end series": ("sre", lambda m, a, i: end_series(m, a, i, idempotency_key=next(KEYS))),
    "close": ("ses", lambda m, a, i: close_session(m, a, i, reason=WEATHER, idempotency_key=next(KEYS))),
    "reopen": ("ses", lambda m, a, i: reopen_session(m, a, i, idempotency_key=next(KEYS))),
    "cancel": ("ses", lambda m, a, i: cancel_session(m, a, i, reason=WEATHER, idempotency_key=next(KEYS))),
    "capacity": ("ses", lambda m, a, i: change_capacity(m, a, CapacityChange(i, 9), idempotency_key=next(KEYS))),
    "close package": (
        "pkg",
        lambda m, a, i: close_sessions(
            m, a, SessionScope(DAY, DAY, package_id=i), reason=WEATHER, idempotency_key=next(KEYS)
        ),
    ),
    "close organisation": (
        "pdr",
        lambda m, a, i: close_sessions(
            m, a, SessionScope(DAY, DAY, organisation_id=i), reason=WEATHER, idempotency_key=next(KEYS)
        ),
    ),
    "create pool": ("pdr", lambda m, a, i: create_pool(m, a, _draft(i), idempotency_key=next(KEYS))),
    "pool capacity": (
        "pol",
        lambda m, a, i: change_pool_capacity(m, a, PoolCapacity(i, 9), idempotency_key=next(KEYS)),
    ),
    "draw": ("opt", lambda m, a, i: draw_from_pools(m, a, OptionDraws(i, ()), idempotency_key=next(KEYS))),
}
"""Every use case, by the prefix of the id that it is about."""


def _ids(market: Market, farm: Farm) -> dict[str, str]:
    return {
        "opt": farm.option,
        "pkg": farm.package,
        "pdr": farm.producer,
        "ses": add_session(market, farm.option, at=time(7)),
        "sre": create_series(market, ADMIN, farm.option, PLAN, idempotency_key=next(KEYS)).series_id,
        "pol": create_pool(
            market, ADMIN, PoolDraft(farm.producer, PoolKind.ROOM, "x", PoolPeriod.DAY, 8), idempotency_key=next(KEYS)
        ),
    }


def _told(act: Callable[[], object]) -> tuple[type[MarketError], str, str]:
    with pytest.raises(MarketError) as refused:
        act()
    return type(refused.value), refused.value.message("zh-CN"), refused.value.message("en")


@pytest.mark.parametrize("name", ACTS)
def test_each_use_case_is_for_those_who_manage_and_tells_strangers_nothing(
    market: Market, farm: Farm, name: str
) -> None:
    prefix, act = ACTS[name]
    mine = _ids(market, farm)[prefix]
    unknown = f"{prefix}_01k00000000000000000000000"
    neighbour = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, farm.stalls.village)
    )
    stranger, viewer = person(market, Role.OWNER, neighbour), person(market, Role.VIEWER, farm.producer)
    customer = Actor(ActorKind.CUSTOMER, "acc")

    for actor, refusal in ((VISITOR, NotSignedIn), (customer, Forbidden), (viewer, Forbidden), (stranger, NotFound)):
        foreign = _told(lambda actor=actor: act(market, actor, mine))  # type: ignore[misc]  # called at once
        assert foreign[0] is refusal
        assert foreign == _told(lambda actor=actor: act(market, actor, unknown))  # type: ignore[misc]  # called at once


def test_an_editor_manages_and_the_audit_trail_says_for_whom(market: Market, farm: Farm) -> None:
    editor = person(market, Role.EDITOR, farm.producer)
    ids = _ids(market, farm)
    order = [name for name in ACTS if name not in {"reopen", "end series", "cancel"}]
    order[order.index("close") + 1 : order.index("close") + 1] = ["reopen"]

    for name in [*order, "end series", "cancel"]:
        prefix, act = ACTS[name]
        act(market, editor, ids[prefix])

    with market.read() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.actor == editor.account_id)).all()
    assert len(entries) == len(ACTS) - 1, "all but `save_session`, whose import is recorded as one"
    assert {entry.principal for entry in entries} == {farm.producer}


@pytest.mark.parametrize("power", [Power.MANAGE_SESSIONS, Power.MANAGE_LISTINGS, None])
def test_a_cooperative_manages_a_members_sessions_with_the_power_for_it(
    market: Market, farm: Farm, clock: FakeClock, power: Power | None
) -> None:
    session_id = add_session(market, farm.option)
    cooperative = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.COOPERATIVE, "合作社", None, "", None, farm.stalls.village)
    )
    membership = join_cooperative(
        market, ADMIN, cooperative_id=cooperative, producer_id=farm.producer, joined_on=date(2026, 1, 1)
    )
    if power is not None:
        with market.transaction() as session:
            session.add(
                MembershipPower(
                    id=market.new_id("pow"),
                    membership_id=membership,
                    power=power,
                    valid_from=date(2026, 1, 1),
                    granted_by="account",
                    granted_at=clock.now,
                )
            )
    manager = person(market, Role.OWNER, cooperative)

    if power is Power.MANAGE_SESSIONS:
        change_capacity(market, manager, CapacityChange(session_id, 9), idempotency_key=next(KEYS))
    else:
        with pytest.raises(NotFound):
            change_capacity(market, manager, CapacityChange(session_id, 9), idempotency_key=next(KEYS))

    assert row_of(market, session_id).capacity == (9 if power is Power.MANAGE_SESSIONS else 20)


def test_an_option_draws_only_on_pools_that_the_actor_manages_too(market: Market, farm: Farm) -> None:
    neighbour = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, farm.stalls.village)
    )
    theirs = create_pool(market, ADMIN, _draft(neighbour), idempotency_key=next(KEYS))
    owner = person(market, Role.OWNER, farm.producer)

    with pytest.raises(NotFound) as refused:
        draw_from_pools(
            market, owner, OptionDraws(farm.option, (DrawDraft(theirs, 1, DrawPer.PERSON),)), idempotency_key=next(KEYS)
        )

    assert refused.value.facts["field"] == "pool"


def test_saving_the_same_session_again_changes_nothing(market: Market, farm: Farm, clock: FakeClock) -> None:
    owner = person(market, Role.OWNER, farm.producer)

    def save(capacity: int, days: int = 0) -> tuple[str, str]:
        with market.transaction() as session:
            made = save_session(
                session,
                market,
                owner,
                option_id=farm.option,
                starts_at=noon(DAY) + timedelta(days=days),
                capacity=capacity,
                now=clock.now,
            )
            assert made.producer_id == farm.producer
            return made.session_id, made.outcome

    first, outcome = save(9)
    assert outcome == "CREATED"
    assert save(9) == (first, "UNCHANGED")
    assert save(12) == (first, "CHANGED")
    assert row_of(market, first).capacity == 12
    cancel_session(market, owner, first, reason=WEATHER, idempotency_key=next(KEYS))
    with pytest.raises(MarketError, match="CANCELLED"):
        save(12)
    with pytest.raises(MarketError, match="future"):
        save(9, days=-100)

"""Sessions, series and pools through the API: made, changed, refused, and what the answers show."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest

from market.catalogue.rules import ListingState
from market.catalogue.tables import Listing
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.sessions.moves import close_session
from market.sessions.rules import CloseReason
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN
from tests.sessions.farm import DAY, Farm, add_session, hold, left, person, row_of, set_up_farm

KEYS = iter(f"key-of-this-test-{number}" for number in range(10_000))
ERRORS = "__typename ... on UserError { code message path retryable }"


@pytest.fixture(name="farm")
def _farm(market: Market) -> Farm:
    return set_up_farm(market)


@pytest.fixture(name="editor")
def _editor(market: Market, farm: Farm) -> Actor:
    return person(market, Role.EDITOR, farm.producer)


@pytest.fixture(name="stranger")
def _stranger(market: Market, farm: Farm) -> Actor:
    """The owner of another producer."""
    draft = OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, farm.stalls.village)
    return person(market, Role.OWNER, register_organisation(market, ADMIN, draft))


def ask(market: Market, document: str, variables: dict[str, Any], actor: Actor, *, language: str = "en") -> Any:
    async def run(here: Market) -> Any:
        return await Asker(here).ask(document, variables, actor=actor, language=language)

    return asked(market, run)


def data(market: Market, document: str, variables: dict[str, Any], actor: Actor) -> Any:
    response = ask(market, document, variables, actor)
    assert "errors" not in response, response
    return response["data"]


PLAN = {
    "rule": "FREQ=WEEKLY;BYDAY=WE;COUNT=3",
    "firstDay": DAY.isoformat(),
    "times": ["09:00", "14:00"],
    "capacity": 20,
    "exceptions": ["2026-06-17"],
}
CREATE_SERIES = f"""mutation($option: ID!, $plan: SeriesPlanInput!, $key: ID!) {{
  createSeries(optionId: $option, plan: $plan, idempotencyKey: $key) {{ {ERRORS}
    ... on InvalidInput {{ field allowed }}
    ... on CreateSeriesPayload {{ made series {{ id state rule firstDay lastDay times exceptions extraDays capacity madeThrough
      option {{ id }} tourPackage {{ title }} sessions(first: 9) {{ totalCount nodes {{ startsAt capacity series {{ id }} }} }} }} }} }} }}"""


def test_a_series_is_previewed_made_edited_and_ended(market: Market, farm: Farm, editor: Actor) -> None:
    preview = "query($plan: SeriesPlanInput!) { previewSeries(plan: $plan) { days sessionCount } }"
    assert data(market, preview, {"plan": PLAN}, editor)["previewSeries"] == {
        "days": ["2026-06-10", "2026-06-24"],
        "sessionCount": 4,
    }
    variables = {"option": farm.option, "plan": PLAN, "key": next(KEYS)}

    made = data(market, CREATE_SERIES, variables, editor)["createSeries"]
    assert data(market, CREATE_SERIES, variables, editor)["createSeries"] == made
    series = made["series"]
    assert (made["__typename"], made["made"]) == ("CreateSeriesPayload", 4)
    assert series == {
        "id": series["id"],
        "state": "ACTIVE",
        "rule": PLAN["rule"],
        "firstDay": "2026-06-10",
        "lastDay": "2026-06-24",
        "times": ["09:00", "14:00"],
        "exceptions": ["2026-06-17"],
        "extraDays": [],
        "capacity": 20,
        "madeThrough": "2026-06-24",
        "option": {"id": farm.option},
        "tourPackage": {"title": "采茶半日"},
        "sessions": {
            "totalCount": 4,
            "nodes": [
                {"startsAt": f"2026-06-{day}T{hour:02}:00:00Z", "capacity": 20, "series": {"id": series["id"]}}
                for day in (10, 24)
                for hour in (1, 6)
            ],
        },
    }

    edit = """mutation($id: ID!, $plan: SeriesPlanInput!, $key: ID!) {
      editSeries(seriesId: $id, plan: $plan, idempotencyKey: $key) { ... on ChangeSeriesPayload {
        made changedCount closed reopened left series { times } } } }"""
    fewer = {**PLAN, "times": ["09:00"], "capacity": 8}
    edited = data(market, edit, {"id": series["id"], "plan": fewer, "key": next(KEYS)}, editor)["editSeries"]
    assert edited == {
        "made": 0, "changedCount": 2, "closed": 2, "reopened": 0, "left": [], "series": {"times": ["09:00"]},
    }  # fmt: skip
    end = """mutation($id: ID!, $key: ID!) { endSeries(seriesId: $id, idempotencyKey: $key) {
      ... on ChangeSeriesPayload { closed series { state } } ... on IllegalTransition { fromState allowed } } }"""
    ended = data(market, end, {"id": series["id"], "key": next(KEYS)}, editor)["endSeries"]
    assert ended == {"closed": 2, "series": {"state": "ENDED"}}
    again = data(market, end, {"id": series["id"], "key": next(KEYS)}, editor)["endSeries"]
    assert again == {"fromState": "ENDED", "allowed": []}


def test_a_rule_that_is_not_allowed_is_refused_in_the_language_of_the_request(
    market: Market, farm: Farm, editor: Actor
) -> None:
    variables = {"option": farm.option, "plan": {**PLAN, "rule": "FREQ=SECONDLY;COUNT=9"}, "key": next(KEYS)}

    told = [
        ask(market, CREATE_SERIES, variables, editor, language=language)["data"]["createSeries"]
        for language in ("en", "zh")
    ]

    assert [each["__typename"] for each in told] == ["InvalidInput"] * 2
    assert [each["allowed"] for each in told] == [
        "FREQ is DAILY, WEEKLY or MONTHLY",
        "FREQ 只能为 DAILY、WEEKLY 或 MONTHLY",
    ]


@pytest.mark.parametrize("at", ["9:00", "24:00", "09:60", "", "09:00:00", "٠٩:٠٠"])
def test_a_time_of_day_is_hours_and_minutes(market: Market, farm: Farm, editor: Actor, at: str) -> None:
    variables = {"option": farm.option, "plan": {**PLAN, "times": [at]}, "key": next(KEYS)}

    assert data(market, CREATE_SERIES, variables, editor)["createSeries"]["field"] == "times"


SESSION = "id state closedFor capacity vacancies seats { confirmed held } events { nodes { kind reason before after } }"


def test_a_session_is_scheduled_changed_closed_and_reopened(market: Market, farm: Farm, editor: Actor) -> None:
    schedule = f"""mutation($input: ScheduleSessionInput!, $key: ID!) {{
      scheduleSession(input: $input, idempotencyKey: $key) {{ {ERRORS}
        ... on ScheduleSessionPayload {{ outcome session {{ {SESSION} }} }} }} }}"""
    given = {"optionId": farm.option, "startsAt": "2026-06-10T09:00:00+08:00", "capacity": 12}
    made = data(market, schedule, {"input": given, "key": next(KEYS)}, editor)["scheduleSession"]
    assert made["outcome"] == "CREATED"
    session_id = made["session"]["id"]
    hold(market, {session_id: 3}, "order-1")

    change = f"""mutation($id: ID!, $capacity: Int!, $key: ID!) {{
      changeSessionCapacity(sessionId: $id, capacity: $capacity, idempotencyKey: $key) {{ {ERRORS}
        ... on CapacityBelowTaken {{ taken wanted }} ... on SessionPayload {{ session {{ {SESSION} }} }} }} }}"""
    refused = data(market, change, {"id": session_id, "capacity": 2, "key": next(KEYS)}, editor)
    assert refused["changeSessionCapacity"] == {
        "__typename": "CapacityBelowTaken",
        "code": "CAPACITY_BELOW_TAKEN",
        "message": "3 are held or confirmed, so the capacity cannot be 2: choose at least 3.",
        "path": ["changeSessionCapacity"],
        "retryable": False,
        "taken": 3,
        "wanted": 2,
    }
    data(market, change, {"id": session_id, "capacity": 5, "key": next(KEYS)}, editor)
    close = f"""mutation($id: ID!, $key: ID!) {{ closeSession(sessionId: $id, reason: WEATHER, idempotencyKey: $key) {{
      ... on SessionPayload {{ session {{ {SESSION} }} }} }} }}"""

    closed = data(market, close, {"id": session_id, "key": next(KEYS)}, editor)["closeSession"]["session"]

    assert closed == {
        "id": session_id,
        "state": "CLOSED",
        "closedFor": "WEATHER",
        "capacity": 5,
        "vacancies": 2,
        "seats": {"confirmed": 0, "held": 3},
        "events": {
            "nodes": [
                {"kind": "CLOSED", "reason": "WEATHER", "before": None, "after": None},
                {"kind": "CAPACITY_CHANGED", "reason": None, "before": 12, "after": 5},
            ]
        },
    }
    cancel = """mutation($id: ID!, $key: ID!) { cancelSession(sessionId: $id, reason: VENUE, idempotencyKey: $key) {
      __typename ... on SeatsTaken { taken } } }"""
    assert data(market, cancel, {"id": session_id, "key": next(KEYS)}, editor)["cancelSession"] == {
        "__typename": "SeatsTaken", "taken": 3,
    }  # fmt: skip
    reopen = """mutation($id: ID!, $key: ID!) { reopenSession(sessionId: $id, idempotencyKey: $key) {
      ... on SessionPayload { session { state closedFor } } } }"""
    assert data(market, reopen, {"id": session_id, "key": next(KEYS)}, editor)["reopenSession"]["session"] == {
        "state": "OPEN", "closedFor": None,
    }  # fmt: skip


def test_days_are_closed_and_reopened_at_once(market: Market, farm: Farm, editor: Actor) -> None:
    session_id = add_session(market, farm.option)
    moving = """mutation($scope: SessionScopeInput!, $key: ID!) {
      %s(scope: $scope, reason: WEATHER, idempotencyKey: $key) { ... on SessionsPayload { count hasMore } } }"""
    scope = {"from": DAY.isoformat(), "to": DAY.isoformat(), "of": {"organisation": farm.producer}}

    closed = data(market, moving % "closeSessions", {"scope": scope, "key": next(KEYS)}, editor)
    assert closed == {"closeSessions": {"count": 1, "hasMore": False}}
    assert row_of(market, session_id).state == "CLOSED"
    opened = data(market, moving % "reopenSessions", {"scope": scope, "key": next(KEYS)}, editor)
    assert opened == {"reopenSessions": {"count": 1, "hasMore": False}}


POOL = """id kind name organisationId period slotMinutes capacity
  slots { nodes { startsAt capacity taken free isOwnCapacity } } draws { nodes { units per option { id } } }"""


def test_a_pool_is_set_up_drawn_on_and_changed(market: Market, farm: Farm, editor: Actor) -> None:
    create = f"""mutation($input: CreatePoolInput!, $key: ID!) {{ createPool(input: $input, idempotencyKey: $key) {{
      {ERRORS} ... on PoolPayload {{ pool {{ {POOL} }} }} }} }}"""
    given = {"organisationId": farm.producer, "kind": "BUS_SEAT", "name": "大巴", "period": "DAY", "capacity": 8}
    pool = data(market, create, {"input": given, "key": next(KEYS)}, editor)["createPool"]["pool"]
    draw = """mutation($option: ID!, $draws: [PoolDrawInput!]!, $key: ID!) {
      drawFromPools(optionId: $option, draws: $draws, idempotencyKey: $key) {
        ... on DrawFromPoolsPayload { changedCount left } } }"""
    wanted = [{"poolId": pool["id"], "units": 1, "per": "PERSON"}]
    drawn = data(market, draw, {"option": farm.option, "draws": wanted, "key": next(KEYS)}, editor)
    assert drawn == {"drawFromPools": {"changedCount": 0, "left": []}}
    session_id = add_session(market, farm.option)
    hold(market, {session_id: 3}, "order-1")

    change = f"""mutation($input: ChangePoolCapacityInput!, $key: ID!) {{
      changePoolCapacity(input: $input, idempotencyKey: $key) {{ ... on PoolPayload {{ pool {{ {POOL} }} }} }} }}"""
    day = {"poolId": pool["id"], "capacity": 5, "from": DAY.isoformat(), "to": DAY.isoformat()}
    changed = data(market, change, {"input": day, "key": next(KEYS)}, editor)["changePoolCapacity"]["pool"]

    assert changed == {
        "id": pool["id"],
        "kind": "BUS_SEAT",
        "name": "大巴",
        "organisationId": farm.producer,
        "period": "DAY",
        "slotMinutes": 1440,
        "capacity": 8,
        "slots": {
            "nodes": [{"startsAt": "2026-06-09T16:00:00Z", "capacity": 5, "taken": 3, "free": 2, "isOwnCapacity": True}]
        },
        "draws": {"nodes": [{"units": 1, "per": "PERSON", "option": {"id": farm.option}}]},
    }
    assert left(market, session_id) == 2
    shown = """query($id: ID!) { tourSession(id: $id) { vacancies draws { nodes { units per slot { free pool { name } } } } } }"""
    assert data(market, shown, {"id": session_id}, editor)["tourSession"] == {
        "vacancies": 2,
        "draws": {"nodes": [{"units": 1, "per": "PERSON", "slot": {"free": 2, "pool": {"name": "大巴"}}}]},
    }


MUTATIONS: dict[str, tuple[str, str]] = {
    "scheduleSession": ("opt", 'input: {optionId: $id, startsAt: "2026-06-10T09:00:00+08:00", capacity: 5}'),
    "changeSessionCapacity": ("ses", "sessionId: $id, capacity: 5"),
    "closeSession": ("ses", "sessionId: $id, reason: OTHER"),
    "reopenSession": ("ses", "sessionId: $id"),
    "cancelSession": ("ses", "sessionId: $id, reason: OTHER"),
    "closeSessions": ("pkg", 'scope: {from: "2026-06-10", to: "2026-06-10", of: {tourPackage: $id}}, reason: OTHER'),
    "reopenSessions": ("pdr", 'scope: {from: "2026-06-10", to: "2026-06-10", of: {organisation: $id}}, reason: OTHER'),
    "createSeries": ("opt", 'optionId: $id, plan: {rule: "FREQ=DAILY;COUNT=1", firstDay: "2026-06-10", times: ["09:00"], capacity: 5}'),
    "editSeries": ("sre", 'seriesId: $id, plan: {rule: "FREQ=DAILY;COUNT=1", firstDay: "2026-06-10", times: ["09:00"], capacity: 5}'),
    "endSeries": ("sre", "seriesId: $id"),
    "createPool": ("pdr", 'input: {organisationId: $id, kind: ROOM, name: "客房", period: NIGHT, capacity: 5}'),
    "changePoolCapacity": ("pol", "input: {poolId: $id, capacity: 5}"),
    "drawFromPools": ("opt", "optionId: $id, draws: []"),
}  # fmt: skip
"""Each mutation, with what it names."""


def ids(market: Market, farm: Farm, editor: Actor) -> dict[str, str]:
    made = data(market, CREATE_SERIES, {"option": farm.option, "plan": PLAN, "key": next(KEYS)}, editor)
    create = """mutation($id: ID!, $key: ID!) { createPool(idempotencyKey: $key, input: {organisationId: $id, kind: ROOM,
      name: "x", period: DAY, capacity: 5}) { ... on PoolPayload { pool { id } } } }"""
    pool = data(market, create, {"id": farm.producer, "key": next(KEYS)}, editor)["createPool"]["pool"]["id"]
    return {
        "opt": farm.option,
        "pkg": farm.package,
        "pdr": farm.producer,
        "ses": add_session(market, farm.option, at=time(7)),
        "sre": made["createSeries"]["series"]["id"],
        "pol": pool,
    }


def test_each_mutation_is_refused_alike_for_foreign_and_unknown_things(
    market: Market, farm: Farm, editor: Actor, stranger: Actor
) -> None:
    known = ids(market, farm, editor)
    callers = (
        (VISITOR, "NotSignedIn"),
        (Actor(ActorKind.CUSTOMER, "acc"), "Forbidden"),
        (person(market, Role.VIEWER, farm.producer), "Forbidden"),
        (stranger, "NotFound"),
    )
    for name, (prefix, given) in MUTATIONS.items():
        document = f"mutation($id: ID!, $key: ID!) {{ {name}({given}, idempotencyKey: $key) {{ {ERRORS} }} }}"
        for actor, typename in callers:
            foreign = ask(market, document, {"id": known[prefix], "key": next(KEYS)}, actor)
            unknown = ask(market, document, {"id": f"{prefix}_01k00000000000000000000000", "key": next(KEYS)}, actor)
            assert foreign["data"][name]["__typename"] == typename, (name, foreign)
            assert foreign == unknown


READS: dict[str, Callable[[dict[str, str]], str]] = {
    "managedSessions": lambda _known: "managedSessions { nodes { id } totalCount }",
    "of a package": lambda known: f'managedSessions(where: {{tourPackage: "{known["pkg"]}"}}) {{ nodes {{ id }} }}',
    "managedSeries": lambda _known: "managedSeries { nodes { id } }",
    "managedPools": lambda _known: "managedPools { nodes { id } }",
    "sessionSeries": lambda known: f'sessionSeries(id: "{known["sre"]}") {{ id sessions {{ nodes {{ id }} }} }}',
    "seatPool": lambda known: f'seatPool(id: "{known["pol"]}") {{ id name slots {{ nodes {{ taken }} }} }}',
    "node": lambda known: f'node(id: "{known["pol"]}") {{ id }}',
}


def test_operators_read_what_is_theirs_and_strangers_nothing(
    market: Market, farm: Farm, editor: Actor, stranger: Actor
) -> None:
    known = ids(market, farm, editor)
    others = {prefix: f"{prefix}_01k00000000000000000000000" for prefix in known}
    for name, read in READS.items():
        mine = data(market, f"{{ {read(known)} }}", {}, editor)
        theirs = data(market, f"{{ {read(known)} }}", {}, stranger)
        nobodys = data(market, f"{{ {read(others)} }}", {}, stranger)
        assert mine != theirs, name
        assert theirs == nobodys, name
        if name != "node":
            refused = ask(market, f"{{ {read(known)} }}", {}, VISITOR)
            assert [each["extensions"]["code"] for each in refused["errors"]] == ["UNAUTHENTICATED"], name


def test_everybody_sees_a_session_and_only_its_people_who_has_seats(
    market: Market, farm: Farm, editor: Actor, stranger: Actor
) -> None:
    session_id = add_session(market, farm.option)
    hold(market, {session_id: 3}, "order-1")
    public = "query($id: ID!) { tourSession(id: $id) { state vacancies closedFor } }"
    figures = "query($id: ID!) { tourSession(id: $id) { seats { held } events { nodes { kind } } series { id } } }"

    seen = {"state": "OPEN", "vacancies": 17, "closedFor": None}
    assert data(market, public, {"id": session_id}, VISITOR)["tourSession"] == seen
    assert data(market, figures, {"id": session_id}, editor)["tourSession"]["seats"] == {"held": 3}
    assert data(market, figures, {"id": session_id}, stranger)["tourSession"] == {
        "seats": None, "events": {"nodes": []}, "series": None,
    }  # fmt: skip
    refused = ask(market, figures, {"id": session_id}, VISITOR)
    assert {each["extensions"]["code"] for each in refused["errors"]} == {"UNAUTHENTICATED"}


def test_operators_see_sessions_of_packages_that_are_not_on_sale(
    market: Market, farm: Farm, editor: Actor, stranger: Actor
) -> None:
    session_id = add_session(market, farm.option)
    with market.transaction() as session:
        listing = session.get(Listing, farm.package)
        assert listing is not None
        listing.state = ListingState.WITHDRAWN
    document = "query($id: ID!) { tourSession(id: $id) { id tourPackage { title } } node(id: $id) { id } }"

    for actor in (VISITOR, stranger):
        assert data(market, document, {"id": session_id}, actor) == {"tourSession": None, "node": None}
    assert data(market, document, {"id": session_id}, editor) == {
        "tourSession": {"id": session_id, "tourPackage": {"title": "采茶半日"}},
        "node": {"id": session_id},
    }


WHERES = {
    "": 4,
    'from: "2026-06-11"': 2,
    'to: "2026-06-10"': 2,
    'tourPackage: "%(package)s"': 4,
    'option: "opt_01k00000000000000000000000"': 0,
    'organisation: "%(producer)s"': 4,
    'organisation: "cop_01k00000000000000000000000"': 0,
    'region: "330213000000"': 4,
    'region: "330212000000"': 0,
    "states: [CLOSED]": 1,
    "states: [OPEN, CLOSED]": 4,
    "isTaken: true": 1,
    "isTaken: false": 3,
}


def test_operators_filter_their_sessions(market: Market, farm: Farm, editor: Actor) -> None:
    made = [
        add_session(market, farm.option, day=DAY + timedelta(days=day), at=time(hour))
        for day in (0, 1)
        for hour in (9, 14)
    ]
    hold(market, {made[0]: 2}, "order-1")
    close_session(market, ADMIN, made[3], reason=CloseReason.OTHER, idempotency_key=next(KEYS))

    for where, right in WHERES.items():
        text = where % {"package": farm.package, "producer": farm.producer}
        document = f"{{ managedSessions(where: {{{text}}}) {{ totalCount nodes {{ id }} }} }}"
        found = data(market, document, {}, editor)["managedSessions"]
        assert (found["totalCount"], len(found["nodes"])) == (right, right), where

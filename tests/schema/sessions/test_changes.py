"""Sessions, series and pools through the API: made, changed, refused."""

import pytest

from market.kernel.market import Market
from market.kernel.permissions import Actor
from tests.schema.sessions.doing import CREATE_SERIES, ERRORS, KEYS, PLAN, ask, data
from tests.sessions.farm import DAY, Farm, add_session, hold, left, row_of


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

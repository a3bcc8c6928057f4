"""Who reads and changes which sessions through the API, and what strangers are told: nothing."""

from collections.abc import Callable
from datetime import time, timedelta

from market.catalogue.rules import ListingState
from market.catalogue.tables import Listing
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.sessions.moves import close_session
from market.sessions.rules import CloseReason
from tests.schema.sessions.doing import CREATE_SERIES, ERRORS, KEYS, PLAN, ask, data
from tests.schema.stalls import ADMIN
from tests.sessions.farm import DAY, Farm, add_session, hold, person

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
    "managedSessions": lambda _known: 'managedSessions(where: {region: "330213000000"}) { nodes { id } totalCount }',
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
    'organisation: "%(producer)s", from: "2026-06-11"': 2,
    'organisation: "%(producer)s", to: "2026-06-10"': 2,
    'tourPackage: "%(package)s"': 4,
    'option: "opt_01k00000000000000000000000"': 0,
    'organisation: "%(producer)s"': 4,
    'organisation: "cop_01k00000000000000000000000"': 0,
    'region: "330213000000"': 4,
    'region: "330212000000"': 0,
    'tourPackage: "%(package)s", states: [CLOSED]': 1,
    'tourPackage: "%(package)s", states: [OPEN, CLOSED]': 4,
    'tourPackage: "%(package)s", isTaken: true': 1,
    'tourPackage: "%(package)s", isTaken: false': 3,
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
    for where in ("", "(where: {})", "(where: {states: [OPEN]})"):
        refused = ask(market, f"{{ managedSessions{where} {{ nodes {{ id }} }} }}", {}, editor)
        assert [each["extensions"]["code"] for each in refused["errors"]] == ["BAD_USER_INPUT"], where

"""Every field × every kind of caller: refused exactly when a rule on the way says so. Made from the schema, so that a
new field is asked for too."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from graphql import GraphQLObjectType

from market.kernel.errors import MarketError
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from schema.permissions import PUBLIC, check_rule
from tests.schema.asking import SCHEMA, Asker, asked
from tests.schema.matrix.paths import Way, selection_of, ways
from tests.schema.matrix.world import World, build_world

REFUSALS = {"UNAUTHENTICATED", "FORBIDDEN"}
ONE_BY_ONE = {"visitor", "customer"}


@pytest.fixture(scope="module", name="world")
def _world(databases: Any) -> Iterator[World]:
    with build_world(databases) as world:
        yield world


def expected(actor: Actor, rules: list[Any]) -> str | None:
    """The refusal's code that the rules on a way mean for an actor; None when it is open."""
    for rule in rules:
        try:
            check_rule(actor, rule)
        except MarketError as error:
            return error.code
    return None


def told(answer: Mapping[str, Any]) -> str | None:
    """The refusal in an answer, if it is for want of rights; a bug is a failure."""
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    assert "INTERNAL_SERVER_ERROR" not in codes, answer["errors"]
    return next(iter(codes & REFUSALS), None)


def test_every_field_is_refused_exactly_as_its_rules_say(world: World) -> None:
    found = list(ways(SCHEMA, world.sample, world.ids_by_type))
    reached = {way.type for way in found}
    unreached = {
        name
        for name, kind in SCHEMA.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__") and name not in reached
    }
    assert unreached <= world.only_from_mutations(SCHEMA), "say in the world how to get there"

    asked(world.market, lambda market: _all_fields(market, world, found))


async def _all_fields(market: Market, world: World, found: list[Way]) -> None:
    asker = Asker(market)
    wrong: list[str] = []
    for way in found:
        kind = SCHEMA.type_map[way.type]
        assert isinstance(kind, GraphQLObjectType)
        for caller, actor in world.callers.items():
            for selections, refusal in _asked_together(world, way, kind, caller, actor):
                document = way.document(" ".join(f"f{at}: {each}" for at, each in enumerate(selections)))
                got = told(await asker.ask(document, actor=actor))
                if got != refusal:
                    wrong.append(f"{caller}: {document} → {got}, not {refusal}")
    assert wrong == []
    assert asker.log.masked == []


def _asked_together(
    world: World, way: Way, kind: GraphQLObjectType, caller: str, actor: Actor
) -> Iterator[tuple[list[str], str | None]]:
    """Fields of a type to ask for in one document, and the refusal that is due: what is open all together; what is not
    one by one where a field without its guard would show (`ONE_BY_ONE`), else together too."""
    by_refusal: dict[str | None, list[str]] = {}
    for name, field in kind.fields.items():
        rules = [*way.rules, field.extensions["rule"]]
        is_open_to_all = set(rules) == {PUBLIC}
        if is_open_to_all and caller not in {"visitor", "owner"}:
            continue
        refusal = None if _is_nobodys(way, name, actor) else expected(actor, rules)
        selection = selection_of(kind.name, name, field, world.sample)
        if refusal is not None and caller in ONE_BY_ONE:
            yield [selection], refusal
        else:
            by_refusal.setdefault(refusal, []).append(selection)
    for refusal, selections in by_refusal.items():
        yield selections, refusal


def _is_nobodys(way: Way, field: str, actor: Actor) -> bool:
    """What is the caller's own is null, and nothing beneath it asked, when they are nobody; an API key has no account."""
    root = way.steps[0].text if way.steps else field
    if root == "me":
        return not (actor.account_id or "").startswith("acc_")
    return root == "profile" and actor.account_id is None


def test_a_strangers_row_reads_as_one_that_is_not_there(world: World) -> None:
    asked(world.market, lambda market: _strangers(market, world))


async def _strangers(market: Market, world: World) -> None:
    asker = Asker(market)
    for name, row_id in world.private_ids.items():
        kind = SCHEMA.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        leaves = " ".join(selection_of(name, each, field, world.sample) for each, field in kind.fields.items())
        document = f"query Try($id: ID!) {{ node(id: $id) {{ ... on {name} {{ {leaves} }} }} }}"
        mine = await asker.answer(document, {"id": row_id}, actor=world.callers[world.seen_by(name)])
        assert b'"node":{' in mine.body, (name, mine.body)
        for caller in world.strangers_to(name):
            actor = world.callers[caller]
            theirs = await asker.answer(document, {"id": row_id}, actor=actor)
            unknown = await asker.answer(document, {"id": world.unknown(row_id)}, actor=actor)
            assert theirs.body == unknown.body, (caller, name)
            assert b'"node":{' not in theirs.body, (caller, name)


def test_there_is_a_caller_of_every_kind(world: World) -> None:
    kinds = {actor.kind for actor in world.callers.values()}

    assert kinds == set(ActorKind) - {ActorKind.SYSTEM}

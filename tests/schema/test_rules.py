"""Rules: on everything, printed, and meant."""

import pytest
import strawberry
from graphql import GraphQLObjectType, build_schema, parse, validate

from market.kernel.errors import Forbidden, NotSignedIn
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission, Role
from schema.build import build_schema as build_ours
from schema.build import core_schema
from schema.permissions import PUBLIC, SIGNED_IN, Rule, check_rule, declare_rules, ruled, rules
from schema.sdl import printed
from tests.schema.asking import SCHEMA

CUSTOMER = Actor(ActorKind.CUSTOMER, "acc_c")
VIEWER = Actor(ActorKind.MEMBER, "acc_v", organisations={"cop_a": frozenset({Role.VIEWER})})
EDITOR = Actor(ActorKind.MEMBER, "acc_e", organisations={"cop_a": frozenset({Role.EDITOR})})
KEY = Actor(
    ActorKind.MEMBER,
    "key_a",
    organisations={"cop_a": frozenset({Role.OWNER})},
    limits=frozenset({Permission.LISTING_READ}),
)


def test_every_field_has_a_rule_and_says_it() -> None:
    told = [(kind, field, rule) for kind, field, rule in rules(SCHEMA)]

    assert len(told) > 300
    for kind, field, rule in told:
        definition = SCHEMA.type_map[kind].fields[field]  # type: ignore[attr-defined]
        words = {"PUBLIC": "Open to everybody.", "SIGNED_IN": "Needs sign-in."}.get(rule, f"Needs `{rule}`.")
        assert definition.description.endswith(words), (kind, field)
        assert all(each.extensions["rule"] == rule for each in definition.args.values()), (kind, field)


def test_the_printed_schema_has_every_rule_as_a_directive() -> None:
    text = printed(build_ours())
    again = build_schema(text)

    for kind, field, rule in rules(SCHEMA):
        definition = again.type_map[kind].fields[field]  # type: ignore[attr-defined]
        assert definition.ast_node is not None
        (auth,) = [each for each in definition.ast_node.directives if each.name.value == "auth"]
        assert auth.arguments[0].value.value == rule, (kind, field)
        for name, argument in definition.args.items():
            assert [each.name.value for each in argument.ast_node.directives] == ["auth"], (kind, field, name)
    assert not validate(again, parse("{ __typename }"))


@pytest.mark.parametrize(
    ("actor", "rule", "refusal"),
    [
        (VISITOR, PUBLIC, None),
        (VISITOR, SIGNED_IN, NotSignedIn),
        (VISITOR, Permission.LISTING_EDIT, NotSignedIn),
        (CUSTOMER, SIGNED_IN, None),
        (CUSTOMER, Permission.PROFILE_MANAGE, None),
        (CUSTOMER, Permission.LISTING_EDIT, Forbidden),
        (VIEWER, Permission.LISTING_READ, None),
        (VIEWER, Permission.LISTING_EDIT, Forbidden),
        (EDITOR, Permission.LISTING_EDIT, None),
        (KEY, Permission.LISTING_READ, None),
        (KEY, Permission.LISTING_EDIT, Forbidden),
        (KEY, Permission.PROFILE_MANAGE, Forbidden),
    ],
)
def test_a_rule_is_met_by_a_role_that_grants_it(actor: Actor, rule: Rule, refusal: type[Exception] | None) -> None:
    if refusal is None:
        check_rule(actor, rule)
    else:
        with pytest.raises(refusal):
            check_rule(actor, rule)


def _schema(query: type) -> strawberry.Schema:
    return strawberry.Schema(query=query)


def test_a_type_without_a_rule_stops_the_server() -> None:
    @strawberry.type
    class Secret:
        text: str

    @strawberry.type
    class Query:
        @strawberry.field
        def secret(self) -> Secret:
            return Secret(text="x")

    with pytest.raises(TypeError, match="the type Secret has no rule"):
        declare_rules(core_schema(_schema(Query)))


def test_a_rule_is_not_inherited_from_an_open_interface() -> None:
    @strawberry.interface
    @ruled(PUBLIC)
    class Open:
        text: str

    @strawberry.type
    class Secret(Open):
        more: str

    @strawberry.type
    class Query:
        @strawberry.field
        def secret(self) -> Secret:
            return Secret(text="x", more="y")

    with pytest.raises(TypeError, match="the type Secret has no rule"):
        declare_rules(core_schema(_schema(Query)))


def test_a_mutation_without_a_rule_stops_the_server() -> None:
    @strawberry.type
    class Query:
        @strawberry.field(metadata={"rule": PUBLIC})  # type: ignore[untyped-decorator]  # its overloads do not cover metadata
        def one(self) -> int:
            return 1

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        def change(self) -> int:
            return 1

    with pytest.raises(TypeError, match="the mutation change has no rule"):
        declare_rules(core_schema(strawberry.Schema(query=Query, mutation=Mutation)))


def test_a_root_field_takes_the_rule_of_what_it_returns() -> None:
    @strawberry.type
    @ruled(Permission.AUDIT_READ)
    class Entry:
        text: str

    @strawberry.type
    class Query:
        @strawberry.field
        def entry(self) -> Entry:
            return Entry(text="x")

    core = core_schema(_schema(Query))
    declare_rules(core)

    entry = core.type_map["Entry"]
    assert isinstance(entry, GraphQLObjectType)
    assert core.query_type is not None
    assert core.query_type.fields["entry"].extensions["rule"] == Permission.AUDIT_READ
    assert entry.fields["text"].extensions["rule"] == Permission.AUDIT_READ

"""Bounds and prices of documents, with variables, fragments and bombs."""

from typing import Any

import pytest
from graphql import build_schema, get_introspection_query, parse

from schema.edge.limits import DocumentLimits, LimitExceeded, Limits
from tests.server.edge.toy import schema

CHECK = DocumentLimits(schema())


def cost(text: str, operation: str | None = None, **variables: Any) -> int:
    return CHECK.check(parse(text)).cost(operation, variables)


def refusal(text: str, limits: Limits | None = None) -> tuple[str, int]:
    with pytest.raises(LimitExceeded) as caught:
        DocumentLimits(CHECK.schema, limits).check(parse(text))
    return caught.value.what, caught.value.actual


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ hello count __typename }", 0),
        ("{ kinds }", 0),
        ("{ product { id title } }", 1),
        ("{ product { price { amount } producer { name } } }", 3),
        ("{ same { same { product { id } } } }", 3),
        # a connection: 1 + n × (1 + beneath); edges, node and pageInfo are in that
        ("{ products { totalCount pageInfo { endCursor } } }", 1),
        ("{ products { nodes { title } } }", 1 + 20),
        ("{ products(first: 3) { edges { cursor node { title } } pageInfo { endCursor } } }",
         1 + 3),
        ("{ products(last: 3) { nodes { price { amount } } } }", 1 + 3 * 2),
        ("{ products(first: 2, last: 9) { nodes { id } } }", 1 + 9),
        ("{ products(first: -5) { nodes { id } } }", 1 + 20),
        ("{ products(first: 0) { nodes { id } } }", 1 + 20),
        ("{ products(first: 2) { nodes { id } edges { node { id } } } }", 1 + 2 * 2),
        # nested: the schema's own default page is 5
        ("{ products(first: 2) { nodes { producer { products { nodes { id } } } } } }",
         1 + 2 * (1 + 1 + (1 + 5))),
        # lists without a page: 10
        ("{ product { images { url } } }", 1 + 1 + 10),
        ("{ matrix { id } }", 1 + 100),
        # by id
        ("{ nodes(ids: [1, 2, 3]) { id } }", 1 + 3),
        ("{ nodes(ids: null) { id } }", 1 + 10),
        ("{ nodes { id } }", 1 + 10),
        ("{ nodes(ids: 7) { ... on Product { price { amount } } } }", 1 + 2),
        ("{ related(producerIds: [1, 2]) { id } }", 1 + 20),
        ("mutation { pay(id: 1) { price { amount } } }", 10 + 1),
        ("mutation { cancel(ids: [1, 2, 3]) }", 30),
        # overrides by extensions
        ('{ search(text: "a", first: 4) { nodes { price { amount } } } }', 5 + 4 * (5 + 1)),
        ("{ report }", 100),
        # an interface: type conditions are added
        ("{ node(id: 1) { ... on Product { price { amount } } "
         "... on Producer { products { nodes { id } } } } }",
         1 + 1 + (1 + 5)),
        # @skip and @include do not make anything cheaper
        ("{ product @skip(if: true) { id } }", 1),
        ("{ __schema { types { fields { name } } } }", 100),
        ('{ __type(name: "A") { name } }', 10),
        ("subscription { paid { id } }", 1),
    ],
)  # fmt: skip
def test_an_operation_is_priced(text: str, points: int) -> None:
    assert cost(text) == points


def test_variables_count_and_not_only_literals() -> None:
    text = (
        "query($n: Int) { products(first: $n) { ...Items } } "
        "fragment Items on ProductConnection { edges { node { "
        "producer { products(first: $n) { nodes { id } } } } } }"
    )

    assert cost(text, n=4) == 1 + 4 * (1 + 1 + (1 + 4))
    assert cost(text, n=100) == 1 + 100 * (1 + 1 + (1 + 100))
    assert cost(text) == 1 + 20 * (1 + 1 + (1 + 5))
    assert cost(text, n=None) == cost(text)


def test_id_lists_count_by_their_length() -> None:
    text = "query($ids: [ID!]!, $one: ID!) { nodes(ids: $ids) { id } b: nodes(ids: [$one, 2]) { id } }"

    assert cost(text, ids=["1"] * 250, one="1") == (1 + 250) + (1 + 2)
    assert cost("mutation($ids: [ID!]!) { cancel(ids: $ids) }", ids=[1, 2, 3, 4]) == 40


def test_each_operation_has_its_own_price() -> None:
    text = "query A { product { id } } query B($n: Int) { products(first: $n) { nodes { id } } }"

    assert cost(text, "A") == 1
    assert cost(text, "B", n=7) == 8
    with pytest.raises(KeyError):
        cost(text, "C")


def test_charging_refuses_above_the_limit() -> None:
    inner = "producer { products(first: 7) { nodes { id } } }"
    static = CHECK.check(parse("query($n: Int) { products(first: $n) { nodes { id " + inner + " } } }"))

    assert static.charge(None, {"n": 99}) == 991
    with pytest.raises(LimitExceeded) as caught:
        static.charge(None, {"n": 100})
    assert caught.value.extensions == {
        "code": "QUERY_TOO_COMPLEX", "what": "cost", "limit": 1000, "actual": 1001,
    }  # fmt: skip


def test_a_page_that_is_too_large_is_for_its_reader_to_refuse() -> None:
    by_variable = CHECK.check(parse("query($n: Int) { products(first: $n) { nodes { id } } }"))
    literal = CHECK.check(parse("{ products(first: 5000) { nodes { id } } }"))

    assert by_variable.charge(None, {"n": 100}) == by_variable.charge(None, {"n": 5000}) == literal.charge(None, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{" + "same {" * 14 + "hello" + "}" * 15, None),
        ("{" + "same {" * 15 + "hello" + "}" * 16, ("depth", 16)),
        ("{" + "same { ... {" * 14 + "hello" + "}}" * 14 + "}", None),
        ("{ same { ...A } } fragment A on Query {" + "same {" * 13 + "hello" + "}" * 14, None),
        ("{ same { ...A } } fragment A on Query {" + "same {" * 14 + "hello" + "}" * 15,
         ("depth", 16)),
        ("{" + " ".join(f"a{i}: hello" for i in range(20)) + "}", None),
        ("{" + " ".join(f"a{i}: hello" for i in range(21)) + "}", ("root_fields", 21)),
        ("{ ...A ...A ...A } "
         "fragment A on Query { hello count fail crash kinds report __typename }",
         ("root_fields", 21)),
        ("{ same {" + " ".join(f"a{i}: __typename" for i in range(50)) + "} }", None),
        ("{ same {" + " ".join(f"a{i}: __typename" for i in range(51)) + "} }", ("aliases", 51)),
        ("{ same { hello" + " @skip(if: true)" * 50 + "} }", None),
        ("query Q($a: Int @b) @a { ...F @c } fragment F on Query @d { hello " + "@e " * 47 + "}",
         ("directives", 51)),
        ("{ same {" + "same { hello } " * 99 + "hello " * 500 + "} }", None),
        ("{ same {" + "same { hello } " * 100 + "} }", ("repeats", 101)),
        ("{ same {" + "hello(name: 1) " * 101 + "} }", ("repeats", 101)),
        ("{ same { ...A } same { ...B } } fragment A on Query {" + "same { hello } " * 49 + "}"
         "fragment B on Query {" + "... { same { hello } } " * 50 + "}", ("repeats", 101)),
    ],
)  # fmt: skip
def test_each_bound_is_exact(text: str, expected: tuple[str, int] | None) -> None:
    if expected is None:
        CHECK.check(parse(text))
    else:
        assert refusal(text) == expected


def test_the_usual_introspection_query_passes() -> None:
    text = get_introspection_query(specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True)

    static = CHECK.check(parse(text))

    assert static.uses_introspection
    assert static.charge("IntrospectionQuery", {}) == 100


def test_introspection_has_a_depth_limit_of_its_own() -> None:
    text = "{ __schema { types {" + "ofType {" * 18 + "name" + "}" * 18 + "} } }"

    assert refusal(text) == ("introspection_depth", 21)


def test_a_fragment_bomb_is_counted_in_linear_time() -> None:
    spreads = "".join(
        f"fragment F{i} on Query {{ a: same {{ ...F{i + 1} }} b: same {{ ...F{i + 1} }} }} " for i in range(20)
    )
    text = "{ ...F0 } " + spreads + "fragment F20 on Query { product { id } }"
    static = DocumentLimits(CHECK.schema, Limits(depth=99)).check(parse(text))

    assert static.cost(None, {}) == sum(2**i for i in range(1, 21)) + 2**20


def test_fragment_cycles_and_unknown_names_are_left_to_the_validation() -> None:
    CHECK.check(parse("{ ...A } fragment A on Query { ...B } fragment B on Query { hello ...A }"))
    CHECK.check(parse("{ ...Nothing nothing { at { all } } ... on Nobody { x } }"))
    CHECK.check(parse("type A { a: Int } { hello }"))


def test_a_long_chain_of_fragments_needs_no_recursion() -> None:
    chain = "".join(f"fragment F{i} on Query {{ ...F{i + 1} }} " for i in range(5000))

    static = CHECK.check(parse("{ ...F0 } " + chain + "fragment F5000 on Query { product { id } }"))

    assert static.cost(None, {}) == 1


def test_invented_fields_are_not_remembered() -> None:
    check = DocumentLimits(build_schema("type Query { a: Int }"))
    check.check(parse("{ a b c d }"))

    assert check.price(check.schema.query_type, "b") is None
    assert len(check._prices) == 1


def test_a_refusal_says_what_in_both_languages() -> None:
    error = LimitExceeded("depth", limit=15, actual=10**300)

    assert error.message("en") == "Query too complex: >1000000000 levels of fields, at most 15."
    assert error.message("zh") == "查询过于复杂：嵌套层数为 >1000000000，上限 15。"
    assert error.extensions["actual"] == 10**9

"""Documents are read once, refusals too; messages say no more than they should."""

from graphql import GraphQLError, VariableValues, get_introspection_query

from schema.edge.documents import Document, Documents, formatted
from schema.edge.limits import Limits
from tests.server.edge.toy import schema


def codes(document: Document) -> list[str]:
    return [str((error.extensions or {})["code"]) for error in document.errors]


def test_a_text_is_read_once_and_so_is_a_refused_one() -> None:
    documents = Documents(schema())

    for text in ("{ hello }", "{ nothing }", "{", "{" + "a: hello " * 60 + "}"):
        assert documents.get(text) is documents.get(text)


def test_refusals_cannot_push_valid_documents_out() -> None:
    documents = Documents(schema(), max_documents=8)
    good = documents.get("{ hello }")

    for number in range(50):
        documents.get(f"{{ nothing{number} }}")

    assert documents.get("{ hello }") is good
    assert len(documents._refused) == 2


def test_the_least_recently_used_document_goes_first() -> None:
    documents = Documents(schema(), max_documents=2)
    first = documents.get("{ hello }")
    second = documents.get("{ count }")
    assert documents.get("{ hello }") is first
    documents.get("{ kinds }")

    assert documents.get("{ hello }") is first
    assert documents.get("{ count }") is not second


def test_a_very_long_text_is_not_kept() -> None:
    documents = Documents(schema())
    text = "{ hello }" + " " * 40_000

    assert documents.get(text) is not documents.get(text)


def test_operations_are_found_by_name() -> None:
    documents = Documents(schema())
    two = documents.get("query A { hello } query B { count }")
    one = documents.get("query A { hello }")

    assert set(two.operations) == {"A", "B"}
    assert two.operation("B") is two.operations["B"]
    assert one.operation(None) is one.operation("") is one.operations["A"]
    for document, name in ((two, None), (two, "C"), (one, "C")):
        error = document.operation(name)
        assert isinstance(error, GraphQLError)
        assert error.extensions == {"code": "BAD_USER_INPUT"}


def test_each_kind_of_refusal_has_its_code() -> None:
    documents = Documents(schema(), Limits(comments=3))

    assert codes(documents.get("{")) == ["GRAPHQL_PARSE_FAILED"]
    assert codes(documents.get("{ nothing }")) == ["GRAPHQL_VALIDATION_FAILED"]
    assert codes(documents.get("{" + " hello" * 2001 + "}")) == ["QUERY_TOO_COMPLEX"]
    assert codes(documents.get("#a\n" * 4 + "{ hello }")) == ["QUERY_TOO_COMPLEX"]
    assert codes(documents.get("type A { a: Int }")) == ["GRAPHQL_VALIDATION_FAILED"]
    assert documents.get("{ nothing }").limits is None


def test_at_most_five_errors_are_told() -> None:
    documents = Documents(schema())
    many = documents.get("{" + " ".join(f"x{i}" for i in range(19)) + "}")
    declared = " ".join(f"$v{i}: Int!" for i in range(9))
    used = " ".join(f"count{i}: count(n: $v{i})" for i in range(9))
    variables = documents.get(f"query({declared}) {{ {used} }}")

    operation = variables.operation(None)
    assert not isinstance(operation, GraphQLError)
    errors = documents.variables_for(variables, operation, {})

    assert len(many.errors) == 5
    assert isinstance(errors, list)
    assert len(errors) == 5
    assert {str((error.extensions or {})["code"]) for error in errors} == {"BAD_USER_INPUT"}


def test_variables_are_coerced() -> None:
    documents = Documents(schema())
    document = documents.get("query($n: Int = 3, $name: String) { count(n: $n) hello(name: $name) }")
    operation = document.operation(None)
    assert not isinstance(operation, GraphQLError)

    values = documents.variables_for(document, operation, {"name": "x", "unknown": 1})

    assert isinstance(values, VariableValues)
    assert values.coerced == {"n": 3, "name": "x"}


def test_names_are_suggested_only_if_wanted() -> None:
    text = "query($w: Where) { helo find(where: { txt: 1, kind: FRUT }) b: find(where: $w) }"
    quiet, helpful = Documents(schema()), Documents(schema(), suggestions=True)

    told = [error.message for error in helpful.get(text).errors]
    kept = [error.message for error in quiet.get(text).errors]

    assert any("Did you mean" in message for message in told)
    assert any("Allowed: FRUIT, TEA." in message for message in told)
    assert not any("TEA" in message for message in kept)
    assert not any("Did you mean" in message for message in kept)
    operation = quiet.get("query($w: Where) { find(where: $w) }").operation(None)
    assert not isinstance(operation, GraphQLError)
    errors = quiet.variables_for(quiet.get(text), operation, {"w": {"txt": 1, "kind": "FRUT"}})
    assert isinstance(errors, list)
    assert not any("Did you mean" in error.message for error in errors)


def test_introspection_can_be_switched_off_but_typename_stays() -> None:
    closed, open_ = Documents(schema(), introspection=False), Documents(schema())
    texts = (
        get_introspection_query(),
        '{ __type(name: "Query") { name } }',
        "{ ...F } fragment F on Query { x: __schema { types { name } } }",
    )

    for text in texts:
        assert codes(closed.get(text)) == ["GRAPHQL_VALIDATION_FAILED"]
        assert open_.get(text).errors == []
        assert open_.get(text).uses_introspection
    assert closed.get("{ __typename same { __typename } }").errors == []
    assert not open_.get("{ __typename }").uses_introspection


def test_errors_point_into_the_text() -> None:
    (entry,) = formatted(Documents(schema()).get("{\n  nothing\n}").errors, "en")

    assert entry["locations"] == [{"line": 2, "column": 3}]
    assert entry["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}

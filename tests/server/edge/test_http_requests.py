"""What is accepted as a GraphQL request, and how everything else is refused before execution."""

import orjson
import pytest

from schema.edge.http import GraphQLEndpoint, HttpLimits
from schema.edge.media import MediaType
from tests.server.edge.asgi import GRAPHQL, JSON, ask, call
from tests.server.edge.toy import Toy, endpoint

HELLO = b'{"query":"{ hello }"}'
PREFLIGHT = {"x-graphql-preflight": "1"}


def test_a_request_carries_what_the_client_sent(app: GraphQLEndpoint, toy: Toy) -> None:
    headers = {
        **GRAPHQL,
        "authorization": "Bearer x",
        "accept-language": "en",
        "if-none-match": '"7"',
        "x-request-id": "client-id_1",
    }
    body = {"query": "query A($name: String) { hello(name: $name) }", "operationName": "A"}

    response = call(app, headers=headers, body=orjson.dumps({**body, "variables": {"name": "village"}}))

    (request,) = toy.executed
    assert response.json == {"data": {"hello": "hello village"}}
    assert request.query == body["query"]
    assert request.operation_name == "A"
    assert request.variables == {"name": "village"}
    assert request.accept_language == "en"
    assert request.authorization == "Bearer x"
    assert request.request_id == "client-id_1"
    assert request.media_type is MediaType.GRAPHQL
    assert request.may_mutate is True
    assert request.if_none_match == b'"7"'
    assert request.client == "192.0.2.7"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=gbk",
        "application/graphql",
        "application/json-patch+json",
        "",
        None,
    ],
)
def test_only_utf8_json_bodies_are_read(app: GraphQLEndpoint, toy: Toy, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}

    response = call(app, headers=headers, body=HELLO)

    assert (response.status, response.code) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["connection"] == "close"
    assert toy.executed == []


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_json_in_utf8_is_accepted_however_it_is_spelled(app: GraphQLEndpoint, content_type: str) -> None:
    assert call(app, headers={"content-type": content_type}, body=HELLO).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_refused_with_allow(app: GraphQLEndpoint, method: str) -> None:
    response = call(app, method=method, body=HELLO)

    assert (response.status, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("", "application/json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("Application/GraphQL-Response+JSON", "application/graphql-response+json"),
        (
            "application/json, application/graphql-response+json",
            "application/graphql-response+json",
        ),
        ("application/graphql-response+json;q=0.5, application/json;q=0.9", "application/json"),
        ("application/json;q=0, */*", "application/graphql-response+json"),
        ("text/html, */*;q=0.1", "application/json"),
    ],
)
def test_the_media_type_is_negotiated(app: GraphQLEndpoint, accept: str | None, expected: str) -> None:
    headers = JSON if accept is None else {**JSON, "accept": accept}

    response = call(app, headers=headers, body=HELLO)

    assert response.status == 200
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", "image/png, text/*", "application/json;q=0", "*/*;q=0", "*/*;q=x"])
def test_an_unacceptable_media_type_is_refused(app: GraphQLEndpoint, accept: str) -> None:
    response = call(app, headers={**JSON, "accept": accept}, body=HELLO)

    assert (response.status, response.code) == (406, "NOT_ACCEPTABLE")
    assert response.headers["content-type"] == "application/json; charset=utf-8"


def test_repeated_accept_headers_are_one_list(app: GraphQLEndpoint) -> None:
    pairs = [
        ("content-type", "application/json"),
        ("accept", "application/graphql-response+json"),
        ("accept", "text/html"),
    ]

    response = call(app, headers=pairs, body=HELLO)

    assert response.headers["content-type"].startswith("application/graphql-response+json")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"null", "object"),
        (b'"query"', "object"),
        (b"7", "object"),
        (b'[{"query":"{ hello }"}]', "Batches"),
        (b"{}", "query"),
        (b'{"query":""}', "query"),
        (b'{"query":"  "}', "query"),
        (b'{"query":null}', "query"),
        (b'{"query":7}', "query"),
        (b'{"query":"{ hello }","variables":[]}', "variables"),
        (b'{"query":"{ hello }","variables":"{}"}', "variables"),
        (b'{"query":"{ hello }","variables":false}', "variables"),
        (b'{"query":"{ hello }","operationName":7}', "operationName"),
        (b'{"query":"{ hello }","extensions":[]}', "extensions"),
        (b'{"query":"{ hello }","extensions":0}', "extensions"),
        (b'{"query":"{ hello }","variables":{"a":NaN}}', "JSON"),
        (b'{"query":"{ hello }","variables":{"a":1e999}}', "JSON"),
        (b'{"query":"{ hello }","variables":{"a":"\\u0000"}}', "NUL"),
        (b'{"query":"{ hello }","variables":{"\\u0000":1}}', "NUL"),
        (b'{"query":"{ hello \\u0000}"}', "NUL"),
        (b'{"query":"{ hello }","variables":{"a":"\\ud800"}}', "JSON"),
        (b'{"query":"{ hello }\xff"}', "UTF-8"),
        (b"\xef\xbb\xbf" + HELLO, "JSON"),
        (b'{"query":"{ hello }","variables":' + b'{"a":' * 64 + b"1" + b"}" * 65, "levels"),
        (b'{"query":"{ hello }","variables":' + b'{"a":' * 2000 + b"1" + b"}" * 2001, "JSON"),
    ],
)
def test_a_malformed_body_is_refused_with_400(app: GraphQLEndpoint, toy: Toy, body: bytes, word: str) -> None:
    for accept in ("application/json", "application/graphql-response+json"):
        headers = {**JSON, "accept": accept, "accept-language": "en"}
        response = call(app, headers=headers, body=body)

        assert (response.status, response.code) == (400, "BAD_REQUEST")
        assert word in response.message
        assert "data" not in response.json
    assert toy.executed == []


def test_nulls_stand_for_absent_parts(app: GraphQLEndpoint, toy: Toy) -> None:
    parts = {"query": "{ hello }", "variables": None, "operationName": None, "extensions": None}

    assert call(app, body=orjson.dumps(parts)).status == 200
    assert toy.executed[0].variables == {}


def test_nesting_and_braces_within_the_bounds_pass(app: GraphQLEndpoint) -> None:
    deep = b'{"query":"{ hello }","variables":{"a":' + b"[" * 62 + b"]" * 62 + b"}}"
    wide = b'{"query":"{ hello }","variables":{"a":[' + b"[]," * 200 + b'"\\\\u0000"]}}'

    assert call(app, body=deep).status == 200
    assert call(app, body=wide).status == 200


def test_a_body_is_bounded_whatever_it_declares(toy: Toy) -> None:
    app = endpoint(toy, limits=HttpLimits(body_bytes_max=100))

    declared = call(app, headers={**JSON, "content-length": "101"}, body=HELLO)
    huge = call(app, headers={**JSON, "content-length": "9" * 5000}, body=HELLO)
    streamed = call(app, body=[HELLO, b" " * 60, b" " * 60])
    fits = call(app, body=[HELLO[:5], HELLO[5:], b" " * 60])

    assert [r.status for r in (declared, huge, streamed, fits)] == [413, 413, 413, 200]
    assert streamed.headers["connection"] == "close"


def test_get_is_for_queries_with_a_preflight_header(app: GraphQLEndpoint, toy: Toy) -> None:
    query = "query=query A($n: Int){count(n:$n)}&operationName=A&variables={%22n%22:7}&extensions="
    for name in ("x-graphql-preflight", "apollo-require-preflight", "x-apollo-operation-name"):
        assert call(app, method="GET", headers={name: ""}, query=query).json["data"]["count"] == 7
    assert toy.executed[0].may_mutate is False

    bare = call(app, method="GET", headers={}, query=query)
    assert (bare.status, bare.code) == (403, "PREFLIGHT_REQUIRED")


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_a_mutation_by_get_is_refused_with_405(app: GraphQLEndpoint, accept: str) -> None:
    response = call(
        app,
        method="GET",
        headers={**PREFLIGHT, "accept": accept},
        query="query=mutation{cancel(ids:[1])}",
    )

    assert (response.status, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "query=",
        "variables={}",
        "query={hello}&variables=[]",
        "query={hello}&variables={",
        "query={hello}&extensions=7",
        "query={hello}&query={count}",
        "query={hello}&variables={}&variables={}",
        "query=%ff",
        "query=%00{hello}",
        "query={hello}\xe4",
        "query={hello}&" + "a=1&" * 40,
    ],
)
def test_a_malformed_query_string_is_refused_with_400(app: GraphQLEndpoint, query: str) -> None:
    assert call(app, method="GET", headers=PREFLIGHT, query=query).status == 400


def test_a_too_long_query_string_is_refused(app: GraphQLEndpoint) -> None:
    query = "query={hello}" + "&x=" + "y" * 20_000

    assert call(app, method="GET", headers=PREFLIGHT, query=query).status == 414


@pytest.mark.parametrize("given", ["short", "x" * 65, "white space", "a\nb-12345", "ümlaut-123"])
def test_an_odd_request_id_is_replaced(app: GraphQLEndpoint, given: str) -> None:
    response = call(app, headers={**JSON, "x-request-id": given}, body=HELLO)

    assert response.headers["x-request-id"] != given
    assert len(response.headers["x-request-id"]) == 16


def test_refusals_speak_the_callers_language(app: GraphQLEndpoint) -> None:
    def told(language: str) -> str:
        return call(app, headers={**JSON, "accept-language": language}, body=b"[]").message

    assert told("") == told("zh-CN") == told("fr") == told("en;q=0.3, zh;q=0.9") == "不支持批量请求。"
    assert told("en") == told("en-GB,zh;q=0.5") == "Batches are not supported: send one operation."


def test_a_limit_speaks_the_callers_language(app: GraphQLEndpoint) -> None:
    query = "{" + "a: hello " * 31 + "}"

    assert ask(app, query).message.startswith("查询过于复杂")
    english = ask(app, query, headers={**GRAPHQL, "accept-language": "en"})
    assert english.message.startswith("Query too complex")

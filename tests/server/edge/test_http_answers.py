"""Status codes, headers, masking and reporting of answers."""

import asyncio
import logging
from typing import Any

import pytest

from schema.edge.http import Answer, GraphQLEndpoint, Observation
from schema.edge.refusals import BadRequest
from schema.edge.requests import GraphQLRequest
from tests.server.edge.asgi import GRAPHQL, JSON, ask, call
from tests.server.edge.toy import Toy

LEGACY = {**JSON, "accept": "application/json"}


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", None, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { count(n: $n) }", {"n": "x"}, "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", None, "BAD_USER_INPUT"),
        ("fragment F on Query { hello }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("{" + "a: hello " * 51 + "}", None, "QUERY_TOO_COMPLEX"),
        (
            "{ products(first: 100) { nodes { producer { products(first: 9) { nodes { title } } } } } }",
            None,
            "QUERY_TOO_COMPLEX",
        ),
    ],
)
def test_a_request_error_is_400_or_legacy_200(
    app: GraphQLEndpoint, query: str, variables: dict[str, Any] | None, code: str
) -> None:
    modern = ask(app, query, variables)
    legacy = ask(app, query, variables, headers=LEGACY)

    assert (modern.status, modern.code) == (400, code)
    assert (legacy.status, legacy.code) == (200, code)
    assert "data" not in modern.json


@pytest.mark.parametrize(
    ("query", "data"),
    [("{ hello fail }", {"hello": "hello world", "fail": None}), ("{ crash }", None)],
)
def test_an_execution_error_is_200_with_data(app: GraphQLEndpoint, query: str, data: dict[str, Any] | None) -> None:
    response = ask(app, query)

    assert response.status == 200
    assert response.json["data"] == data
    assert response.code == "UNAVAILABLE"


def test_every_answer_has_the_safe_headers(app: GraphQLEndpoint) -> None:
    for response in (
        ask(app, "{ count }"),
        ask(app, "{"),
        call(app, body=b"["),
        call(app, method="PUT"),
    ):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["vary"] == "accept, accept-language, authorization, cookie"
        assert response.headers["cache-control"] == "no-store"
        assert int(response.headers["content-length"]) == len(response.body)
        assert len(response.headers["x-request-id"]) == 16


def test_an_answer_may_be_cached_and_not_modified(app: GraphQLEndpoint) -> None:
    first = ask(app, "{ hello }")
    again = ask(app, "{ hello }", headers={**GRAPHQL, "if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"] == again.headers["cache-control"] == "max-age=5"
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "content-type" not in again.headers


def test_an_unexpected_exception_is_masked_and_logged(
    app: GraphQLEndpoint, toy: Toy, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        response = ask(app, "{ hello }", headers={**GRAPHQL, "authorization": "crash"})

    request_id = response.headers["x-request-id"]
    extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    assert response.status == 500
    assert response.json == {"errors": [{"message": "服务器内部错误。", "extensions": extensions}]}
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "a secret" in str(record.exc_info[1])
    assert record.__dict__["request_id"] == request_id
    assert toy.seen[0].errors == ("INTERNAL_SERVER_ERROR",)


def test_each_request_is_observed_once_without_its_data(app: GraphQLEndpoint, toy: Toy) -> None:
    ask(app, "query Named { products(first: 3) { nodes { id } } }")
    ask(app, "mutation { cancel(ids: [1, 2]) }")
    call(app, body=b"[]")

    named, mutation, refused = toy.seen
    assert (named.operation, named.kind, named.cost, named.status) == ("Named", "query", 4, 200)
    assert named.ms > 0
    assert named.bytes > 0
    assert (mutation.kind, mutation.cost) == ("mutation", 20)
    assert (refused.status, refused.errors) == (400, ("BAD_REQUEST",))


def test_a_refusal_of_the_execution_keeps_its_headers() -> None:
    async def throttled(_request: GraphQLRequest) -> Answer:
        raise BadRequest(429, "THROTTLED", "请求过多。", "Slow down.", headers=((b"retry-after", b"3"),))

    seen: list[Observation] = []
    app = GraphQLEndpoint(throttled, log=logging.getLogger(), observe=seen.append)

    response = ask(app, "{ hello }")

    assert (response.status, response.code, response.headers["retry-after"]) == (
        429,
        "THROTTLED",
        "3",
    )
    assert seen[0].status == 429


def test_a_failing_observer_does_not_spoil_the_answer(toy: Toy) -> None:
    def fails(_seen: Observation) -> None:
        raise ZeroDivisionError

    app = GraphQLEndpoint(toy.execute, log=logging.getLogger("edge"), observe=fails)

    assert ask(app, "{ hello }").status == 200


def test_a_client_that_leaves_is_not_answered(app: GraphQLEndpoint, toy: Toy) -> None:
    sent: list[Any] = []

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": b""}
    asyncio.run(app(scope, gone, send))

    assert sent == []
    assert toy.executed == []
    assert [seen.status for seen in toy.seen] == [499]


def test_a_client_that_leaves_before_the_answer_is_no_error(app: GraphQLEndpoint, toy: Toy) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b'{"query":"{ hello }"}'}

    async def send(_message: Any) -> None:
        raise OSError

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": b""}
    asyncio.run(app(scope, receive, send))

    assert [seen.status for seen in toy.seen] == [200]


def test_other_protocols_are_a_wiring_mistake(app: GraphQLEndpoint) -> None:
    with pytest.raises(RuntimeError, match="websocket"):
        asyncio.run(app({"type": "websocket"}, None, None))  # type: ignore[arg-type]

"""Calls an ASGI app without a server: one request in, status, headers and JSON out."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

JSON = {"content-type": "application/json"}
GRAPHQL = {**JSON, "accept": "application/graphql-response+json"}


@dataclass(frozen=True)
class Response:
    """What was sent, with the header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        """The first error's code."""
        return str(self.json["errors"][0]["extensions"]["code"])

    @property
    def message(self) -> str:
        """The first error's message."""
        return str(self.json["errors"][0]["message"])


def call(
    app: Any,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | list[tuple[str, str]] = JSON,
    body: bytes | list[bytes] = b"",
    query: str = "",
    path: str = "/graphql",
) -> Response:
    """Send one request; several chunks of `body` arrive as several messages."""
    pairs = list(headers.items()) if isinstance(headers, Mapping) else headers
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in pairs],
        "client": ("192.0.2.7", 4711),
    }
    chunks = body if isinstance(body, list) else [body]
    messages: Iterator[dict[str, Any]] = iter(
        {"type": "http.request", "body": chunk, "more_body": at < len(chunks)} for at, chunk in enumerate(chunks, 1)
    )
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start, end = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return Response(start["status"], answered, end["body"])


def ask(
    app: Any,
    query: str,
    variables: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] = GRAPHQL,
) -> Response:
    """Send one GraphQL operation by POST."""
    return call(app, headers=headers, body=orjson.dumps({"query": query, "variables": variables}))

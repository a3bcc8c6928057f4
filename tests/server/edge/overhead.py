"""Measures what the endpoint itself costs: `python -m tests.server.edge.overhead`.

The execution answers at once from memory, as on a cache hit, so the figure printed is the whole
handler: headers, negotiation, body, JSON, checks, response. With `serve PORT` the same app runs
under uvicorn for a load generator (wrk, autocannon).
"""

import asyncio
import logging
import sys
import time
from typing import Any

import orjson
import uvicorn

from schema.edge.http import Answer, GraphQLEndpoint
from schema.edge.requests import GraphQLRequest

BODY = orjson.dumps(
    {
        "query": "query Listing($first: Int) { products(first: $first) { nodes { id title } } }",
        "variables": {"first": 20},
        "operationName": "Listing",
    }
)
HEADERS = [
    (b"host", b"127.0.0.1"),
    (b"user-agent", b"Mozilla/5.0"),
    (b"accept", b"application/graphql-response+json, application/json;q=0.9"),
    (b"accept-language", b"zh-CN,zh;q=0.9"),
    (b"accept-encoding", b"gzip"),
    (b"authorization", b"Bearer abcdefghijklmnopqrstuvwxyz"),
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(BODY)),
    (b"connection", b"keep-alive"),
]
ANSWER = Answer(b'{"data":{"products":{"nodes":[]}}}', ok=True, headers=((b"etag", b'"1"'),))


async def hit(_request: GraphQLRequest) -> Answer:
    """Answer from memory."""
    return ANSWER


APP = GraphQLEndpoint(hit, log=logging.getLogger(), observe=lambda _seen: None)


async def measure(requests: int = 50_000) -> float:
    """Give the microseconds per request, without a server."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "headers": HEADERS,
        "query_string": b"",
        "client": ("192.0.2.7", 4711),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(_message: object) -> None:
        return

    started = time.perf_counter()
    for _ in range(requests):
        await APP(scope, receive, send)
    return (time.perf_counter() - started) / requests * 1e6


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        uvicorn.run(APP, port=int(sys.argv[2]), log_level="warning", lifespan="off", loop="uvloop")
    else:
        best = min(asyncio.run(measure()) for _ in range(5))
        sys.stdout.write(f"{best:.1f} µs per request\n")

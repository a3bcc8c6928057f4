"""Requests with files: where they land, and all that is refused before anything is executed."""

import asyncio
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schema.edge.http import Answer
from schema.edge.multipart import Upload, UploadLimits
from schema.edge.requests import GraphQLRequest
from tests.server.edge.asgi import call
from tests.server.edge.forms import BOUNDARY, MAP, MULTIPART, ONE, PICTURE, Edge, form, open_files, part, pieces
from tests.server.edge.toy import Toy, endpoint

KIB = 1024
SMALL = UploadLimits(file_bytes_max=600 * KIB, body_bytes_max=1500 * KIB, seconds_max=0.3, pause_seconds_max=0.2)


@pytest.fixture(name="edge")
def _edge() -> Edge:
    return Edge()


@pytest.fixture(autouse=True)
def _nothing_is_left_on_disk() -> Iterator[None]:
    before = len(open_files())
    yield
    assert len(open_files()) == before


def test_a_file_stands_where_map_says(edge: Edge) -> None:
    response = edge.post(form(ONE, {"0": ["variables.file"]}, ("0", PICTURE)))

    assert (response.status, response.json) == (200, {"data": {}})
    (request,) = edge.kept.requests
    assert isinstance(request.variables["file"], Upload)
    assert request.query == ONE["query"]
    assert request.has_files
    assert edge.kept.contents == [PICTURE]


def test_files_stand_in_lists_and_objects_and_one_may_stand_twice(edge: Edge) -> None:
    operations = {"query": "{ a }", "variables": {"many": [None, None], "deep": {"er": {"file": None}}}}
    mapping = {"a": ["variables.many.1"], "b": ["variables.many.0", "variables.deep.er.file"]}

    edge.post(form(operations, mapping, ("b", b"two"), ("a", b"one")))

    variables = edge.kept.requests[0].variables
    assert edge.kept.contents == [b"two", b"one", b"two"]
    assert variables["many"][0] is variables["deep"]["er"]["file"]


def test_a_form_may_bring_no_file(edge: Edge) -> None:
    assert edge.post(form({"query": "{ a }"}, {})).status == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 90), st.binary(max_size=200), st.binary(max_size=40))
def test_it_does_not_matter_where_the_network_cuts(edge: Edge, size: int, first: bytes, second: bytes) -> None:
    edge.kept.contents.clear()
    operations = {"query": "{ a }", "variables": {"a": None, "b": None}}
    body = form(operations, {"x": ["variables.a"], "y": ["variables.b"]}, ("x", first), ("y", second))

    assert edge.post(pieces(body, size)).status == 200
    assert edge.kept.contents == [first, second]


def test_what_looks_like_a_boundary_in_a_file_is_content(edge: Edge) -> None:
    tricky = f"\r\n--{BOUNDARY[:-1]}\r\n--\r\n-\r\n{BOUNDARY}--\r\n".encode() * 3

    edge.post(pieces(form(ONE, {"0": ["variables.file"]}, ("0", tricky)), 7))

    assert edge.kept.contents == [tricky]


@pytest.mark.parametrize("name", ["x-graphql-preflight", "apollo-require-preflight", "x-apollo-operation-name"])
def test_a_foreign_page_cannot_send_files(edge: Edge, name: str) -> None:
    body = form(ONE, {"0": ["variables.file"]}, ("0", PICTURE))
    bare = {"content-type": MULTIPART["content-type"]}

    refused = call(edge.app, headers=bare, body=body)
    accepted = call(edge.app, headers={**bare, name: "1"}, body=body)

    assert (refused.status, refused.code) == (403, "PREFLIGHT_REQUIRED")
    assert accepted.status == 200
    assert len(edge.kept.requests) == 1


def test_without_uploads_a_form_is_no_request() -> None:
    toy = Toy()

    response = call(endpoint(toy), headers=MULTIPART, body=form(ONE, {"0": ["variables.file"]}, ("0", PICTURE)))

    assert (response.status, response.code) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert toy.executed == []


OPERATIONS = part("operations", json.dumps(ONE).encode())
END = f"--{BOUNDARY}--\r\n".encode()


class Sending:
    """A client that sends as long as it is read, and counts what was taken from it."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self.taken = 0
        self.sent: list[Any] = []
        self._body = body

    async def receive(self) -> dict[str, Any]:
        try:
            piece = await anext(self._body)
        except StopAsyncIteration:
            return {"type": "http.request", "body": b"", "more_body": False}
        if piece is LEAVES:
            return {"type": "http.disconnect"}
        self.taken += len(piece)
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    def to(self, edge: Edge, **headers: str) -> int:
        """Send it; the status, or 0 when nothing was answered."""
        pairs = [(name.encode(), value.encode()) for name, value in {**MULTIPART, **headers}.items()]
        scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": pairs, "client": ("192.0.2.7", 1)}
        asyncio.run(edge.app(scope, self.receive, self.send))
        return int(self.sent[0]["status"]) if self.sent else 0


LEAVES = b"(the client leaves)"
HEAD = OPERATIONS + part("map", json.dumps(MAP).encode()) + part("0", b"")[:-2]


async def _body(size: int, *, pause: float = 0, then: bytes | None = None) -> AsyncIterator[bytes]:
    yield HEAD
    for _ in range(0, size, 16 * KIB):
        await asyncio.sleep(pause)
        yield bytes(16 * KIB)
    yield f"\r\n--{BOUNDARY}--\r\n".encode() if then is None else then


def test_a_file_too_large_is_cut_off_while_it_comes() -> None:
    edge = Edge(SMALL)
    sending = Sending(_body(100 * 1024 * KIB))

    assert sending.to(edge) == 413
    assert sending.taken < 640 * KIB
    assert edge.kept.requests == []


def test_all_files_together_are_bounded() -> None:
    edge = Edge(SMALL)
    operations = {"query": "{ a }", "variables": {"a": [None] * 5}}
    mapping = {str(each): [f"variables.a.{each}"] for each in range(5)}
    body = form(operations, mapping, *[(str(each), bytes(500 * KIB)) for each in range(5)])

    assert edge.post(pieces(body, 16 * KIB)).status == 413
    assert edge.post(b"", **{"content-length": str(1501 * KIB)}).status == 413


def test_long_operations_are_refused_however_small_the_form_may_be() -> None:
    edge = Edge(UploadLimits(operations_bytes_max=1000))

    assert edge.post(form({"query": "{ a }" + " " * 1000}, {})).status == 413
    assert edge.post(form({"query": "{ a }"}, {}) + b"x").status == 200
    assert edge.post(OPERATIONS + part("map", b"{}" + b" " * 9000) + END).status == 413


def test_a_large_file_is_never_in_memory() -> None:
    edge = Edge(execute=_answered)
    sending = Sending(_body(10 * 1024 * KIB))
    tracemalloc.start()

    assert sending.to(edge) == 200

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 1024 * KIB


async def _answered(request: GraphQLRequest) -> Answer:
    upload = request.variables["file"]
    assert upload.size == 10 * 1024 * KIB
    return Answer(b"{}", ok=True)


def test_a_slow_sender_is_cut_off() -> None:
    edge = Edge(SMALL)

    assert Sending(_body(600 * KIB, pause=0.02)).to(edge) == 408
    assert Sending(_body(600 * KIB, pause=5)).to(edge) == 408
    assert edge.kept.requests == []


def test_a_sender_that_stops_is_cut_off_before_its_time_is_over() -> None:
    started = time.monotonic()

    assert Sending(_body(600 * KIB, pause=20)).to(Edge(UploadLimits(pause_seconds_max=0.2))) == 408
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("size", [0, 16 * KIB, 512 * KIB])
def test_nothing_is_left_of_a_client_that_leaves(edge: Edge, size: int) -> None:
    assert Sending(_body(size, then=LEAVES)).to(edge) == 0
    assert [each.status for each in edge.seen] == [499]


def test_files_are_gone_when_the_request_is_answered(edge: Edge) -> None:
    before = len(open_files())

    assert Sending(_body(512 * KIB)).to(edge) == 200

    assert edge.kept.on_disk == [before + 1]
    assert edge.kept.requests[0].variables["file"].file.closed
    assert len(open_files()) == before


def test_files_are_gone_when_the_execution_fails() -> None:
    seen: list[GraphQLRequest] = []

    async def fail(request: GraphQLRequest) -> Answer:
        seen.append(request)
        raise ZeroDivisionError

    assert Sending(_body(512 * KIB)).to(Edge(execute=fail)) == 500
    assert seen[0].variables["file"].file.closed


def test_only_so_many_upload_at_once() -> None:
    """Two of this address, three in all; whoever is turned away may come again when one has ended."""
    edge = Edge(UploadLimits(requests_max=3, client_requests_max=2))

    async def status(client: str, gate: asyncio.Event) -> int:
        async def body() -> AsyncIterator[bytes]:
            yield HEAD
            await gate.wait()
            yield f"\r\n--{BOUNDARY}--\r\n".encode()

        sending = Sending(body())
        pairs = [(name.encode(), value.encode()) for name, value in MULTIPART.items()]
        scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": pairs, "client": (client, 1)}
        await edge.app(scope, sending.receive, sending.send)
        return int(sending.sent[0]["status"])

    async def run() -> list[int]:
        gate = asyncio.Event()
        asked = [asyncio.create_task(status(client, gate)) for client in ("a", "a", "a", "b", "c")]
        await asyncio.sleep(0.05)
        gate.set()
        return [*await asyncio.gather(*asked), await status("a", gate)]

    assert asyncio.run(run()) == [200, 200, 503, 200, 503, 200]

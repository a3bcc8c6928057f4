"""The edge behind a real server: slow, leaving and oversized clients, and a page on the wire."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from schema.edge.graphiql import GraphiQL
from schema.edge.http import HttpLimits
from schema.edge.multipart import UploadLimits
from tests.server.edge.forms import BOUNDARY, MULTIPART, form, open_files
from tests.server.edge.toy import Toy, endpoint

UPLOAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nX-GraphQL-Preflight: 1\r\nContent-Type: multipart/form-data; boundary="
UPLOAD += BOUNDARY.encode() + b"\r\n"
HELLO = {"query": "{ hello }", "variables": {"file": None}}
HEAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


class Server:
    """A uvicorn server on a free port of this machine, in a thread."""

    def __init__(self) -> None:
        self.toy = Toy()
        page = GraphiQL()
        limits = HttpLimits(body_seconds_max=0.5)
        uploads = UploadLimits(file_bytes_max=2**20, seconds_max=1.0, pause_seconds_max=0.5)
        routes = [
            Route("/graphql", endpoint(self.toy, graphiql=page, limits=limits, uploads=uploads)),
            Mount("/graphiql", page),
        ]
        config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="error")
        self.uvicorn = uvicorn.Server(config)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.uvicorn.run, args=([self.socket],))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    server = Server()
    server.thread.start()
    deadline = time.monotonic() + 10
    while not server.uvicorn.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield server
    server.uvicorn.should_exit = True
    server.thread.join(10)


def received(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_a_query_is_answered_over_the_wire(server: Server) -> None:
    with httpx.Client() as client:
        for _ in range(3):  # one connection, kept alive
            response = client.post(server.url, json={"query": "{ hello }"})

            assert response.json() == {"data": {"hello": "hello world"}}


def test_a_half_sent_body_is_cut(server: Server) -> None:
    with server.connect() as slow:
        started = time.monotonic()
        slow.sendall(HEAD + b'Content-Length: 100\r\n\r\n{"query":')

        answer = received(slow)

        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in answer.lower()
        assert time.monotonic() - started < 3


def test_slow_clients_do_not_hold_up_others(server: Server) -> None:
    slow = [server.connect() for _ in range(100)]
    for connection in slow:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")

    started = time.monotonic()
    response = httpx.post(server.url, json={"query": "{ hello }"})

    assert response.status_code == 200
    assert time.monotonic() - started < 1
    for connection in slow:
        assert received(connection).startswith(b"HTTP/1.1 408 ")
        connection.close()


def test_a_client_that_leaves_midway_is_recorded(server: Server) -> None:
    before = len(server.toy.seen)
    with server.connect() as leaving:
        leaving.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        time.sleep(0.1)

    deadline = time.monotonic() + 2
    while len(server.toy.seen) == before and time.monotonic() < deadline:
        time.sleep(0.01)

    assert [seen.status for seen in server.toy.seen[before:]] == [499]


@pytest.mark.parametrize("chunked", [False, True])
def test_an_oversized_body_is_refused_before_it_is_read(server: Server, *, chunked: bool) -> None:
    with server.connect() as large:
        if chunked:
            piece = b"%x\r\n%b\r\n" % (2**17, b" " * 2**17)
            large.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + piece * 3)
        else:
            large.sendall(HEAD + b"Content-Length: 10000000000\r\n\r\n{")

        assert received(large).startswith(b"HTTP/1.1 413 ")


def test_a_form_of_a_foreign_page_is_refused(server: Server) -> None:
    response = httpx.post(server.url, data={"query": "mutation { cancel(ids: [1]) }"})
    with_files = httpx.post(server.url, files={"query": b"mutation { cancel(ids: [1]) }"})

    assert response.status_code == 415
    assert with_files.status_code == 403


def test_a_file_is_taken_over_the_wire(server: Server) -> None:
    body = form(HELLO, {"0": ["variables.file"]}, ("0", b"x" * 2**20))

    response = httpx.post(server.url, content=body, headers=MULTIPART)

    assert response.json() == {"data": {"hello": "hello world"}}
    upload = server.toy.executed[-1].variables["file"]
    assert (upload.size, upload.file.closed) == (2**20, True)


def test_a_file_too_large_is_cut_off_on_the_wire(server: Server) -> None:
    body = form(HELLO, {"0": ["variables.file"]}, ("0", b"x" * 2**23))
    before = len(server.toy.executed)

    with server.connect() as large:
        large.sendall(UPLOAD + b"Content-Length: %d\r\n\r\n" % len(body))
        large.sendall(body[: 2**20 + 2**11])  # no more than is read: what is not would reset the connection
        answer = received(large)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert len(server.toy.executed) == before


def test_nothing_is_left_of_an_upload_that_is_broken_off(server: Server) -> None:
    body = form(HELLO, {"0": ["variables.file"]}, ("0", b"x" * 2**20))
    before, seen = len(open_files()), len(server.toy.seen)

    with server.connect() as leaving:
        leaving.sendall(UPLOAD + b"Content-Length: %d\r\n\r\n" % len(body) + body[: 2**19])
        deadline = time.monotonic() + 2
        while len(open_files()) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(open_files()) == before + 1
    while len(server.toy.seen) == seen and time.monotonic() < deadline:
        time.sleep(0.01)

    assert [each.status for each in server.toy.seen[seen:]] == [499]
    assert len(open_files()) == before


def test_a_stalled_upload_is_cut_off(server: Server) -> None:
    body = form(HELLO, {"0": ["variables.file"]}, ("0", b"x" * 2**20))

    with server.connect() as slow:
        started = time.monotonic()
        slow.sendall(UPLOAD + b"Content-Length: %d\r\n\r\n" % len(body) + body[: 2**19])

        assert received(slow).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - started < 2


def test_the_page_and_its_files_are_served_under_their_mount(server: Server) -> None:
    page = httpx.get(server.url, headers={"accept": "text/html"})
    script = page.text.split('<script src="')[1].split('"')[0]
    file = httpx.get(httpx.URL(server.url).join(script))

    assert page.headers["content-type"].startswith("text/html")
    assert file.status_code == 200
    assert file.headers["content-encoding"] == "gzip"
    assert httpx.get(httpx.URL(server.url).join("/graphiql/config.json")).json()["tabs"] == []

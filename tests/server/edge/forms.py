"""Multipart requests as a browser makes them, and an execution that keeps what it was given."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schema.edge.http import Answer, GraphQLEndpoint, Observation
from schema.edge.multipart import Upload, UploadLimits
from schema.edge.requests import GraphQLRequest
from tests.server.edge.asgi import Response, call

PICTURE = bytes(range(256)) * 40
BOUNDARY = "----form7MA4YWxkTrZu0gW"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}", "x-graphql-preflight": "1"}
ONE = {"query": "mutation($file: Upload!) { store(file: $file) }", "variables": {"file": None}}
MAP = {"0": ["variables.file"]}
FILE = ("0", PICTURE)
Part = tuple[str, bytes]
"""A field's name and content."""


def part(name: str, content: bytes, *, disposition: str = "form-data", more: str = "") -> bytes:
    """One part; files have a name and a type, which nobody should look at."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: {disposition}; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(operations: Any, mapping: Any, *files: Part) -> bytes:
    """A whole body, in the order that the specification asks for."""
    parts = [part("operations", json.dumps(operations).encode()), part("map", json.dumps(mapping).encode())]
    parts += [part(name, content, more='; filename="../../etc/passwd"') for name, content in files]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def pieces(body: bytes, size: int) -> list[bytes]:
    """The body as it arrives, a piece at a time."""
    return [body[at : at + size] for at in range(0, len(body), size)]


def open_files() -> list[str]:
    """The files without a name that this process has open: uploads on disk."""
    here = Path("/proc/self/fd")
    found = []
    for each in here.iterdir():
        try:
            target = str(each.readlink())
        except FileNotFoundError:  # the listing's own
            continue
        if target.endswith("(deleted)"):
            found.append(target)
    return found


def uploads_in(value: Any) -> Iterator[Upload]:
    """Every upload within a request's variables."""
    if isinstance(value, Upload):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from uploads_in(each)


@dataclass
class Keeping:
    """An execution that reads the files and remembers them."""

    requests: list[GraphQLRequest] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    on_disk: list[int] = field(default_factory=list)

    async def __call__(self, request: GraphQLRequest) -> Answer:
        self.requests.append(request)
        self.on_disk.append(len(open_files()))
        for upload in uploads_in(request.variables):
            upload.file.seek(0)
            content = upload.file.read()
            assert len(content) == upload.size
            self.contents.append(content)
        return Answer(b'{"data":{}}', ok=True)


class Edge:
    """The endpoint before an execution that keeps what it gets."""

    def __init__(self, limits: UploadLimits | None = None, execute: Any = None) -> None:
        self.kept = Keeping()
        self.seen: list[Observation] = []
        self.app = GraphQLEndpoint(
            execute or self.kept,
            log=logging.getLogger("edge"),
            observe=self.seen.append,
            uploads=limits or UploadLimits(),
        )

    def post(self, body: bytes | list[bytes], **headers: str) -> Response:
        return call(self.app, headers={**MULTIPART, "accept-language": "en", **headers}, body=body)

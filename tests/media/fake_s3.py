"""A small S3 server: objects of one bucket, by the parts of the API that obstore uses.

It refuses, as S3 does, whatever is not signed (Signature Version 4) with the one key it knows: the signature itself is
computed anew and compared, so that a client that signs wrongly fails here, too.
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape, unescape

BUCKET, REGION, KEY_ID, SECRET = "pictures", "cn-east-1", "AKIATEST", "a-secret-of-the-test"
_MOMENT = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Stored:
    """One object."""

    content: bytes
    headers: dict[str, str]

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.content).hexdigest()}"'


@dataclass
class FakeS3:
    """The server's state: what is stored, what was asked, and how it fails."""

    objects: dict[str, Stored] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    is_down: bool = False
    url: str = ""


def signature(handler: BaseHTTPRequestHandler, secret: str) -> str:
    """What the request's signature must be."""
    given = handler.headers["authorization"]
    parts = dict(each.strip().split("=", 1) for each in given.partition(" ")[2].split(","))
    _key, date, region, service, _end = parts["Credential"].split("/")
    url = urlsplit(handler.path)
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(url.query, keep_blank_values=True))
    )
    names = parts["SignedHeaders"].split(";")
    headers = "".join(f"{name}:{' '.join(handler.headers[name].split())}\n" for name in names)
    path = quote(unquote(url.path), safe="/-_.~")
    payload = handler.headers["x-amz-content-sha256"]
    canonical = "\n".join([handler.command, path, query, headers, parts["SignedHeaders"], payload])
    scope = f"{date}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", handler.headers["x-amz-date"], scope, digest])
    key = f"AWS4{secret}".encode()
    for step in (date, region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, *_arguments: Any) -> None:
        """Nothing on the terminal."""

    def _asked(self) -> str | None:
        """The object's name, or None when the request was refused."""
        state = self.server.state
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        path = unquote(urlsplit(self.path).path)
        state.asked.append((self.command, path))
        if state.is_down:
            self._answer(503, b"<Error><Code>SlowDown</Code></Error>")
            return None
        given = self.headers.get("authorization", "")
        payload = self.headers.get("x-amz-content-sha256", "")
        is_whole = payload == "UNSIGNED-PAYLOAD" or payload == hashlib.sha256(self.body).hexdigest()
        is_ours = f"Credential={KEY_ID}/" in given and is_whole
        if not is_ours or not given.endswith(f"Signature={signature(self, SECRET)}"):
            self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
            return None
        bucket, _, name = path.lstrip("/").partition("/")
        if bucket != BUCKET:
            self._answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
            return None
        return name

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        name = self._asked()
        if name is not None:
            kept = {each: self.headers[each] for each in ("content-type", "cache-control") if each in self.headers}
            stored = self.server.state.objects[name] = Stored(self.body, kept)
            self._answer(200, ETag=stored.etag)

    def do_GET(self) -> None:
        name = self._asked()
        if name == "":
            self._list(dict(parse_qsl(urlsplit(self.path).query)))
        elif name is not None:
            stored = self.server.state.objects.get(name)
            if stored is None:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            else:
                when = format_datetime(_MOMENT, usegmt=True)
                self._answer(
                    200,
                    stored.content,
                    ETag=stored.etag,
                    Last_Modified=when,
                    **{each.replace("-", "_"): value for each, value in stored.headers.items()},
                )

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        """DeleteObjects: several names in one request."""
        if self._asked() is not None:
            names = [unescape(each.partition("</Key>")[0]) for each in self.body.decode().split("<Key>")[1:]]
            for name in names:
                self.server.state.objects.pop(name, None)
            told = "".join(f"<Deleted><Key>{escape(name)}</Key></Deleted>" for name in names)
            self._answer(200, f"<DeleteResult>{told}</DeleteResult>".encode())

    def _list(self, query: dict[str, str]) -> None:
        """ListObjectsV2."""
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        contents, folders = [], set()
        for name, stored in sorted(self.server.state.objects.items()):
            if not name.startswith(prefix):
                continue
            rest = name.removeprefix(prefix)
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.partition(delimiter)[0] + delimiter)
                continue
            contents.append(
                f"<Contents><Key>{escape(name)}</Key><Size>{len(stored.content)}</Size>"
                f"<LastModified>{_MOMENT:%Y-%m-%dT%H:%M:%S.000Z}</LastModified><ETag>{escape(stored.etag)}</ETag></Contents>"
            )
        common = "".join(
            f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>" for each in sorted(folders)
        )
        listed = "".join(contents) + common
        self._answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>".encode())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: FakeS3


@contextmanager
def fake_s3() -> Iterator[FakeS3]:
    """A running one."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.state = FakeS3(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

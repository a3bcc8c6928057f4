"""Files beside an operation: the GraphQL multipart request specification, read as a stream within bounds.

https://github.com/jaydenseric/graphql-multipart-request-spec: the parts are `operations` (the usual JSON, null where
files belong), `map` (which file goes where), then the files. That order is required here, so that each file goes to
disk as it comes and one that nobody asked for is never read. The files' names and media types are not looked at.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from schema.edge.bodies import Disconnected, Receive, bad_request, check_length, parse_json, too_large, too_slow
from schema.edge.refusals import BadRequest
from schema.edge.slots import Slot, slots_of

_IN_MEMORY_BYTES = 256 * 1024
"""Smaller files stay in memory."""
_MAP_BYTES_MAX = 8 * 1024
_BOUNDARY_CHARACTERS_MAX = 70
"""RFC 2046 §5.1.1."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bounds of requests with files."""

    files_max: int = 5
    file_bytes_max: int = 10 * 1024 * 1024
    body_bytes_max: int = 25 * 1024 * 1024
    operations_bytes_max: int = 256 * 1024
    json_levels_max: int = 64
    seconds_max: float = 120.0
    """The whole body's: 25 MiB at 2 Mbit/s."""
    pause_seconds_max: float = 15.0
    """Between two pieces of it."""
    requests_max: int = 16
    """Being read or answered at once, in one process: with `body_bytes_max` it bounds the disk they take."""
    client_requests_max: int = 4
    """The same of one address, so that nobody takes all of them."""


class Upload:
    """A file of a request, from the start on; it has no name on disk and is gone when it is closed."""

    def __init__(self) -> None:
        self.size = 0
        self.file: BinaryIO = SpooledTemporaryFile(_IN_MEMORY_BYTES)  # type: ignore[assignment]  # noqa: SIM115 - `Form` closes it

    def write(self, piece: bytes) -> None:
        """Add to its end. On disk that is the system's memory first, and the disk's own time: no thread is worth it."""
        self.size += len(piece)
        self.file.write(piece)


@dataclass(slots=True)
class Form:
    """A request with its files."""

    operations: Any = None
    """As sent, with an `Upload` at each place that the map names."""
    uploads: list[Upload] = field(default_factory=list)

    def close(self) -> None:
        """Delete the files."""
        for upload in self.uploads:
            upload.file.close()


class Uploads:
    """Reads forms, so many at once."""

    def __init__(self, limits: UploadLimits) -> None:
        """Take the bounds of each request and of all together."""
        self.limits = limits
        self._running: Counter[str] = Counter()

    @asynccontextmanager
    async def form(self, receive: Receive, headers: Mapping[bytes, bytes], client: str) -> AsyncIterator[Form]:
        """The form of a request, with its files as long as it is being answered.

        Refuses: 503 when too many requests with files are running; 400 for what is no such form, 413 above a bound, 408
        when it comes too slowly. Raises `Disconnected` if the client leaves first. Nothing is left on disk.
        """
        limits = self.limits
        if self._running.total() >= limits.requests_max or self._running[client] >= limits.client_requests_max:
            raise _too_many()
        self._running[client] += 1
        form = Form()
        try:
            await self._read(form, receive, headers)
            yield form
        finally:
            form.close()
            self._running[client] -= 1
            if not self._running[client]:
                del self._running[client]

    async def _read(self, form: Form, receive: Receive, headers: Mapping[bytes, bytes]) -> None:
        limits = self.limits
        check_length(headers.get(b"content-length"), bytes_max=limits.body_bytes_max)
        reading = _Reading(form, _boundary(headers[b"content-type"]), limits)
        try:
            async with asyncio.timeout(limits.seconds_max):
                await reading.all(receive)
        except TimeoutError:
            raise too_slow(limits.seconds_max) from None
        except FormParserError as error:
            raise bad_request("multipart 请求体格式错误。", f"Malformed multipart body: {error}.") from None


def _too_many() -> BadRequest:
    return BadRequest(
        503,
        "UNAVAILABLE",
        "同时上传的请求过多，请稍后再试。",
        "Too many uploads at once: try again in a moment.",
        headers=((b"retry-after", b"2"),),
        close=True,
    )


def is_multipart(content_type: bytes | None) -> bool:
    """Whether a body says that it is a form with files."""
    return content_type is not None and content_type[:19].lower() == b"multipart/form-data"


def _boundary(content_type: bytes) -> bytes:
    _, options = parse_options_header(content_type[:512])
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= _BOUNDARY_CHARACTERS_MAX:
        raise bad_request("multipart 请求缺少有效的 boundary。", "The multipart body has no boundary, or one too long.")
    return boundary


class _Reading:
    """One form being read: what the parser calls as parts begin, go on and end."""

    def __init__(self, form: Form, boundary: bytes, limits: UploadLimits) -> None:
        self.form = form
        self._limits = limits
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._text: bytearray | None = None
        self._text_bytes_max = 0
        self._upload: Upload | None = None
        self._parts = 0
        self._expected: dict[str, list[Slot]] = {}
        """Files that have not come yet, and where they go."""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_end": self._over,
            },
        )
        self._is_over = False

    async def all(self, receive: Receive) -> None:
        """Read to the end of the body."""
        size, more = 0, True
        while more:
            async with asyncio.timeout(self._limits.pause_seconds_max):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            piece: bytes = message.get("body", b"")
            size += len(piece)
            if size > self._limits.body_bytes_max:
                raise too_large(self._limits.body_bytes_max)
            self._parser.write(piece)
            more = message.get("more_body", False)
        if not self._is_over:
            raise bad_request("multipart 请求体不完整。", "The multipart body is cut off.")
        if self._parts < 2 or self._expected:
            raise bad_request(
                "缺少 operations、map 或 map 中列出的文件。",
                "operations, map or a file that map names is missing.",
            )

    def _begin(self) -> None:
        self._headers = {}
        self._parts += 1

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _headers_finished(self) -> None:
        """The part's content follows: refuse one that must not come now."""
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data":
            raise bad_request("每个部分须为 form-data。", "Each part must be form-data.")
        match self._parts:
            case 1 | 2:
                expected = "operations" if self._parts == 1 else "map"
                if name != expected:
                    raise bad_request(
                        "依次发送 operations、map、各文件。", "Send operations first, then map, then the files."
                    )
                self._text = bytearray()
                self._text_bytes_max = self._limits.operations_bytes_max if self._parts == 1 else _MAP_BYTES_MAX
            case _:
                if name not in self._expected:
                    raise bad_request(
                        "出现 map 未列出或重复的文件。", "A file came twice, or one that map does not name."
                    )
                self._upload = Upload()
                self.form.uploads.append(self._upload)
                for slot in self._expected.pop(name):
                    slot.fill(self._upload)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._upload is not None:
            if self._upload.size + end - start > self._limits.file_bytes_max:
                raise too_large(self._limits.file_bytes_max)
            self._upload.write(data[start:end])
        elif self._text is not None:
            if len(self._text) + end - start > self._text_bytes_max:
                raise too_large(self._text_bytes_max)
            self._text += data[start:end]

    def _end(self) -> None:
        if self._upload is not None:
            self._upload.file.seek(0)
            self._upload = None
        elif self._text is not None:
            value = parse_json(bytes(self._text), levels_max=self._limits.json_levels_max)
            self._text = None
            if self._parts == 1:
                self.form.operations = value
            else:
                self._expected = slots_of(self.form.operations, value, files_max=self._limits.files_max)

    def _over(self) -> None:
        self._is_over = True

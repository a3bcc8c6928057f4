"""Reads a request body within bounds, and JSON more strictly than JSON itself is.

Every bound is one that a hostile client would otherwise choose: size, time, nesting. Characters
that databases or logs refuse later (NUL, lone surrogates) are refused here, once.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from schema.edge.refusals import BadRequest

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Disconnected(Exception):
    """The client went away before its request was complete: nobody is left to answer."""


def bad_request(message_zh: str, message_en: str) -> BadRequest:
    """Refuse a malformed request with 400."""
    return BadRequest(400, "BAD_REQUEST", message_zh, message_en)


def too_large(bytes_max: int) -> BadRequest:
    """Refuse with 413 what is longer than this; the rest of it is not read."""
    return BadRequest(
        413,
        "PAYLOAD_TOO_LARGE",
        f"请求体不能超过 {bytes_max} 字节。",
        f"The body must not exceed {bytes_max} bytes.",
        close=True,
    )


def too_slow(seconds_max: float) -> BadRequest:
    """Refuse with 408 what did not arrive in time."""
    return BadRequest(
        408,
        "REQUEST_TIMEOUT",
        f"请求体没有在 {seconds_max:g} 秒内送达。",
        f"The body did not arrive within {seconds_max:g} seconds.",
        close=True,
    )


def check_length(content_length: bytes | None, *, bytes_max: int) -> None:
    """Refuse with 413 a body that says itself, before a byte of it is read, that it is too long."""
    if content_length is not None and (
        len(content_length) > len(str(bytes_max))  # huge numbers are not even converted
        or (content_length.isdigit() and int(content_length) > bytes_max)
    ):
        raise too_large(bytes_max)


async def _read(receive: Receive, bytes_max: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > bytes_max:
            raise too_large(bytes_max)
        if not message.get("more_body", False):
            return b"".join([*chunks, chunk]) if chunks else chunk
        chunks.append(chunk)


async def read_body(receive: Receive, content_length: bytes | None, *, bytes_max: int, seconds_max: float) -> bytes:
    """Read the whole body, or refuse: 413 above `bytes_max`, 408 after `seconds_max`.

    Raises `Disconnected` if the client leaves first. A declared length is judged before a byte is
    read, and the bytes that really come are counted whatever was declared.
    """
    check_length(content_length, bytes_max=bytes_max)
    try:
        async with asyncio.timeout(seconds_max):
            return await _read(receive, bytes_max)
    except TimeoutError:
        raise too_slow(seconds_max) from None


def parse_json(text: bytes | str, *, levels_max: int) -> object:
    """Parse JSON, or refuse with 400: not UTF-8, NaN, a NUL, a lone surrogate, too many levels.

    orjson refuses NaN, infinite numbers, lone surrogates and invalid UTF-8 by itself. The walk
    over the value runs only if its text could break a rule at all. Of duplicate keys the last
    counts (RFC 8259 leaves that open).
    """
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        message = str(error)
        raise bad_request(f"请求体不是有效的 UTF-8 JSON：{message}", f"Not valid UTF-8 JSON: {message}") from None
    raw = text.encode() if isinstance(text, str) else text
    if raw.count(b"{") + raw.count(b"[") > levels_max or b"\\u0000" in raw:
        _check(value, levels_max)
    return value


def _check(value: object, levels_max: int) -> None:
    """Refuse NUL characters and too deep nesting, level by level and without recursion."""
    level: list[object] = [value]
    depth = 0
    while level:
        below: list[object] = []
        for item in level:
            if isinstance(item, str):
                if "\x00" in item:
                    raise bad_request("文本不能包含 NUL 字符。", "Text must not contain NUL.")
            elif isinstance(item, dict | list):
                if depth == levels_max:
                    raise bad_request(
                        f"JSON 嵌套不能超过 {levels_max} 层。",
                        f"JSON must not be nested more than {levels_max} levels.",
                    )
                below.extend(item)
                if isinstance(item, dict):
                    below.extend(item.values())
        level = below
        depth += 1

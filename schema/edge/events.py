"""GraphQL over Server-Sent Events, "distinct connections mode": a POST or GET that accepts text/event-stream is answered
by a stream of its own (https://github.com/enisdenjo/graphql-sse, PROTOCOL.md).

Each result is an event `next`; the last event is `complete`. What can be told about the document is told in the
stream, as the protocol asks; only what is wrong with the request itself has a status. A browser's `EventSource` can only
GET and can add no header: it is let in where the browser itself says that the page is this site's or an allowed
origin's (Sec-Fetch-Site, Origin). Any other page could otherwise use up the places of whoever looks at it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from schema.edge.bodies import Receive, read_body
from schema.edge.http import Answer, ErrorLog, Header, Scope, Send
from schema.edge.live import Admit, LiveLimits, Perform, Places, Stopped, Stream
from schema.edge.media import MediaType
from schema.edge.refusals import BadRequest, error_body, language_of
from schema.edge.requests import Caller, GraphQLRequest, check_content_type, from_body, from_query_string, request_id_of

App = Callable[[Scope, Receive, Send], Awaitable[None]]
_BODY_SECONDS_MAX = 10.0
_ACCEPTED = b"text/event-stream"
_HEADERS: list[Header] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx else keeps events back until a buffer is full
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept, accept-language, authorization, cookie"),
]
_COMPLETE = b"event: complete\ndata: \n\n"
_BEAT = b":\n\n"


class EventStreams:
    """An ASGI app: streams for whoever asks for them, `otherwise` for all other requests."""

    def __init__(
        self,
        otherwise: App,
        perform: Perform,
        admit: Admit,
        *,
        is_own_page: Callable[[Mapping[bytes, bytes]], bool],
        places: Places,
        log: ErrorLog,
        limits: LiveLimits | None = None,
    ) -> None:
        """`places` are shared with the other live protocols; `is_own_page` says, of a GET's headers, whether its page may
        come here."""
        self._otherwise = otherwise
        self._is_own_page = is_own_page
        self._perform = perform
        self._admit = admit
        self._places = places
        self._log = log
        self._limits = limits or LiveLimits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        headers = dict(scope["headers"])
        if scope["method"] not in {"GET", "POST"} or _ACCEPTED not in headers.get(b"accept", b"").lower():
            await self._otherwise(scope, receive, send)
            return
        request_id = request_id_of(headers)
        try:
            await self._answer(scope, receive, send, headers, request_id)
        except BadRequest as refusal:
            await _refuse(send, refusal, headers, request_id)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes], request_id: str
    ) -> None:
        limits, client = self._limits, scope.get("client")
        caller = Caller(headers, request_id, MediaType.JSON, client[0] if client else "")
        if scope["method"] == "GET":
            asked, is_own = scope["query_string"], self._is_own_page(headers)
            request = from_query_string(asked, caller, levels_max=limits.json_levels_max, is_own_page=is_own)
        else:
            check_content_type(headers.get(b"content-type"))
            body = await read_body(
                receive,
                headers.get(b"content-length"),
                bytes_max=limits.message_bytes_max,
                seconds_max=_BODY_SECONDS_MAX,
            )
            request = from_body(body, caller, levels_max=limits.json_levels_max)
        with self._places.place(await self._admit(request)):
            answer = await self._perform(request)
            extra = [(b"x-request-id", request_id.encode("ascii"))]
            if isinstance(answer, Answer):
                cookies = [each for each in answer.headers if each[0] == b"set-cookie"]
                await _start(send, [*_HEADERS, *extra, *cookies])
                await send(_part(_event(answer.body) + _COMPLETE, is_last=True))
            else:
                await self._stream(answer, receive, send, [*_HEADERS, *extra], request)

    async def _stream(
        self, stream: Stream, receive: Receive, send: Send, headers: list[Header], request: GraphQLRequest
    ) -> None:
        """Events until the subscription, its client or the server comes to an end."""
        gone = asyncio.create_task(_left(receive))
        writing = asyncio.create_task(self._write(stream, send, headers, request))
        try:
            await asyncio.wait({gone, writing}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()
        finally:
            for task in (gone, writing):
                task.cancel()
            await asyncio.gather(gone, writing, return_exceptions=True)
            await stream.close()

    async def _write(self, stream: Stream, send: Send, headers: list[Header], request: GraphQLRequest) -> None:
        with suppress(OSError, TimeoutError):  # the client went away, or does not read
            await self._sent(send, {"type": "http.response.start", "status": 200, "headers": headers})
            await self._sent(send, _part(_BEAT))  # the client learns at once that it listens
            try:
                await self._events(stream, send)
            except Stopped as stopped:
                if stopped.is_forbidden:
                    body = error_body(*_signed_out(request), request.request_id)
                    await self._sent(send, _part(_event(body) + _COMPLETE, is_last=True))
                else:  # without `complete`: the client comes back by itself
                    await self._sent(send, _part(b"", is_last=True))

    async def _events(self, stream: Stream, send: Send) -> None:
        waiting: asyncio.Task[bytes | None] | None = None
        try:
            while True:
                waiting = waiting or asyncio.create_task(stream.next())
                done, _ = await asyncio.wait({waiting}, timeout=self._limits.beat_seconds)
                if not done:
                    await self._sent(send, _part(_BEAT))
                    continue
                result, waiting = waiting.result(), None
                if result is None:
                    await self._sent(send, _part(_COMPLETE, is_last=True))
                    return
                await self._sent(send, _part(_event(result)))
        finally:
            if waiting is not None:
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)

    async def _sent(self, send: Send, message: MutableMapping[str, Any]) -> None:
        async with asyncio.timeout(self._limits.send_seconds_max):
            await send(message)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(result: bytes) -> bytes:
    """A result as an event. JSON text holds no line break, so one line of data is enough."""
    return b"event: next\ndata: " + result + b"\n\n"


def _part(body: bytes, *, is_last: bool = False) -> MutableMapping[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": not is_last}


async def _start(send: Send, headers: list[Header]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})


def _signed_out(request: GraphQLRequest) -> tuple[str, str]:
    english = language_of(request.accept_language) == "en"
    return ("Sign in again." if english else "登录已失效，请重新登录。"), "UNAUTHENTICATED"


async def _refuse(send: Send, refusal: BadRequest, headers: dict[bytes, bytes], request_id: str) -> None:
    language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
    body = error_body(refusal.message(language), refusal.code, request_id)
    told: list[Header] = [
        (b"content-type", MediaType.JSON.value),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", request_id.encode("ascii")),
        (b"cache-control", b"no-store"),
        *refusal.headers,
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": told})
    await send({"type": "http.response.body", "body": body})

"""The GraphQL endpoint as an ASGI app: a request in, one execution, an answer out.

It is written against ASGI itself, without request and response objects, because on a cache hit
its own overhead is the whole cost of a request. What it follows: the GraphQL-over-HTTP
specification (media types, status codes), RFC 9110 (negotiation, conditional requests).
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

from schema.edge.bodies import Disconnected, Receive, read_body
from schema.edge.media import MediaType, negotiate, prefers_html
from schema.edge.multipart import UploadLimits, Uploads, is_multipart
from schema.edge.refusals import BadRequest, error_body, language_of
from schema.edge.requests import (
    Caller,
    GraphQLRequest,
    check_content_type,
    check_preflight,
    from_body,
    from_query_string,
    from_value,
    method_not_allowed,
    request_id_of,
)

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

_VARY: Header = (b"vary", b"accept, accept-language, authorization, cookie")
_NOSNIFF: Header = (b"x-content-type-options", b"nosniff")
_NO_STORE: Header = (b"cache-control", b"no-store")
_CLOSE: Header = (b"connection", b"close")
_CONTENT_TYPE: dict[MediaType, Header] = {media_type: (b"content-type", media_type.value) for media_type in MediaType}
# Headers that may come more than once and then mean one comma-separated list (RFC 9110 5.3).
_LISTS = frozenset({b"accept", b"accept-language", b"if-none-match"})
_CLIENT_CLOSED_REQUEST = 499  # never sent; nginx's number for "the client went away"


@dataclass(slots=True)
class Answer:
    """What an execution returns: the response body and what the edge must know about it."""

    body: bytes
    """The JSON text, `{"data": …}` or `{"errors": …}`."""
    ok: bool
    """False for a request error (no `data` entry at all: syntax, validation, variables, limits)."""
    headers: tuple[Header, ...] = ()
    """Added to the response, lower-case names; a cache-control here replaces `no-store`."""
    not_modified: bool = False
    """The client has this answer already: 304 is sent, with `headers` and without the body."""
    operation: str = ""
    """For the log: the operation's name as the document declares it."""
    kind: str = "query"
    """For the log: query, mutation or subscription."""
    cache: str = ""
    """For the log: hit, miss or empty."""
    cost: int = 0
    """For the log: points, as `limits` counts them."""
    errors: tuple[str, ...] = ()
    """For the log: the error codes in the body."""


@dataclass(slots=True)
class Observation:
    """One request as it is logged and counted; it holds no variables and no personal data."""

    operation: str
    kind: str
    status: int
    """As sent; 499 if the client left before its body was complete."""
    ms: float
    """Milliseconds from the first byte seen to the last one handed to the server."""
    bytes: int
    """Length of the response body."""
    cost: int
    cache: str
    errors: tuple[str, ...]
    request_id: str


class ErrorLog(Protocol):
    """What the endpoint needs of a logger; `logging.Logger` and structlog's loggers both fit."""

    def error(self, msg: str, /, *, exc_info: BaseException, extra: Mapping[str, object]) -> object:
        """Log an unexpected exception with its traceback."""


Execute = Callable[[GraphQLRequest], Awaitable[Answer]]
Observe = Callable[[Observation], None]


class Page(Protocol):
    """The page a browser is shown in place of a query: `graphiql.GraphiQL` is one."""

    async def page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the page as a whole HTTP response."""


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Bounds of one HTTP request, each judged before anything expensive is done with it."""

    body_bytes_max: int = 256 * 1024
    body_seconds_max: float = 10.0
    json_levels_max: int = 64


class GraphQLEndpoint:
    """An ASGI app that answers GraphQL over HTTP by an injected `execute`, or refuses.

    Refuses with 400, 403, 405, 406, 408, 413, 414 and 415 before `execute` is called, and with
    whatever `BadRequest` it raises. Any other exception is logged and answered by 500 with no
    word about its cause. Each request is reported to `observe` exactly once, after the answer; the
    GraphiQL page, which a browser gets here, is not.
    """

    def __init__(
        self,
        execute: Execute,
        *,
        log: ErrorLog,
        observe: Observe,
        limits: HttpLimits | None = None,
        uploads: UploadLimits | None = None,
        graphiql: Page | None = None,
    ) -> None:
        """Take the execution and where to report to; `uploads` None refuses files, `graphiql` None leaves the page off."""
        self._execute = execute
        self._log = log
        self._observe = observe
        self._limits = limits or HttpLimits()
        self._uploads = None if uploads is None else Uploads(uploads)
        self._graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; anything else (websocket, lifespan) is a wiring mistake."""
        if scope["type"] != "http":
            message = f"GraphQLEndpoint answers HTTP, not {scope['type']}: route it elsewhere."
            raise RuntimeError(message)
        started = perf_counter()
        headers = _headers(scope["headers"])
        if self._graphiql is not None and scope["method"] == "GET" and prefers_html(headers.get(b"accept")):
            await self._graphiql.page(scope, receive, send)
            return
        request_id = request_id_of(headers)
        try:
            caller = _caller(scope, headers, request_id)
            if self._uploads is not None and scope["method"] == "POST" and is_multipart(headers.get(b"content-type")):
                answer = await self._with_files(self._uploads, receive, caller)
            else:
                answer = await self._execute(await self._request(scope, receive, caller))
            status = _status(answer, caller.media_type)
            sent = _CONTENT_TYPE[caller.media_type]
        except BadRequest as refusal:
            status, sent = refusal.status, _CONTENT_TYPE[_media_type(headers)]
            answer = _refused(refusal, headers, request_id)
        except Disconnected:
            status, sent = _CLIENT_CLOSED_REQUEST, _NO_STORE
            answer = Answer(b"", ok=False)
        except Exception as error:  # noqa: BLE001 - the one place where everything else is masked
            self._report(error, request_id)
            status, sent = 500, _CONTENT_TYPE[_media_type(headers)]
            answer = _masked(headers, request_id)
        if status != _CLIENT_CLOSED_REQUEST:
            await _respond(send, status, sent, answer, request_id)
        self._observed(status, answer, request_id, started)

    async def _request(self, scope: Scope, receive: Receive, caller: Caller) -> GraphQLRequest:
        """Read the request, cheapest refusals first; the body is read last."""
        limits = self._limits
        if scope["method"] == "GET":
            return from_query_string(scope["query_string"], caller, levels_max=limits.json_levels_max)
        check_content_type(caller.headers.get(b"content-type"))
        body = await read_body(
            receive,
            caller.headers.get(b"content-length"),
            bytes_max=limits.body_bytes_max,
            seconds_max=limits.body_seconds_max,
        )
        return from_body(body, caller, levels_max=limits.json_levels_max)

    async def _with_files(self, uploads: Uploads, receive: Receive, caller: Caller) -> Answer:
        """Answer a request that brings files; they are gone when it is answered."""
        check_preflight(caller.headers)
        async with uploads.form(receive, caller.headers, caller.client) as form:
            request = from_value(form.operations, caller)
            request.has_files = True
            return await self._execute(request)

    def _report(self, error: Exception, request_id: str) -> None:
        self._log.error("graphql.unexpected_error", exc_info=error, extra={"request_id": request_id})

    def _observed(self, status: int, answer: Answer, request_id: str, started: float) -> None:
        observation = Observation(
            answer.operation,
            answer.kind,
            status,
            (perf_counter() - started) * 1000.0,
            len(answer.body),
            answer.cost,
            answer.cache,
            answer.errors,
            request_id,
        )
        try:
            self._observe(observation)
        except Exception as error:  # noqa: BLE001 - the answer is out: reporting cannot undo it
            self._report(error, request_id)


def _caller(scope: Scope, headers: dict[bytes, bytes], request_id: str) -> Caller:
    """What the headers say, or refuse: 405 for another method, 406 for a media type that no answer has."""
    if scope["method"] not in {"POST", "GET"}:
        raise method_not_allowed()
    client = scope.get("client")
    return Caller(headers, request_id, negotiate(headers.get(b"accept")), client[0] if client else "")


def _headers(pairs: list[Header]) -> dict[bytes, bytes]:
    """Index the headers by name: repeated lists are joined, of other repeats the last counts."""
    headers = dict(pairs)
    if len(headers) != len(pairs):
        for name in _LISTS & headers.keys():
            headers[name] = b", ".join(value for key, value in pairs if key == name)
    return headers


def _status(answer: Answer, media_type: MediaType) -> int:
    """Choose the status (GraphQL over HTTP 6.4): legacy JSON never tells a request error."""
    if answer.not_modified:
        return 304
    return 200 if answer.ok or media_type is MediaType.JSON else 400


def _media_type(headers: Mapping[bytes, bytes]) -> MediaType:
    try:
        return negotiate(headers.get(b"accept"))
    except BadRequest:
        return MediaType.JSON


def _refused(refusal: BadRequest, headers: Mapping[bytes, bytes], request_id: str) -> Answer:
    language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
    body = error_body(refusal.message(language), refusal.code, request_id)
    extra = (*refusal.headers, _CLOSE) if refusal.close else refusal.headers
    return Answer(body, ok=False, headers=extra, kind="", errors=(refusal.code,))


def _masked(headers: Mapping[bytes, bytes], request_id: str) -> Answer:
    english = language_of(headers.get(b"accept-language", b"").decode("latin-1")) == "en"
    message = "Unexpected error." if english else "服务器内部错误。"
    body = error_body(message, "INTERNAL_SERVER_ERROR", request_id)
    return Answer(body, ok=False, kind="", errors=("INTERNAL_SERVER_ERROR",))


async def _respond(send: Send, status: int, content_type: Header, answer: Answer, request_id: str) -> None:
    """Send the answer; a client that has gone by now is no error of ours."""
    body = b"" if answer.not_modified else answer.body
    headers = [_VARY, _NOSNIFF, (b"x-request-id", request_id.encode("ascii"))]
    if not answer.not_modified:  # RFC 9110 15.4.5: a 304 carries no representation metadata
        headers += (content_type, (b"content-length", b"%d" % len(body)))
    if answer.headers:
        headers += answer.headers
        if not any(name == b"cache-control" for name, _ in answer.headers):
            headers.append(_NO_STORE)
    else:
        headers.append(_NO_STORE)
    try:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    except OSError:  # ASGI 2.4: send raises one after a disconnect
        return

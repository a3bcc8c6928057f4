"""What a GraphQL request over HTTP is, and what is refused as none.

The rules are those of the GraphQL-over-HTTP specification (draft 2025), narrowed where the
specification allows it: JSON bodies only and no "simple" requests, because a browser sends those
to any origin without asking (cross-site request forgery); one operation per request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import getrandbits
from typing import Any
from urllib.parse import parse_qsl

from schema.edge.bodies import bad_request, parse_json
from schema.edge.media import MediaType
from schema.edge.refusals import BadRequest

PREFLIGHT_HEADERS = (
    b"x-graphql-preflight",
    b"apollo-require-preflight",
    b"x-apollo-operation-name",
)
"""A browser cannot add one of these across origins without a preflight (Fetch, CORS protocol)."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_PARAMETERS = frozenset({"query", "variables", "operationName", "extensions"})
_QUERY_FIELDS_MAX = 32
_QUERY_STRING_BYTES_MAX = 16 * 1024


@dataclass(slots=True)
class GraphQLRequest:
    """One well-formed request: its parts have the right types; nothing is parsed as GraphQL yet.

    Not frozen only because a frozen one takes three times as long to make; nobody changes it.
    """

    query: str
    """The document's text, not empty."""
    operation_name: str | None
    variables: dict[str, Any]
    """As sent, not coerced to the operation's types."""
    accept_language: str
    """The header, or "" if absent; `refusals.language_of` reads it."""
    authorization: str | None
    request_id: str
    """The client's x-request-id if it is a sane one, else a new one."""
    media_type: MediaType
    """What the answer will be sent as."""
    may_mutate: bool
    """False for GET: a mutation then raises `refusals.mutation_by_get()`."""
    if_none_match: bytes | None
    """The entity tags the client already has, as sent."""
    client: str
    """The peer's address as the server reports it, or ""."""
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    """All of them, by lower-case name: for what is not named here (cookies, origin, user agent)."""
    has_files: bool = False
    """Whether variables hold `multipart.Upload`s, which no JSON can show."""


@dataclass(slots=True)
class Caller:
    """What the headers say about a request, before its GraphQL part is read."""

    headers: Mapping[bytes, bytes]
    request_id: str
    media_type: MediaType
    client: str


def request_id_of(headers: Mapping[bytes, bytes]) -> str:
    """Take the client's x-request-id if it matches [A-Za-z0-9_-]{8,64}, else make a random one.

    It only ties log lines together, so 64 weak random bits suffice and cost a third of a
    microsecond.
    """
    given = headers.get(b"x-request-id")
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode("ascii")
    return f"{getrandbits(64):016x}"


@lru_cache(maxsize=64)
def _is_json(content_type: bytes) -> bool:
    media_type, *parameters = content_type.decode("latin-1").lower().split(";")
    if media_type.strip() != "application/json":
        return False
    charsets = [
        value.strip().strip('"')
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name.strip() == "charset"
    ]
    return all(charset in {"utf-8", "utf8"} for charset in charsets)


def check_content_type(content_type: bytes | None) -> None:
    """Accept application/json in UTF-8, or refuse with 415.

    text/plain, forms and multipart are what a foreign page can send without a preflight, so
    refusing them is also the guard against cross-site request forgery. Where uploads are accepted,
    multipart does not come here, and `check_preflight` is the guard.
    """
    if content_type is None or not _is_json(content_type[:256]):
        raise BadRequest(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "请求体必须是 UTF-8 编码的 application/json。",
            "The body must be application/json in UTF-8.",
            close=True,
        )


def check_preflight(headers: Mapping[bytes, bytes]) -> None:
    """Accept a GET or an upload that a foreign page cannot send unasked, or refuse it with 403."""
    if not any(name in headers for name in PREFLIGHT_HEADERS):
        raise BadRequest(
            403,
            "PREFLIGHT_REQUIRED",
            "GET 请求和上传须带 x-graphql-preflight 请求头（任意值），或改用 JSON 的 POST。",
            "Send the header x-graphql-preflight (any value) with a GET or an upload, or use POST with JSON.",
        )


def method_not_allowed() -> BadRequest:
    """Refuse any method but GET and POST with 405."""
    return BadRequest(
        405,
        "METHOD_NOT_ALLOWED",
        "只接受 GET 和 POST。",
        "Only GET and POST are accepted.",
        headers=((b"allow", b"GET, POST"),),
        close=True,
    )


def from_body(body: bytes, caller: Caller, *, levels_max: int) -> GraphQLRequest:
    """Read a POST body, or refuse with 400: not JSON, or what `from_value` refuses."""
    return from_value(parse_json(body, levels_max=levels_max), caller)


def from_value(value: object, caller: Caller) -> GraphQLRequest:
    """Take a POST's parsed JSON, or refuse with 400: not an object, a batch, parts of a wrong type."""
    if isinstance(value, list):
        raise bad_request("不支持批量请求。", "Batches are not supported: send one operation.")
    if not isinstance(value, dict):
        raise bad_request("请求体必须是 JSON 对象。", "The body must be a JSON object.")
    return _request(value, caller, may_mutate=True)


def from_query_string(
    query_string: bytes, caller: Caller, *, levels_max: int, is_own_page: bool = False
) -> GraphQLRequest:
    """Read a GET's parameters, or refuse: no preflight header (403), too long (414), wrong (400).

    `is_own_page`: a browser says that a page of this site asks, so that no header is needed to show it.

    `variables` and `extensions` are JSON text; an empty one counts as absent. A parameter given
    twice is refused, since two readers could pick different ones; unknown ones are ignored.
    """
    if not is_own_page:
        check_preflight(caller.headers)
    if len(query_string) > _QUERY_STRING_BYTES_MAX:
        raise BadRequest(414, "BAD_REQUEST", "查询字符串过长，请改用 POST。", "Too long: use POST.")
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_QUERY_FIELDS_MAX,
        )
    except ValueError:  # covers UnicodeDecodeError and too many fields
        raise bad_request("查询字符串无效。", "The query string is malformed.") from None
    given: dict[str, object] = {}
    for name, text in pairs:
        if name not in _PARAMETERS:
            continue
        if name in given:
            raise bad_request(f"参数 {name} 重复。", f"{name} is given twice.")
        if name in {"variables", "extensions"}:
            given[name] = parse_json(text, levels_max=levels_max) if text else None
        else:
            given[name] = text if text or name == "query" else None
    return _request(given, caller, may_mutate=False)


def _request(parts: dict[str, Any], caller: Caller, *, may_mutate: bool) -> GraphQLRequest:
    query = parts.get("query")
    if not isinstance(query, str) or not query or query.isspace():
        raise bad_request("query 必须是非空字符串。", "query must be a non-empty string.")
    operation_name = parts.get("operationName")
    if operation_name is not None and not isinstance(operation_name, str):
        raise bad_request("operationName 必须是字符串。", "operationName must be a string or null.")
    variables = parts.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise bad_request("variables 必须是对象。", "variables must be an object or null.")
    extensions = parts.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise bad_request("extensions 必须是对象。", "extensions must be an object or null.")
    if "\x00" in query or (operation_name is not None and "\x00" in operation_name):
        raise bad_request("文本不能包含 NUL 字符。", "Text must not contain NUL.")
    headers = caller.headers
    authorization = headers.get(b"authorization")
    return GraphQLRequest(
        query,
        operation_name,
        variables or {},
        headers.get(b"accept-language", b"").decode("latin-1"),
        None if authorization is None else authorization.decode("latin-1"),
        caller.request_id,
        caller.media_type,
        may_mutate,
        headers.get(b"if-none-match"),
        caller.client,
        headers,
    )

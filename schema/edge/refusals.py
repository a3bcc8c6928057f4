"""Refusals that are plain HTTP: what the client did wrong, in Chinese and in English.

A refusal is raised before (or instead of) an execution and becomes a JSON body with `errors` and
without `data`, as GraphQL over HTTP asks for a request error.
"""

from functools import lru_cache
from typing import Any, Literal

import orjson

Language = Literal["zh", "en"]

_HEADER_CHARACTERS_MAX = 256
"""Longer Accept-Language headers are cut: no browser sends one, and the result is memoised."""


class BadRequest(Exception):
    """A request that is refused with an HTTP status other than 200.

    `code` goes to `extensions.code`; `headers` are added to the answer (`Allow`, `Retry-After`).
    An execution may raise it too: `mutation_by_get()` is the one that GraphQL over HTTP requires.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message_zh: str,
        message_en: str,
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        close: bool = False,
    ) -> None:
        """Refuse with `status`; `close` ends the connection because unread body may follow."""
        super().__init__(message_en)
        self.status = status
        self.code = code
        self.message_zh = message_zh
        self.message_en = message_en
        self.headers = headers
        self.close = close

    def message(self, language: Language) -> str:
        """Give the message in the caller's language."""
        return self.message_en if language == "en" else self.message_zh


def mutation_by_get() -> BadRequest:
    """Refuse a mutation sent by GET: 405, as GraphQL over HTTP 6.2.1 requires."""
    return BadRequest(
        405,
        "BAD_REQUEST",
        "变更操作只能用 POST 发送。",
        "Mutations are accepted by POST only.",
        headers=((b"allow", b"POST"),),
    )


@lru_cache(maxsize=256)
def _language(accept_language: str) -> Language:
    best, quality_best = "zh", 0.0
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        quality = quality_of(parameters)
        if primary in {"zh", "en"} and quality > quality_best:
            best, quality_best = primary, quality
    return "en" if best == "en" else "zh"


def language_of(accept_language: str) -> Language:
    """Choose the language of messages: the better liked of zh and en, or zh (RFC 9110 12.5.4)."""
    return _language(accept_language[:_HEADER_CHARACTERS_MAX])


def quality_of(parameters: str) -> float:
    """Read the `q` weight out of a header's parameters: 0 to 1, 1 if absent, 0 if nonsense."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0.0 <= quality <= 1.0 else 0.0
    return 1.0


def error_body(message: str, code: str, request_id: str) -> bytes:
    """Build the JSON body of a request error: `errors` with one entry, no `data`."""
    extensions: dict[str, Any] = {"code": code, "requestId": request_id}
    return orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})

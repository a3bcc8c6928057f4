"""The one table from what was raised to what the client is told. Whatever is not a MarketError is masked."""

from collections.abc import Sequence
from typing import Any, Protocol

from graphql import GraphQLError

from market.kernel.errors import Language, MarketError, Unavailable

ERRORS_MAX = 5
MASKED = {
    "zh-CN": "服务器内部错误，请凭请求编号 {request_id} 联系我们。",
    "en": "Something went wrong here. Tell us the request id {request_id}.",
}


class ErrorLog(Protocol):
    """Where what was masked goes."""

    def error(self, event: str, **facts: Any) -> None:
        """Write it, with its traceback."""


def told(errors: Sequence[GraphQLError], language: Language, request_id: str, log: ErrorLog) -> list[dict[str, Any]]:
    """The response's `errors` of an execution, at most five: refusals in words, bugs masked and logged."""
    return [_told(error, language, request_id, log) for error in errors[:ERRORS_MAX]]


def _told(error: GraphQLError, language: Language, request_id: str, log: ErrorLog) -> dict[str, Any]:
    cause = error.original_error
    entry = dict(error.formatted)
    if isinstance(cause, MarketError):
        entry["message"] = cause.message(language)
        entry["extensions"] = {"code": cause.code, "retryable": cause.retryable, **_facts(cause)}
        if isinstance(cause, Unavailable):
            log.error("unavailable", request_id=request_id, exc_info=cause)
    elif cause is not None and not isinstance(cause, GraphQLError):
        log.error("masked error", request_id=request_id, exc_info=cause)
        entry["message"] = MASKED[language].format(request_id=request_id)
        entry["extensions"] = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    else:
        entry.setdefault("extensions", {"code": "BAD_USER_INPUT"})
    return entry


def _facts(error: MarketError) -> dict[str, Any]:
    return {name: value for name, value in error.facts.items() if name in {"field", "from_state", "to_state"}}

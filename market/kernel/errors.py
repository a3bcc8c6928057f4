"""Refusals: everything the marketplace may say no with, and nothing else.

MarketError
├── Invalid                 the input can never work: change it
│   ├── InvalidId           not an id of this kind
│   ├── InvalidCursor       not a cursor of this list
│   └── InvalidPage         an impossible page
├── NotSignedIn             sign in first
├── Forbidden               this actor may not
├── NotFound                unknown, or hidden from this actor (the two answer alike)
├── Conflict                the state of things is against it: read again, then decide
│   ├── IllegalTransition   not from this state
│   └── IdempotencyConflict the key was used with another input
├── LimitReached            too much or too often
└── Unavailable             cannot be served now: try again later

Each carries its facts and its words in Chinese and English, and no transport: `schema/errors.py` maps them once.
Any other exception is a bug.
"""

from typing import Any, ClassVar, Literal

Language = Literal["zh-CN", "en"]


class MarketError(Exception):
    """A refusal the caller can act on. `zh` and `en` are templates over the facts and say what to do next."""

    code: ClassVar[str] = "REFUSED"
    zh: ClassVar[str] = "请求被拒绝。"
    en: ClassVar[str] = "The request was refused."
    retryable: ClassVar[bool] = False

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.message("en"))

    def message(self, language: Language) -> str:
        """The words for a person, in one of the two languages."""
        template = self.en if language == "en" else self.zh
        return template.format_map(self.facts)


class Invalid(MarketError):
    """The input can never work. Facts: `field`, `allowed` (what would be right, in English), `allowed_zh`."""

    code = "BAD_USER_INPUT"
    zh = "“{field}”无效：{allowed_zh}。"
    en = "“{field}” is not valid: {allowed}."

    def __init__(self, *, field: str, allowed: str, allowed_zh: str = "", **facts: Any) -> None:
        super().__init__(field=field, allowed=allowed, allowed_zh=allowed_zh or allowed, **facts)


class InvalidId(Invalid):
    """Not an id of this kind. Facts: `field`, `allowed`."""


class InvalidCursor(Invalid):
    """Not a cursor that this list, in this order, has given out."""

    def __init__(self, *, field: str) -> None:
        super().__init__(
            field=field,
            allowed="use a cursor from the same list in the same order, or leave it out to start over",
            allowed_zh="请使用同一列表、同一排序返回的游标，或去掉它从头开始",
        )


class InvalidPage(Invalid):
    """An impossible page: a size outside its bounds, or two directions at once."""


class NotSignedIn(MarketError):
    """Only a signed-in person may do this."""

    code = "UNAUTHENTICATED"
    zh = "请先登录。"
    en = "Sign in first."


class Forbidden(MarketError):
    """The actor's roles do not allow it."""

    code = "FORBIDDEN"
    zh = "您没有此操作的权限。"
    en = "Your roles do not allow this."


class NotFound(MarketError):
    """Unknown, or hidden from this actor: the two answer alike. Facts: `field`."""

    code = "NOT_FOUND"
    zh = "没有找到“{field}”所指的内容。"
    en = "Nothing was found for “{field}”."

    def __init__(self, *, field: str, **facts: Any) -> None:
        super().__init__(field=field, **facts)


class Conflict(MarketError):
    """The state of things is against it."""

    code = "CONFLICT"
    zh = "内容已变化，请刷新后再试。"
    en = "Things have changed: read again, then decide."


class IllegalTransition(Conflict):
    """Not a legal move from this state. Facts: `from_state`, `to_state`, `allowed` (a tuple of states)."""

    code = "ILLEGAL_TRANSITION"
    zh = "不能从“{from_state}”变为“{to_state}”，可以变为：{allowed_text}。"
    en = "It cannot go from “{from_state}” to “{to_state}”; it can go to: {allowed_text}."

    def __init__(self, *, from_state: str, to_state: str, allowed: tuple[str, ...]) -> None:
        super().__init__(
            from_state=from_state, to_state=to_state, allowed=allowed, allowed_text=", ".join(allowed) or "—"
        )


class IdempotencyConflict(Conflict):
    """This idempotency key was already used with another input."""

    code = "IDEMPOTENCY_CONFLICT"
    zh = "该幂等键已用于另一个请求，请为新的请求生成新的键。"
    en = "This idempotency key was used with another input: make a new key for a new request."


class LimitReached(MarketError):
    """Too much or too often. Facts: `what`, `limit`."""

    code = "LIMIT_REACHED"
    zh = "超出限制：{what}最多 {limit}。"
    en = "Over the limit: at most {limit} {what}."
    retryable = True


class Unavailable(MarketError):
    """Cannot be served now; the same call may go through later."""

    code = "UNAVAILABLE"
    zh = "服务暂时不可用，请稍后再试。"
    en = "The service is not available now: try again later."
    retryable = True

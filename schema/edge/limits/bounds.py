"""The bounds themselves and the refusal that names the one exceeded."""

from dataclasses import dataclass
from typing import Any

from schema.edge.refusals import Language


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one document may ask for, all counts over the whole text unless said otherwise."""

    tokens: int = 2_000
    """Lexical tokens without comments; the lexer stops there, whatever follows."""
    comments: int = 500
    depth: int = 15
    """Fields within fields, leaf included, fragments followed; inline fragments add nothing."""
    introspection_depth: int = 20
    """The same for a path that enters __schema or __type: the usual query is 15 deep there."""
    aliases: int = 50
    """As written; one on __typename counts too, since each adds an entry to the answer."""
    directives: int = 50
    """As written, on whatever they stand."""
    root_fields: int = 20
    """Per operation, fragments followed; a field merged with its twin counts twice."""
    repeats: int = 100
    """Fields of one response name that have arguments or fields beneath, wherever they stand:
    validation compares each with each if they might merge, and 420 of them took it 0.8 s."""
    cost: int = 1_000
    """Points per operation."""
    page_items: int = 20
    """Assumed where a connection is asked for without first or last."""
    page_items_max: int = 100
    """Counted at most for a connection: to ask for a larger page is refused where the page is read, with better words."""
    list_items: int = 10
    """Assumed for any other list of objects."""


class LimitExceeded(Exception):
    """A document asks for more than `limit`: it is refused before it is validated or executed."""

    def __init__(self, what: str, *, limit: int, actual: int) -> None:
        """Name the bound (a field of `Limits`) and by how much it was exceeded.

        `actual` is what was counted until the refusal, so it may be less than the whole.
        """
        zh, en = _WORDS[what]
        self.code = "QUERY_TOO_COMPLEX"
        self.what = what
        self.limit = limit
        self.actual = actual
        self.message_zh = f"查询过于复杂：{zh}为 {_shown(actual)}，上限 {limit}。"
        self.message_en = f"Query too complex: {_shown(actual)} {en}, at most {limit}."
        super().__init__(self.message_en)

    def message(self, language: Language) -> str:
        """Give the message in the caller's language."""
        return self.message_en if language == "en" else self.message_zh

    @property
    def extensions(self) -> dict[str, Any]:
        """Facts for the client's program, as the error's `extensions`."""
        return {
            "code": self.code,
            "what": self.what,
            "limit": self.limit,
            "actual": min(self.actual, _SHOWN_MAX),
        }


_SHOWN_MAX = 1_000_000_000
"""A fragment bomb multiplies to hundreds of digits; nobody needs to read them."""

_WORDS = {
    "tokens": ("词法单元数", "tokens"),
    "comments": ("注释数", "comments"),
    "depth": ("嵌套层数", "levels of fields"),
    "introspection_depth": ("内省嵌套层数", "levels of introspection fields"),
    "aliases": ("别名数", "aliases"),
    "directives": ("指令数", "directives"),
    "root_fields": ("根字段数", "root fields"),
    "repeats": ("同名字段数", "fields of one name"),
    "cost": ("费用点数", "points of cost"),
}


def _shown(actual: int) -> str:
    return str(actual) if actual <= _SHOWN_MAX else f">{_SHOWN_MAX}"

"""Lists: orders, cursors, pages, counts, facets."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from market.kernel.errors import InvalidCursor, InvalidPage
from tests.schema.oracle.data import Data, Row, certificates_of
from tests.schema.oracle.filters import Args, Condition, Request, given, is_valid, refuse, square_metres, where_of
from tests.schema.oracle.words import tier_of

COUNT_MAX = 2_000
FACET_ROWS_MAX = 10_000
FACET_MAX = 50
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Order:
    """A sort key of two parts, and how a cursor says the first."""

    tag: str
    key: Callable[[Request, Row, Args], Key]
    read: tuple[Callable[[str], Any], Callable[[str], Any]]
    show: Callable[[Any], str] = str
    is_descending: bool = False
    needs_point: bool = False


@dataclass(frozen=True)
class Listed:
    """One list field."""

    rows: Callable[[Data, Row | None], list[Row]]
    condition: Callable[[Request, Args], Condition]
    orders: dict[str, Order]
    usual: str
    facets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cut:
    """A list with its arguments checked: what a connection's fields are made of."""

    request: Request
    args: Args
    condition: Condition
    order: Order
    size: int
    is_backward: bool
    cursor: Key | None


@dataclass
class Page:
    """One page."""

    cut: Cut
    matching: list[Row]
    rows: list[Row] = field(default_factory=list)
    has_more: bool = False


def cut_of(request: Request, spec: Listed, args: Args) -> Cut:
    """The arguments of a list, or refuses."""
    condition = spec.condition(request, args)
    first, last, after, before = (given(args, name) for name in ("first", "last", "after", "before"))
    is_backward = last is not None
    size = last if is_backward else 20 if first is None else first
    is_crossed = after is not None if is_backward else before is not None
    if (first is not None and last is not None) or is_crossed or not 1 <= size <= 100:
        raise InvalidPage(field="page", allowed="another page")
    order = spec.orders[given(args, "orderBy") or spec.usual]
    if order.needs_point and given(where_of(args), "near") is None:
        raise refuse("orderBy")
    cursor = before if is_backward else after
    return Cut(request, args, condition, order, size, is_backward, None if cursor is None else _key_in(order, cursor))


def _key_in(order: Order, cursor: str) -> Key:
    parts = cursor.split("~")
    if len(cursor) > 200 or len(parts) != 3 or parts[0] != order.tag:
        raise InvalidCursor(field="cursor")
    try:
        return tuple(read(part) for read, part in zip(order.read, parts[1:], strict=True))
    except (ValueError, OverflowError):
        raise InvalidCursor(field="cursor") from None


def page_of(cut: Cut, rows: list[Row]) -> Page:
    """Sort, then cut."""
    order = cut.order
    page = Page(cut, [row for row in rows if cut.condition(row)])
    keyed = [(order.key(cut.request, row, cut.args), row) for row in page.matching]
    keyed.sort(key=lambda each: each[0], reverse=order.is_descending)
    if cut.cursor is not None:
        is_later = cut.is_backward == order.is_descending
        keyed = [each for each in keyed if (each[0] > cut.cursor if is_later else each[0] < cut.cursor)]
    page.has_more = len(keyed) > cut.size
    kept = keyed[-cut.size :] if cut.is_backward else keyed[: cut.size]
    page.rows = [row for _key, row in kept]
    return page


def cursor_of(cut: Cut, row: Row) -> str:
    """Where a row is in its list."""
    first, second = cut.order.key(cut.request, row, cut.args)
    return f"{cut.order.tag}~{cut.order.show(first)}~{-second if cut.order.tag == 'r' else second}"


def page_info(page: Page) -> Row:
    """PageInfo."""
    cut = page.cut
    was_given = cut.cursor is not None
    cursors: list[str | None] = [cursor_of(cut, row) for row in page.rows]
    return {
        "__typename": "PageInfo",
        "hasNextPage": was_given if cut.is_backward else page.has_more,
        "hasPreviousPage": page.has_more if cut.is_backward else was_given,
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
    }


def facet(page: Page, name: str) -> list[Row]:
    """Counts by value, most first, then by the value itself."""
    data = page.cut.request.data
    rows = page.matching[:FACET_ROWS_MAX]
    counts = Counter(value for row in rows for value in _values(page.cut.request, name, row))
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:FACET_MAX]
    return [{"value": value, "node": data.by_id.get(value), "count": count} for value, count in most]


def _values(request: Request, name: str, row: Row) -> set[Any]:
    match name:
        case "certificates":
            covering = certificates_of(request.data, row["id"])
            return {str(each["kind"]) for each in covering if is_valid(request, each)}
        case "categories":
            return {row["category_id"]}
        case "villages":
            return {row["village_id"]}
        case "producers":
            return {row["producer_id"]}
        case "storages":
            return {row["storage"]} - {None}
        case _:
            return {row["stock_state"]} - {None}


# -- orders ------------------------------------------------------------------------------------------------------------


def _whole(bits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch("0|-?[1-9][0-9]{0,18}", text) or not -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1):
            raise ValueError(text)
        return int(text)

    return read


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def moment_text(moment: datetime) -> str:
    """RFC 3339 in UTC with seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _by(name: str) -> Callable[[Request, Row, Args], Key]:
    return lambda _request, row, _args: (row[name], row["id"])


def by_number(tag: str, name: str, *, bits: int = 64, is_descending: bool = False) -> Order:
    """By a whole number, then by id."""
    return Order(tag, _by(name), (_whole(bits), str), is_descending=is_descending)


def by_text(tag: str, name: str) -> Order:
    """By a text in code point order, then by id."""
    return Order(tag, _by(name), (str, str))


def by_moment(tag: str, name: str, *, is_descending: bool = False) -> Order:
    """By a moment, then by id."""
    return Order(tag, _by(name), (_moment, str), moment_text, is_descending)


def _distance(_request: Request, row: Row, args: Args) -> Key:
    return (round(square_metres(row, args["where"]["near"])), row["id"])


def _relevance(request: Request, row: Row, args: Args) -> Key:
    # Higher ranks first within a tier, tiers in order; the cursor says both as they are.
    return (tier_of(request.data.tokens[row["id"]], args["query"]), -row["search_rank"])


BY_DISTANCE = {"DISTANCE": Order("d", _distance, (_whole(64), str), needs_point=True)}
BY_RELEVANCE = {"RELEVANCE": Order("r", _relevance, (_whole(32), lambda text: -_whole(64)(text)))}
OF_LISTINGS = {
    "POPULARITY": by_number("p", "popularity", is_descending=True),
    "NEWEST": by_moment("n", "published_at", is_descending=True),
    "PRICE_LOW": by_number("l", "price_fen"),
    "PRICE_HIGH": by_number("h", "price_fen", is_descending=True),
    **BY_DISTANCE,
}

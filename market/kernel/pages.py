"""Keyset pages: how many, from where, in which direction; and cursors as plain text.

A cursor is the sort key of one row, tagged with the order it belongs to (`p~8812~prd_01k…`): cheap for the database
to write, and refused when it comes back to another order. Clients treat it as opaque.
"""

import re
from dataclasses import dataclass

from market.kernel.errors import InvalidCursor, InvalidPage

SIZE_DEFAULT = 20
SIZE_MAX = 100
SEPARATOR = "~"
_NUMBER = re.compile("0|-?[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: `size` rows after (or, going backward, before) a cursor."""

    size: int
    is_backward: bool = False


def page_of(*, first: int | None, last: int | None, has_after: bool, has_before: bool) -> Page:
    """The page asked for, or refuses with InvalidPage: a size outside 1..100, or two directions at once."""
    if first is not None and last is not None:
        raise InvalidPage(field="last", allowed="give first or last, not both", allowed_zh="first 与 last 只能给出一个")
    if last is None and has_before:
        raise InvalidPage(field="before", allowed="before goes with last", allowed_zh="before 须与 last 一起使用")
    if last is not None and has_after:
        raise InvalidPage(field="after", allowed="after goes with first", allowed_zh="after 须与 first 一起使用")
    size = last if last is not None else SIZE_DEFAULT if first is None else first
    if not 1 <= size <= SIZE_MAX:
        raise InvalidPage(
            field="first" if last is None else "last",
            allowed=f"a page has 1 to {SIZE_MAX} rows",
            allowed_zh=f"每页 1 到 {SIZE_MAX} 条",
        )
    return Page(size, is_backward=last is not None)


def key_number(text: str, *, bits: int = 64) -> int:
    """A whole number in a cursor, or ValueError for a text that no column of so many bits has put there.

    >>> key_number("-12")
    -12
    """
    if not _NUMBER.fullmatch(text) or not -(1 << bits - 1) <= int(text) < 1 << bits - 1:
        raise ValueError(text)
    return int(text)


def cursor_parts(text: str, *, tag: str, parts: int, field: str) -> list[str]:
    """The sort key in a cursor, or refuses with InvalidCursor when it is of another order or shape."""
    found = text.split(SEPARATOR) if len(text) <= 200 else []
    if len(found) != parts + 1 or found[0] != tag:
        raise InvalidCursor(field=field)
    return found[1:]

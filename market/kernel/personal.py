"""Personal data: each column that holds some says so where it is declared, and what becomes of it on erasure.

    phone_sealed: str = Field(sa_column_kwargs=personal(PersonalKind.PHONE, OnErasure.DELETE, sealed_for="address.phone"))

Nothing needs to be registered anywhere else: the registry (`market/people/profile/registry.py`) is a walk over the
tables of all rooms, and a test fails on a column that looks personal and says nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MARK, PART = "personal", "part_of"
"""Keys in a column's `info`."""


class PersonalKind(StrEnum):
    """What a column tells about a person."""

    NAME = "NAME"
    PHONE = "PHONE"
    ADDRESS = "ADDRESS"
    IDENTIFIER = "IDENTIFIER"
    """A number or name given by somebody else: openid, identity card, bank account."""
    DEVICE = "DEVICE"
    """What they use and from where: user agent, network address."""
    CREDENTIAL = "CREDENTIAL"
    """What proves who they are, or a keyed hash of something personal. Never exported."""
    TEXT = "TEXT"
    """What they wrote or chose."""


class OnErasure(StrEnum):
    """What becomes of a column when its person is erased."""

    DELETE = "DELETE"
    """The row goes."""
    CLEAR = "CLEAR"
    """The row stays; the column becomes null, or `replacement`."""
    KEEP = "KEEP"
    """It stays, for a `reason`."""
    ROOM = "ROOM"
    """The room itself does it: in the step that closes an account, or when it hears `people.erased`."""


@dataclass(frozen=True, slots=True)
class Personal:
    """What a column says of itself. Refuses with ValueError a mark that says too little."""

    kind: PersonalKind
    on_erasure: OnErasure
    sealed_for: str | None = None
    """The sealer's purpose when the column holds a sealed text."""
    replacement: Any = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.on_erasure is OnErasure.KEEP and not self.reason:
            raise ValueError("whatever is kept of a person is kept for a reason: say which law or duty")
        if self.replacement is not None and self.on_erasure is not OnErasure.CLEAR:
            raise ValueError("only what is cleared has a replacement")


def personal(
    kind: PersonalKind,
    on_erasure: OnErasure,
    *,
    sealed_for: str | None = None,
    replacement: Any = None,
    reason: str = "",
) -> dict[str, Any]:
    """The mark, as `Field(sa_column_kwargs=…)` takes it."""
    return {"info": {MARK: Personal(kind, on_erasure, sealed_for, replacement, reason)}}


def personal_mark(column: Any) -> Personal | None:
    """What a table's column says of itself, None when it holds nothing personal."""
    mark = column.info.get(MARK)
    if mark is not None and not isinstance(mark, Personal):
        raise TypeError(f"{column}: mark personal columns with market.kernel.personal.personal(…)")
    return mark


def part_of() -> dict[str, Any]:
    """The mark of a foreign key that makes a row a part of the row it points at, so that it is that row's person's too,
    as `Field(sa_column_kwargs=…)` takes it. Rows with an `account_id` of their own need none."""
    return {"info": {PART: True}}


def is_part_of(column: Any) -> bool:
    """Whether this column makes its row a part of another."""
    return bool(column.info.get(PART))

"""A sheet, declared once: its columns say what is in the template, what is read, what errors say and what is exported."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from market.bulk.rules import SheetKind
from market.bulk.sheets.cells import Cell, Shown
from market.kernel.errors import Language

Values = Mapping[str, Any]
"""The values of a row by column key. A column that the file does not have is not there; an empty cell is None."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `fields` are the names under which the rooms' refusals speak of it."""

    key: str
    zh: str
    en: str
    cell: Cell
    example: str
    help_zh: str
    help_en: str
    is_required: bool = False
    is_note: bool = False
    """Exported for people to recognise the row by; its header begins with #, so it is not read."""
    aliases: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def header(self, language: Language) -> str:
        """What stands above it."""
        return self.en if language == "en" else self.zh

    def help(self, language: Language) -> str:
        """What to write in it."""
        return self.help_en if language == "en" else self.help_zh

    def names(self) -> set[str]:
        """Every header by which it is found, in the form that `plain_header` makes; none for a note."""
        return set() if self.is_note else {plain_header(name) for name in (self.key, self.zh, self.en, *self.aliases)}

    def show(self, value: Any) -> Shown | None:
        """A value as it goes into a cell; nothing is an empty one."""
        return None if value is None else self.cell.show(value)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A kind of sheet. Rows with the same value in `grouped_by` are one thing; `named_by` are what says which row of
    a file is meant, and no two rows may have the same of."""

    kind: SheetKind
    zh: str
    en: str
    columns: tuple[Column, ...]
    named_by: tuple[str, ...]
    grouped_by: tuple[str, ...] = ()
    check: Callable[[Values], None] = field(default=lambda _values: None)
    """Refuses with RowRefused what no single cell can tell."""

    def title(self, language: Language) -> str:
        """Its name."""
        return self.en if language == "en" else self.zh

    def column(self, key: str) -> Column:
        """The column of this key."""
        return next(column for column in self.columns if column.key == key)

    def column_of_field(self, name: str) -> str | None:
        """The key of the column that a room's refusal calls so (`variants.2.sku`), or None when it is about the row."""
        words = [word for word in name.split(".") if not word.isdigit()]
        for wanted in (name, *words[-1:], *words[:1]):
            for column in self.columns:
                if wanted == column.key or wanted in column.fields:
                    return column.key
        return None


def plain_header(text: str) -> str:
    """A header without what does not matter: width, case, spaces, the star of what is required, units in brackets.

    >>> plain_header(" 价格（元） *"), plain_header("Price (CNY)")
    ('价格', 'price')
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    before, bracket, after = plain.partition("(")
    if bracket:
        plain = before + after.partition(")")[2]
    return "".join(letter for letter in plain if letter.isalnum())

"""From a row's cells to its values, or to what is wrong with them, in the file's own terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from market.bulk.errors import RowRefused
from market.bulk.guard import is_formula, unguarded
from market.bulk.rules import CELL_CHARS_MAX
from market.bulk.sheets.cells import asked
from market.bulk.sheets.columns import Sheet, Values
from market.kernel.errors import Invalid, MarketError, NotFound

_EXCERPT = 60
_EXCEL_ERRORS = ("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
_LINES = {"\t", "\n"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row: `row` as Excel numbers it, `column` the header as it stands in the file (None: the row
    as a whole), `value` how its cell begins."""

    row: int
    column: str | None
    value: str
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column of the file is which of the sheet's."""

    sheet: Sheet
    headers: tuple[str, ...]
    keys: tuple[str | None, ...]

    def place(self, key: str | None) -> int | None:
        """Where a column stands in the file, or None."""
        return self.keys.index(key) if key is not None and key in self.keys else None


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read: its values when `problems` is empty."""

    number: int
    cells: Sequence[str]
    values: Values
    problems: tuple[Problem, ...]


def read_row(layout: Layout, number: int, cells: Sequence[str]) -> Row:
    """The values of a row, or everything that is wrong with its cells; then what is wrong with the whole."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for at, key in enumerate(layout.keys):
        if key is None:
            if not layout.headers[at].strip() and cells[at].strip():
                problems.append(_no_header(number, cells[at]))
            continue
        try:
            values[key] = read_cell(layout.sheet, key, cells[at])
        except RowRefused as refusal:
            problems.append(told(layout, number, cells, refusal))
    if any(cell.strip() for cell in cells[len(layout.keys) :]):
        problems.append(_no_header(number, next(cell for cell in cells[len(layout.keys) :] if cell.strip())))
    if not problems:
        try:
            layout.sheet.check(values)
        except RowRefused as refusal:
            problems.append(told(layout, number, cells, refusal))
    return Row(number, cells, values, tuple(problems))


def read_cell(sheet: Sheet, key: str, cell: str) -> Any:
    """The value of one cell, None for an empty one; or refuses with RowRefused."""
    column = sheet.column(key)
    text = cell.strip()
    if not text:
        if column.is_required:
            raise RowRefused("it must not be empty", "不能为空", column=key)
        return None
    if is_formula(text):
        raise RowRefused(
            "it is a formula: copy and paste it as a value",
            "这是公式，请“选择性粘贴为数值”",
            column=key,
        )
    if text in _EXCEL_ERRORS:
        raise RowRefused("Excel shows an error in it", "单元格为 Excel 错误值", column=key)
    text = unguarded(text.replace("\r\n", "\n").replace("\r", "\n"))
    if len(text) > CELL_CHARS_MAX:
        raise RowRefused(f"it has more than {CELL_CHARS_MAX} characters", f"内容超过 {CELL_CHARS_MAX} 字", column=key)
    if "\ufffd" in text or any(ord(letter) < 32 and letter not in _LINES or letter == "\x7f" for letter in text):
        raise RowRefused("it has broken characters: type them again", "含有乱码或不可见字符，请重新输入", column=key)
    return asked(column.cell, text, column=key)


def told(layout: Layout, number: int, cells: Sequence[str], refusal: MarketError) -> Problem:
    """A refusal in the file's own terms: a row's own, or one that a room's step has raised."""
    name = refusal.column if isinstance(refusal, RowRefused) else refusal.facts.get("field")
    key = layout.sheet.column_of_field(name) if name else None
    at = layout.place(key)
    value = "" if at is None else cells[at].strip()[:_EXCERPT]
    zh, en = _words(refusal, value)
    return Problem(
        row=number,
        column=None if at is None else layout.headers[at].strip(),
        value=value,
        code=refusal.code,
        zh=zh,
        en=en,
    )


def _words(refusal: MarketError, value: str) -> tuple[str, str]:
    """What a refusal says beside the column and the value, which rooms call by names of their own."""
    match refusal:
        case NotFound() if value:
            return f"没有找到“{value}”，请核对", f"nothing is known as “{value}”: check it"
        case Invalid():
            return f"应为：{refusal.facts['allowed_zh']}", f"it should be: {refusal.facts['allowed']}"
        case _:
            return refusal.message("zh-CN"), refusal.message("en")


def _no_header(number: int, cell: str) -> Problem:
    refusal = RowRefused(
        "it stands in a column without a header: give it one, or empty it", "所在列没有表头，请补上表头或清空"
    )
    return Problem(number, None, cell.strip()[:_EXCERPT], refusal.code, refusal.message("zh-CN"), refusal.message("en"))

"""How a report's values are written: money in yuan, weights in kilograms, shares in per cent, days as days."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from market.bulk.sheets.cells import Shown
from market.kernel.errors import Language
from market.kernel.money import Money
from market.reports.declare import Column, ColumnKind, Report, Value

UNITS: Mapping[ColumnKind, tuple[str, str]] = MappingProxyType(
    {
        ColumnKind.MONEY: ("元", "CNY"),
        ColumnKind.WEIGHT: ("公斤", "kg"),
        ColumnKind.HOURS: ("小时", "h"),
    }
)
"""What numbers are counted in, where it is not said by the column's name alone."""

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh-CN": {"total": "合计", "none": "—", "other": "其他", "to": "至"},
        "en": {"total": "Total", "none": "—", "other": "Other", "to": "to"},
    }
)


def title_of(report: Report, language: Language) -> str:
    """The report's name."""
    return report.title_en if language == "en" else report.title_zh


def label_of(column: Column, language: Language) -> str:
    """The column's name."""
    return column.label_en if language == "en" else column.label_zh


def header_of(column: Column, language: Language) -> str:
    """The column's name with its unit: what stands above its numbers."""
    unit = UNITS.get(column.kind)
    if unit is None:
        return label_of(column, language)
    return f"{column.label_en} ({unit[1]})" if language == "en" else f"{column.label_zh}（{unit[0]}）"


def cell_of(kind: ColumnKind, value: Value) -> Shown | None:
    """A value for a cell of a sheet: numbers as exact numbers, a share as a part of one."""
    match value:
        case None:
            return None
        case int() if kind is ColumnKind.MONEY:
            return Decimal(value).scaleb(-2)
        case int() if kind is ColumnKind.WEIGHT:
            return Decimal(value).scaleb(-3)
        case int() if kind is ColumnKind.SHARE:
            return Decimal(value).scaleb(-4)
        case _:
            return value


def text_of(kind: ColumnKind, value: Value, language: Language = "zh-CN") -> str:
    """A value for a person to read, with thousands apart.

    >>> text_of(ColumnKind.MONEY, 123456789), text_of(ColumnKind.SHARE, -525), text_of(ColumnKind.WEIGHT, 1500)
    ('1,234,567.89', '-5.25%', '1.5')
    >>> text_of(ColumnKind.COUNT, None)
    '—'
    """
    match value:
        case None:
            return WORDS[language]["none"]
        case int() if kind is ColumnKind.MONEY:
            whole, _, fen = Money(value).text().partition(".")
            sign = "-" if whole.startswith("-") else ""
            return f"{sign}{int(whole.removeprefix('-')):,}.{fen}"
        case int() if kind is ColumnKind.SHARE:
            return f"{Decimal(value).scaleb(-2):.2f}%"
        case int() if kind is ColumnKind.WEIGHT:
            return f"{Decimal(value).scaleb(-3).normalize():,f}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)

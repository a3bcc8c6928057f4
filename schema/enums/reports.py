"""Enums of reports."""

from market.reports.declare import ChartKind, ColumnKind, CompareWith
from market.reports.sales.rules import SalesDimension
from schema.scalars import described

__all__ = ["ChartKind", "ColumnKind", "CompareWith", "SalesDimension"]

described(
    SalesDimension,
    "What sales can be grouped by.",
    DAY="The Shanghai day of the payment, or of the refund.",
    WEEK="Its week, by its Monday.",
    MONTH="Its month, by its first day.",
    CITY="The seller's city.",
    COUNTY="The seller's county or district.",
    TOWNSHIP="The seller's township.",
    VILLAGE="The seller's village.",
    COOPERATIVE="The cooperative it was sold through; null when through none.",
    PRODUCER="The producer.",
    CATEGORY="The category, as sold.",
    LISTING="The product or tour package.",
    KIND="Produce, booking or gift.",
    CHANNEL="Where it was bought.",
)

described(
    CompareWith,
    "The period that figures are set against.",
    PREVIOUS_PERIOD="As many days, or whole months, directly before (环比).",
    LAST_YEAR="The same days a year before (同比).",
)

described(
    ColumnKind,
    "What a column's values are.",
    MONEY='Yuan with two decimals: "88.00".',
    COUNT="A number.",
    WEIGHT="Grams.",
    SHARE="Basis points: 10000 is all of it.",
    HOURS="Hours.",
    TEXT="A name.",
    DATE="A Shanghai day; of a week its Monday, of a month its first.",
    CODE="An id, a region's code, or a word of the system.",
)

described(
    ChartKind,
    "How a report is drawn.",
    BAR="Bars.",
    LINE="Lines.",
    STACKED="Bars in layers.",
)

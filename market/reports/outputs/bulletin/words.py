"""The bulletin's own words."""

from collections.abc import Mapping
from types import MappingProxyType

from market.kernel.clock import SHANGHAI
from market.kernel.errors import Language
from market.reports.outputs.bulletin.gather import Bulletin

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh-CN": {
            "title": "{region} {month} 农村电商与农旅月报",
            "month": "{year}年{number}月",
            "overview": "本月概况",
            "figure": "指标",
            "value": "本月",
            "on_month": "环比",
            "on_year": "同比",
            "plan": "规划指标进度",
            "indicator": "指标",
            "target": "目标",
            "actual": "实际",
            "attainment": "完成率",
            "status": "状态",
            "as_of": "数据截至 {moment}（北京时间）。销售按付款日、退款按入账日计入。",
            "cut": "另有 {count} 行未列出。",
            "nothing": "本月没有数据。",
            "page": "第 {page} 页，共 {pages} 页",
        },
        "en": {
            "title": "{region}, {month}: rural commerce and agri-tourism",
            "month": "{year}-{number:02}",
            "overview": "The month",
            "figure": "Figure",
            "value": "Month",
            "on_month": "On month",
            "on_year": "On year",
            "plan": "Plan indicators",
            "indicator": "Indicator",
            "target": "Target",
            "actual": "Actual",
            "attainment": "Attained",
            "status": "Status",
            "as_of": "As of {moment}, Beijing time. Sales by the day of payment, refunds by the day they were posted.",
            "cut": "{count} more rows are not shown.",
            "nothing": "There is nothing for this month.",
            "page": "Page {page} of {pages}",
        },
    }
)


def title_of(bulletin: Bulletin) -> str:
    """What stands at the top, and in the file's name."""
    words = WORDS[bulletin.language]
    month = words["month"].format(year=bulletin.month.year, number=bulletin.month.month)
    return words["title"].format(region=bulletin.region, month=month)


def as_of(bulletin: Bulletin) -> str:
    """When the figures were read."""
    moment = bulletin.as_of.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    return WORDS[bulletin.language]["as_of"].format(moment=moment)

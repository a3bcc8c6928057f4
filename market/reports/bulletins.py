"""Bulletins that are produced every month and kept: what may be scheduled, and how one is kept as it was."""

import hashlib
import zlib
from datetime import date, datetime
from typing import Protocol

import orjson

from market.kernel.errors import Invalid, Language
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.reports.declare import ReportAsked
from market.reports.frozen import Frozen, freeze
from market.reports.outputs.bulletin.gather import Bulletin, Headline, IndicatorLine, Section
from market.reports.scoped import Run
from market.reports.states import ReportCadence

BULLETIN = "bulletin"
"""What a schedule calls it, beside the keys of the catalogue."""
LANGUAGE: Language = "zh-CN"
"""A county's bulletin goes to its own people."""


class Gather(Protocol):
    """What makes a bulletin: `monthly_bulletin`, or that of whoever knows the plan as well."""

    def __call__(
        self, market: Market, actor: Actor, *, region_code: str, month: date, language: Language
    ) -> Bulletin: ...


def check_bulletin(cadence: ReportCadence, region_code: str | None, *, is_plain: bool) -> None:
    """Refuse with Invalid what is no schedule of a bulletin: it is a region's, monthly, and always whole."""
    if region_code is None or not is_plain:
        raise Invalid(
            field="report",
            allowed="a bulletin is of a region, without groupBy and where",
            allowed_zh="月报按地区生成，不能分组或筛选",
        )
    if cadence is not ReportCadence.MONTHLY:
        raise Invalid(field="cadence", allowed="a bulletin is MONTHLY", allowed_zh="月报只能按月生成")


def freeze_bulletin(made: Bulletin) -> Frozen:
    """Keep a bulletin, its charts' figures included."""
    text = orjson.dumps(made, option=orjson.OPT_SORT_KEYS)
    return Frozen(zlib.compress(text, 6), hashlib.sha256(text).hexdigest())


def thaw_bulletin(content: bytes) -> Bulletin:
    """The bulletin that was kept."""
    said = orjson.loads(zlib.decompress(content))
    return Bulletin(
        region=said["region"],
        month=date.fromisoformat(said["month"]),
        language=said["language"],
        as_of=datetime.fromisoformat(said["as_of"]),
        headlines=[Headline(**each) for each in said["headlines"]],
        sections=[Section(**each) for each in said["sections"]],
        indicators=[IndicatorLine(**each) for each in said["indicators"]],
    )


def produced(  # noqa: PLR0917 - who asks, what, of what, and what answers
    market: Market, actor: Actor, asked: ReportAsked, region_code: str | None, run: Run, gather: Gather
) -> tuple[Frozen, int, datetime]:
    """A report, or a bulletin, as it is kept; its rows, or sections; and the moment of its figures."""
    if asked.key == BULLETIN:
        month = asked.start
        made = gather(market, actor, region_code=region_code or "", month=month, language=LANGUAGE)
        return freeze_bulletin(made), len(made.sections), made.as_of
    result = run(market, actor, asked)
    return freeze(result), result.row_count, result.as_of

"""A region's monthly bulletin with the plan's indicators in it: what the reports say, and the plan beside it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType

from dateutil.relativedelta import relativedelta

from market.kernel.clock import business_day
from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, scope_of
from market.plan.rules import IndicatorUnit, PlanLight, value_text
from market.plan.scorecard import ScorecardRow, plan_scorecard
from market.reports.outputs.bulletin.gather import Bulletin, IndicatorLine, monthly_bulletin

_LIGHTS: Mapping[PlanLight, tuple[str, str]] = MappingProxyType(
    {
        PlanLight.GREEN: ("正常", "on time"),
        PlanLight.AMBER: ("略滞后", "a little behind"),
        PlanLight.RED: ("滞后", "behind"),
        PlanLight.INCOMPLETE: ("数据不全", "incomplete"),
        PlanLight.MISSING: ("缺数据", "no figures"),
        PlanLight.NOT_DUE: ("未到期", "not due"),
        PlanLight.NO_TARGET: ("无目标", "no target"),
    }
)
_UNITS = {IndicatorUnit.YUAN: "¥", IndicatorUnit.PERCENT: "%"}


def county_bulletin(market: Market, actor: Actor, *, region_code: str, month: date, language: Language) -> Bulletin:
    """`monthly_bulletin` with the plan's indicators at the month's end, or today's. Refuses as that does."""
    made = monthly_bulletin(market, actor, region_code=region_code, month=month, language=language)
    last = made.month + relativedelta(months=1) - timedelta(days=1)
    as_of = min(last, business_day(market.now()))
    lines = plan_lines(market, actor, region_code=region_code, as_of=as_of, language=language)
    return replace(made, indicators=lines)


def plan_lines(
    market: Market, actor: Actor, *, region_code: str, as_of: date, language: Language
) -> list[IndicatorLine]:
    """The indicators that have a target in the region, of the newest plan that covers it on this day; where the plan was
    not broken down that far, those that have a figure. None for whoever may not see plans."""
    if scope_of(actor, Permission.PLAN_READ) is None:
        return []
    card = plan_scorecard(market, actor, region_code=region_code, as_of=as_of)
    rows = () if card is None else card.rows
    with_target = [row for row in rows if row.target is not None]
    return [_line(row, language) for row in with_target or [row for row in rows if row.actual]]


def _line(row: ScorecardRow, language: Language) -> IndicatorLine:
    indicator, is_english = row.indicator, language == "en"
    unit = (is_english and indicator.unit_label_en) or indicator.unit_label or _UNITS.get(indicator.unit, "")
    name, standing = (is_english and indicator.name_en) or indicator.name, row.standing
    if unit:
        name = f"{name} ({unit})" if is_english else f"{name}（{unit}）"
    return IndicatorLine(
        name=name,
        target=_text(None if row.target is None else row.target.value, indicator.unit),
        actual=_text(row.actual, indicator.unit),
        attainment="—" if standing is None else f"{standing.attainment_bp / 100:.1f}%",
        status=_LIGHTS[row.light][is_english],
    )


def _text(value: int | None, unit: IndicatorUnit) -> str:
    """With thousands apart.

    >>> _text(123456789, IndicatorUnit.YUAN), _text(-1500, IndicatorUnit.COUNT), _text(None, IndicatorUnit.COUNT)
    ('1,234,567.89', '-1,500', '—')
    """
    if value is None:
        return "—"
    whole, point, rest = value_text(abs(value), IndicatorUnit(unit)).partition(".")
    return f"{'-' if value < 0 else ''}{int(whole):,}{point}{rest}"

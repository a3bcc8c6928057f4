"""The plan's indicators as a bulletin prints them. The two rooms do not know each other; here they meet."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from sqlmodel import col, select

from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, scope_of
from market.places.rules import subtree
from market.plan.rules import IndicatorUnit, PlanLight, value_text
from market.plan.scorecard import ScorecardRow, plan_scorecard
from market.plan.tables import Plan
from market.reports.outputs.bulletin.gather import IndicatorLine

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


def plan_lines(
    market: Market, actor: Actor, *, region_code: str, as_of: date, language: Language
) -> list[IndicatorLine]:
    """The indicators that have a target in the region, of the newest plan that covers it on this day; where the plan was
    not broken down that far, those that have a figure. None for whoever may not see plans."""
    if scope_of(actor, Permission.PLAN_READ) is None:
        return []
    with market.read() as session:
        running = session.exec(
            select(Plan)
            .where(col(Plan.starts_on) <= as_of, col(Plan.ends_on) >= as_of)
            .order_by(col(Plan.starts_on).desc(), col(Plan.id))
        ).all()
    plans: Sequence[Plan] = [each for each in running if region_code.startswith(subtree(each.region_code))]
    if not plans:
        return []
    card = plan_scorecard(market, actor, plan_id=plans[0].id, region_code=region_code, as_of=as_of)
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

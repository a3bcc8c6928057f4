"""What people write about plans and indicators, as it is kept; refused where it can mean nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from market.kernel.errors import Invalid
from market.organisations.rules.texts import text_of
from market.places.rules import RegionLevel, level_of
from market.plan.rules import (
    Formula,
    Frequency,
    IndicatorDirection,
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
    operands,
    parse_formula,
)
from market.plan.tables import PlanIndicator
from market.reports.declare import ColumnKind
from market.reports.measures import Measure

NAME_MAX, DEFINITION_MAX, AUTHORITY_MAX, LABEL_MAX, URL_MAX = 120, 2000, 300, 20, 500
"""Characters."""
YEARS_MAX = 30
BEHIND_MAX_BP = 10_000
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")

UNIT_OF: Mapping[ColumnKind, IndicatorUnit] = MappingProxyType(
    {
        ColumnKind.MONEY: IndicatorUnit.YUAN,
        ColumnKind.COUNT: IndicatorUnit.COUNT,
        ColumnKind.HOURS: IndicatorUnit.COUNT,
        ColumnKind.SHARE: IndicatorUnit.PERCENT,
        ColumnKind.WEIGHT: IndicatorUnit.NUMBER,
    }
)
"""What an AUTO indicator counts, by what its measure does. Weights are shown in kilograms."""


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A plan to make."""

    region_code: str
    name: str
    starts_on: date
    ends_on: date
    name_en: str | None = None
    authority: str = ""
    source_url: str | None = None
    amber_behind_bp: int = 0
    red_behind_bp: int = 1000

    def checked(self) -> "PlanDraft":
        """The same as it is kept, or refuses with Invalid."""
        level_of(self.region_code, field="region")
        if not self.starts_on <= self.ends_on or self.ends_on.year - self.starts_on.year > YEARS_MAX:
            raise Invalid(
                field="endsOn",
                allowed=f"not before the start, and at most {YEARS_MAX} years after it",
                allowed_zh=f"不早于开始日期，且不晚于其后 {YEARS_MAX} 年",
            )
        if not 0 <= self.amber_behind_bp <= self.red_behind_bp <= BEHIND_MAX_BP:
            raise Invalid(
                field="redBehind",
                allowed="0 to 100 percent, RED behind by at least as much as AMBER",
                allowed_zh="0 到 100 个百分点，且红灯阈值不小于黄灯阈值",
            )
        return PlanDraft(
            region_code=self.region_code,
            name=text_of(self.name, field="name", characters_max=NAME_MAX),
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            name_en=_optional(self.name_en, "nameEn", NAME_MAX),
            authority=text_of(self.authority, field="authority", characters_max=AUTHORITY_MAX, is_long=True),
            source_url=checked_url(self.source_url, field="sourceUrl"),
            amber_behind_bp=self.amber_behind_bp,
            red_behind_bp=self.red_behind_bp,
        )


@dataclass(frozen=True, slots=True)
class IndicatorDraft:
    """An indicator to define. `level` and `frequency` are of MANUAL ones, `measure` of AUTO, `formula` of DERIVED."""

    code: str
    name: str
    kind: IndicatorKind
    source: IndicatorSource
    unit: IndicatorUnit
    direction: IndicatorDirection = IndicatorDirection.UP
    name_en: str | None = None
    unit_label: str = ""
    unit_label_en: str | None = None
    definition: str = ""
    definition_en: str | None = None
    authority: str = ""
    measure: str | None = None
    formula: str | None = None
    level: RegionLevel = RegionLevel.COUNTY
    frequency: Frequency = Frequency.MONTH
    position: int = 0

    def checked(self, others: Mapping[str, PlanIndicator], measures: Mapping[str, Measure]) -> "IndicatorDraft":
        """The same as it is kept, or refuses with Invalid. `others` are the plan's, by code."""
        if not _CODE.fullmatch(self.code):
            raise Invalid(
                field="code",
                allowed="2 to 40 small letters, digits and underscores, a letter first",
                allowed_zh="2 到 40 位小写字母、数字或下划线，以字母开头",
            )
        self._check_source(others, measures)
        if not 0 <= self.position <= 999:
            raise Invalid(field="position", allowed="0 to 999", allowed_zh="0 到 999")
        return IndicatorDraft(
            code=self.code,
            name=text_of(self.name, field="name", characters_max=NAME_MAX),
            kind=self.kind,
            source=self.source,
            unit=self.unit,
            direction=self.direction,
            name_en=_optional(self.name_en, "nameEn", NAME_MAX),
            unit_label=text_of(self.unit_label, field="unitLabel", characters_max=LABEL_MAX, is_long=True),
            unit_label_en=_optional(self.unit_label_en, "unitLabelEn", LABEL_MAX),
            definition=text_of(self.definition, field="definition", characters_max=DEFINITION_MAX, is_long=True),
            definition_en=_optional(self.definition_en, "definitionEn", DEFINITION_MAX),
            authority=text_of(self.authority, field="authority", characters_max=AUTHORITY_MAX, is_long=True),
            measure=self.measure,
            formula=self.formula.strip() if self.formula else None,
            level=self.level,
            frequency=self.frequency,
            position=self.position,
        )

    def _check_source(self, others: Mapping[str, PlanIndicator], measures: Mapping[str, Measure]) -> None:
        is_auto, is_derived = self.source is IndicatorSource.AUTO, self.source is IndicatorSource.DERIVED
        if is_auto is not (self.measure is not None):
            raise Invalid(field="measure", allowed="AUTO names one, others none", allowed_zh="仅自动指标填写")
        if is_derived is not bool(self.formula and self.formula.strip()):
            raise Invalid(field="formula", allowed="DERIVED has one, others none", allowed_zh="仅派生指标填写")
        if self.measure is not None:
            measure = measures.get(self.measure)
            if measure is None:
                known = ", ".join(sorted(measures)) or "—"
                raise Invalid(field="measure", allowed=f"one of: {known}", allowed_zh=f"可选：{known}")
            self._require(kind_of(measure), UNIT_OF[measure.kind])
        elif self.formula is not None:
            self._require(*shape_of(parse_formula(self.formula), others, unit=self.unit))
        elif self.kind is IndicatorKind.RATIO and self.unit is IndicatorUnit.COUNT:
            self._require(self.kind, IndicatorUnit.PERCENT)

    def _require(self, kind: IndicatorKind, unit: IndicatorUnit) -> None:
        if self.kind is not kind:
            raise Invalid(field="kind", allowed=f"{kind}, as its source is", allowed_zh=f"按其来源应为 {kind}")
        if self.unit is not unit:
            raise Invalid(field="unit", allowed=f"{unit}, as its source is", allowed_zh=f"按其来源应为 {unit}")


def shape_of(
    formula: Formula, others: Mapping[str, PlanIndicator], *, unit: IndicatorUnit
) -> tuple[IndicatorKind, IndicatorUnit]:
    """The kind and unit of a formula's result, or refuses with Invalid: unknown codes, sums of unlike things, a ratio
    inside another operation. `unit` is what a ratio is wanted in: PERCENT only of like things."""
    unknown = [code for code in operands(formula) if code not in others]
    if unknown:
        raise _wrong(f"“{unknown[0]}” is no indicator of this plan", f"“{unknown[0]}”不是本规划的指标")
    kind, inner = _shape(formula, others, is_top=True)
    if formula.name != "ratio":
        assert inner is not None, "sums are of like things"
        return kind, inner
    if unit is IndicatorUnit.PERCENT and inner is None:
        raise _wrong("a percentage is of like units", "百分比的分子分母单位须一致")
    return IndicatorKind.RATIO, unit


def _shape(
    formula: Formula, others: Mapping[str, PlanIndicator], *, is_top: bool
) -> tuple[IndicatorKind, IndicatorUnit | None]:
    if not formula.parts:
        other = others[formula.name]
        if other.source is IndicatorSource.DERIVED or other.kind is IndicatorKind.RATIO:
            raise _wrong("it is made of flows and stocks that are not derived", "只能由非派生的流量或存量指标组成")
        return IndicatorKind(other.kind), IndicatorUnit(other.unit)
    shapes = {_shape(part, others, is_top=False) for part in formula.parts}
    if formula.name == "ratio":
        if not is_top:
            raise _wrong("a ratio stands outside, not within", "ratio 只能位于最外层")
        units = {unit for _kind, unit in shapes}
        return IndicatorKind.RATIO, units.pop() if len(units) == 1 else None
    if len(shapes) > 1:
        raise _wrong("what is added up has one kind and one unit", "相加减的指标类型与单位须一致")
    return shapes.pop()


def kind_of(measure: Measure) -> IndicatorKind:
    """How figures of a measure go together."""
    if measure.kind is ColumnKind.SHARE:
        return IndicatorKind.RATIO
    return IndicatorKind.STOCK if measure.is_stock else IndicatorKind.FLOW


def checked_url(url: str | None, *, field: str) -> str | None:
    """A web address, or refuses with Invalid."""
    if url is None or not url.strip():
        return None
    if len(url) > URL_MAX or not _URL.fullmatch(url.strip()):
        raise Invalid(
            field=field,
            allowed=f"an http or https address of at most {URL_MAX} characters",
            allowed_zh=f"http 或 https 网址，至多 {URL_MAX} 个字符",
        )
    return url.strip()


def _optional(text: str | None, field: str, characters_max: int) -> str | None:
    return None if text is None else text_of(text, field=field, characters_max=characters_max, is_long=True) or None


def _wrong(allowed: str, allowed_zh: str) -> Invalid:
    return Invalid(field="formula", allowed=allowed, allowed_zh=allowed_zh)

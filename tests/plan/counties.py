"""Two counties with two townships each and two villages each, their staff, and a plan of the city."""

from dataclasses import dataclass, field
from datetime import date
from itertools import count

from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.places.manage import RegionRow, add_regions
from market.places.rules import RegionLevel
from market.plan.drafts import IndicatorDraft, PlanDraft
from market.plan.manage import create_plan, define_indicator
from market.plan.observe import ObservationDraft, record_observation, review_observation, submit_observation
from market.plan.rules import Frequency, IndicatorDirection, IndicatorKind, IndicatorSource, IndicatorUnit
from market.plan.targets import TargetDraft, set_target
from market.reports.declare import ColumnKind
from market.reports.measures import Measure

CITY, FENGHUA, YUYAO = "330200000000", "330213000000", "330281000000"
TOWNSHIPS = ("330213005000", "330213100000", "330281114000", "330281115000")
VILLAGES = tuple(f"{township[:9]}{number}" for township in TOWNSHIPS for number in (208, 209))
VILLAGE = VILLAGES[0]
JANUARY_ON = date(2026, 1, 1), date(2026, 12, 31)

_KEYS = count()


def key() -> str:
    return f"plan-test-key-{next(_KEYS):08d}"


def analyst(name: str, *regions: str) -> Actor:
    """Staff who look after indicators of these regions."""
    return Actor(
        ActorKind.STAFF,
        f"acc_{name}",
        staff_roles=frozenset({Role.STAFF_ANALYST}),
        region_codes=frozenset(regions),
    )


CITY_STAFF, COLLEAGUE = analyst("city", CITY), analyst("colleague", CITY)
FENGHUA_STAFF, YUYAO_STAFF = analyst("fenghua", FENGHUA), analyst("yuyao", YUYAO)


def fixed(key: str, kind: ColumnKind, value: int, *, is_stock: bool = False) -> Measure:
    """A measure that is the same everywhere, plus the days asked for."""
    return Measure(
        key=key,
        label_zh=key,
        label_en=key,
        kind=kind,
        definition_zh="",
        definition_en="",
        is_stock=is_stock,
        act=lambda _session, areas, start, end: {
            each[: areas.digits]: value + (end - start).days for each in VILLAGES if each.startswith(areas.prefix)
        },
        report="sales",
        column="net",
    )


MEASURES = {
    each.key: each
    for each in (
        fixed("online_net", ColumnKind.MONEY, 100_000),
        fixed("visits", ColumnKind.COUNT, 500),
        fixed("sellers", ColumnKind.COUNT, 40, is_stock=True),
        fixed("kilograms", ColumnKind.WEIGHT, 0),
    )
}


def indicator(code: str, kind: IndicatorKind, **more: object) -> IndicatorDraft:
    """A MANUAL one that villages report each month, unless said otherwise."""
    given: dict[str, object] = {
        "source": IndicatorSource.MANUAL,
        "unit": IndicatorUnit.PERCENT if kind is IndicatorKind.RATIO else IndicatorUnit.COUNT,
        "level": RegionLevel.VILLAGE,
        "frequency": Frequency.MONTH,
        "direction": IndicatorDirection.UP,
        **more,
    }
    return IndicatorDraft(code=code, name=f"指标 {code}", kind=kind, **given)  # type: ignore[arg-type]  # as the tests say


def auto(code: str, measure: str, *, unit: IndicatorUnit, kind: IndicatorKind = IndicatorKind.FLOW) -> IndicatorDraft:
    return indicator(code, kind, source=IndicatorSource.AUTO, measure=measure, unit=unit)


def derived(code: str, formula: str, *, unit: IndicatorUnit, kind: IndicatorKind) -> IndicatorDraft:
    return indicator(code, kind, source=IndicatorSource.DERIVED, formula=formula, unit=unit)


@dataclass
class County:
    """A plan, and short ways to what is done with it."""

    market: Market
    plan: str
    ids: dict[str, str] = field(default_factory=dict)
    """Indicators by code."""

    def define(self, *drafts: IndicatorDraft) -> None:
        for draft in drafts:
            self.ids[draft.code] = define_indicator(
                self.market, CITY_STAFF, draft, plan_id=self.plan, measures=MEASURES
            )

    def aim(
        self,
        code: str,
        value: str,
        *,
        region: str = CITY,
        baseline: str | None = None,
        days: tuple[date, date] = JANUARY_ON,
    ) -> str:
        draft = TargetDraft(self.ids[code], region, *days, value, baseline)
        return set_target(self.market, CITY_STAFF, draft)

    def record(self, code: str, day: date, value: str, *, region: str = VILLAGE, whole: str | None = None) -> str:
        """A draft."""
        draft = ObservationDraft(self.ids[code], region, day, value, whole, evidence="村委会报表")
        return record_observation(self.market, CITY_STAFF, draft, key=key())

    def report(self, code: str, day: date, value: str, *, region: str = VILLAGE, whole: str | None = None) -> str:
        """Recorded, submitted, verified."""
        figure = self.record(code, day, value, region=region, whole=whole)
        submit_observation(self.market, CITY_STAFF, observation_id=figure)
        review_observation(self.market, COLLEAGUE, observation_id=figure, is_right=True)
        return figure


def set_up(market: Market) -> County:
    """A plan of the city from 2024 to 2028, with no indicators yet."""
    rows = [RegionRow(CITY, "宁波市", None), RegionRow(FENGHUA, "奉化区", CITY), RegionRow(YUYAO, "余姚市", CITY)]
    rows += [RegionRow(code, f"镇{code[6:9]}", f"{code[:6]}000000") for code in TOWNSHIPS]
    rows += [RegionRow(code, f"村{code[6:]}", f"{code[:9]}000") for code in VILLAGES]
    add_regions(market, Actor(ActorKind.ADMIN, "account"), rows)
    draft = PlanDraft(CITY, "数字乡村规划", date(2024, 1, 1), date(2028, 12, 31))
    return County(market, create_plan(market, CITY_STAFF, draft, key=key()))

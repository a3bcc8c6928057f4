"""Rules of the plan: periods, formulas, and how figures stand against the time gone by."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.errors import Invalid
from market.plan.rules import (
    DECIMALS,
    OBSERVATION_MOVES,
    Frequency,
    Goal,
    IndicatorDirection,
    IndicatorKind,
    IndicatorUnit,
    ObservationState,
    PlanLight,
    Standing,
    elapsed_share,
    evaluate,
    last_full_day,
    light_of,
    operands,
    parse_formula,
    parse_value,
    period_of,
    periods_between,
    stand,
    value_text,
)

YEAR = date(2026, 1, 1), date(2026, 12, 31)
UP, DOWN = IndicatorDirection.UP, IndicatorDirection.DOWN
FLOW, STOCK, RATIO = IndicatorKind.FLOW, IndicatorKind.STOCK, IndicatorKind.RATIO
days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
amounts = st.integers(1, 10**13)


def goal(kind: IndicatorKind, direction: IndicatorDirection, value: int, baseline: int | None = None) -> Goal:
    return Goal(kind, direction, *YEAR, value, baseline)


@given(days, st.sampled_from(Frequency))
def test_a_period_has_the_day_in_it_and_the_next_begins_after_it(day: date, frequency: Frequency) -> None:
    first, last = period_of(day, frequency)

    assert first <= day <= last
    assert period_of(last + timedelta(days=1), frequency)[0] == last + timedelta(days=1)
    assert last_full_day(last, frequency) == last
    assert last_full_day(day, frequency) in {last, first - timedelta(days=1)}


@given(days, days, st.sampled_from(Frequency))
def test_whole_periods_between_two_days_are_counted_one_by_one(start: date, end: date, frequency: Frequency) -> None:
    counted, day = 0, start
    while day <= end:
        first, last = period_of(day, frequency)
        counted += first >= start and last <= end
        day = last + timedelta(days=1)

    assert periods_between(start, end, frequency) == counted


@given(amounts, days)
def test_what_is_on_the_line_is_on_time(value: int, through: date) -> None:
    elapsed = elapsed_share(*YEAR, through)

    for kind, baseline in ((FLOW, None), (STOCK, 0), (STOCK, None)):
        standing = stand(goal(kind, UP, value, baseline), value * elapsed, through=through)
        assert standing.gap_bp == 0
        assert standing.attainment_bp == standing.elapsed_bp


@given(amounts, st.integers(0, 10**13), st.integers(0, 10**13), days)
def test_more_is_never_worse_where_up_is_better_and_never_better_where_down_is(
    value: int, one: int, other: int, through: date
) -> None:
    less, more = sorted((one, other))

    for upward in (goal(FLOW, UP, value), goal(STOCK, UP, value), goal(RATIO, UP, value)):
        gaps = [stand(upward, Fraction(each), through=through).gap_bp for each in (less, more)]
        assert gaps[0] <= gaps[1]
    for downward in (goal(FLOW, DOWN, value), goal(STOCK, DOWN, value, value + 7), goal(RATIO, DOWN, value)):
        gaps = [stand(downward, Fraction(each), through=through).gap_bp for each in (less, more)]
        assert gaps[0] >= gaps[1]


@pytest.mark.parametrize(
    ("wanted", "actual", "attainment_bp", "gap_bp"),
    [
        (goal(FLOW, UP, 1000), 1000, 10_000, 0),
        (goal(FLOW, UP, 1000), 1200, 12_000, 2_000),
        (goal(FLOW, DOWN, 50), 40, 8_000, 2_000),
        (goal(FLOW, DOWN, 50), 60, 12_000, -2_000),
        (goal(STOCK, UP, 2200, 1800), 2000, 5_000, -5_000),
        (goal(STOCK, UP, 2200, 1800), 1700, -2_500, -12_500),
        (goal(STOCK, DOWN, 100, 200), 150, 5_000, -5_000),
        (goal(RATIO, UP, 8000), 6000, 7_500, -2_500),
        (goal(RATIO, DOWN, 200), 300, 15_000, -5_000),
        (goal(RATIO, DOWN, 200), 0, 0, 10_000),
        (goal(RATIO, UP, 2000, 1000), 1500, 5_000, -5_000),
    ],
)
def test_at_the_end_of_a_period_the_gap_is_what_is_not_attained(
    wanted: Goal, actual: int, attainment_bp: int, gap_bp: int
) -> None:
    standing = stand(wanted, Fraction(actual), through=YEAR[1])

    assert (standing.attainment_bp, standing.gap_bp) == (attainment_bp, gap_bp)


def test_a_level_to_hold_is_due_from_the_first_day() -> None:
    standing = stand(goal(RATIO, UP, 8000), Fraction(4000), through=YEAR[0])

    assert standing == Standing(attainment_bp=5_000, elapsed_bp=27, expected=8000, gap_bp=-5_000)


@pytest.mark.parametrize(
    ("kind", "direction", "value", "baseline", "field"),
    [
        (FLOW, UP, 0, None, "value"),
        (FLOW, DOWN, -1, None, "value"),
        (STOCK, UP, 1800, 1800, "value"),
        (STOCK, UP, 1700, 1800, "value"),
        (STOCK, DOWN, 1900, 1800, "value"),
        (STOCK, DOWN, 100, None, "baseline"),
        (RATIO, UP, 0, None, "value"),
        (RATIO, DOWN, 0, None, "value"),
    ],
)
def test_a_goal_that_can_never_be_attained_is_refused(
    kind: IndicatorKind, direction: IndicatorDirection, value: int, baseline: int | None, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        goal(kind, direction, value, baseline)

    assert refusal.value.facts["field"] == field


def test_a_goal_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Invalid):
        Goal(FLOW, UP, YEAR[1], YEAR[0], 10)


@pytest.mark.parametrize(
    ("gap_bp", "light"),
    [
        (5, PlanLight.GREEN),
        (-200, PlanLight.GREEN),
        (-201, PlanLight.AMBER),
        (-1000, PlanLight.AMBER),
        (-1001, PlanLight.RED),
    ],
)
def test_lights_change_exactly_at_their_thresholds(gap_bp: int, light: PlanLight) -> None:
    standing = Standing(0, 0, 0, gap_bp)

    assert light_of(standing, amber_behind_bp=200, red_behind_bp=1000) is light


@given(st.sampled_from(IndicatorUnit), st.integers(-(10**15) + 1, 10**15 - 1))
def test_a_value_is_read_as_it_was_written(unit: IndicatorUnit, value: int) -> None:
    assert parse_value(value_text(value, unit), unit) == value


@pytest.mark.parametrize("text", ["", "1e3", "1.234", "NaN", "--1", "1,000", "１２", "0x10", "1" * 16, " 1", "01"])
def test_what_is_no_number_is_no_value(text: str) -> None:
    with pytest.raises(Invalid):
        parse_value(text, IndicatorUnit.YUAN)


def test_a_count_has_no_fractions_but_zeros_do_not_hurt() -> None:
    assert parse_value("12.00", IndicatorUnit.COUNT) == 12
    with pytest.raises(Invalid):
        parse_value("12.5", IndicatorUnit.COUNT)
    assert DECIMALS[IndicatorUnit.COUNT] == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "visits",
        "ratio(a)",
        "ratio(a, b, c)",
        "sum(a)",
        "difference(a, b",
        "ratio(a, b))",
        "ratio(a b)",
        "ratio(,a)",
        "ratio(a,, b)",
        "ratio((a, b)",
        "average(a, b)",
        "a + b",
        "ratio(a, 2)",
        "__import__('os')",
        "ratio(a, sum(b, sum(c, sum(d, sum(e, sum(f, g))))))",
        f"sum({', '.join('x' * 8 for _ in range(40))})",
        "ratio(A, b)",
    ],
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_formula(text)


def test_formulas_nest() -> None:
    formula = parse_formula(" ratio( difference(a, b), sum(c,d , e) ) ")
    values = {code: Fraction(number) for code, number in zip("abcde", (9, 3, 1, 2, 1), strict=True)}

    assert list(operands(formula)) == ["a", "b", "c", "d", "e"]
    assert evaluate(formula, values) == Fraction(6, 4)


def test_a_formula_says_nothing_where_a_figure_is_missing_or_the_whole_is_zero() -> None:
    formula = parse_formula("ratio(a, b)")

    assert evaluate(formula, {"a": None, "b": Fraction(1)}) is None
    assert evaluate(formula, {"a": Fraction(1), "b": Fraction(0)}) is None
    assert evaluate(formula, {"a": Fraction(0), "b": Fraction(1)}) == 0


def test_every_state_of_a_figure_has_its_moves() -> None:
    assert OBSERVATION_MOVES.keys() == set(ObservationState)
    assert not OBSERVATION_MOVES[ObservationState.SUPERSEDED]

"""Quantities are whole base units, and read as people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.errors import Invalid
from market.kernel.quantities import BASE_UNITS_MAX, Quantity, Unit

GRAMS = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("count", "unit", "zh", "en"),
    [
        (500, Unit.GRAM, "500 g", "500 g"),
        (999, Unit.GRAM, "999 g", "999 g"),
        (1000, Unit.GRAM, "1 kg", "1 kg"),
        (1500, Unit.GRAM, "1.5 kg", "1.5 kg"),
        (1005, Unit.GRAM, "1.005 kg", "1.005 kg"),
        (-1250, Unit.GRAM, "-1.25 kg", "-1.25 kg"),
        (0, Unit.GRAM, "0 g", "0 g"),
        (750, Unit.MILLILITRE, "750 ml", "750 ml"),
        (5000, Unit.MILLILITRE, "5 L", "5 L"),
        (12, Unit.PIECE, "12 只", "12 pcs"),
        (1, Unit.PIECE, "1 只", "1 pc"),
        (2000, Unit.PIECE, "2000 只", "2000 pcs"),
    ],
)
def test_reads_as_people_write(count: int, unit: Unit, zh: str, en: str) -> None:
    quantity = Quantity(count, unit)

    assert (quantity.text("zh-CN", counter="只"), quantity.text("en", counter="只")) == (zh, en)


def test_pieces_without_a_measure_word_are_jian() -> None:
    assert Quantity(3, Unit.PIECE).text() == "3 件"


@given(grams=GRAMS)
def test_jin_reads_back_as_the_same_weight(grams: int) -> None:
    weight = Quantity(grams, Unit.GRAM)

    assert Quantity.from_jin(str(weight.jin())) == weight
    assert weight.jin() * 500 == grams


@pytest.mark.parametrize(("text", "grams"), [("1", 500), ("2.5", 1250), ("0.002", 1), ("0", 0)])
def test_one_jin_is_500_grams(text: str, grams: int) -> None:
    assert Quantity.from_jin(text) == Quantity(grams, Unit.GRAM)


def test_says_jin_in_both_languages() -> None:
    assert Quantity(250, Unit.GRAM).jin() == Decimal("0.5")
    assert Quantity(250, Unit.GRAM).jin_text() == "0.5 斤"
    assert Quantity(250, Unit.GRAM).jin_text("en") == "0.5 jin"


@pytest.mark.parametrize(
    "text", ["", "0.001", "0.0020", "-1", "1e3", "NaN", "斤", "１", "01", "1\n", "9" * 10, 1.5, None]
)
def test_refuses_what_is_not_whole_grams_of_jin(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Quantity.from_jin(text, field="weight")

    assert refusal.value.facts["field"] == "weight"


def test_only_weights_have_jin() -> None:
    with pytest.raises(ValueError, match="weight"):
        Quantity(1, Unit.PIECE).jin()


@given(a=GRAMS, b=GRAMS, count=st.integers(-50, 50))
def test_counts_as_integers_do(a: int, b: int, count: int) -> None:
    one, other = Quantity(a, Unit.GRAM), Quantity(b, Unit.GRAM)

    assert (one + other).base_units == a + b
    assert (one - other).base_units == a - b
    assert (one * count).base_units == (count * one).base_units == a * count
    assert (-one).base_units == -a
    assert (one < other, one >= other, bool(one)) == (a < b, a >= b, a != 0)


def test_two_units_do_not_mix() -> None:
    grams, pieces = Quantity(1, Unit.GRAM), Quantity(1, Unit.PIECE)

    for act in (lambda: grams + pieces, lambda: grams - pieces, lambda: grams < pieces):
        with pytest.raises(ValueError, match="mix"):
            act()
    with pytest.raises(TypeError):
        grams + 1  # type: ignore[operator]
    assert grams != pieces


@pytest.mark.parametrize("count", [1.0, True, "1", None])
def test_holds_whole_units_only(count: int) -> None:
    with pytest.raises(TypeError):
        Quantity(count, Unit.GRAM)
    with pytest.raises(TypeError):
        Quantity(1, Unit.GRAM) * count


def test_never_outgrows_its_column() -> None:
    with pytest.raises(Invalid):
        Quantity(BASE_UNITS_MAX, Unit.PIECE) + Quantity(1, Unit.PIECE)

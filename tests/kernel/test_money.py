"""Money is exact, and its parts add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.errors import Invalid
from market.kernel.money import FEN_MAX, ZERO, Currency, Money, allocate

FEN = st.integers(-(10**15) + 1, 10**15 - 1)
WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=30)


@given(total_fen=FEN, weights=WEIGHTS)
def test_the_parts_add_up_to_the_whole(total_fen: int, weights: list[int]) -> None:
    parts = allocate(total_fen, weights)

    assert len(parts) == len(weights)
    assert sum(parts) == total_fen


@given(total_fen=FEN, weights=WEIGHTS)
def test_no_part_is_a_fen_or_more_away_from_its_exact_share(total_fen: int, weights: list[int]) -> None:
    shares = weights if any(weights) else [1] * len(weights)

    for part, share in zip(allocate(total_fen, weights), shares, strict=True):
        assert abs(part * sum(shares) - total_fen * share) < sum(shares)


@given(total_fen=FEN, weights=WEIGHTS.filter(any))
def test_a_part_of_no_weight_gets_nothing(total_fen: int, weights: list[int]) -> None:
    parts = allocate(total_fen, weights)

    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@given(total_fen=FEN, weights=WEIGHTS)
def test_a_refund_splits_as_the_payment_did(total_fen: int, weights: list[int]) -> None:
    assert allocate(-total_fen, weights) == [-part for part in allocate(total_fen, weights)]


@given(total_fen=st.integers(0, 10**9), weights=WEIGHTS)
def test_the_larger_remainder_is_served_first_and_ties_go_to_the_earlier(total_fen: int, weights: list[int]) -> None:
    shares = weights if any(weights) else [1] * len(weights)
    remainders = [total_fen * share % sum(shares) for share in shares]
    extra = [
        part - total_fen * share // sum(shares)
        for part, share in zip(allocate(total_fen, weights), shares, strict=True)
    ]

    ranked = sorted(range(len(shares)), key=lambda at: (-remainders[at], at))
    assert [extra[at] for at in ranked] == sorted(extra, reverse=True)


@pytest.mark.parametrize(
    ("total_fen", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (10, [1, 2, 1], [3, 5, 2]),
        (3, [0, 0], [2, 1]),
        (1, [1, 3], [0, 1]),
        (7, [5], [7]),
        (0, [1, 2], [0, 0]),
        (0, [], []),
    ],
)
def test_allocates(total_fen: int, weights: list[int], parts: list[int]) -> None:
    assert allocate(total_fen, weights) == parts


@pytest.mark.parametrize(("total_fen", "weights"), [(1, []), (1, [2, -1])])
def test_refuses_to_allocate_among_nobody_or_below_zero(total_fen: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="share|nobody"):
        allocate(total_fen, weights)


@pytest.mark.parametrize(("total_fen", "weights"), [(1.0, [1]), (1, [0.5]), (True, [1]), (1, [True])])
def test_allocates_no_floats(total_fen: int, weights: list[int]) -> None:
    with pytest.raises(TypeError):
        allocate(total_fen, weights)


@given(fen=FEN)
def test_text_reads_back_as_the_same_money(fen: int) -> None:
    assert Money.parse(Money(fen).text()) == Money(fen)


@given(a=FEN, b=FEN, count=st.integers(-50, 50))
def test_counts_as_integers_do(a: int, b: int, count: int) -> None:
    assert (Money(a) + Money(b)).amount_fen == a + b
    assert (Money(a) - Money(b)).amount_fen == a - b
    assert (Money(a) * count).amount_fen == (count * Money(a)).amount_fen == a * count
    assert (-Money(a)).amount_fen == -a
    assert (Money(a) < Money(b), Money(a) >= Money(b), bool(Money(a))) == (a < b, a >= b, a != 0)


@pytest.mark.parametrize(
    ("text", "fen"),
    [("88.00", 8800), ("88", 8800), ("0.5", 50), ("-0.01", -1), ("-0.00", 0), ("9999999999999.99", 999999999999999)],
)
def test_reads_amounts(text: str, fen: int) -> None:
    assert Money.parse(text) == Money(fen)


@pytest.mark.parametrize(
    "text",
    [
        *("", " 1", "1 ", "1\n", "+1", "--1", "1.", ".5", "1.234", "1e3", "0x1", "1_000", "1,000", "01", "NaN", "inf"),
        *("-", "¥1", "１", "٣", "1.0.0", "9" * 16, "9999999999999.999", "99999999999999.99", "9" * 5000),
        *(1.5, 1, None, True),
    ],
)
def test_refuses_what_is_not_plainly_an_amount(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Money.parse(text, field="price")

    assert refusal.value.facts["field"] == "price"


@pytest.mark.parametrize("fen", [1.0, True, "1", None])
def test_holds_whole_fen_only(fen: int) -> None:
    with pytest.raises(TypeError):
        Money(fen)


@pytest.mark.parametrize("by", [1.5, True, Money(1)])
def test_multiplies_by_whole_numbers_only(by: int) -> None:
    with pytest.raises(TypeError):
        Money(1) * by


def test_never_outgrows_its_column() -> None:
    assert Money(FEN_MAX).amount_fen == 2**63 - 1
    with pytest.raises(Invalid):
        Money(FEN_MAX) + Money(1)
    with pytest.raises(Invalid):
        Money(FEN_MAX) * -2


def test_goes_with_money_only() -> None:
    with pytest.raises(TypeError):
        ZERO + 1  # type: ignore[operator]
    with pytest.raises(TypeError):
        ZERO < 1  # type: ignore[operator]  # noqa: B015
    assert Money(1) != object()


def test_two_currencies_do_not_mix() -> None:
    foreign = Money(1)
    object.__setattr__(foreign, "currency", "XTS")

    for act in (lambda: ZERO + foreign, lambda: ZERO - foreign, lambda: foreign > ZERO):
        with pytest.raises(ValueError, match="mix"):
            act()
    assert foreign != Money(1, Currency.CNY)

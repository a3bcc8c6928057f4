"""Formulas of DERIVED indicators: `ratio(a, b)`, `sum(a, b, …)`, `difference(a, b)` of indicator codes, one in another
where wanted. Read by a parser of these words alone; nothing is ever evaluated as code."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from market.kernel.errors import Invalid

FORMULA_MAX = 200
_DEPTH_MAX = 4
_OPERANDS_MAX = 20
_TOKEN = re.compile(r"\s*([a-z][a-z0-9_]*|[(),])")
_ARITY = {"ratio": (2, 2), "difference": (2, 2), "sum": (2, _OPERANDS_MAX)}


@dataclass(frozen=True, slots=True)
class Formula:
    """One operation, or, where there is no operation, one indicator's code."""

    name: str
    parts: tuple["Formula", ...] = ()


def parse_formula(text: str) -> Formula:
    """The formula in this text, or refuses with Invalid.

    >>> parse_formula("ratio(visitors_spend, visits)")
    Formula(name='ratio', parts=(Formula(name='visitors_spend', parts=()), Formula(name='visits', parts=())))
    """
    tokens = _tokens(text)
    formula = _read(tokens, depth=0)
    if tokens or not formula.parts or len(list(operands(formula))) > _OPERANDS_MAX:
        raise _wrong()
    return formula


def operands(formula: Formula) -> Iterator[str]:
    """The codes in a formula, in the order they are written."""
    if not formula.parts:
        yield formula.name
    for part in formula.parts:
        yield from operands(part)


def evaluate(formula: Formula, values: Mapping[str, Fraction | None]) -> Fraction | None:
    """What it comes to; None where a figure is missing or a whole is zero, for then nothing can be said.

    >>> evaluate(parse_formula("ratio(a, sum(a, b))"), {"a": Fraction(1), "b": Fraction(3)})
    Fraction(1, 4)
    """
    if not formula.parts:
        return values[formula.name]
    parts = [evaluate(part, values) for part in formula.parts]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    match formula.name:
        case "sum":
            return sum(known, Fraction(0))
        case "difference":
            return known[0] - known[1]
        case _:
            return known[0] / known[1] if known[1] else None


def _tokens(text: str) -> list[str]:
    """The words and signs, last first."""
    found, at, plain = [], 0, text.strip()
    while at < len(plain):
        match = _TOKEN.match(plain, at)
        if match is None or len(plain) > FORMULA_MAX:
            raise _wrong()
        found.append(match[1])
        at = match.end()
    return found[::-1]


def _read(tokens: list[str], *, depth: int) -> Formula:
    if not tokens or not tokens[-1][0].isalpha() or depth > _DEPTH_MAX:
        raise _wrong()
    name = tokens.pop()
    if not tokens or tokens[-1] != "(":
        return Formula(name)
    parts: list[Formula] = []
    while tokens and tokens[-1] in {"(", ","}:
        if (tokens.pop() == "(") != (not parts):
            raise _wrong()
        parts.append(_read(tokens, depth=depth + 1))
    fewest, most = _ARITY.get(name, (1, 0))
    if not tokens or tokens.pop() != ")" or not fewest <= len(parts) <= most:
        raise _wrong()
    return Formula(name, tuple(parts))


def _wrong() -> Invalid:
    return Invalid(
        field="formula",
        allowed="ratio(a, b), difference(a, b) or sum(a, b, …) of indicator codes, nested at most four deep",
        allowed_zh="由指标代码组成的 ratio(a, b)、difference(a, b) 或 sum(a, b, …)，嵌套不超过四层",
    )

"""The price of an operation as arithmetic over its variables.

A document's price is compiled once to a short program: each step multiplies a sum of earlier
steps by a page size or a list's length. Whatever depends on no variable is folded to a number, so
that most operations cost a look-up, and a fragment used a thousand times is one step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schema.edge.limits.bounds import LimitExceeded, Limits


class Sum:
    """A number plus multiples of program steps."""

    __slots__ = ("number", "steps")

    def __init__(self, number: int = 0) -> None:
        """Start from a plain number."""
        self.number = number
        self.steps: dict[int, int] = {}

    def add(self, other: "Sum", times: int = 1) -> None:
        """Add `times` the other sum to this one."""
        self.number += other.number * times
        for step, factor in other.steps.items():
            self.steps[step] = self.steps.get(step, 0) + factor * times


@dataclass(frozen=True, slots=True)
class Count:
    """How many items a field may return, known only with the variables if it names some."""

    fixed: int
    """What the literals say: a page size, or a number of list entries."""
    names: tuple[str, ...]
    """Variables that say more."""
    default: int
    """Assumed if neither literals nor variables say anything."""
    by_length: bool
    """Whether the lists' lengths are added up; else the largest page size counts."""
    each: int = 1
    """Objects per list entry."""
    most: int | None = None
    """What it never exceeds, if there is such a bound."""

    def of(self, variables: Mapping[str, Any]) -> int:
        """Evaluate; a page size of 0 or less counts as none given: it never makes a field free."""
        count = self.fixed
        for name in self.names:
            value = variables.get(name)
            if self.by_length:
                count += len(value) if isinstance(value, list | tuple) else value is not None
            elif isinstance(value, int):
                count = max(count, value)
        if self.most is not None:
            count = min(count, self.most)
        return max(count or self.default, 1) * self.each


@dataclass(frozen=True, slots=True)
class Step:
    """One multiplication: `count` times (a number plus factors of earlier steps)."""

    count: Count | None
    number: int
    factors: tuple[tuple[int, int], ...]


class Program:
    """The steps of one document, in an order in which each needs only earlier ones."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        """Start empty."""
        self.steps: list[Step] = []

    def times(self, count: Count, amount: Sum) -> Sum:
        """Give `count × amount`: folded if no variable is involved, else a new step."""
        product = Sum()
        if count.names:
            product.steps[self._append(count, amount)] = 1
        else:
            product.add(amount, count.of({}))
        return product

    def shared(self, amount: Sum) -> Sum:
        """Give the same amount as one step, so that many users do not copy a long sum."""
        if not amount.steps:
            return amount
        single = Sum()
        single.steps[self._append(None, amount)] = 1
        return single

    def _append(self, count: Count | None, amount: Sum) -> int:
        self.steps.append(Step(count, amount.number, tuple(amount.steps.items())))
        return len(self.steps) - 1


class StaticCheck:
    """What is known of a document within its bounds: figures, and the price per operation."""

    __slots__ = ("_limits", "_operations", "_steps", "depth", "uses_introspection")

    def __init__(
        self,
        limits: Limits,
        operations: dict[str, Sum],
        program: Program,
        *,
        depth: int,
        uses_introspection: bool,
    ) -> None:
        """Keep the compiled program; an operation without a name has the name ""."""
        self._limits = limits
        self._operations = operations
        self._steps = tuple(program.steps)
        self.depth = depth
        """Levels of fields, the deepest operation or fragment."""
        self.uses_introspection = uses_introspection
        """Whether __schema or __type occurs anywhere in the text."""

    def cost(self, operation_name: str | None, variables: Mapping[str, Any]) -> int:
        """Price one operation in points, with its *coerced* variables.

        An upper bound: @skip and @include are ignored, fields that would merge are added, and of
        an interface or union all type conditions are added. Without a name the only operation is
        meant; raises KeyError if there is no such operation.
        """
        if not operation_name and len(self._operations) == 1:
            (amount,) = self._operations.values()
        else:
            amount = self._operations[operation_name or ""]
        if not amount.steps:
            return amount.number
        values: list[int] = []
        for step in self._steps:
            value = step.number
            for earlier, factor in step.factors:
                value += factor * values[earlier]
            values.append(value if step.count is None else value * step.count.of(variables))
        return amount.number + sum(factor * values[at] for at, factor in amount.steps.items())

    def charge(self, operation_name: str | None, variables: Mapping[str, Any]) -> int:
        """Price one operation, or refuse with `LimitExceeded` if it is above the limit."""
        points = self.cost(operation_name, variables)
        if points > self._limits.cost:
            raise LimitExceeded("cost", limit=self._limits.cost, actual=points)
        return points

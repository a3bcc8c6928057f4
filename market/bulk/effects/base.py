"""How the rows of a kind take effect: looked up a chunk at a time, then each thing by itself.

A thing (a SKU, a product with its variants, a session) is changed in a transaction of its own, by the step that a
person's click takes too. So it is refused for the same reasons, it locks what that click locks in the order in which
everybody does, nobody waits for an import longer than for a person, and a refused row undoes nothing but itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from market.bulk.reading.rows import Row
from market.bulk.rules import Outcome
from market.kernel.clock import business_day
from market.kernel.errors import MarketError
from market.kernel.market import Market
from market.kernel.permissions import Actor

Group = Sequence[Row]
"""The rows that make one thing."""


@dataclass(frozen=True, slots=True)
class Work:
    """On whose behalf, as whom, and when."""

    market: Market
    actor: Actor
    organisation_id: str
    import_id: str
    submit: bool
    now: datetime

    @property
    def today(self) -> date:
        """The business day."""
        return business_day(self.now)


@dataclass(frozen=True, slots=True)
class Done:
    """What a group came to, and what the audit trail is told of it; with no action, the step has told it itself."""

    outcome: Outcome
    action: str = ""
    subject: str = ""
    principal: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


Act = Callable[[Session], Done]
"""Changes one thing. A step: it joins the caller's transaction."""


Refusals = Sequence[tuple[int, MarketError]]
"""What is refused of a group, by the place of the row in it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A group that cannot be."""

    refusals: Refusals


class RowsRefused(MarketError):
    """Raised by an act that can tell which rows of its group a step's refusal is about. Facts: `refusals`."""

    def __init__(self, refusals: Refusals) -> None:
        super().__init__(refusals=refusals)


Decision = tuple[Act, ...] | Refused
"""What to do about a group: these acts, each in a transaction of its own and harmless to repeat; none when it is so
already; or refuse it."""


class Effects(ABC):
    """The effects of one kind of sheet."""

    @abstractmethod
    def decide(self, session: Session, work: Work, groups: Sequence[Group]) -> list[Decision]:
        """What to do about each group. Only reads, in a few statements for all of them; what it does not see, the step
        refuses."""


def refusals_of(refusal: MarketError) -> Refusals:
    """What a step's refusal says about which rows; the first, when it does not say."""
    found: Refusals = refusal.facts["refusals"] if isinstance(refusal, RowsRefused) else [(0, refusal)]
    return found

"""States of bookings and tickets, parties that can be, and what comes back of a cancelled booking."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from market.catalogue.rules import PricingPer, UnitKind
from market.kernel.errors import IllegalTransition, Invalid

UNITS_MAX = 100


class BookingState(StrEnum):
    """Where a booking stands, in OCTO's words (https://docs.octo.travel, Booking), and NO_SHOW."""

    ON_HOLD = "ON_HOLD"
    CONFIRMED = "CONFIRMED"
    REDEEMED = "REDEEMED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class TicketState(StrEnum):
    """Where a ticket stands. It lets nobody in before its booking is confirmed."""

    PENDING = "PENDING"
    VALID = "VALID"
    REDEEMED = "REDEEMED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"


class CancelledBy(StrEnum):
    """Who cancelled. What comes back depends on it: when the operator does, everything."""

    BUYER = "BUYER"
    OPERATOR = "OPERATOR"


MOVES: Mapping[BookingState, frozenset[BookingState]] = MappingProxyType(
    {
        BookingState.ON_HOLD: frozenset({BookingState.CONFIRMED, BookingState.CANCELLED, BookingState.EXPIRED}),
        BookingState.CONFIRMED: frozenset({BookingState.REDEEMED, BookingState.NO_SHOW, BookingState.CANCELLED}),
        # The gate's list may come in after the session was closed.
        BookingState.NO_SHOW: frozenset({BookingState.REDEEMED}),
        # Money that came late, and the seats could be had again.
        BookingState.EXPIRED: frozenset({BookingState.CONFIRMED}),
        BookingState.CANCELLED: frozenset({BookingState.CONFIRMED}),
        BookingState.REDEEMED: frozenset(),
    }
)


def next_states(state: BookingState) -> tuple[BookingState, ...]:
    """Where a booking can go from here, in the order of the states."""
    return tuple(each for each in BookingState if each in MOVES[state])


def illegal_move(state: BookingState, to: BookingState) -> IllegalTransition:
    """The refusal of a move that the table does not have."""
    return IllegalTransition(from_state=state, to_state=to, allowed=tuple(next_states(state)))


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A ticket type as it is sold now."""

    id: str
    kind: UnitKind
    name: str
    pax_count: int
    price_fen: int
    max_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """What a party takes and costs."""

    seats: int
    amount_fen: int


_ALONE = {UnitKind.CHILD, UnitKind.INFANT}
"""Who does not come without somebody grown up."""


def party_of(units: Mapping[str, int], offered: Iterable[UnitFacts], pricing: PricingPer) -> Party:
    """What so many of these ticket types take and cost.

    Priced by booking, a party pays once, the dearest of its ticket types, however many come (OCTO's `pricingPer`).
    Refuses with Invalid: nobody, too many, a type that is not offered, more of one than it allows, children alone.
    """
    known = {unit.id: unit for unit in offered}
    if not units or any(count < 1 for count in units.values()) or sum(units.values()) > UNITS_MAX:
        raise Invalid(field="units", allowed=f"1 to {UNITS_MAX} tickets", allowed_zh=f"1 到 {UNITS_MAX} 张票")
    if not units.keys() <= known.keys():
        raise Invalid(field="units", allowed="ticket types of this session's option", allowed_zh="该场次方案的票型")
    chosen = [(known[unit_id], count) for unit_id, count in units.items()]
    for unit, count in chosen:
        if unit.max_quantity is not None and count > unit.max_quantity:
            raise Invalid(
                field="units",
                allowed=f"at most {unit.max_quantity} of “{unit.name}”",
                allowed_zh=f"“{unit.name}”最多 {unit.max_quantity} 张",
            )
    seats = sum(unit.pax_count * count for unit, count in chosen)
    if seats == 0 or all(unit.kind in _ALONE for unit, _count in chosen):
        raise Invalid(field="units", allowed="somebody grown up comes along", allowed_zh="儿童须有成人同行")
    if pricing is PricingPer.BOOKING:
        return Party(seats, max(unit.price_fen for unit, _count in chosen))
    return Party(seats, sum(unit.price_fen * count for unit, count in chosen))


def refund_percent(tiers: Sequence[tuple[int, int]], *, starts_at: datetime, now: datetime, by: CancelledBy) -> int:
    """What share of the price comes back when cancelled now: (hours before, percent) tiers as sold.

    The tier with the most hours that are still left counts; without one nothing comes back.

    >>> from datetime import UTC
    >>> start = datetime(2026, 6, 10, 8, tzinfo=UTC)
    >>> refund_percent([(48, 100), (24, 50)], starts_at=start, now=start - timedelta(hours=30), by=CancelledBy.BUYER)
    50
    """
    if by is CancelledBy.OPERATOR:
        return 100
    left = starts_at - now
    return max((percent for hours, percent in tiers if left >= timedelta(hours=hours)), default=0)


def change_until(tiers: Sequence[tuple[int, int]], *, starts_at: datetime, cutoff_at: datetime) -> datetime:
    """Until when a booking can go to another session: while cancelling it would still give back as much as it ever does,
    and not after its cutoff. Later, moving it and cancelling then would get around the policy as sold.

    >>> from datetime import UTC
    >>> start = datetime(2026, 6, 10, 8, tzinfo=UTC)
    >>> change_until([(48, 100), (24, 50)], starts_at=start, cutoff_at=start).isoformat()
    '2026-06-08T08:00:00+00:00'
    """
    best = max((percent for _hours, percent in tiers), default=0)
    hours = min((hours for hours, percent in tiers if percent == best), default=0)
    return min(cutoff_at, starts_at - timedelta(hours=hours))

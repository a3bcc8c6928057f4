"""Figures of sales, and what follows from them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter


@dataclass(slots=True)
class SalesFigures:
    """Sums of a group. Money in fen. `buyers` and the seats of departures are 0 unless asked for."""

    orders: int = 0
    units: int = 0
    seats: int = 0
    weight_grams: int = 0
    gross_fen: int = 0
    delivery_fen: int = 0
    platform_fen: int = 0
    seller_fen: int = 0
    government_fen: int = 0
    commission_fen: int = 0
    refunds: int = 0
    refunded_units: int = 0
    refunded_fen: int = 0
    refunded_platform_fen: int = 0
    refunded_government_fen: int = 0
    buyers: int = 0
    taken: int = 0
    capacity: int = 0

    @property
    def is_any(self) -> bool:
        """Whether anything was sold or given back, or there were departures: nothing else is in a group without."""
        return bool(self.units or self.refunds or self.capacity)

    @property
    def discount_fen(self) -> int:
        """All discounts, whoever pays for them."""
        return self.platform_fen + self.seller_fen + self.government_fen

    @property
    def paid_fen(self) -> int:
        """What buyers paid, delivery included."""
        return self.gross_fen + self.delivery_fen - self.discount_fen

    @property
    def net_fen(self) -> int:
        """What buyers paid, less what went back to them."""
        paid = self.gross_fen + self.delivery_fen - self.platform_fen - self.seller_fen - self.government_fen
        return paid - self.refunded_fen

    @property
    def payable_fen(self) -> int:
        """What sellers are owed for it: paid by buyers and by vouchers, less what went back, less commission."""
        earned = self.gross_fen + self.delivery_fen - self.seller_fen - self.commission_fen
        return earned - self.refunded_fen - self.refunded_platform_fen - self.refunded_government_fen

    @property
    def average_order_fen(self) -> int | None:
        """Paid for an order on average, cut off to the fen; None without orders."""
        return self.paid_fen // self.orders if self.orders else None

    @property
    def occupancy_bp(self) -> int | None:
        """Seats taken of seats there, in basis points; None without departures."""
        return self.taken * 10_000 // self.capacity if self.capacity else None

    def add(self, other: "SalesFigures") -> None:
        """Take in another group."""
        for name, mine, more in zip(NAMES, _VALUES(self), _VALUES(other), strict=True):
            if more:
                setattr(self, name, mine + more)


NAMES: tuple[str, ...] = tuple(each.name for each in fields(SalesFigures))
"""What is summed, in the order in which the statement says it."""
_VALUES = attrgetter(*NAMES)


def total(groups: Iterable[SalesFigures]) -> SalesFigures:
    """The sum of groups; orders and buyers are not sums where one is in several of them."""
    rows = [_VALUES(each) for each in groups]
    return SalesFigures(*map(sum, zip(*rows, strict=True)))


def growth_bp(now: int, before: int | None) -> int | None:
    """By how much a figure grew, in basis points of what it was; None when it was nothing.

    >>> growth_bp(150, 100), growth_bp(1, 0)
    (5000, None)
    """
    return (now - before) * 10_000 // before if before is not None and before > 0 else None

"""What stock is made of: movements and their reasons, lots and the order they are drawn in, the conformity certificate.

Pure values and functions. Quantities are whole pieces of a variant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from market.catalogue.rules import StockState, stock_state_of
from market.organisations.rules import OrganisationKind

QUANTITY_MAX = 1_000_000
"""Pieces in one movement."""
ON_HAND_MAX = 100_000_000
"""Pieces of one variant: far above any harvest, far below where 32 bits end."""


class MovementKind(StrEnum):
    """Why pieces came or went."""

    RECEIVED = "RECEIVED"
    RETURNED = "RETURNED"
    SHIPPED = "SHIPPED"
    WRITTEN_OFF = "WRITTEN_OFF"
    ADJUSTED = "ADJUSTED"
    TRANSFERRED = "TRANSFERRED"


class AdjustReason(StrEnum):
    """Why somebody set the stock right by hand. OTHER says it in words."""

    DAMAGED = "DAMAGED"
    SPOILED = "SPOILED"
    GIFT = "GIFT"
    OWN_USE = "OWN_USE"
    COUNTED = "COUNTED"
    OTHER = "OTHER"


LOSSES = frozenset({AdjustReason.DAMAGED, AdjustReason.SPOILED, AdjustReason.GIFT, AdjustReason.OWN_USE})
"""Reasons for which pieces only ever go: they are written off. The others put a wrong number right, either way."""


def kind_of(reason: AdjustReason) -> MovementKind:
    """The kind of movement that a reason makes.

    >>> kind_of(AdjustReason.SPOILED), kind_of(AdjustReason.COUNTED)
    (<MovementKind.WRITTEN_OFF: 'WRITTEN_OFF'>, <MovementKind.ADJUSTED: 'ADJUSTED'>)
    """
    return MovementKind.WRITTEN_OFF if reason in LOSSES else MovementKind.ADJUSTED


def state_of(free: int, low_at: int | None) -> StockState:
    """What buyers are told of a variant with so many free, LOW from its own threshold on, else from everybody's.

    >>> state_of(8, None), state_of(8, 10)
    (<StockState.IN_STOCK: 'IN_STOCK'>, <StockState.LOW: 'LOW'>)
    """
    if low_at is None or free <= 0:
        return stock_state_of(free)
    return StockState.LOW if free <= low_at else StockState.IN_STOCK


def best_before(harvested_on: date | None, shelf_life_days: int | None) -> date | None:
    """The last day on which a lot is at its best; None for what keeps, and where no harvest is known.

    >>> best_before(date(2026, 6, 20), 3)
    datetime.date(2026, 6, 23)
    """
    if harvested_on is None or shelf_life_days is None:
        return None
    return harvested_on + timedelta(days=shelf_life_days)


@dataclass(frozen=True, slots=True)
class OpenLot:
    """A lot that has pieces left. `id` sorts by when it was made."""

    id: str
    remaining: int
    best_before: date | None


def draw(lots: Iterable[OpenLot], quantity: int, *, fresh_on: date | None = None) -> list[tuple[str, int]]:
    """How many to take from which lots: first expired, first out (FEFO); what keeps comes after what expires.

    With `fresh_on`, lots past their best before on that day come last of all: they wait to be written off. Takes less
    than asked when there is not enough.

    >>> lots = [OpenLot("b", 5, None), OpenLot("c", 5, date(2026, 6, 9)), OpenLot("d", 5, date(2026, 6, 2))]
    >>> draw(lots, 7), draw(lots, 7, fresh_on=date(2026, 6, 5))
    ([('d', 5), ('c', 2)], [('c', 5), ('b', 2)])
    """

    def order(lot: OpenLot) -> tuple[bool, date, str]:
        is_past = fresh_on is not None and lot.best_before is not None and lot.best_before < fresh_on
        return is_past, lot.best_before or date.max, lot.id

    taken: list[tuple[str, int]] = []
    for lot in sorted(lots, key=order):
        if quantity <= 0:
            break
        part = min(lot.remaining, quantity)
        taken.append((lot.id, part))
        quantity -= part
    return taken


class ConformityState(StrEnum):
    """How a lot stands to the conformity certificate (承诺达标合格证)."""

    NOT_REQUIRED = "NOT_REQUIRED"
    ISSUED = "ISSUED"
    MISSING = "MISSING"


CONFORMITY_MOVES: Mapping[ConformityState, tuple[ConformityState, ...]] = MappingProxyType(
    {
        ConformityState.MISSING: (ConformityState.ISSUED,),
        ConformityState.NOT_REQUIRED: (ConformityState.ISSUED,),
        ConformityState.ISSUED: (),
    }
)
"""A certificate can come later; once there it stays as evidence."""

CONFORMITY_RULE = "农产品质量安全承诺达标合格证管理办法（农业农村部令2025年第4号）"
"""In force since 1 February 2026."""


class IssuerKind(StrEnum):
    """Who issues a conformity certificate (Order 2025 No. 4, article 2)."""

    ENTERPRISE = "ENTERPRISE"
    COOPERATIVE = "COOPERATIVE"
    FARMER = "FARMER"
    PURCHASER = "PURCHASER"


class ConformityBasis(StrEnum):
    """What the issuer's promise rests on: its own quality control, its own test, or a laboratory's."""

    QUALITY_CONTROL = "QUALITY_CONTROL"
    OWN_TEST = "OWN_TEST"
    COMMISSIONED_TEST = "COMMISSIONED_TEST"


class Commitment(StrEnum):
    """What the issuer promises. The certificate is one only with both (article 2)."""

    NO_BANNED_SUBSTANCES = "NO_BANNED_SUBSTANCES"
    RESIDUES_WITHIN_LIMITS = "RESIDUES_WITHIN_LIMITS"


MUST_CERTIFY = frozenset(
    {OrganisationKind.COOPERATIVE, OrganisationKind.ENTERPRISE, OrganisationKind.VILLAGE_COLLECTIVE}
)
"""The policy: whose covered produce is refused without a certificate. From everybody else, whom the law encourages to
issue one, it is taken and the lot is flagged."""


def conformity_of(*, is_covered: bool, has_certificate: bool, kind: OrganisationKind) -> ConformityState | None:
    """How a lot of a producer of this kind stands; None when it must not be received like this.

    >>> conformity_of(is_covered=True, has_certificate=False, kind=OrganisationKind.HOUSEHOLD)
    <ConformityState.MISSING: 'MISSING'>
    >>> conformity_of(is_covered=True, has_certificate=False, kind=OrganisationKind.COOPERATIVE)
    """
    if has_certificate:
        return ConformityState.ISSUED
    if not is_covered:
        return ConformityState.NOT_REQUIRED
    return None if kind in MUST_CERTIFY else ConformityState.MISSING


def demand_in_order(demands: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    """What is asked of each variant, in the one order in which everybody takes rows, so that nobody waits in a circle.

    ValueError for a quantity that is not a whole number above zero: orders check theirs before.
    """
    for variant_id, quantity in demands.items():
        if type(quantity) is not int or not 0 < quantity <= QUANTITY_MAX:
            raise ValueError(f"{variant_id}: {quantity!r} is not a quantity")
    return sorted(demands.items())

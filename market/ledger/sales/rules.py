"""What a sale or a refund was, line by line, and how it is divided. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from market.kernel.money import allocate


@dataclass(frozen=True, slots=True)
class SoldWhere:
    """Whose sale it was, of what, and through what: the same for all that is ever posted for an order line."""

    line_id: str
    order_id: str
    seller_order_id: str
    producer_id: str
    settlement_party: str
    village_id: str
    region_code: str
    listing_id: str
    category_id: str
    kind: str
    """An order line's: PRODUCT, BOOKING, GIFT."""
    channel: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What is added up, in fen, pieces, people and grams. A refund's are those under `refund…`, its commission below
    zero.

    Orders are sellers' parts of orders; each is counted on its first line (`orders`), and on its first line of each
    kind, category and listing, so that it is counted once whichever of these a report is grouped by.
    """

    orders: int = 0
    kind_orders: int = 0
    category_orders: int = 0
    listing_orders: int = 0
    units: int = 0
    seats: int = 0
    weight_grams: int = 0
    gross_fen: int = 0
    """Goods at their price, before discounts, without delivery."""
    delivery_fen: int = 0
    platform_fen: int = 0
    seller_fen: int = 0
    government_fen: int = 0
    """Discounts, by who pays for them."""
    commission_fen: int = 0
    refunds: int = 0
    refunded_units: int = 0
    refunded_fen: int = 0
    """To buyers, delivery included."""
    refunded_platform_fen: int = 0
    refunded_government_fen: int = 0
    """What vouchers had paid, back to whoever paid for them."""


@dataclass(frozen=True, slots=True)
class SalesLine:
    """One line's part in a posting."""

    where: SoldWhere
    figures: Figures


def counted(lines: Sequence[SalesLine]) -> list[SalesLine]:
    """The lines of one sale with their order counted.

    >>> where = SoldWhere("lin_1", "ord", "sor", "pdr", "pdr", "vil", "330213005208", "prd", "cat", "PRODUCT", "WEB")
    >>> [each.figures.orders for each in counted([SalesLine(where, Figures())] * 2)]
    [1, 0]
    """
    kinds: set[str] = set()
    categories: set[str] = set()
    listings: set[str] = set()
    found = []
    for at, line in enumerate(lines):
        where = line.where
        figures = replace(
            line.figures,
            orders=int(at == 0),
            kind_orders=int(where.kind not in kinds),
            category_orders=int(where.category_id not in categories),
            listing_orders=int(where.listing_id not in listings),
        )
        found.append(SalesLine(where, figures))
        kinds.add(where.kind)
        categories.add(where.category_id)
        listings.add(where.listing_id)
    return found


def delivery_shares(delivery_fen: int, amounts: Sequence[int]) -> list[int]:
    """A delivery fee over the lines it was for, by what each costs: what is sold includes what it took to bring it.

    >>> delivery_shares(800, [3000, 1000])
    [600, 200]
    """
    return allocate(delivery_fen, amounts)


def week_of(day: date) -> date:
    """Its Monday.

    >>> week_of(date(2026, 6, 20))
    datetime.date(2026, 6, 15)
    """
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> date:
    """Its month's first day."""
    return day.replace(day=1)

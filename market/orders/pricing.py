"""What an order costs, to the fen. Pure: everything it needs is handed in, and every part adds up to its whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from market.orders.rules import commission_of
from market.vouchers.rules import Funder


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """A line to price. `seller` groups lines into seller orders; `key` is the caller's own name for it."""

    key: str
    seller: str
    quantity: int
    unit_price_fen: int
    commission_bp: int

    @property
    def amount_fen(self) -> int:
        """Before discounts."""
        return self.quantity * self.unit_price_fen


@dataclass(frozen=True, slots=True)
class Discount:
    """A campaign's share in one line's discount."""

    key: str
    campaign_id: str
    funder: Funder
    amount_fen: int


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with what it costs."""

    key: str
    seller: str
    amount_fen: int
    discount_fen: int
    payable_fen: int
    commission_fen: int
    discounts: tuple[Discount, ...]


@dataclass(frozen=True, slots=True)
class PricedSeller:
    """A seller's part."""

    seller: str
    goods_fen: int
    delivery_fen: int
    discount_fen: int
    payable_fen: int
    commission_fen: int


@dataclass(frozen=True, slots=True)
class Priced:
    """The whole order."""

    lines: tuple[PricedLine, ...]
    sellers: tuple[PricedSeller, ...]
    goods_fen: int
    delivery_fen: int
    discount_fen: int
    payable_fen: int


def price(lines: Sequence[GoodsLine], delivery_fen: Mapping[str, int], discounts: Sequence[Discount]) -> Priced:
    """The price of all lines, with delivery by seller and the discounts that vouchers gave.

    Commission is of what the seller earns: the amount less what the seller itself gives off; what the platform or the
    government pays in the buyer's place is the seller's income. Delivery is passed through whole.
    ValueError for discounts beyond a line's amount, or of a line that is not there: a bug of whoever evaluated them.
    """
    by_line: dict[str, list[Discount]] = {line.key: [] for line in lines}
    for discount in discounts:
        if discount.key not in by_line or discount.amount_fen <= 0:
            raise ValueError(f"a discount of nothing, or of no line: {discount}")
        by_line[discount.key].append(discount)
    priced = tuple(_line(line, by_line[line.key]) for line in lines)
    sellers = tuple(
        _seller(seller, [line for line in priced if line.seller == seller], delivery_fen.get(seller, 0))
        for seller in dict.fromkeys(line.seller for line in lines)
    )
    return Priced(
        lines=priced,
        sellers=sellers,
        goods_fen=sum(each.goods_fen for each in sellers),
        delivery_fen=sum(each.delivery_fen for each in sellers),
        discount_fen=sum(each.discount_fen for each in sellers),
        payable_fen=sum(each.payable_fen for each in sellers),
    )


def _line(line: GoodsLine, discounts: list[Discount]) -> PricedLine:
    off = sum(each.amount_fen for each in discounts)
    if off > line.amount_fen:
        raise ValueError(f"{line.key}: {off} fen off {line.amount_fen}")
    given_by_seller = sum(each.amount_fen for each in discounts if each.funder is Funder.SELLER)
    return PricedLine(
        key=line.key,
        seller=line.seller,
        amount_fen=line.amount_fen,
        discount_fen=off,
        payable_fen=line.amount_fen - off,
        commission_fen=commission_of(line.amount_fen - given_by_seller, line.commission_bp),
        discounts=tuple(discounts),
    )


def _seller(seller: str, lines: list[PricedLine], delivery_fen: int) -> PricedSeller:
    goods, off = sum(line.amount_fen for line in lines), sum(line.discount_fen for line in lines)
    return PricedSeller(
        seller=seller,
        goods_fen=goods,
        delivery_fen=delivery_fen,
        discount_fen=off,
        payable_fen=goods + delivery_fen - off,
        commission_fen=sum(line.commission_fen for line in lines),
    )

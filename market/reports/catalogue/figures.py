"""The figures of sales as columns: what each is called, how it is reckoned, and where it comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from market.reports.catalogue.base import count, money, weight
from market.reports.declare import Column
from market.reports.sales.figures import SalesFigures


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure: its column, and where it comes from."""

    column: Column
    of: Callable[[SalesFigures], int | None]


_FIGURES = (
    Figure(
        count(
            "orders",
            "订单数",
            "Orders",
            "付款的卖家子订单数，同一子订单只计一次",
            "Sellers' parts of orders paid, each once",
        ),
        lambda f: f.orders,
    ),
    Figure(count("units", "件数", "Units", "售出件数；预订为 1", "Pieces sold; 1 for a booking"), lambda f: f.units),
    Figure(count("seats", "人次", "Seats", "售出的席位", "Seats sold"), lambda f: f.seats),
    Figure(weight("weight", "重量", "Weight", "售出净重", "Net weight sold"), lambda f: f.weight_grams),
    Figure(
        money(
            "gross",
            "商品总额",
            "Gross",
            "优惠前的商品金额，不含运费",
            "Goods at their price, before discounts, without delivery",
        ),
        lambda f: f.gross_fen,
    ),
    Figure(
        money("delivery", "运费", "Delivery", "按行金额分摊到各行", "Divided among the lines by what they cost"),
        lambda f: f.delivery_fen,
    ),
    Figure(
        money("platform", "平台优惠", "By the platform", "平台承担的优惠", "Discounts the platform pays for"),
        lambda f: f.platform_fen,
    ),
    Figure(
        money("seller", "卖家优惠", "By sellers", "卖家承担的优惠", "Discounts sellers pay for"), lambda f: f.seller_fen
    ),
    Figure(
        money("government", "消费券", "By the government", "财政承担的优惠", "Discounts public money pays for"),
        lambda f: f.government_fen,
    ),
    Figure(
        money("paid", "实付额", "Paid", "商品总额 + 运费 − 全部优惠", "Gross and delivery less all discounts"),
        lambda f: f.paid_fen,
    ),
    Figure(
        money("refunded", "退款额", "Refunded", "按退款入账日统计", "On the day that the refund was posted"),
        lambda f: f.refunded_fen,
    ),
    Figure(money("net", "净额", "Net", "实付额 − 退款额", "Paid less refunded"), lambda f: f.net_fen),
    Figure(
        money(
            "commission", "佣金", "Commission", "平台佣金，已扣除退回部分", "The platform's, less what was given back"
        ),
        lambda f: f.commission_fen,
    ),
    Figure(
        money(
            "payable",
            "应付卖家",
            "Payable",
            "净额 + 平台与财政优惠（扣除退回）− 佣金，等于总账的卖家账户",
            "Net and what vouchers pay, less commission: what the ledger owes sellers",
        ),
        lambda f: f.payable_fen,
    ),
    Figure(
        money("averageOrder", "客单价", "Average order", "实付额 ÷ 订单数", "Paid by orders", is_summed=False),
        lambda f: f.average_order_fen,
    ),
)
FIGURES: Mapping[str, Figure] = MappingProxyType({each.column.key: each for each in _FIGURES})
BUYERS = count(
    "buyers",
    "购买人数",
    "Buyers",
    "期间内付款的账户数，每人在每组只计一次",
    "People who paid, each once in a group",
    is_summed=False,
)

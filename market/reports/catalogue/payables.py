"""The report of what sellers are owed for each line: the ledger's own figures, one by one."""

import sqlalchemy as sa

from market.ledger.rules import TxnKind
from market.ledger.sales.check import payable_of
from market.ledger.sales.tables import ENTRIES
from market.orders.tables import OrderLine
from market.organisations.tables import Organisation
from market.reports.catalogue.base import among, code, count, day, mine, money, plainly, table, text, words
from market.reports.declare import ReaderKind, Reading, Report

_LINE = table(OrderLine)
_SELLER = table(Organisation)
_SELLERS_ONLY = frozenset({ReaderKind.SELLER, ReaderKind.FINANCE})


# -- what sellers are owed ---------------------------------------------------------------------------------------------


def _payables(reading: Reading) -> sa.Executable:
    c = ENTRIES.c
    return (
        sa.select(
            c.business_day,
            words(c.txn_kind, {TxnKind.SALE: "销售", TxnKind.REFUND: "退款"}),
            _SELLER.c.name,
            c.producer_id,
            c.settlement_party,
            c.seller_order_id,
            c.line_id,
            _LINE.c.title,
            c.units,
            c.gross_fen,
            c.delivery_fen,
            c.platform_fen,
            c.seller_fen,
            c.government_fen,
            c.commission_fen,
            c.refunded_fen,
            payable_of(ENTRIES),
        )
        .join_from(ENTRIES, _SELLER, _SELLER.c.id == c.producer_id)
        .join(_LINE, _LINE.c.id == c.line_id)
        .where(
            c.business_day.between(reading.asked.start, reading.asked.end),
            mine(reading, c),
            *among(reading, region=c.region_code, cooperative=c.settlement_party, producer=c.producer_id),
        )
        .order_by(c.business_day, c.id)
    )


_PAYABLE_COLUMNS = (
    day("day", "入账日", "Posted on"),
    text("kind", "类型", "Kind"),
    text("producer", "生产者", "Producer"),
    code("producerId", "生产者编码", "Producer id"),
    code("settlementParty", "结算方", "Settlement party"),
    code("sellerOrderId", "子订单", "Seller order"),
    code("lineId", "订单行", "Order line"),
    text("title", "商品", "What"),
    count("units", "件数", "Units"),
    money("gross", "商品总额", "Gross"),
    money("delivery", "运费", "Delivery"),
    money("platform", "平台优惠", "By the platform"),
    money("seller", "卖家优惠", "By sellers"),
    money("government", "消费券", "By the government"),
    money("commission", "佣金", "Commission", "退款时为负", "Below zero when it is given back"),
    money("refunded", "退款额", "Refunded"),
    money("payable", "应付卖家", "Payable", "等于总账的卖家账户贷方", "What the ledger credits the seller with"),
)

PAYABLES = (
    Report(
        "orders.payables",
        "应付结算明细",
        "Payables by line",
        "每一订单行每次销售与退款的金额构成与应付卖家，等于总账。",
        "What each sale and refund of an order line was made of, and what the seller is owed for it: the ledger's.",
        _PAYABLE_COLUMNS[:8],
        _PAYABLE_COLUMNS[8:],
        ("region", "cooperative", "producer"),
        _SELLERS_ONLY,
        plainly(_payables, _PAYABLE_COLUMNS),
        days_max=400,
    ),
)

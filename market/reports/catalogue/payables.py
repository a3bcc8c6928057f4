"""Reports of what sellers are owed: the ledger's own figures line by line, and what of each order was paid out."""

import sqlalchemy as sa

from market.ledger.rules import TxnKind
from market.ledger.sales.check import payable_of
from market.ledger.sales.tables import ENTRIES
from market.orders.tables import CustomerOrder, OrderLine
from market.organisations.tables import Organisation
from market.reports.catalogue.base import (
    among,
    code,
    count,
    day,
    mine,
    money,
    of_total,
    plainly,
    share,
    table,
    text,
    words,
)
from market.reports.declare import ChartKind, ChartSpec, ReaderKind, Reading, Report
from market.settlement.rules import PayoutState
from market.settlement.tables import Payout, Release, Statement

_LINE, _ORDER = table(OrderLine), table(CustomerOrder)
_SELLER = table(Organisation)
_PAYOUT, _RELEASE, _STATEMENT = table(Payout), table(Release), table(Statement)
_SELLERS_ONLY = frozenset({ReaderKind.SELLER, ReaderKind.FINANCE})
_FILTERS = ("region", "cooperative", "producer")


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


_MONEY = (
    money("gross", "商品总额", "Gross"),
    money("delivery", "运费", "Delivery"),
    money("platform", "平台优惠", "By the platform"),
    money("seller", "卖家优惠", "By sellers"),
    money("government", "消费券", "By the government"),
    money("commission", "佣金", "Commission", "退款时为负", "Below zero when it is given back"),
    money("refunded", "退款额", "Refunded"),
    money("payable", "应付卖家", "Payable", "等于总账的卖家账户贷方", "What the ledger credits the seller with"),
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
    *_MONEY,
)


# -- what of it was paid out -------------------------------------------------------------------------------------------


def _suppliers(reading: Reading) -> sa.Executable:
    """Sellers' parts of orders that were sold in the range, with all that was posted for them up to now.

    A payout pays its party's statement, which holds all releases up to its last day: so these were settled.
    """
    c, sale, party = ENTRIES.c, ENTRIES.alias().c, _SELLER.alias("party")
    is_sold = sale.business_day.between(reading.asked.start, reading.asked.end)
    sold = sa.select(sale.seller_order_id).where(
        sale.txn_kind == TxnKind.SALE,
        is_sold,
        mine(reading, sale),
        *among(reading, region=sale.region_code, cooperative=sale.settlement_party, producer=sale.producer_id),
    )
    paid_to = (
        sa.select(sa.func.max(_STATEMENT.c.last_day))
        .join_from(_PAYOUT, _STATEMENT, _STATEMENT.c.id == _PAYOUT.c.statement_id)
        .where(_PAYOUT.c.party == _RELEASE.c.party, _PAYOUT.c.state == PayoutState.PAID)
        .scalar_subquery()
    )

    def released(*where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        amount = sa.func.coalesce(sa.func.sum(_RELEASE.c.amount_fen), 0)
        return sa.select(amount).where(_RELEASE.c.seller_order_id == c.seller_order_id, *where).scalar_subquery()

    names = (c.producer_id, c.settlement_party, c.seller_order_id, c.order_id)
    sums = ("gross", "delivery", "platform", "seller", "government", "commission", "refunded")
    first = sa.func.min(c.business_day)
    return (
        sa.select(
            first,
            _ORDER.c.number,
            c.seller_order_id,
            _SELLER.c.name,
            c.producer_id,
            party.c.name,
            c.settlement_party,
            *[sa.func.sum(c[f"{name}_fen"]) for name in sums],
            sa.func.sum(payable_of(ENTRIES)),
            released(),
            released(_RELEASE.c.business_day <= paid_to),
        )
        .join_from(ENTRIES, _SELLER, _SELLER.c.id == c.producer_id)
        .join(party, party.c.id == c.settlement_party)
        .join(_ORDER, _ORDER.c.id == c.order_id)
        .where(c.seller_order_id.in_(sold))
        .group_by(*names, _SELLER.c.name, party.c.name, _ORDER.c.number)
        .order_by(first, c.seller_order_id)
    )


_SUPPLIER_COLUMNS = (
    day("day", "售出日", "Sold on"),
    code("order", "订单号", "Order"),
    code("sellerOrderId", "子订单", "Seller order"),
    text("producer", "生产者", "Producer"),
    code("producerId", "生产者编码", "Producer id"),
    text("party", "结算方", "Settlement party"),
    code("partyId", "结算方编码", "Settlement party id"),
    *_MONEY,
    money(
        "released",
        "已到结算期",
        "Released",
        "售后期满或场次结束后转入可付账户的金额，已扣除退款",
        "Became payable after the after-sale window or the session, refunds taken off",
    ),
    money(
        "settled",
        "已结算",
        "Settled",
        "已付款结算单所含的金额；调账不属于单个订单，不在其中",
        "In statements that were paid out; corrections are of no single order and not in it",
    ),
    money(
        "outstanding",
        "未结算",
        "Outstanding",
        "应付卖家 − 已结算；低于 0 为付款后退款、待下次抵扣",
        "Payable less settled; below zero: refunded after the payout, taken off the next one",
        derive=lambda row, _totals: row.get("payable", 0) - row.get("settled", 0),
    ),
    share("payableShare", "应付占比", "Share", "占应付合计", "Of all payable", of_total("payable")),
)

PAYABLES = (
    Report(
        "orders.payables",
        "应付明细账",
        "Payables by line",
        "每一订单行每次销售与退款的金额构成与应付卖家，等于总账。",
        "What each sale and refund of an order line was made of, and what the seller is owed for it: the ledger's.",
        _PAYABLE_COLUMNS[:8],
        _PAYABLE_COLUMNS[8:],
        _FILTERS,
        _SELLERS_ONLY,
        plainly(_payables, _PAYABLE_COLUMNS),
        days_max=400,
    ),
    Report(
        "orders.suppliers",
        "应付结算",
        "Pay suppliers",
        "期间内售出的子订单截至现在的金额构成、应付、已到结算期、已结算与未结算。",
        "Sellers' parts of orders sold in the range, as of now: what they are made of, payable, settled, outstanding.",
        _SUPPLIER_COLUMNS[:7],
        _SUPPLIER_COLUMNS[7:],
        _FILTERS,
        _SELLERS_ONLY,
        plainly(_suppliers, _SUPPLIER_COLUMNS),
        ChartSpec(ChartKind.BAR, "producer", ("payable", "settled")),
        days_max=400,
    ),
)

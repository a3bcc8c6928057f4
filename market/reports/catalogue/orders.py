"""Reports of orders to be sent: what to harvest, what to pack."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.kernel.clock import business_day, day_bounds
from market.orders.rules import DeliveryMethod, LineKind, SellerOrderState
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder
from market.organisations.tables import Organisation
from market.reports.catalogue.base import (
    among,
    code,
    count,
    day,
    mine,
    rows_of,
    table,
    text,
    weight,
    words,
)
from market.reports.declare import EVERYBODY, ChartKind, ChartSpec, Found, ReaderKind, Reading, Report, Row

_PART, _LINE, _ORDER = table(SellerOrder), table(OrderLine), table(CustomerOrder)
_SELLER = table(Organisation)
_TO_SEND = (SellerOrderState.OPEN, SellerOrderState.PARTLY_FULFILLED)
_LEFT = _LINE.c.quantity - _LINE.c.fulfilled_quantity - _LINE.c.refunded_quantity
METHODS = {
    DeliveryMethod.EXPRESS: "快递",
    DeliveryMethod.COLD_CHAIN: "冷链",
    DeliveryMethod.PICKUP: "自提",
    DeliveryMethod.DROP: "无接触投放",
    DeliveryMethod.NONE: "无需配送",
}
STORAGES = {"AMBIENT": "常温", "CHILLED": "冷藏", "FROZEN": "冷冻", "LIVE": "鲜活"}


# -- what to harvest, what to pack -------------------------------------------------------------------------------------


def _to_send(reading: Reading, *columns: Any) -> sa.Select[Any]:
    """Lines with pieces to hand over, of parts to be sent by a day in the range."""
    due = sa.func.coalesce(_PART.c.ship_by, _PART.c.paid_at)
    return (
        sa.select(*columns)
        .join_from(_LINE, _PART, _PART.c.id == _LINE.c.seller_order_id)
        .join(_ORDER, _ORDER.c.id == _LINE.c.order_id)
        .join(_SELLER, _SELLER.c.id == _PART.c.producer_id)
        .where(
            _PART.c.state.in_(_TO_SEND),
            _LINE.c.kind != LineKind.BOOKING,
            _LEFT > 0,
            due >= day_bounds(reading.asked.start)[0],
            due < day_bounds(reading.asked.end)[1],
            mine(reading, _PART.c),
            *among(reading, region=_PART.c.region_code, producer=_PART.c.producer_id, method=_PART.c.delivery_method),
        )
    )


_SKU, _VARIANT, _GRAMS = (_LINE.c.snapshot[name].as_string() for name in ("sku", "variant", "grams"))
_STORAGE = _LINE.c.snapshot["storage"].as_string()
_DUE = sa.func.coalesce(_PART.c.ship_by, _PART.c.paid_at)


def _harvest(session: Session, reading: Reading) -> Found:
    """What to pick or make ready: pieces left to hand over by producer, variant and day."""
    statement = _to_send(
        reading, _SELLER.c.name, _PART.c.producer_id, _SKU, _LINE.c.title, _VARIANT, _DUE.label("due"), _LEFT, _GRAMS
    )
    found: defaultdict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for name, producer_id, sku, title, variant, due, left, grams in session.execute(statement):
        sums = found[business_day(due), name, producer_id, sku, title, variant]
        for at, value in enumerate((left, left * int(grams or 0), 1)):
            sums[at] += value
    rows = sorted(found.items(), key=lambda item: tuple(str(each) for each in item[0]))
    return Found(_HARVEST_COLUMNS, [(*key, *sums) for key, sums in rows])


_HARVEST_COLUMNS = (
    day("day", "应发日", "Ship by"),
    text("producer", "生产者", "Producer"),
    code("producerId", "生产者编码", "Producer id"),
    code("sku", "SKU", "SKU"),
    text("title", "商品", "Product"),
    text("variant", "规格", "Variant"),
    count("units", "待备件数", "Units", "未发且未退的件数", "Pieces neither handed over nor paid back"),
    weight("weight", "总重", "Weight"),
    count("lines", "订单行数", "Order lines"),
)


def _packing(session: Session, reading: Reading) -> Found:
    """What goes into each parcel, by storage class; people are masked."""
    statement = _to_send(
        reading,
        _DUE.label("due"),
        words(_STORAGE, STORAGES),
        words(_PART.c.delivery_method, METHODS),
        _ORDER.c.number,
        _PART.c.id,
        _SELLER.c.name,
        _SKU,
        _LINE.c.title,
        _VARIANT,
        _LEFT,
        (_LEFT * sa.cast(_GRAMS, sa.Integer)).label("weight"),
        _ORDER.c.phone_tail,
    ).order_by(_DUE, _STORAGE, _PART.c.id, _LINE.c.position)

    def rows() -> Iterator[Row]:
        for due, *row, tail in rows_of(session, statement):
            yield (business_day(due), *row, None if tail is None else f"*******{tail}")  # type: ignore[arg-type]  # a moment

    return Found(_PACKING_COLUMNS, rows())


_PACKING_COLUMNS = (
    day("day", "应发日", "Ship by"),
    text("storage", "储存", "Storage"),
    text("method", "配送方式", "Delivery"),
    code("order", "订单号", "Order"),
    code("sellerOrderId", "子订单", "Seller order"),
    text("producer", "生产者", "Producer"),
    code("sku", "SKU", "SKU"),
    text("title", "商品", "Product"),
    text("variant", "规格", "Variant"),
    count("units", "件数", "Units"),
    weight("weight", "重量", "Weight"),
    text("phone", "收件电话（脱敏）", "Phone, masked"),
)


ORDERS = (
    Report(
        "orders.harvest",
        "采收备货单",
        "Harvest list",
        "按应发日、生产者与 SKU 汇总待备件数与重量。",
        "Pieces to make ready, by the day they are to be sent, producer and SKU.",
        _HARVEST_COLUMNS[:6],
        _HARVEST_COLUMNS[6:],
        ("region", "producer", "method"),
        EVERYBODY,
        _harvest,
        ChartSpec(ChartKind.STACKED, "day", ("units",)),
        days_max=100,
    ),
    Report(
        "orders.packing",
        "装箱单",
        "Packing list",
        "按应发日与储存条件逐单列出；联系方式脱敏。",
        "What goes into each parcel, by day and storage class; contacts masked.",
        _PACKING_COLUMNS[:9],
        _PACKING_COLUMNS[9:11],
        ("region", "producer", "method"),
        frozenset({ReaderKind.SELLER}),
        _packing,
        days_max=31,
    ),
)

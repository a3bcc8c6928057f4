"""Reports of orders on their way: what to harvest, what to pack, what was late."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.fulfilment.tables import Shipment
from market.kernel.clock import business_day, day_bounds
from market.orders.rules import DeliveryMethod, LineKind, SellerOrderState
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder
from market.organisations.tables import Organisation
from market.reports.catalogue.base import (
    among,
    code,
    count,
    day,
    hours,
    mine,
    ratio,
    rows_of,
    share,
    table,
    text,
    weight,
    words,
)
from market.reports.declare import EVERYBODY, ChartKind, ChartSpec, Found, ReaderKind, Reading, Report, Row

_PART, _LINE, _ORDER = table(SellerOrder), table(OrderLine), table(CustomerOrder)
_SELLER, _SHIPMENT = table(Organisation), table(Shipment)
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


# -- how it went -------------------------------------------------------------------------------------------------------


def _shipping(session: Session, reading: Reading) -> Found:
    """Parcels by carrier and way: sent in time, and how long they were on their way."""
    statement = (
        sa.select(
            _SHIPMENT.c.carrier,
            _SHIPMENT.c.method,
            _SHIPMENT.c.sent_at,
            _SHIPMENT.c.delivered_at,
            _SHIPMENT.c.returned_at,
            _PART.c.ship_by,
        )
        .join_from(_SHIPMENT, _PART, _PART.c.id == _SHIPMENT.c.seller_order_id)
        .where(
            _SHIPMENT.c.sent_at >= day_bounds(reading.asked.start)[0],
            _SHIPMENT.c.sent_at < day_bounds(reading.asked.end)[1],
            mine(reading, _PART.c),
            *among(reading, region=_PART.c.region_code, producer=_PART.c.producer_id),
        )
    )
    found: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for carrier, method, sent, delivered, returned, due in session.execute(
        statement, execution_options={"yield_per": 1_000}
    ):
        sums = found[carrier or "", METHODS.get(method, method)]
        sums[0] += 1
        sums[1] += int(due is None or sent <= due)
        sums[2] += int(delivered is not None)
        sums[3] += int(returned is not None)
        sums[4] += 0 if delivered is None else int((delivered - sent).total_seconds())
    rows = [
        (carrier or "（无承运商）", method, *sums[:4], sums[4] // 3600 // sums[2] if sums[2] else None)
        for (carrier, method), sums in sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    ]
    return Found(_SHIPPING_COLUMNS, rows)


_SHIPPING_COLUMNS = (
    text("carrier", "承运商", "Carrier"),
    text("method", "配送方式", "Delivery"),
    count("shipments", "包裹数", "Shipments"),
    count("inTime", "按时发出", "In time", "不晚于承诺发货时间", "Sent no later than promised"),
    count("delivered", "已签收", "Delivered"),
    count("returned", "已退回", "Returned"),
    hours("transit", "平均在途", "In transit", "发出到签收的平均小时", "From sent to delivered, on average"),
    share(
        "inTimeShare", "按时率", "In time %", "按时发出 ÷ 包裹数", "In time by shipments", ratio("inTime", "shipments")
    ),
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
    Report(
        "orders.shipping",
        "发货时效",
        "Shipping in time",
        "按承运商与配送方式统计按时发货率与平均在途时间，以发出日计。",
        "Parcels sent in the range by carrier and way: in time, and how long they took.",
        _SHIPPING_COLUMNS[:2],
        _SHIPPING_COLUMNS[2:],
        ("region", "producer"),
        EVERYBODY,
        _shipping,
        ChartSpec(ChartKind.BAR, "carrier", ("shipments", "inTime")),
        days_max=100,
    ),
)

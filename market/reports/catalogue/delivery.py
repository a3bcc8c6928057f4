"""Reports of how orders arrived: in time, how much was spoiled, what waits at pick-up points."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.aftersales.claims.rules import ClaimReason, ClaimState
from market.aftersales.tables import Claim
from market.fulfilment.rules import ShipmentState
from market.fulfilment.tables import PickupPoint, Shipment, ShipmentLine
from market.kernel.clock import business_day
from market.orders.rules import DeliveryMethod
from market.orders.tables import OrderLine, SellerOrder
from market.organisations.tables import Organisation
from market.reports.catalogue.base import (
    CHUNK,
    among,
    between_days,
    code,
    count,
    day,
    hours,
    mine,
    ratio,
    share,
    table,
    text,
    weight,
)
from market.reports.catalogue.orders import METHODS
from market.reports.declare import EVERYBODY, ChartKind, ChartSpec, Found, Reading, Report, Row

_PART, _LINE, _SELLER = table(SellerOrder), table(OrderLine), table(Organisation)
_SHIPMENT, _SENT, _POINT, _CLAIM = table(Shipment), table(ShipmentLine), table(PickupPoint), table(Claim)
_SPOILED = (ClaimReason.SPOILED, ClaimReason.DAMAGED)
_UNFOUNDED = (ClaimState.REJECTED, ClaimState.DISMISSED, ClaimState.WITHDRAWN)
_GRAMS = sa.cast(_LINE.c.snapshot["grams"].as_string(), sa.Integer)
Way = tuple[str, str]
"""A carrier, and how it is delivered."""


def _sent_in(reading: Reading) -> list[Any]:
    """Shipments that were handed over on a day in the range, of the parts that the reader may see."""
    return [
        *between_days(reading, _SHIPMENT.c.sent_at),
        mine(reading, _PART.c),
        *among(reading, region=_PART.c.region_code, producer=_PART.c.producer_id, method=_SHIPMENT.c.method),
    ]


# -- in time, and whole ------------------------------------------------------------------------------------------------


def _shipping(session: Session, reading: Reading) -> Found:
    """Parcels by carrier and way: sent in time, how long they were on their way, how much came to nothing."""
    grams = (
        sa.select(sa.func.sum(_SENT.c.quantity * _GRAMS))
        .join_from(_SENT, _LINE, _LINE.c.id == _SENT.c.line_id)
        .where(_SENT.c.shipment_id == _SHIPMENT.c.id)
        .scalar_subquery()
    )
    statement = (
        sa.select(
            _SHIPMENT.c.carrier,
            _SHIPMENT.c.method,
            _SHIPMENT.c.sent_at,
            _SHIPMENT.c.delivered_at,
            _SHIPMENT.c.returned_at,
            _PART.c.ship_by,
            grams,
        )
        .join_from(_SHIPMENT, _PART, _PART.c.id == _SHIPMENT.c.seller_order_id)
        .where(*_sent_in(reading))
    )
    found: defaultdict[Way, list[int]] = defaultdict(lambda: [0] * 8)
    for carrier, method, sent, delivered, returned, due, sent_grams in session.execute(
        statement, execution_options={"yield_per": CHUNK}
    ):
        sums = found[_way(carrier, method)]
        sums[0] += 1
        sums[1] += int(due is None or sent <= due)
        sums[2] += int(delivered is not None)
        sums[3] += int(returned is not None)
        sums[4] += int(sent_grams or 0)
        sums[7] += 0 if delivered is None else int((delivered - sent).total_seconds())
    for way, spoiled_grams in _claims(session, reading):
        found[way][5] += 1
        found[way][6] += spoiled_grams
    rows = [
        (*way, *sums[:7], sums[7] // 3600 // sums[2] if sums[2] else None)
        for way, sums in sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    ]
    return Found(_SHIPPING_COLUMNS, rows)


def _claims(session: Session, reading: Reading) -> Iterator[tuple[Way, int]]:
    """Claims for what these parcels held that were not refused, and the grams that were spoiled. A line that went in
    several parcels counts with the first of them."""
    earlier = _SENT.alias("earlier").c
    is_first = ~sa.exists().where(earlier.line_id == _SENT.c.line_id, earlier.shipment_id < _SENT.c.shipment_id)
    spoiled = sa.case(
        (_CLAIM.c.reason.in_(_SPOILED), _CLAIM.c.quantity * _GRAMS * _CLAIM.c.spoilage_percent / 100), else_=0
    )
    statement = (
        sa.select(_SHIPMENT.c.carrier, _SHIPMENT.c.method, spoiled)
        .join_from(_CLAIM, _SENT, _SENT.c.line_id == _CLAIM.c.line_id)
        .join(_SHIPMENT, _SHIPMENT.c.id == _SENT.c.shipment_id)
        .join(_PART, _PART.c.id == _SHIPMENT.c.seller_order_id)
        .join(_LINE, _LINE.c.id == _CLAIM.c.line_id)
        .where(is_first, _CLAIM.c.state.not_in(_UNFOUNDED), *_sent_in(reading))
    )
    for carrier, method, grams in session.execute(statement):
        yield _way(carrier, method), int(grams or 0)


def _way(carrier: str | None, method: DeliveryMethod) -> Way:
    return carrier or "（无承运商）", METHODS.get(method, method)


_SHIPPING_COLUMNS = (
    text("carrier", "承运商", "Carrier"),
    text("method", "配送方式", "Delivery"),
    count("shipments", "包裹数", "Shipments"),
    count("inTime", "按时发出", "In time", "不晚于承诺发货时间", "Sent no later than promised"),
    count("delivered", "已签收", "Delivered"),
    count("returned", "已退回", "Returned"),
    weight("weight", "发出重量", "Weight", "净重", "Net"),
    count("claims", "售后数", "Claims", "未被驳回或撤回的售后", "Those neither refused nor withdrawn"),
    weight(
        "spoiled",
        "损耗重量",
        "Spoiled",
        "腐坏与破损售后的件数 × 净重 × 损耗比例",
        "Of claims for spoilage and damage: pieces by net weight by how much of each is worthless",
    ),
    hours("transit", "平均在途", "In transit", "发出到签收的平均小时", "From sent to delivered, on average"),
    share(
        "inTimeShare", "按时率", "In time %", "按时发出 ÷ 包裹数", "In time by shipments", ratio("inTime", "shipments")
    ),
    share(
        "spoilage", "损耗率", "Spoilage", "损耗重量 ÷ 发出重量", "Spoiled by weight sent", ratio("spoiled", "weight")
    ),
)


# -- pick-up points ----------------------------------------------------------------------------------------------------


def _pickup(session: Session, reading: Reading) -> Found:
    """What was laid out at each pick-up point on each day, and how much of it was fetched."""
    pieces = (
        sa.select(sa.func.coalesce(sa.func.sum(_SENT.c.quantity), 0))
        .where(_SENT.c.shipment_id == _SHIPMENT.c.id)
        .scalar_subquery()
    )
    statement = (
        sa.select(
            _POINT.c.name,
            _POINT.c.id,
            _SELLER.c.name,
            _SHIPMENT.c.producer_id,
            _SHIPMENT.c.sent_at,
            _SHIPMENT.c.state,
            _SHIPMENT.c.order_id,
            pieces,
        )
        .join_from(_SHIPMENT, _POINT, _POINT.c.id == _SHIPMENT.c.pickup_point_id)
        .join(_SELLER, _SELLER.c.id == _SHIPMENT.c.producer_id)
        .join(_PART, _PART.c.id == _SHIPMENT.c.seller_order_id)
        .where(*_sent_in(reading), *among(reading, point=_POINT.c.id))
    )
    orders: defaultdict[tuple[date, str, str, str, str], set[str]] = defaultdict(set)
    found: defaultdict[tuple[date, str, str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for point, point_id, seller, producer_id, sent, state, order_id, items in session.execute(
        statement, execution_options={"yield_per": CHUNK}
    ):
        key = (business_day(sent), point, point_id, seller, producer_id)
        orders[key].add(order_id)
        sums, is_fetched = found[key], state == ShipmentState.DELIVERED
        for at, value in enumerate((1, items, int(is_fetched), int(not is_fetched))):
            sums[at] += value
    rows: list[Row] = [(*key, len(orders[key]), *sums) for key, sums in sorted(found.items())]
    return Found(_PICKUP_COLUMNS, rows)


_PICKUP_COLUMNS = (
    day("day", "备好日", "Laid out on"),
    text("point", "自提点", "Pick-up point"),
    code("pointId", "自提点编码", "Pick-up point id"),
    text("producer", "生产者", "Producer"),
    code("producerId", "生产者编码", "Producer id"),
    count("orders", "订单数", "Orders"),
    count("bags", "包裹数", "Bags"),
    count("items", "件数", "Items"),
    count("fetched", "已取包裹", "Fetched", "买家已凭取货码取走或确认", "By their code, or confirmed by the buyer"),
    count("waiting", "待取包裹", "Waiting"),
    share("fetchedShare", "已取比例", "Fetched %", "已取 ÷ 包裹数", "Fetched by bags", ratio("fetched", "bags")),
)

DELIVERY = (
    Report(
        "orders.shipping",
        "发货时效与损耗",
        "Shipping in time, and loss",
        "按承运商与配送方式统计按时发货率、平均在途时间与损耗率，以发出日计。",
        "Parcels sent in the range by carrier and way: in time, how long they took, how much was spoiled.",
        _SHIPPING_COLUMNS[:2],
        _SHIPPING_COLUMNS[2:],
        ("region", "producer", "method"),
        EVERYBODY,
        _shipping,
        ChartSpec(ChartKind.BAR, "carrier", ("shipments", "inTime")),
        days_max=100,
    ),
    Report(
        "orders.pickup",
        "自提点清单",
        "Pick-up manifest",
        "按备好日与自提点统计订单、件数与已取比例。",
        "What waits at pick-up points, by the day it was laid out: orders, items, how much was fetched.",
        _PICKUP_COLUMNS[:5],
        _PICKUP_COLUMNS[5:],
        ("region", "producer", "point"),
        EVERYBODY,
        _pickup,
        ChartSpec(ChartKind.BAR, "point", ("fetched", "waiting")),
        days_max=100,
    ),
)

"""The report of what went back to buyers: why, from whom, and how long it took."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.aftersales.tables import Claim
from market.ledger.rules import TxnKind
from market.ledger.sales.tables import ENTRIES
from market.orders.tables import SellerOrder
from market.organisations.tables import Organisation
from market.payments.rules import RefundReason
from market.payments.tables import Refund
from market.reports.catalogue.base import (
    CHUNK,
    among,
    code,
    count,
    hours,
    mine,
    money,
    of_total,
    ratio,
    share,
    table,
    text,
)
from market.reports.declare import EVERYBODY, ChartKind, ChartSpec, Found, Reading, Report, Row

_PART, _SELLER, _REFUND, _CLAIM = table(SellerOrder), table(Organisation), table(Refund), table(Claim)
_ID = 30
REASONS = {
    RefundReason.LATE_MONEY: "逾期到账",
    RefundReason.CANCELLED: "买家取消",
    RefundReason.OPERATOR_CANCELLED: "经营者取消",
    RefundReason.CLAIM: "售后理赔",
    RefundReason.RETURN: "退货",
    RefundReason.RESCHEDULE: "改期",
    RefundReason.OTHER: "其他",
}
_VOUCHERS_ONLY = "仅退优惠券"
Group = tuple[str, str, str]
"""Why, and whose."""


def _statement(reading: Reading) -> sa.Select[Any]:
    """Each refund that the ledger has of a seller's part, whose reference ends with what asked for it; the money sent for
    it, and the claim it answers."""
    c = ENTRIES.c
    asked_by = sa.func.substr(c.reference, _ID + 2)
    return (
        sa.select(
            _REFUND.c.reason,
            _SELLER.c.name,
            c.producer_id,
            c.seller_order_id,
            _PART.c.payable_fen,
            sa.func.sum(c.refunded_fen),
            _REFUND.c.requested_at,
            _REFUND.c.ended_at,
            _CLAIM.c.opened_at,
        )
        .join_from(ENTRIES, _PART, _PART.c.id == c.seller_order_id)
        .join(_SELLER, _SELLER.c.id == c.producer_id)
        .outerjoin(_REFUND, sa.and_(_REFUND.c.order_id == c.order_id, _REFUND.c.reference == asked_by))
        .outerjoin(_CLAIM, _CLAIM.c.id == sa.func.substr(_REFUND.c.reference, 1, _ID))
        .where(
            c.txn_kind == TxnKind.REFUND,
            c.business_day.between(reading.asked.start, reading.asked.end),
            mine(reading, c),
            *among(reading, region=c.region_code, producer=c.producer_id),
        )
        .group_by(
            c.reference,
            c.seller_order_id,
            c.producer_id,
            _SELLER.c.name,
            _PART.c.payable_fen,
            _REFUND.c.reason,
            _REFUND.c.requested_at,
            _REFUND.c.ended_at,
            _CLAIM.c.opened_at,
        )
    )


def _refunds(session: Session, reading: Reading) -> Found:
    """By reason and producer."""
    sums: defaultdict[Group, list[int]] = defaultdict(lambda: [0, 0])
    parts: defaultdict[Group, dict[str, int]] = defaultdict(dict)
    took: defaultdict[Group, list[timedelta]] = defaultdict(list)
    for reason, name, producer_id, part, worth, fen, sent, ended, opened in session.execute(
        _statement(reading), execution_options={"yield_per": CHUNK}
    ):
        key = (_VOUCHERS_ONLY if reason is None else REASONS[RefundReason(reason)], name, producer_id)
        sums[key][0] += 1
        sums[key][1] += int(fen)
        parts[key][part] = worth
        if ended is not None:
            took[key].append(ended - (opened or sent))
    ordered = sorted(sums.items(), key=lambda item: (-item[1][1], item[0][2], item[0][0]))
    rows: list[Row] = [
        (*key, number, number - len(took[key]), fen, sum(parts[key].values()), _mean_hours(took[key]))
        for key, (number, fen) in ordered
    ]
    return Found(_COLUMNS, rows)


def _mean_hours(took: list[timedelta]) -> int | None:
    return round(sum(took, timedelta()).total_seconds() / 3600 / len(took)) if took else None


_COLUMNS = (
    text("reason", "原因", "Reason"),
    text("producer", "生产者", "Producer"),
    code("producerId", "生产者编码", "Producer id"),
    count("refunds", "退款次数", "Refunds"),
    count("waiting", "未到账", "Not there yet", "退款尚未到账的次数", "Refunds whose money has not arrived"),
    money("refunded", "退款额", "Refunded"),
    money(
        "ordered", "所属订单实付", "Of orders worth", "发生退款的子订单实付额", "What the orders in question had cost"
    ),
    hours(
        "handling",
        "平均处理时长",
        "Handling",
        "从提出售后（无售后的从决定退款）到退款到账的平均小时",
        "From the claim, or without one from the decision, to the money's arrival, on average",
    ),
    share(
        "part",
        "退款比例",
        "Part",
        "退款额 ÷ 所属订单实付",
        "Refunded by the orders' worth",
        ratio("refunded", "ordered"),
    ),
    share("refundShare", "占比", "Share", "占合计退款额", "Of all refunded", of_total("refunded")),
)

REFUNDS = (
    Report(
        "office.refunds",
        "退款与原因",
        "Refunds and reasons",
        "期间内入账的退款，按原因与生产者；金额与总账一致。",
        "Refunds posted in the range by reason and producer, and how long they took; the ledger's money.",
        _COLUMNS[:3],
        _COLUMNS[3:],
        ("region", "producer"),
        EVERYBODY,
        _refunds,
        ChartSpec(ChartKind.BAR, "reason", ("refunded",)),
    ),
)

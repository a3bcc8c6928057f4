"""The report of payment providers' bills against what is on record here."""

from typing import Any

import sqlalchemy as sa

from market.kernel.permissions import Permission, reach
from market.reports.catalogue.base import among, count, day, money, plainly, table, text
from market.reports.declare import ChartKind, ChartSpec, ReaderKind, Reading, Report
from market.settlement.bills.rules import DifferenceKind
from market.settlement.tables import BillDifference, Reconciliation

_BILL, _DIFFERENCE = table(Reconciliation), table(BillDifference)


def _reconciliation(reading: Reading) -> sa.Executable:
    """A provider's bill is of the whole platform: whoever sees only a part of it gets no rows."""

    def differences(*where: sa.ColumnElement[bool]) -> Any:
        mine = _DIFFERENCE.c.reconciliation_id == _BILL.c.id
        return sa.select(sa.func.count()).select_from(_DIFFERENCE).where(mine, *where).scalar_subquery()

    c = _BILL.c
    sees_all = reach(reading.actor, Permission.REPORT_READ).is_all
    return (
        sa.select(
            c.day,
            c.gateway,
            c.row_count,
            c.paid_there_fen,
            c.paid_here_fen,
            c.refunded_there_fen,
            c.refunded_here_fen,
            c.fee_fen,
            *[differences(_DIFFERENCE.c.kind == kind) for kind in DifferenceKind],
            differences(_DIFFERENCE.c.resolved_at.is_(None)),
        )
        .where(
            sa.true() if sees_all else sa.false(),
            c.day.between(reading.asked.start, reading.asked.end),
            *among(reading, gateway=c.gateway),
        )
        .order_by(c.day, c.gateway)
    )


_COLUMNS = (
    day("day", "账单日", "Bill of"),
    text("gateway", "支付渠道", "Provider"),
    count("billed", "账单笔数", "Rows billed"),
    money("paidThere", "账单收款", "Paid, as billed"),
    money(
        "paidHere", "平台收款", "Paid, as recorded", "当日支付成功的平台记录", "Payments here that succeeded that day"
    ),
    money("refundedThere", "账单退款", "Refunded, as billed"),
    money(
        "refundedHere", "平台退款", "Refunded, as recorded", "账单所列退款的平台记录", "Records of the refunds billed"
    ),
    money("fee", "手续费", "Fee", "渠道收取", "The provider's"),
    count("missingHere", "平台缺", "Missing here", "账单有、平台无", "Billed, and not recorded"),
    count("missingThere", "账单缺", "Missing there", "平台有、账单无", "Recorded, and not billed"),
    count("amount", "金额不符", "Amounts differ"),
    count("refund", "退款不符", "Refunds differ"),
    count("status", "状态不符", "States differ"),
    count("open", "未处理差异", "Not looked into"),
    money(
        "gap",
        "收款差额",
        "Gap",
        "账单收款 − 平台收款",
        "Paid as billed less paid as recorded",
        derive=lambda row, _totals: row.get("paidThere", 0) - row.get("paidHere", 0),
    ),
)

BILLS = (
    Report(
        "office.reconciliation",
        "支付对账",
        "Payment reconciliation",
        "每日支付渠道账单与平台支付、退款记录的对比，差异按类型计数；全平台数据，仅平台财务可见。",
        "Providers' bills of each day against payments and refunds here, differences by kind: of the whole platform, "
        "for its own finance.",
        _COLUMNS[:2],
        _COLUMNS[2:],
        ("gateway",),
        frozenset({ReaderKind.FINANCE}),
        plainly(_reconciliation, _COLUMNS),
        ChartSpec(ChartKind.BAR, "day", ("paidThere", "paidHere")),
        days_max=400,
    ),
)

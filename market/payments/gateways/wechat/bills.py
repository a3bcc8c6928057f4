"""WeChat Pay's trade bill of a day, all trades (交易账单, bill_type ALL): text in which each value begins with a grave
accent, a row of names first, two rows of totals last.

The columns are those of https://pay.weixin.qq.com/docs/merchant/products/bill-download/format-trade.html (of 25 November
2024), how it is asked for those of https://pay.weixin.qq.com/doc/v3/merchant/4012556654; both read on 24 November 2026.
A refund is in it on the day that it was asked for, with the state that it had when the bill was made. The shape of a row
is also that of the sample in https://developers.weixin.qq.com/minigame/dev/wxcloudrun/src/development/pay/order/bill.html.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from market.kernel.clock import SHANGHAI
from market.payments.bills import Bill, BillKind, BillLine

MARK, BETWEEN = "`", ",`"
TOTALS = "总交易单数"
_AT, _TRADE, _NUMBER, _STATE = "交易时间", "微信订单号", "商户订单号", "交易状态"
_REFUND, _REFUND_NUMBER, _REFUND_STATE = "微信退款单号", "商户退款单号", "退款状态"
_FEE = "手续费"
# Amounts before coupons of WeChat's own. Bills in the format of before 2018, which a few merchants still get, have only
# those after them, by other names; those of their totals are as programs from then have them, WeChat no longer says.
_PAID = ("订单金额", "应结订单金额", "总金额")
_PAID_BACK = ("申请退款金额", "退款金额")
_PAID_TOTAL = ("订单总金额", "应结订单总金额", "总交易额")
_PAID_BACK_TOTAL = ("申请退款总金额", "退款总金额", "总退款金额")
_REVOKED = "REVOKED"
_YUAN = re.compile(r"(-?)(\d{1,13})(?:\.(\d{1,2})0*)?")


def read_bill(day: date, text: str) -> Bill:
    """The bill in this text. ValueError for one that is cut off, that is none, or whose rows do not come to its totals."""
    try:
        return _read(day, text)
    except KeyError as error:
        raise ValueError(f"the bill has no column {error}") from error


def _read(day: date, text: str) -> Bill:
    rows = [line for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    if len(rows) < 3 or not rows[-2].startswith(TOTALS):
        raise ValueError("the bill has no totals: it was cut off")
    names, totals = _names(rows[0]), _values(rows[-2], rows[-1])
    lines = [line for row in rows[1:-2] for line in _line(names, row)]
    bill = Bill(
        day,
        tuple(lines),
        paid_fen=sum(line.amount_fen for line in lines if line.kind is BillKind.PAYMENT),
        refunded_fen=sum(line.amount_fen for line in lines if line.kind is BillKind.REFUND),
        fee_fen=sum(line.fee_fen for line in lines),
    )
    said = {
        "rows": (int(totals[TOTALS]), len(rows) - 3),
        "paid": (_fen(totals, *_PAID_TOTAL), bill.paid_fen),
        "refunded": (_fen(totals, *_PAID_BACK_TOTAL), bill.refunded_fen),
        "fee": (_fen(totals, "手续费总金额"), bill.fee_fen),
    }
    wrong = [f"{name} {here}, not {there}" for name, (there, here) in said.items() if there != here]
    if wrong:
        raise ValueError(f"the bill's rows do not come to its totals: {'; '.join(wrong)}")
    return bill


def _names(row: str) -> list[str]:
    return [name.strip() for name in row.split(",")]


def _values(names: str, row: str) -> dict[str, str]:
    """A row by the names of its columns. A value may have commas in it: only a mark begins the next one."""
    return dict(zip(_names(names), row.removeprefix(MARK).split(BETWEEN), strict=True))


def _line(names: Sequence[str], row: str) -> list[BillLine]:
    found = _values(",".join(names), row)
    at = datetime.strptime(found[_AT], "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    if found[_STATE] == _REVOKED:  # given up at the counter before anything was paid
        return []
    is_refund = bool(found[_REFUND_NUMBER].strip("0 "))
    return [
        BillLine(
            kind=BillKind.REFUND if is_refund else BillKind.PAYMENT,
            number=found[_REFUND_NUMBER if is_refund else _NUMBER],
            provider_id=found[_REFUND if is_refund else _TRADE],
            state=found[_REFUND_STATE if is_refund else _STATE],
            amount_fen=_fen(found, *(_PAID_BACK if is_refund else _PAID)),
            at=at,
            fee_fen=_rounded(found[_FEE]),
        )
    ]


def _fen(values: Mapping[str, str], *names: str) -> int:
    """The first of these columns that there is, from yuan to fen."""
    return _rounded(values[next((name for name in names if name in values), names[0])])


def _rounded(yuan: str) -> int:
    """Yuan to fen; fees have five decimals, of which those below a fen are zero."""
    found = _YUAN.fullmatch(yuan.strip())
    if found is None:
        raise ValueError(f"{yuan!r} is not an amount in whole fen")
    sign, whole, decimals = found[1], found[2], found[3] or ""
    return int(f"{sign}{whole}{decimals:0<2}")

"""WeChat Pay's bills are read as it writes them, and refused when they do not add up."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from market.payments.bills import BillKind
from market.payments.gateways.wechat.bills import read_bill
from tests.settlement.fake_bills import row, whole

DAY = date(2026, 6, 2)
AT = datetime(2026, 6, 2, 1, 31, tzinfo=UTC)


def test_a_bill_is_read_with_its_refunds_fees_and_commas_in_names() -> None:
    paid, back = row(AT, "T1", 8_801, fee=53), row(AT, "T1", 0, refund=("R1", 100, "SUCCESS"), fee=-1)

    bill = read_bill(DAY, whole([(paid, 8_801, 0, 53), (back, 0, 100, -1)]))

    assert [(each.kind, each.number, each.amount_fen, each.state, each.fee_fen) for each in bill.lines] == [
        (BillKind.PAYMENT, "T1", 8_801, "SUCCESS", 53),
        (BillKind.REFUND, "R1", 100, "SUCCESS", -1),
    ]
    assert bill.lines[0].at == AT
    assert (bill.paid_fen, bill.refunded_fen, bill.fee_fen) == (8_801, 100, 52)


def test_a_day_without_trades_is_a_bill_of_nothing() -> None:
    assert read_bill(DAY, whole([])).lines == ()


def test_bills_in_the_format_of_before_2018_are_read_too() -> None:
    text = whole([(row(AT, "T1", 8_801, fee=53), 8_801, 0, 53)])
    for now, then in (
        ("应结订单金额", "总金额"),
        (",订单金额", ",无"),
        ("应结订单总金额", "总交易额"),
        (",订单总金额", ",无"),
        (",退款总金额", ",总退款金额"),
        ("申请退款总金额", "无二"),
    ):
        assert now in text
        text = text.replace(now, then, 1)

    bill = read_bill(DAY, text)

    assert (bill.lines[0].amount_fen, bill.paid_fen) == (8_801, 8_801)


@pytest.mark.parametrize(
    "bend",
    [
        lambda text: text.rsplit("\r\n", 2)[0],
        lambda text: text.replace("`1,", "`2,", 1),
        lambda text: text.replace("`0.60%,`88.01", "`0.60%,`88.02"),
        lambda text: text.replace("`88.01", "`8,8.01"),
        lambda text: text.replace("`2026-06-02 09:31:00", "`gestern"),
        lambda _text: "",
        lambda text: text.replace("订单金额", "金额"),
        lambda text: text.replace("`0.53000", "`0.53100"),
    ],
)
def test_a_bill_that_is_cut_off_or_does_not_add_up_is_refused(bend: Callable[[str], str]) -> None:
    text = whole([(row(AT, "T1", 8_801, fee=53), 8_801, 0, 53)])
    bent = bend(text)
    assert bent != text

    with pytest.raises(ValueError, match=r"bill|amount|does not match"):
        read_bill(DAY, bent)

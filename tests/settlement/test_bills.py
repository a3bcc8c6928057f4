"""Providers' bills: every kind of difference is found, and stays until somebody said what came of it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from market.aftersales.reckon import refund_pieces
from market.aftersales.refunds import refund_lines, sold_lines
from market.checkout.till import on_paid, on_refunded
from market.kernel.errors import Forbidden, IllegalTransition, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.orders.tables import OrderLine
from market.payments.errors import GatewayUnavailable
from market.payments.flow import Till, reconcile, send_refunds, start_payment
from market.payments.gateways.transfer import BankTransfer
from market.payments.port import Gateway
from market.payments.refunds import record_refund
from market.payments.rules import PaymentState, PayMethod, RefundReason
from market.payments.tables import Payment, Refund
from market.settlement.bills.compare import resolve_difference
from market.settlement.bills.fetch import compare_bill, reconcile_bills
from market.settlement.bills.rules import DifferenceKind
from market.settlement.errors import BillNotReady
from market.settlement.tables import BillDifference, BillRow, Reconciliation
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, placed, put
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN
from tests.settlement.fake_bills import BillingWeChat, row
from tests.settlement.world import staff

DAY = date(2026, 6, 2)
AT = datetime(2026, 6, 2, 1, 31, tzinfo=UTC)


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


@pytest.fixture(name="wechat")
def _wechat(clock: FakeClock) -> BillingWeChat:
    return BillingWeChat(clock)


@pytest.fixture(name="till")
def _till(wechat: BillingWeChat) -> Till:
    gateways: dict[str, Gateway] = {"wechat": wechat.gateway(), "transfer": BankTransfer("农场", "6222", "ICBC")}
    return Till(gateways, on_paid, on_refunded)


def paid(market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop) -> Payment:
    """An order that somebody paid by WeChat, in the morning of the second of June."""
    (buyer,) = buyers(market, 1)
    put(market, buyer, peaches(shop, 2))
    order_id = placed(market, buyer, home(market, buyer))
    run(start_payment(till, market, buyer, order_id=order_id, method=PayMethod.WECHAT_JSAPI, payer="openid_1"))
    with market.read() as session:
        number = session.exec(select(Payment.out_trade_no).where(Payment.order_id == order_id)).one()
    wechat.pay(number)
    clock.advance(minutes=3)
    run(reconcile(till, market))
    with market.read() as session:
        payment = session.exec(select(Payment).where(Payment.order_id == order_id)).one()
    assert payment.state == PaymentState.SUCCEEDED
    return payment


def refunded(market: Market, till: Till, payment: Payment) -> Refund:
    """One box of it was paid back, as far as WeChat says."""
    with market.transaction() as session:
        line = session.exec(select(OrderLine).where(OrderLine.order_id == payment.order_id)).one()
        share = refund_pieces(sold_lines(session, [line.id])[line.id], 1)
        refund_lines(
            session,
            line.seller_order_id,
            [share],
            reason=RefundReason.CLAIM,
            reference="claim",
            actor="test",
            now=market.now(),
        )
    run(send_refunds(till, market))
    with market.read() as session:
        return session.exec(select(Refund)).one()


def found(market: Market) -> list[tuple[str, str]]:
    with market.read() as session:
        rows = session.exec(select(BillDifference).order_by(col(BillDifference.kind))).all()
    return [(each.kind.value, each.number) for each in rows]


def test_yesterdays_bill_is_fetched_after_ten_and_agrees(
    market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop
) -> None:
    payments = [paid(market, clock, till, wechat, shop) for _ in range(2)]
    refunded(market, till, payments[0])
    clock.now = datetime(2026, 6, 3, 1, 59, tzinfo=UTC)
    wechat.is_ready = False
    assert run(reconcile_bills(till, market)) == 6, "the days before, without trades"
    wechat.is_ready = True
    clock.advance(minutes=1)

    run(reconcile_bills(till, market))

    assert found(market) == []
    with market.read() as session:
        kept = session.exec(select(Reconciliation).where(Reconciliation.day == DAY)).one()
        numbers = session.exec(select(BillRow.number).where(BillRow.reconciliation_id == kept.id)).all()
    total = sum(each.amount_fen for each in payments)
    assert (kept.paid_here_fen, kept.paid_there_fen, kept.fee_fen) == (total, total, 12)
    assert kept.refunded_here_fen == kept.refunded_there_fen == 8_800
    assert (kept.row_count, len(numbers)) == (3, 3)
    assert run(reconcile_bills(till, market)) == 0, "each day once"


@pytest.mark.parametrize(
    ("bend", "kind"),
    [
        (lambda wechat, payment: wechat.hidden.add(payment.out_trade_no), DifferenceKind.MISSING_THERE),
        (lambda wechat, payment: wechat.wrong.update({payment.out_trade_no: 1}), DifferenceKind.AMOUNT),
        (lambda wechat, _: wechat.extra.append((row(AT, "STRANGER", 5), 5, 0, 0)), DifferenceKind.MISSING_HERE),
    ],
)
def test_each_kind_of_difference_of_a_payment_is_found(
    market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop, bend: Any, kind: DifferenceKind
) -> None:
    payment = paid(market, clock, till, wechat, shop)
    bend(wechat, payment)
    clock.now = datetime(2026, 6, 3, 3, tzinfo=UTC)

    run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))

    number = "STRANGER" if kind is DifferenceKind.MISSING_HERE else payment.out_trade_no
    assert found(market) == [(kind.value, number)]


def test_money_in_the_bill_for_a_payment_that_is_not_paid_here_is_a_difference_of_status(
    market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop
) -> None:
    payment = paid(market, clock, till, wechat, shop)
    with market.transaction() as session:
        changed = session.get(Payment, payment.id)
        assert changed is not None
        changed.state = PaymentState.NEEDS_REVIEW
    clock.now = datetime(2026, 6, 3, 3, tzinfo=UTC)

    run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))

    assert found(market) == [("STATUS", payment.out_trade_no)]


def test_refunds_differ_by_amount_by_state_and_by_being_missing_a_day_later(
    market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop
) -> None:
    refund = refunded(market, till, paid(market, clock, till, wechat, shop))
    number = refund.out_refund_no
    wechat.refunds[number]["on"] = DAY.isoformat()
    clock.now = datetime(2026, 6, 4, 3, tzinfo=UTC)

    wechat.wrong[number] = 1
    run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))
    assert found(market) == [("REFUND", number)]

    wechat.wrong.clear()
    wechat.refunds[number]["status"] = "FAIL"
    run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))
    assert found(market) == [("STATUS", number)]

    wechat.hidden.add(number)
    run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))
    assert found(market) == [], "it may still be in the next day's"
    run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY + timedelta(days=1)))
    assert found(market) == [("MISSING_THERE", number)]


def test_a_refund_just_before_midnight_in_the_next_days_bill_is_no_difference(
    market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop
) -> None:
    refund = refunded(market, till, paid(market, clock, till, wechat, shop))
    wechat.refunds[refund.out_refund_no]["on"] = "2026-06-03"
    clock.now = datetime(2026, 6, 4, 3, tzinfo=UTC)

    run(reconcile_bills(till, market))

    assert found(market) == []


def test_what_was_looked_into_stays_so_when_the_bill_is_compared_again(
    market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop
) -> None:
    paid(market, clock, till, wechat, shop)
    wechat.extra += [(row(AT, number, 5), 5, 0, 0) for number in ("FIRST", "SECOND")]
    clock.now = datetime(2026, 6, 3, 3, tzinfo=UTC)
    run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))
    with market.read() as session:
        difference = session.exec(select(BillDifference.id).where(BillDifference.number == "FIRST")).one()
    for nobody in (staff(), Actor(ADMIN.kind.CUSTOMER, "acc_x")):
        with pytest.raises(Forbidden):
            resolve_difference(market, nobody, difference_id=difference, note="测试款", key=key())
    with pytest.raises(NotFound):
        resolve_difference(market, ADMIN, difference_id=market.new_id("rcd"), note="测试款", key=key())
    with_key = key()
    resolve_difference(market, ADMIN, difference_id=difference, note="测试款", key=with_key)
    resolve_difference(market, ADMIN, difference_id=difference, note="测试款", key=with_key)
    with pytest.raises(IllegalTransition):
        resolve_difference(market, ADMIN, difference_id=difference, note="别的", key=key())

    run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))

    assert sorted(found(market)) == [("MISSING_HERE", "FIRST"), ("MISSING_HERE", "SECOND")]
    with market.read() as session:
        kept = session.get(BillDifference, difference)
        assert kept is not None
        assert (kept.note, kept.resolved_by) == ("测试款", ADMIN.account_id)


def test_a_bill_that_was_tampered_with_or_comes_from_elsewhere_is_not_kept(
    market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop
) -> None:
    paid(market, clock, till, wechat, shop)
    clock.now = datetime(2026, 6, 3, 3, tzinfo=UTC)
    wechat.bend = lambda text: text.replace("JSAPI", "NATIVE")
    with pytest.raises(GatewayUnavailable):
        run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))
    wechat.bend, wechat.is_elsewhere = lambda text: text, True
    with pytest.raises(GatewayUnavailable):
        run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))
    assert run(reconcile_bills(till, market)) == 0

    with market.read() as session:
        assert session.exec(select(Reconciliation)).all() == []


def test_no_bill_at_noon_means_that_nothing_was_traded_there(
    market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop
) -> None:
    payment = paid(market, clock, till, wechat, shop)
    wechat.is_ready = False
    clock.now = datetime(2026, 6, 3, 3, 59, tzinfo=UTC)
    run(reconcile_bills(till, market))
    assert found(market) == []
    with pytest.raises(BillNotReady):
        run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))
    with pytest.raises(BillNotReady):
        run(compare_bill(till, market, ADMIN, gateway="transfer", day=DAY))
    clock.advance(minutes=1)

    run(reconcile_bills(till, market))

    assert found(market) == [("MISSING_THERE", payment.out_trade_no)]


def test_only_administrators_fetch_bills(market: Market, till: Till) -> None:
    with pytest.raises(Forbidden):
        run(compare_bill(till, market, staff(), gateway="wechat", day=DAY))


def test_a_bill_does_not_move_money(
    market: Market, clock: FakeClock, till: Till, wechat: BillingWeChat, shop: Shop
) -> None:
    refund = refunded(market, till, paid(market, clock, till, wechat, shop))
    answer = run(till.gateway("wechat").query_refund(refund.out_refund_no))
    before = record_refund(market, on_refunded, "wechat", answer)
    clock.now = datetime(2026, 6, 3, 3, tzinfo=UTC)

    run(compare_bill(till, market, ADMIN, gateway="wechat", day=DAY))

    with market.read() as session:
        assert session.exec(select(Refund.state)).one() == before

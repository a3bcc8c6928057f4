"""Paying with WeChat: what is sent, what is believed, and every way in which news comes late, twice, altered or never."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlmodel import col, select

from market.checkout.till import expire_orders, give_up_order, on_paid, on_refunded
from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.ledger.check import ledger_check
from market.ledger.tables import LedgerAccount
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder
from market.payments.errors import AlreadyPaid, ForgedNotice, GatewayUnavailable, NotPayable, PaymentWindowOver
from market.payments.flow import Started, Till, reconcile, send_refunds, start_payment
from market.payments.gateways.sandbox import Sandbox
from market.payments.gateways.wechat import read_notice
from market.payments.intents import record_trade
from market.payments.refunds import record_refund
from market.payments.rules import PaymentState, PayMethod, RefundState
from market.payments.tables import Payment, ProviderNotice, Refund
from tests.checkout.shop import Shop, buyers, home, open_shop, peaches, placed, put, visit
from tests.clock import FakeClock
from tests.payments.fake_wechat import FakeWeChat, Sent, credentials


@pytest.fixture(name="wechat")
def _wechat(clock: FakeClock) -> FakeWeChat:
    return FakeWeChat(clock)


@pytest.fixture(name="till")
def _till(wechat: FakeWeChat, clock: FakeClock) -> Till:
    return Till({"wechat": wechat.gateway(), "sandbox": Sandbox(clock)}, on_paid, on_refunded)


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market, pieces=10)


@pytest.fixture(name="buyer")
def _buyer(market: Market, shop: Shop) -> Actor:
    del shop
    return buyers(market, 1)[0]


def ordered(market: Market, buyer: Actor, shop: Shop, boxes: int = 2) -> str:
    put(market, buyer, peaches(shop, boxes), visit(shop, 1))
    return placed(market, buyer, home(market, buyer))


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def start(
    till: Till, market: Market, buyer: Actor, order_id: str, method: PayMethod = PayMethod.WECHAT_JSAPI
) -> Started:
    started: Started = run(
        start_payment(till, market, buyer, order_id=order_id, method=method, payer="openid_1", client="203.0.113.9")
    )
    return started


def number(market: Market, order_id: str) -> str:
    with market.read() as session:
        rows = session.exec(select(Payment).where(Payment.order_id == order_id).order_by(col(Payment.id))).all()
        return rows[-1].out_trade_no


def take(till: Till, market: Market, sent: Sent) -> str:
    """What the server does with a notice."""
    notice = read_notice(credentials(), sent.headers, sent.body, market.now())
    assert notice.trade is not None
    return record_trade(market, till.paid, "wechat", notice.trade, notice=(notice.id, notice.event))


def states(market: Market, order_id: str) -> tuple[str, str]:
    """The order's, and its last payment's."""
    with market.read() as session:
        order = session.exec(select(CustomerOrder.state).where(CustomerOrder.id == order_id)).one()
        payments = session.exec(select(Payment).where(Payment.order_id == order_id).order_by(col(Payment.id))).all()
        return order, payments[-1].state


def books(market: Market) -> dict[str, int]:
    with market.read() as session:
        assert ledger_check(session) == []
        return {each.kind.value: each.balance_fen for each in session.exec(select(LedgerAccount)).all()}


PAID = (OrderState.PAID, PaymentState.SUCCEEDED)


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        (PayMethod.WECHAT_JSAPI, "WECHAT_JSAPI"),
        (PayMethod.WECHAT_NATIVE, "QR"),
        (PayMethod.WECHAT_H5, "PAGE"),
        (PayMethod.SANDBOX, "PAGE"),
    ],
)
def test_each_way_to_pay_says_what_the_client_does(
    market: Market, till: Till, shop: Shop, buyer: Actor, method: PayMethod, kind: str
) -> None:
    order_id = ordered(market, buyer, shop)

    first = start(till, market, buyer, order_id, method)
    again = start(till, market, buyer, order_id, method)

    assert first.action.kind == kind
    assert again == first, "asked again, the same payment"
    if method is PayMethod.WECHAT_JSAPI:
        assert set(first.action.params) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}


def test_a_notice_pays_the_order_and_again_changes_nothing(
    market: Market, till: Till, wechat: FakeWeChat, shop: Shop, buyer: Actor
) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    told = wechat.pay(number(market, order_id))
    notice = wechat.notice(told)

    assert take(till, market, notice) == PaymentState.SUCCEEDED
    assert take(till, market, notice) == "REPEATED"
    assert take(till, market, wechat.notice(told)) == PaymentState.SUCCEEDED, "the same payment under a new notice"
    assert take(till, market, wechat.notice({**told, "trade_state": "CLOSED"})) == PaymentState.SUCCEEDED

    assert states(market, order_id) == PAID
    assert books(market)["PROVIDER"] == 2 * 8_800 + 12_800 + 1_000
    assert "LATE_MONEY" not in books(market)


def test_forty_notices_at_once_are_one_payment(
    market: Market, till: Till, wechat: FakeWeChat, shop: Shop, buyer: Actor
) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    told = wechat.pay(number(market, order_id))
    same = wechat.notice(told)
    notices = [same] * 20 + [wechat.notice(told) for _ in range(20)]
    outcomes: list[str] = []

    threads = [Thread(target=lambda sent=sent: outcomes.append(take(till, market, sent))) for sent in notices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 40, "each was answered"
    assert outcomes.count("REPEATED") == 19
    assert states(market, order_id) == PAID
    assert books(market)["PROVIDER"] == 2 * 8_800 + 12_800 + 1_000
    with market.read() as session:
        assert len(session.exec(select(ProviderNotice)).all()) == 21


@pytest.mark.parametrize("changes", [{"total": 1}, {"total": 10**7}, {"currency": "USD"}])
def test_money_that_is_not_what_was_asked_for_is_looked_at_by_somebody(
    market: Market, till: Till, wechat: FakeWeChat, shop: Shop, buyer: Actor, changes: dict[str, Any]
) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    told = wechat.pay(number(market, order_id))
    told["amount"] = {**told["amount"], **changes}

    assert take(till, market, wechat.notice(told)) == PaymentState.NEEDS_REVIEW

    assert states(market, order_id) == (OrderState.PENDING_PAYMENT, PaymentState.NEEDS_REVIEW)
    assert books(market) == {}


def altered(wechat: FakeWeChat, told: dict[str, Any]) -> dict[str, Callable[[], Sent]]:
    """Notices that are not to be believed."""
    good = wechat.notice(told)
    other = FakeWeChat(wechat.clock)
    return {
        "altered body": lambda: Sent(good.headers, good.body.replace(b"EV-", b"EV_")),
        "wrong signature": lambda: Sent({**good.headers, "wechatpay-signature": "WECHATPAY/SIGNTEST/abcd"}, good.body),
        "another's signature": lambda: Sent(
            {**good.headers, "wechatpay-signature": other.signed(b"{}")["wechatpay-signature"]}, good.body
        ),
        "unknown serial": lambda: Sent({**good.headers, "wechatpay-serial": "PUB_KEY_ID_9"}, good.body),
        "no headers": lambda: Sent({}, good.body),
        "five minutes old": lambda: wechat.notice(told, seconds=-300),
        "a day old": lambda: wechat.notice(told, seconds=-86_400),
        "from the future": lambda: wechat.notice(told, seconds=301),
        "another merchant's": lambda: wechat.notice({**told, "mchid": "1900000009"}),
        "another app's": lambda: wechat.notice({**told, "appid": "wx_other"}),
        "not a notice": lambda: Sent(wechat.signed(b"[]"), b"[]"),
        "no resource": lambda: Sent(wechat.signed(b"{}"), b"{}"),
    }


def test_what_is_not_wechats_is_not_believed(
    market: Market, till: Till, wechat: FakeWeChat, shop: Shop, buyer: Actor
) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    told = wechat.pay(number(market, order_id))

    for what, make in altered(wechat, told).items():
        with pytest.raises(ForgedNotice):
            take(till, market, make())
        assert states(market, order_id) == (OrderState.PENDING_PAYMENT, PaymentState.PENDING), what
    assert books(market) == {}
    assert take(till, market, wechat.notice(told, seconds=-299)) == PaymentState.SUCCEEDED


def test_a_notice_of_an_unknown_trade_is_kept_and_answered(market: Market, till: Till, wechat: FakeWeChat) -> None:
    told = {
        "appid": "wx_app",
        "mchid": "1900000001",
        "out_trade_no": "nobody",
        "trade_state": "SUCCESS",
        "amount": {"total": 1, "currency": "CNY"},
    }

    assert take(till, market, wechat.notice(told)) == "UNKNOWN"
    with market.read() as session:
        assert session.exec(select(ProviderNotice.outcome)).one() == "UNKNOWN"


def test_a_notice_that_never_comes_is_asked_for(
    market: Market, till: Till, wechat: FakeWeChat, clock: FakeClock, shop: Shop, buyer: Actor
) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    wechat.pay(number(market, order_id))
    assert run(reconcile(till, market)) == 0, "too early"

    clock.advance(minutes=3)
    wechat.failing = [500]
    assert run(reconcile(till, market)) == 1
    assert states(market, order_id) == (OrderState.PENDING_PAYMENT, PaymentState.PENDING)
    assert run(reconcile(till, market)) == 1
    assert states(market, order_id) == PAID


@pytest.mark.parametrize("trouble", ["500", "429", "lost", "unsigned"])
def test_a_provider_that_does_not_answer_leaves_a_payment_that_can_be_tried_again(
    market: Market, till: Till, wechat: FakeWeChat, shop: Shop, buyer: Actor, trouble: str
) -> None:
    order_id = ordered(market, buyer, shop)
    if trouble.isdigit():
        wechat.failing = [int(trouble)]
    wechat.lost = 1 if trouble == "lost" else 0
    wechat.unsigned = trouble == "unsigned"

    with pytest.raises(GatewayUnavailable):
        start(till, market, buyer, order_id)
    wechat.unsigned = False

    first = number(market, order_id)
    assert start(till, market, buyer, order_id).action.kind == "WECHAT_JSAPI"
    assert number(market, order_id) == first, "the same number: no second trade that could be paid too"
    assert len(wechat.trades) == 1


def test_another_way_to_pay_closes_the_one_before(
    market: Market, till: Till, wechat: FakeWeChat, shop: Shop, buyer: Actor
) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    start(till, market, buyer, order_id, PayMethod.SANDBOX)

    (trade,) = wechat.trades.values()
    assert trade["trade_state"] == "CLOSED"
    with market.read() as session:
        assert sorted(session.exec(select(Payment.state)).all()) == [PaymentState.CLOSED, PaymentState.PENDING]


def test_another_way_to_pay_when_the_money_is_there_already(
    market: Market, till: Till, wechat: FakeWeChat, shop: Shop, buyer: Actor
) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    wechat.pay(number(market, order_id))

    with pytest.raises(AlreadyPaid):
        start(till, market, buyer, order_id, PayMethod.SANDBOX)
    assert states(market, order_id) == PAID


def test_an_order_expires_only_after_its_payment_is_closed_there(
    market: Market, till: Till, wechat: FakeWeChat, clock: FakeClock, shop: Shop, buyer: Actor
) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    clock.advance(minutes=16)
    wechat.failing = [500]

    assert run(expire_orders(till, market)) == 0
    assert states(market, order_id) == (OrderState.PENDING_PAYMENT, PaymentState.PENDING)
    assert run(expire_orders(till, market)) == 1
    assert states(market, order_id) == (OrderState.EXPIRED, PaymentState.CLOSED)
    with pytest.raises(NotPayable):
        start(till, market, buyer, order_id)


def test_an_order_whose_money_came_unnoticed_does_not_expire(
    market: Market, till: Till, wechat: FakeWeChat, clock: FakeClock, shop: Shop, buyer: Actor
) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    wechat.pay(number(market, order_id))
    clock.advance(minutes=16)

    assert run(expire_orders(till, market)) == 0
    assert states(market, order_id) == PAID


def test_the_time_to_pay_is_over(market: Market, till: Till, clock: FakeClock, shop: Shop, buyer: Actor) -> None:
    order_id = ordered(market, buyer, shop)
    clock.advance(minutes=15)

    with pytest.raises(PaymentWindowOver):
        start(till, market, buyer, order_id)


def test_cancelling_while_paying(market: Market, till: Till, wechat: FakeWeChat, shop: Shop, buyer: Actor) -> None:
    order_id = ordered(market, buyer, shop)
    start(till, market, buyer, order_id)
    wechat.failing = [500]
    with pytest.raises(GatewayUnavailable):
        run(give_up_order(till, market, buyer, order_id=order_id))
    assert states(market, order_id)[0] == OrderState.PENDING_PAYMENT, "nothing is let go while money may come"

    wechat.pay(number(market, order_id))
    with pytest.raises(AlreadyPaid):
        run(give_up_order(till, market, buyer, order_id=order_id))
    assert states(market, order_id) == PAID


def test_a_stranger_can_neither_pay_nor_cancel_nor_learn_that_it_is_there(
    market: Market, till: Till, wechat: FakeWeChat, shop: Shop, buyer: Actor
) -> None:
    (stranger,) = buyers(market, 1)
    order_id = ordered(market, buyer, shop)
    calls = len(wechat.calls)
    for attempt in (
        lambda of: start(till, market, stranger, of),
        lambda of: run(give_up_order(till, market, stranger, order_id=of)),
    ):
        told = []
        for of in (order_id, "ord_unknown"):
            with pytest.raises(NotFound) as refused:
                attempt(of)
            told.append(str(refused.value))
        assert told[0] == told[1]
    assert len(wechat.calls) == calls
    assert states_of_order(market, order_id) == OrderState.PENDING_PAYMENT


def states_of_order(market: Market, order_id: str) -> str:
    with market.read() as session:
        return session.exec(select(CustomerOrder.state).where(CustomerOrder.id == order_id)).one()


def late(
    market: Market, till: Till, wechat: FakeWeChat, clock: FakeClock, shop: Shop, buyer: Actor
) -> tuple[str, dict[str, Any]]:
    """Money for an order that expired and whose boxes somebody else has bought."""
    order_id = ordered(market, buyer, shop, boxes=6)
    start(till, market, buyer, order_id)
    told = wechat.pay(number(market, order_id))
    wechat.trades[number(market, order_id)]["trade_state"] = "NOTPAY"  # the notice and the books are behind
    clock.advance(minutes=16)
    assert run(expire_orders(till, market)) == 1
    wechat.trades[number(market, order_id)]["trade_state"] = "SUCCESS"
    clock.advance(hours=24)
    (other,) = buyers(market, 1)
    put(market, other, peaches(shop, 6))
    placed(market, other, home(market, other))
    return order_id, told


def test_late_money_goes_back_whole(
    market: Market, till: Till, wechat: FakeWeChat, clock: FakeClock, shop: Shop, buyer: Actor
) -> None:
    order_id, told = late(market, till, wechat, clock, shop, buyer)
    take(till, market, wechat.notice(told))
    fen = told["amount"]["total"]
    assert states(market, order_id) == (OrderState.EXPIRED, PaymentState.SUCCEEDED)
    assert books(market) == {"PROVIDER": fen, "LATE_MONEY": 0, "REFUND_CLEARING": -fen}

    wechat.lost = 1
    run(send_refunds(till, market))
    assert run(send_refunds(till, market)) == 0, "a minute between tries"
    clock.advance(minutes=2)
    run(send_refunds(till, market))
    (refund,) = wechat.refunds.values()
    assert refund["amount"]["refund"] == fen
    refund["status"] = "SUCCESS"
    clock.advance(minutes=6)
    run(send_refunds(till, market))

    assert books(market) == {"PROVIDER": 0, "LATE_MONEY": 0, "REFUND_CLEARING": 0}
    with market.read() as session:
        assert session.exec(select(Refund.state)).one() == RefundState.SUCCEEDED
    clock.advance(days=2)
    assert run(send_refunds(till, market)) == 0


@pytest.mark.parametrize(("status", "state"), [("ABNORMAL", RefundState.ABNORMAL), ("CLOSED", RefundState.FAILED)])
def test_a_refund_that_does_not_arrive_waits_for_somebody_and_stays_owed(
    market: Market,
    till: Till,
    wechat: FakeWeChat,
    clock: FakeClock,
    shop: Shop,
    buyer: Actor,
    status: str,
    state: RefundState,
) -> None:
    _order, told = late(market, till, wechat, clock, shop, buyer)
    take(till, market, wechat.notice(told))
    wechat.refund_status = status

    run(send_refunds(till, market))

    with market.read() as session:
        assert session.exec(select(Refund.state)).one() == state
    assert books(market)["REFUND_CLEARING"] == -told["amount"]["total"]
    clock.advance(days=3)
    assert run(send_refunds(till, market)) == 0


def test_a_notice_of_a_refund_ends_it(
    market: Market, till: Till, wechat: FakeWeChat, clock: FakeClock, shop: Shop, buyer: Actor
) -> None:
    _order, told = late(market, till, wechat, clock, shop, buyer)
    take(till, market, wechat.notice(told))
    run(send_refunds(till, market))
    (refund,) = wechat.refunds.values()
    facts = {key: value for key, value in refund.items() if key != "status"}
    sent = wechat.notice({**facts, "mchid": "1900000001", "refund_status": "SUCCESS"}, "REFUND.SUCCESS")
    notice = read_notice(credentials(), sent.headers, sent.body, market.now())
    assert notice.refund is not None

    for _again in range(2):
        assert record_refund(market, till.refunded, "wechat", notice.refund) == RefundState.SUCCEEDED
    assert books(market)["PROVIDER"] == 0


def test_an_answer_that_is_not_fresh_is_not_believed(market: Market, shop: Shop, buyer: Actor) -> None:
    order_id = ordered(market, buyer, shop)
    tomorrow = FakeWeChat(lambda: market.now() + timedelta(days=1))
    stale = Till({"wechat": replace(tomorrow.gateway(), clock=market.now)}, on_paid, on_refunded)

    with pytest.raises(GatewayUnavailable):
        start(stale, market, buyer, order_id)

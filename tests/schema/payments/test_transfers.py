"""Bank transfers by API: the buyer is shown an account, finance confirms what came and what went back, nobody else."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from market.checkout.till import expire_orders, on_paid, on_refunded
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.ledger.check import ledger_check
from market.payments.flow import Till, send_refunds
from market.payments.gateways.sandbox import Sandbox
from market.payments.gateways.transfer import BankTransfer
from market.payments.port import Gateway, RefundAnswer, RefundAnswerState, RefundIntent
from market.payments.transfers import Arrived, confirm_transfer
from schema.services import Services
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, placed, put
from tests.clock import FakeClock
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN

PAY = """
mutation Pay($order: ID!, $method: PayMethod!) {
  startPayment(orderId: $order, method: $method) {
    __typename
    ... on PaymentPayload { paymentId action parameters }
    ... on UserError { code message retryable }
  }
}
"""
CONFIRM = """
mutation Confirm($input: ConfirmTransferInput!, $key: ID!) {
  confirmTransfer(input: $input, idempotencyKey: $key) {
    __typename
    ... on ConfirmedPaymentPayload { payment { state nextStates paidAt providerNumber refunds { id state amount { amount } } } }
    ... on UserError { code message path }
  }
}
"""
SENT = """
mutation Sent($refund: ID!, $key: ID!) {
  confirmRefund(refundId: $refund, bankReference: "OUT-1", idempotencyKey: $key) {
    __typename
    ... on ConfirmedPaymentPayload { payment { refunds { state nextStates } } }
    ... on UserError { code }
  }
}
"""
AGAIN = """
mutation Again($refund: ID!, $key: ID!) {
  retryRefund(refundId: $refund, idempotencyKey: $key) {
    __typename
    ... on ConfirmedPaymentPayload { payment { refunds { state number } } }
    ... on UserError { code }
  }
}
"""
WAITING = """
query Waiting($where: PaymentWhere) {
  payments(where: $where) { nodes { id orderNumber method amount { amount } state refunds { id state lastError } } totalCount }
}
"""


def staff(region: str) -> Actor:
    """Somebody of a region's finance."""
    roles = frozenset({Role.STAFF_FINANCE})
    return Actor(ActorKind.STAFF, "acc_finance", staff_roles=roles, region_codes=frozenset({region}))


HERE, ELSEWHERE = staff("330213000000"), staff("330282000000")


class Counter:
    """A shop where orders can be paid by transfer and in the sandbox."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.shop: Shop = open_shop(market)
        (self.buyer,) = buyers(market, 1)
        self.address = home(market, self.buyer)
        gateways: dict[str, Gateway] = {
            "transfer": BankTransfer("市集", "6222 0000", "宁波银行"),
            "sandbox": Sandbox(market.now),
        }
        self.till = Till(gateways, on_paid, on_refunded)
        self.asker: Asker

    def walk(self, ask: Callable[[Market], Coroutine[Any, Any, None]]) -> None:
        """Walk through the API, then look whether the ledger agrees."""

        async def run(here: Market) -> None:
            self.asker = Asker(here, services=Services(till=self.till))
            await ask(here)

        asked(self.market, run)
        with self.market.read() as session:
            assert ledger_check(session) == []

    def order(self) -> str:
        """Two boxes of peaches ordered: 88 each, and 10 for delivery."""
        put(self.market, self.buyer, peaches(self.shop, 2))
        return placed(self.market, self.buyer, self.address)

    async def act(self, document: str, actor: Actor, **variables: Any) -> Any:
        """The mutation's answer."""
        (answer,) = (await self.asker.data(document, variables, actor=actor)).values()
        return answer

    async def confirm(
        self, payment: str, actor: Actor = HERE, *, amount: str = "186.00", reference: str = "IN-1", with_key: str = ""
    ) -> Any:
        """Finance confirms a transfer."""
        given = {"paymentId": payment, "amount": amount, "bankReference": reference}
        return await self.act(CONFIRM, actor, input=given, key=with_key or key())

    async def payment(self, order: str) -> str:
        """The buyer chooses to transfer."""
        return str((await self.act(PAY, self.buyer, order=order, method="BANK_TRANSFER"))["paymentId"])


@pytest.fixture(name="counter")
def _counter(market: Market) -> Counter:
    return Counter(market)


def test_finance_confirms_a_transfer_once_and_only_in_its_amount(counter: Counter) -> None:
    order = counter.order()

    async def walk(here: Market) -> None:
        shown = await counter.act(PAY, counter.buyer, order=order, method="BANK_TRANSFER")
        assert shown["action"] == "TRANSFER"
        assert shown["parameters"]["accountNumber"] == "6222 0000"
        mine = await counter.act(WAITING, HERE, where={"states": ["PENDING"], "methods": ["BANK_TRANSFER"]})
        assert [(each["id"], each["orderNumber"]) for each in mine["nodes"]] == [
            (shown["paymentId"], shown["parameters"]["reference"])
        ]
        assert (await counter.act(WAITING, HERE, where={"number": shown["parameters"]["reference"]}))["totalCount"] == 1
        assert (await counter.act(WAITING, ELSEWHERE, where={}))["totalCount"] == 0

        payment = shown["paymentId"]
        foreign, unknown = await counter.confirm(payment, ELSEWHERE), await counter.confirm("pay_" + "0" * 26, HERE)
        assert foreign == unknown
        assert foreign["__typename"] == "NotFound"
        assert (await counter.confirm(payment, counter.buyer))["__typename"] == "Forbidden"
        differs = await counter.confirm(payment, amount="185.99")
        assert differs["__typename"] == "TransferAmountDiffers"
        assert "186.00" in differs["message"]
        assert (await counter.act(WAITING, HERE, where={"states": ["PENDING"]}))["totalCount"] == 1

        again = key()
        done = await counter.confirm(payment, with_key=again)
        assert (done["payment"]["state"], done["payment"]["providerNumber"]) == ("SUCCEEDED", "IN-1")
        assert await counter.confirm(payment, with_key=again) == done
        assert (await counter.confirm(payment))["code"] == "ILLEGAL_TRANSITION"
        order_now = await counter.asker.data(
            "query O($id: ID!) { order(id: $id) { state } }", {"id": order}, actor=counter.buyer
        )
        assert order_now["order"]["state"] == "PAID"

        second = await counter.payment(await here.run(lambda _market: counter.order(), here))
        assert (await counter.confirm(second))["__typename"] == "InvalidInput"  # IN-1 paid the first one
        answers = await asyncio.gather(*[counter.confirm(second, reference=f"IN-{each}") for each in range(2, 6)])
        assert sorted(each["__typename"] for each in answers) == ["ConfirmedPaymentPayload", *["IllegalTransition"] * 3]

    counter.walk(walk)


def test_one_line_of_the_banks_statement_pays_one_order_also_at_once(counter: Counter) -> None:
    payments: list[str] = []

    async def choose(_market: Market) -> None:
        payments.extend([await counter.payment(counter.order()) for _ in range(2)])

    def confirm(payment: str) -> str:
        arrived = Arrived(payment, 18_600, "IN-7")
        try:
            return confirm_transfer(counter.market, HERE, arrived, paid=on_paid, key=key())
        except Invalid as error:
            return str(error.facts["field"])

    counter.walk(choose)
    with ThreadPoolExecutor(2) as threads:
        told = list(threads.map(confirm, payments))

    assert sorted(told) == sorted(["bankReference", *(set(told) & set(payments))])
    assert len(set(told) & set(payments)) == 1


def test_a_transfer_that_comes_late_has_the_goods_or_goes_back_by_hand(counter: Counter, clock: FakeClock) -> None:
    order = counter.order()

    async def late(here: Market) -> None:
        payment = await counter.payment(order)
        clock.advance(hours=2)
        assert await expire_orders(counter.till, here) == 1
        put(here, counter.buyer, peaches(counter.shop, 99))
        await here.run(lambda _market: placed(here, counter.buyer, counter.address), here)  # nothing is left for it
        done = (await counter.confirm(payment))["payment"]
        assert [refund["state"] for refund in done["refunds"]] == ["REQUESTED"]
        refund = done["refunds"][0]["id"]
        assert await send_refunds(counter.till, here) == 1
        owed = await counter.act(WAITING, HERE, where={"refundStates": ["PROCESSING"]})
        assert [each["id"] for each in owed["nodes"][0]["refunds"]] == [refund]

        foreign = await counter.act(SENT, ELSEWHERE, refund=refund, key=key())
        assert foreign == await counter.act(SENT, HERE, refund="rfd_" + "0" * 26, key=key())
        sent = await counter.act(SENT, HERE, refund=refund, key=key())
        assert sent["payment"]["refunds"] == [{"state": "SUCCEEDED", "nextStates": []}]
        assert (await counter.act(SENT, HERE, refund=refund, key=key()))["code"] == "ILLEGAL_TRANSITION"

    counter.walk(late)


def test_a_refund_that_failed_is_sent_again_under_a_new_number(counter: Counter, clock: FakeClock) -> None:
    order = counter.order()

    class Refusing(Sandbox):
        """A provider that closes refunds."""

        async def refund(self, intent: RefundIntent) -> RefundAnswer:
            return RefundAnswer(intent.out_refund_no, RefundAnswerState.CLOSED)

    async def walk(here: Market) -> None:
        sandbox = counter.till.gateways["sandbox"]
        assert isinstance(sandbox, Sandbox)
        assert await counter.act("{ payMethods }", counter.buyer) == ["BANK_TRANSFER", "SANDBOX"]
        refused = await counter.act(PAY, counter.buyer, order=order, method="WECHAT_NATIVE")
        assert (refused["code"], refused["retryable"]) == ("PAY_METHOD_NOT_OFFERED", False)
        # Written down, a payment of a gateway that is not there could never be closed.
        started = await counter.act(PAY, counter.buyer, order=order, method="SANDBOX")
        number = started["parameters"]["url"].rpartition("/")[2]
        clock.advance(hours=2)
        trade = sandbox.settle(number, is_paid=True)
        assert trade is not None
        put(here, counter.buyer, peaches(counter.shop, 99))
        await here.run(lambda _market: placed(here, counter.buyer, counter.address), here)
        refusing = replace(counter.till, gateways={"sandbox": Refusing(here.now, trades=sandbox.trades)})
        assert await expire_orders(counter.till, here) == 0  # it was paid: late, and owed back
        assert await send_refunds(refusing, here) == 1
        (payment,) = (await counter.act(WAITING, ADMIN, where={"refundStates": ["FAILED"]}))["nodes"]
        refund = payment["refunds"][0]["id"]
        assert (await counter.act(SENT, ADMIN, refund=refund, key=key()))["code"] == "ILLEGAL_TRANSITION"
        again = await counter.act(AGAIN, ADMIN, refund=refund, key=key())
        assert [each["state"] for each in again["payment"]["refunds"]] == ["REQUESTED"]
        assert await send_refunds(counter.till, here) == 1
        (payment,) = (await counter.act(WAITING, ADMIN, where={"refundStates": ["SUCCEEDED"]}))["nodes"]
        assert (await counter.act(AGAIN, ADMIN, refund=refund, key=key()))["code"] == "ILLEGAL_TRANSITION"

    counter.walk(walk)

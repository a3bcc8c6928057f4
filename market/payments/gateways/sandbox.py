"""A provider that takes no money, for development and demos: a page with two buttons says what became of a payment.

It keeps its trades in memory, as a provider would keep its own books; the server's page calls `settle`.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from market.kernel.clock import Clock, business_day
from market.payments.bills import Bill, BillKind, BillLine
from market.payments.port import (
    Intent,
    PayAction,
    RefundAnswer,
    RefundAnswerState,
    RefundIntent,
    Trade,
    TradeState,
)


@dataclass(slots=True)
class Sandbox:
    """One process's sandbox."""

    clock: Clock
    page_url: str = "/sandbox/pay/"
    name: str = "sandbox"
    trades: dict[str, Trade] = field(default_factory=dict)
    amounts: dict[str, tuple[int, str]] = field(default_factory=dict)
    refunds: dict[str, RefundAnswer] = field(default_factory=dict)

    async def create(self, intent: Intent) -> PayAction:
        """A page to open."""
        self.expect(intent.out_trade_no, intent.amount_fen, intent.currency)
        return PayAction("PAGE", {"url": f"{self.page_url}{intent.out_trade_no}"})

    def expect(self, out_trade_no: str, amount_fen: int, currency: str) -> None:
        """A trade to be paid, unless it is known: also one that another process made, or this one before it ended."""
        self.trades.setdefault(out_trade_no, Trade(out_trade_no, TradeState.NOT_PAID))
        self.amounts[out_trade_no] = (amount_fen, currency)

    async def query(self, out_trade_no: str) -> Trade:
        """As it stands."""
        return self.trades.get(out_trade_no, Trade(out_trade_no, TradeState.UNKNOWN))

    async def close(self, out_trade_no: str) -> Trade:
        """Closed, unless it was paid."""
        trade = await self.query(out_trade_no)
        if trade.state is not TradeState.PAID:
            trade = Trade(out_trade_no, TradeState.CLOSED)
            self.trades[out_trade_no] = trade
        return trade

    async def refund(self, intent: RefundIntent) -> RefundAnswer:
        """At once."""
        answer = RefundAnswer(
            intent.out_refund_no, RefundAnswerState.SUCCEEDED, f"sr_{intent.out_refund_no}", intent.amount_fen
        )
        return self.refunds.setdefault(intent.out_refund_no, answer)

    async def query_refund(self, out_refund_no: str) -> RefundAnswer:
        """As it stands."""
        return self.refunds.get(out_refund_no, RefundAnswer(out_refund_no, RefundAnswerState.UNKNOWN))

    @property
    def has_bills(self) -> bool:
        """Not to be compared: it forgets its trades when the process ends."""
        return False

    async def bill(self, day: date) -> Bill | None:
        """What was paid on a day, while it is remembered."""
        paid = [
            BillLine(
                BillKind.PAYMENT, trade.out_trade_no, trade.provider_id or "", "SUCCESS", trade.amount_fen or 0, at
            )
            for trade in self.trades.values()
            if trade.state is TradeState.PAID and (at := trade.paid_at) is not None and business_day(at) == day
        ]
        return Bill(day, tuple(paid), paid_fen=sum(line.amount_fen for line in paid))

    def settle(self, out_trade_no: str, *, is_paid: bool, at: datetime | None = None) -> Trade | None:
        """A person clicked: it is paid, or given up. None for a trade that is not there or has ended."""
        trade = self.trades.get(out_trade_no)
        if trade is None or trade.state is not TradeState.NOT_PAID:
            return None
        amount, currency = self.amounts[out_trade_no]
        paid = replace(
            trade,
            state=TradeState.PAID,
            provider_id=f"st_{out_trade_no}"[:64],
            amount_fen=amount,
            currency=currency,
            paid_at=at or self.clock(),
        )
        self.trades[out_trade_no] = paid if is_paid else replace(trade, state=TradeState.CLOSED)
        return self.trades[out_trade_no]

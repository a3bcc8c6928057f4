"""Bank transfer: nobody to call. The buyer is shown an account and a reference; finance confirms what arrived."""

from dataclasses import dataclass
from datetime import date

from market.payments.bills import Bill
from market.payments.port import Intent, PayAction, RefundAnswer, RefundAnswerState, RefundIntent, Trade, TradeState


@dataclass(frozen=True, slots=True)
class BankTransfer:
    """The platform's account. Trades are what finance says they are, see `confirm_transfer`."""

    account_name: str
    account_number: str
    bank: str
    name: str = "transfer"

    async def create(self, intent: Intent) -> PayAction:
        """The account, and what to write on the transfer."""
        return PayAction(
            "TRANSFER",
            {
                "accountName": self.account_name,
                "accountNumber": self.account_number,
                "bank": self.bank,
                "reference": intent.order_number,
            },
        )

    async def query(self, out_trade_no: str) -> Trade:
        """Nobody to ask: it waits for finance."""
        return Trade(out_trade_no, TradeState.NOT_PAID)

    async def close(self, out_trade_no: str) -> Trade:
        """Nobody to tell: money that comes afterwards is late money."""
        return Trade(out_trade_no, TradeState.CLOSED)

    async def refund(self, intent: RefundIntent) -> RefundAnswer:
        """Waits for finance to send it, see `confirm_refund`."""
        return RefundAnswer(intent.out_refund_no, RefundAnswerState.PROCESSING)

    async def query_refund(self, out_refund_no: str) -> RefundAnswer:
        """Still waiting, as far as anybody can be asked."""
        return RefundAnswer(out_refund_no, RefundAnswerState.PROCESSING)

    @property
    def has_bills(self) -> bool:
        """Not from a bank account: finance has its statements."""
        return False

    async def bill(self, day: date) -> Bill | None:
        """None."""
        return None

"""What a payment gateway can do: the port that providers are behind. Async: never inside a transaction."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from market.payments.bills import Bill
from market.payments.rules import PayMethod


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment to be made possible at the provider."""

    payment_id: str
    order_number: str
    method: PayMethod
    amount_fen: int
    currency: str
    out_trade_no: str
    description: str
    expires_at: datetime
    payer: str | None = None
    """Who pays, as the provider knows them (WeChat: openid)."""
    client: str = ""
    """The buyer's network address, where the provider wants it (WeChat H5)."""


@dataclass(frozen=True, slots=True)
class PayAction:
    """What the buyer's client does to pay: parameters for WeChat's JSAPI, a code to show as QR, an address to open, the
    account to transfer to."""

    kind: str
    params: dict[str, Any] = field(default_factory=dict)


class TradeState(StrEnum):
    """What a provider says of a trade."""

    NOT_PAID = "NOT_PAID"
    PAID = "PAID"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"
    """It has no such trade."""


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade at the provider."""

    out_trade_no: str
    state: TradeState
    provider_id: str | None = None
    amount_fen: int | None = None
    currency: str | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundIntent:
    """Money to be sent back. The same `out_refund_no` is one refund, however often it is sent."""

    out_trade_no: str
    provider_id: str | None
    out_refund_no: str
    amount_fen: int
    total_fen: int
    currency: str
    reason: str


class RefundAnswerState(StrEnum):
    """What a provider says of a refund."""

    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    CLOSED = "CLOSED"
    ABNORMAL = "ABNORMAL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """A refund at the provider."""

    out_refund_no: str
    state: RefundAnswerState
    provider_id: str | None = None
    amount_fen: int | None = None


class Gateway(Protocol):
    """A provider. Each call may raise GatewayUnavailable: then nothing is known, and it is asked again later."""

    @property
    def name(self) -> str:
        """What payments call it."""

    async def create(self, intent: Intent) -> PayAction:
        """Make the payment possible. The same `out_trade_no` is one trade."""

    async def query(self, out_trade_no: str) -> Trade:
        """What became of a trade."""

    async def close(self, out_trade_no: str) -> Trade:
        """Let nobody pay it any more; PAID when somebody has."""

    async def refund(self, intent: RefundIntent) -> RefundAnswer:
        """Send money back."""

    async def query_refund(self, out_refund_no: str) -> RefundAnswer:
        """What became of a refund."""

    @property
    def has_bills(self) -> bool:
        """Whether it makes a bill of each day."""

    async def bill(self, day: date) -> Bill | None:
        """Its bill of a day, Shanghai's; None when there is none: it is not made yet, or nothing happened."""

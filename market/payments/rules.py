"""States of payments and refunds, and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class PaymentState(StrEnum):
    """Where a payment stands.

    CREATED: written down, the provider may not know of it yet. NEEDS_REVIEW: money came that is not what was asked for.
    """

    CREATED = "CREATED"
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    CLOSED = "CLOSED"
    NEEDS_REVIEW = "NEEDS_REVIEW"


LIVE = (PaymentState.CREATED, PaymentState.PENDING)
"""A payment that may still bring money."""

PAYMENT_MOVES: Mapping[PaymentState, frozenset[PaymentState]] = MappingProxyType(
    {
        PaymentState.CREATED: frozenset(
            {PaymentState.PENDING, PaymentState.SUCCEEDED, PaymentState.CLOSED, PaymentState.NEEDS_REVIEW}
        ),
        PaymentState.PENDING: frozenset({PaymentState.SUCCEEDED, PaymentState.CLOSED, PaymentState.NEEDS_REVIEW}),
        # The provider has the last word: money that came is there, whatever was written down.
        PaymentState.CLOSED: frozenset({PaymentState.SUCCEEDED, PaymentState.NEEDS_REVIEW}),
        PaymentState.SUCCEEDED: frozenset(),
        PaymentState.NEEDS_REVIEW: frozenset(),
    }
)


class PayMethod(StrEnum):
    """How the buyer pays: WeChat Pay inside WeChat, by a code to scan, in a browser; by bank transfer; in the sandbox."""

    WECHAT_JSAPI = "WECHAT_JSAPI"
    WECHAT_NATIVE = "WECHAT_NATIVE"
    WECHAT_H5 = "WECHAT_H5"
    BANK_TRANSFER = "BANK_TRANSFER"
    SANDBOX = "SANDBOX"


GATEWAY_OF: Mapping[PayMethod, str] = MappingProxyType(
    {
        PayMethod.WECHAT_JSAPI: "wechat",
        PayMethod.WECHAT_NATIVE: "wechat",
        PayMethod.WECHAT_H5: "wechat",
        PayMethod.BANK_TRANSFER: "transfer",
        PayMethod.SANDBOX: "sandbox",
    }
)


class RefundState(StrEnum):
    """Where a refund stands. FAILED and ABNORMAL need somebody: the money did not reach the buyer."""

    REQUESTED = "REQUESTED"
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABNORMAL = "ABNORMAL"


REFUND_MOVES: Mapping[RefundState, frozenset[RefundState]] = MappingProxyType(
    {
        RefundState.REQUESTED: frozenset(
            {RefundState.PROCESSING, RefundState.SUCCEEDED, RefundState.FAILED, RefundState.ABNORMAL}
        ),
        RefundState.PROCESSING: frozenset({RefundState.SUCCEEDED, RefundState.FAILED, RefundState.ABNORMAL}),
        RefundState.FAILED: frozenset({RefundState.REQUESTED}),
        RefundState.ABNORMAL: frozenset({RefundState.REQUESTED, RefundState.SUCCEEDED}),
        RefundState.SUCCEEDED: frozenset(),
    }
)


class RefundReason(StrEnum):
    """Why money goes back."""

    LATE_MONEY = "LATE_MONEY"
    CANCELLED = "CANCELLED"
    OPERATOR_CANCELLED = "OPERATOR_CANCELLED"
    CLAIM = "CLAIM"
    RETURN = "RETURN"
    RESCHEDULE = "RESCHEDULE"
    OTHER = "OTHER"

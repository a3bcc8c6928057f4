"""The types of payments: for finance."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from schema.enums import PaymentState, PayMethod, RefundReason, RefundState
from schema.node import Money, Node
from schema.pagination import field
from schema.permissions import ruled

_FINANCE = ruled(Permission.PAYMENT_CONFIRM)


@strawberry.type(description="Money on its way back to a buyer.")
@_FINANCE
class PaymentRefund:
    id: strawberry.ID = field("Its id.")
    state: RefundState = field("Where it stands.")
    next_states: list[RefundState] = field("Where it can go from here.")
    amount: Money = field("How much.")
    reason: RefundReason = field("Why.")
    number: str = field("Our number of it at the provider, or to write on the transfer.")
    last_error: str | None = field("What the last try to send it met with.")
    requested_at: datetime = field("When it was asked for.")
    ended_at: datetime | None = field("When it was over.")


@strawberry.type(description="A try to pay an order.")
@_FINANCE
class Payment(Node):
    order_id: strawberry.ID = field("The order.")
    order_number: str = field("The order's number: what is written on a bank transfer.")
    method: PayMethod = field("How.")
    amount: Money = field("How much must come.")
    state: PaymentState = field("Where it stands.")
    next_states: list[PaymentState] = field("Where it can go from here. Late money counts: CLOSED can still succeed.")
    refunded: Money = field("How much of it was asked back.")
    provider_number: str | None = field("The provider's number of it, or the bank's; null while nothing came.")
    review: str | None = field("What is wrong with one that is NEEDS_REVIEW.")
    created_at: datetime = field("When the buyer chose to pay this way.")
    expires_at: datetime = field("Until when its order waited.")
    paid_at: datetime | None = field("When the money came.")
    refunds: list[PaymentRefund] = field("What goes back of it, oldest first.")


@strawberry.input(description="Which payments.")
class PaymentWhere:
    states: list[PaymentState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    methods: list[PayMethod] | None = strawberry.field(default=UNSET, description="By any of these methods.")
    number: str | None = strawberry.field(default=UNSET, description="Of the order with this number.")
    refund_states: list[RefundState] | None = strawberry.field(
        default=UNSET, description="With a refund in any of these states: FAILED and ABNORMAL wait for somebody."
    )

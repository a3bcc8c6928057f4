"""Enums of buying: orders, bookings, vouchers, payments."""

from market.bookings.gate import CheckOutcome
from market.bookings.rules import BookingState, TicketState
from market.checkout.errors import ProblemKind
from market.orders.rules import Channel, DeliveryMethod, LineKind, OrderState, ReturnBasis, SellerOrderState
from market.payments.rules import PaymentState, PayMethod, RefundReason, RefundState
from market.vouchers.rules import Funder
from schema.scalars import described

__all__ = [
    "BookingState",
    "Channel",
    "CheckOutcome",
    "DeliveryMethod",
    "Funder",
    "LineKind",
    "OrderState",
    "PayMethod",
    "PaymentState",
    "ProblemKind",
    "RefundReason",
    "RefundState",
    "ReturnBasis",
    "SellerOrderState",
    "TicketState",
]

described(
    OrderState,
    "Where an order stands.",
    PENDING_PAYMENT="It waits to be paid, and holds what it is of until then.",
    PAID="It is paid; its sellers' parts say how far it is.",
    COMPLETED="It is over.",
    REFUNDED="All of it was paid back.",
    CANCELLED="Its buyer gave it up before paying.",
    EXPIRED="It was not paid in time.",
)

described(
    SellerOrderState,
    "Where one seller's part of an order stands.",
    PENDING="The order is not paid yet.",
    OPEN="Paid: to be fulfilled.",
    PARTLY_FULFILLED="Some of it was handed over.",
    FULFILLED="All of it was handed over.",
    COMPLETED="It is over: no more claims, the money is the seller's.",
    CANCELLED="It is not to be fulfilled.",
)

described(
    LineKind,
    "What a line is of.",
    PRODUCT="Produce.",
    BOOKING="Tickets of a session.",
    GIFT="Produce that comes with a booking, for nothing.",
)

described(
    DeliveryMethod,
    "How produce gets to its buyer.",
    EXPRESS="By express.",
    COLD_CHAIN="By express that keeps it cold.",
    PICKUP="Fetched at a pick-up point.",
    DROP="Brought and put down, without contact.",
    NONE="There is nothing to deliver.",
)

described(
    Channel,
    "Where something was bought.",
    MINI_PROGRAM="In a WeChat mini-program.",
    WEB="On the web.",
    APP="In an app.",
    LIVESTREAM="From a live stream.",
    STAFF="By staff, for somebody.",
)

described(
    ReturnBasis,
    "Whether produce may be sent back within seven days without a reason.",
    SEVEN_DAYS="It may.",
    PERISHABLE="It may not: it is fresh and spoils (鲜活易腐). Claims for spoilage are always open.",
    MADE_TO_ORDER="It may not: it is made to order.",
    AGREED="It may not: the buyer confirmed that when buying.",
)

described(
    BookingState,
    "Where a booking stands (OCTO's words, and NO_SHOW).",
    ON_HOLD="Its seats are held until the order is paid.",
    CONFIRMED="Its seats are the party's.",
    REDEEMED="They came.",
    NO_SHOW="They did not come.",
    CANCELLED="It was cancelled.",
    EXPIRED="It was not paid in time.",
)

described(
    TicketState,
    "Where a ticket stands.",
    PENDING="Its booking is not confirmed yet.",
    VALID="It lets in.",
    REDEEMED="It was used.",
    NO_SHOW="It was not used.",
    CANCELLED="It lets nobody in.",
)

described(
    CheckOutcome,
    "What came of a ticket at the gate.",
    REDEEMED="It let somebody in.",
    ALREADY_REDEEMED="It was used before: `redeemedAt`, `gate` and `redeemedBy` say when, where and by whom.",
    CANCELLED="It was cancelled, or its session was.",
    NOT_PAID="Its order is not paid.",
    MOVED="Its booking was moved to another session meanwhile.",
    WRONG_TIME="It was scanned when it cannot have been: the device's clock is wrong, or the gate was closed.",
    UNKNOWN="It is no ticket of this organisation.",
)

described(
    Funder,
    "Who pays for a discount.",
    PLATFORM="The platform.",
    SELLER="The seller: its income is less.",
    GOVERNMENT="An authority, from a budget (消费券).",
)

described(
    PaymentState,
    "Where a payment stands.",
    CREATED="Written down; the provider may not know of it yet.",
    PENDING="It waits for the buyer.",
    SUCCEEDED="The money has come.",
    CLOSED="Nobody can pay it any more.",
    NEEDS_REVIEW="Money came that is not what was asked for: somebody looks at it.",
)

described(
    RefundState,
    "Where a refund stands.",
    REQUESTED="It is to be sent.",
    PROCESSING="It is on its way; of a bank transfer, finance is to send it.",
    SUCCEEDED="It has reached the buyer.",
    FAILED="The provider refused it: it can be sent again.",
    ABNORMAL="It is stuck at the provider, as when the buyer's card is closed: somebody puts it right there.",
)

described(
    RefundReason,
    "Why money goes back.",
    LATE_MONEY="It came too late for the order.",
    CANCELLED="The buyer cancelled.",
    OPERATOR_CANCELLED="The seller cancelled the session.",
    CLAIM="Something was wrong with the goods or the visit.",
    RETURN="The goods were sent back.",
    RESCHEDULE="The visit was moved to a cheaper session.",
    OTHER="The seller paid it back.",
)

described(
    PayMethod,
    "How an order is paid.",
    WECHAT_JSAPI="WeChat Pay inside WeChat; needs the buyer's openid.",
    WECHAT_NATIVE="WeChat Pay by a code to scan.",
    WECHAT_H5="WeChat Pay from a browser.",
    BANK_TRANSFER="Bank transfer; finance confirms it.",
    SANDBOX="No money: a page to click on, in development.",
)

described(
    ProblemKind,
    "What is wrong with a line of a cart, or with the order.",
    NOT_ON_SALE="It is no longer on sale.",
    SOLD_OUT="None are left.",
    QUANTITY_REDUCED="Fewer are left than wanted: `left` can be had.",
    SESSION_CLOSED="The session takes no bookings.",
    SESSION_FULL="Fewer seats are left than wanted.",
    PAST_CUTOFF="It is too late to book the session.",
    PARTY_IMPOSSIBLE="These tickets cannot be booked together.",
    PRICE_CHANGED="It costs something else than the buyer saw.",
    DELIVERY_UNAVAILABLE="It cannot be delivered there, or not that way.",
    VOUCHER_UNUSABLE="The voucher cannot be used.",
    CONFIRMATION_MISSING="The buyer must confirm that it cannot be sent back without a reason.",
)

"""States of orders and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import IllegalTransition


class OrderState(StrEnum):
    """Where an order stands, as its buyer sees it."""

    PENDING_PAYMENT = "PENDING_PAYMENT"
    PAID = "PAID"
    COMPLETED = "COMPLETED"
    REFUNDED = "REFUNDED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class SellerOrderState(StrEnum):
    """Where one seller's part of an order stands."""

    PENDING = "PENDING"
    OPEN = "OPEN"
    PARTLY_FULFILLED = "PARTLY_FULFILLED"
    FULFILLED = "FULFILLED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class LineKind(StrEnum):
    """What a line is of. A gift comes with a booking and costs nothing."""

    PRODUCT = "PRODUCT"
    BOOKING = "BOOKING"
    GIFT = "GIFT"


class DeliveryMethod(StrEnum):
    """How produce gets to the buyer. NONE: there is nothing to deliver."""

    EXPRESS = "EXPRESS"
    COLD_CHAIN = "COLD_CHAIN"
    PICKUP = "PICKUP"
    DROP = "DROP"
    NONE = "NONE"


class Channel(StrEnum):
    """Where it was bought."""

    MINI_PROGRAM = "MINI_PROGRAM"
    WEB = "WEB"
    APP = "APP"
    LIVESTREAM = "LIVESTREAM"
    STAFF = "STAFF"


class ReturnBasis(StrEnum):
    """Whether the buyer may send it back within seven days without a reason (消费者权益保护法 art. 25).

    SEVEN_DAYS: yes. PERISHABLE, MADE_TO_ORDER: the law says no. AGREED: the buyer confirmed at purchase that not.
    """

    SEVEN_DAYS = "SEVEN_DAYS"
    PERISHABLE = "PERISHABLE"
    MADE_TO_ORDER = "MADE_TO_ORDER"
    AGREED = "AGREED"


ORDER_MOVES: Mapping[OrderState, frozenset[OrderState]] = MappingProxyType(
    {
        OrderState.PENDING_PAYMENT: frozenset({OrderState.PAID, OrderState.CANCELLED, OrderState.EXPIRED}),
        OrderState.PAID: frozenset({OrderState.COMPLETED, OrderState.REFUNDED}),
        OrderState.COMPLETED: frozenset({OrderState.REFUNDED}),
        OrderState.REFUNDED: frozenset(),
        # Money that came late, and everything could be had again.
        OrderState.CANCELLED: frozenset({OrderState.PAID}),
        OrderState.EXPIRED: frozenset({OrderState.PAID}),
    }
)

SELLER_ORDER_MOVES: Mapping[SellerOrderState, frozenset[SellerOrderState]] = MappingProxyType(
    {
        SellerOrderState.PENDING: frozenset({SellerOrderState.OPEN, SellerOrderState.CANCELLED}),
        SellerOrderState.OPEN: frozenset(
            {SellerOrderState.PARTLY_FULFILLED, SellerOrderState.FULFILLED, SellerOrderState.CANCELLED}
        ),
        SellerOrderState.PARTLY_FULFILLED: frozenset({SellerOrderState.FULFILLED, SellerOrderState.COMPLETED}),
        SellerOrderState.FULFILLED: frozenset({SellerOrderState.COMPLETED}),
        SellerOrderState.COMPLETED: frozenset(),
        SellerOrderState.CANCELLED: frozenset({SellerOrderState.OPEN}),
    }
)


def next_states(state: OrderState) -> tuple[OrderState, ...]:
    """Where an order can go from here, in the order of the states.

    >>> next_states(OrderState.PAID)
    (<OrderState.COMPLETED: 'COMPLETED'>, <OrderState.REFUNDED: 'REFUNDED'>)
    """
    return tuple(each for each in OrderState if each in ORDER_MOVES[state])


def next_seller_states(state: SellerOrderState) -> tuple[SellerOrderState, ...]:
    """Where a seller order can go from here, in the order of the states."""
    return tuple(each for each in SellerOrderState if each in SELLER_ORDER_MOVES[state])


def illegal_move(state: OrderState, to: OrderState) -> IllegalTransition:
    """The refusal of a move of an order that the table does not have."""
    return IllegalTransition(from_state=state, to_state=to, allowed=tuple(next_states(state)))


def illegal_seller_move(state: SellerOrderState, to: SellerOrderState) -> IllegalTransition:
    """The refusal of a move of a seller order that the table does not have."""
    return IllegalTransition(from_state=state, to_state=to, allowed=tuple(next_seller_states(state)))


def commission_of(base_fen: int, basis_points: int) -> int:
    """The platform's share in fen of what a seller earns: hundredths of a percent, cut off in the seller's favour.

    >>> commission_of(9999, 500)
    499
    """
    return base_fen * basis_points // 10_000

"""Orders, sellers' parts of them, bookings and tickets, as GraphQL shows them."""

from schema.orders.reads import BOOKING, ORDER, ORDER_QUERIES, ORDER_TARGETS, SELLER_ORDER
from schema.orders.types import Booking, Order, OrderQueries, SellerOrder

__all__ = [
    "BOOKING",
    "ORDER",
    "ORDER_QUERIES",
    "ORDER_TARGETS",
    "SELLER_ORDER",
    "Booking",
    "Order",
    "OrderQueries",
    "SellerOrder",
]

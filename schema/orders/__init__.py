"""Orders and sellers' parts of them, as GraphQL shows them."""

from schema.bookings import BOOKING, Booking
from schema.orders.reads import LINE, ORDER, ORDER_QUERIES, ORDER_TARGETS, SELLER_ORDER
from schema.orders.types import Order, OrderLine, OrderQueries, SellerOrder

__all__ = [
    "BOOKING",
    "LINE",
    "ORDER",
    "ORDER_QUERIES",
    "ORDER_TARGETS",
    "SELLER_ORDER",
    "Booking",
    "Order",
    "OrderLine",
    "OrderQueries",
    "SellerOrder",
]

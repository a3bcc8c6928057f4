"""Payments and refunds as finance sees them, and what it says of them."""

from schema.payments.changes import PaymentMutations
from schema.payments.reads import PAYMENT_QUERIES, PAYMENT_TARGETS, PaymentQueries

__all__ = ["PAYMENT_QUERIES", "PAYMENT_TARGETS", "PaymentMutations", "PaymentQueries"]

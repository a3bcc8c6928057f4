"""Buying: the cart, placing, paying."""

from schema.checkout.changes import CheckoutMutations
from schema.checkout.queries import CheckoutQueries

__all__ = ["CheckoutMutations", "CheckoutQueries"]

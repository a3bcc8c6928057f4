"""Products: a row for each variant."""

from market.bulk.effects.products.effects import Products

__all__ = ["Products"]

"""What rows do, a module for each kind of sheet: find what they mean, compare, act. `base.py` says how one is written."""

from collections.abc import Mapping
from types import MappingProxyType

from market.bulk.effects.base import Effects
from market.bulk.effects.prices import Prices
from market.bulk.effects.products import Products
from market.bulk.effects.sessions import Sessions
from market.bulk.effects.stock import Stock
from market.bulk.rules import SheetKind

EFFECTS: Mapping[SheetKind, Effects] = MappingProxyType(
    {
        SheetKind.PRODUCTS: Products(),
        SheetKind.PRICES: Prices(),
        SheetKind.STOCK: Stock(),
        SheetKind.SESSIONS: Sessions(),
    }
)

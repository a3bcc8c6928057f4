"""The sheets: each declared once, in a module of its own."""

from collections.abc import Mapping
from types import MappingProxyType

from market.bulk.rules import SheetKind
from market.bulk.sheets.columns import Sheet
from market.bulk.sheets.prices import PRICES
from market.bulk.sheets.products import PRODUCTS
from market.bulk.sheets.sessions import SESSIONS
from market.bulk.sheets.stock import STOCK

SHEETS: Mapping[SheetKind, Sheet] = MappingProxyType(
    {sheet.kind: sheet for sheet in (PRODUCTS, PRICES, STOCK, SESSIONS)}
)

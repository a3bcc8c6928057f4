"""Kinds, states and seasons of listings: pure values and functions."""

from market.catalogue.rules.kinds import (
    GiftPer,
    ListingKind,
    ListingState,
    NoteKind,
    PricingPer,
    StockState,
    Storage,
    UnitKind,
    WindowKind,
)
from market.catalogue.rules.seasons import Season, Window, month_day, season_of
from market.catalogue.rules.stock import stock_state_of

__all__ = [
    "GiftPer",
    "ListingKind",
    "ListingState",
    "NoteKind",
    "PricingPer",
    "Season",
    "StockState",
    "Storage",
    "UnitKind",
    "Window",
    "WindowKind",
    "month_day",
    "season_of",
    "stock_state_of",
]

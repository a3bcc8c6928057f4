"""Enums of places."""

from market.places.rules import RegionLevel
from schema.scalars import described

__all__ = [
    "RegionLevel",
]

described(
    RegionLevel,
    "How far down the tree of regions.",
    PROVINCE="A province.",
    CITY="A prefecture-level city.",
    COUNTY="A county, district or county-level city.",
    TOWNSHIP="A town, township or sub-district.",
    VILLAGE="A village or neighbourhood committee, or the like.",
)

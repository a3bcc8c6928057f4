"""Enums of vouchers."""

from market.vouchers.rules import CampaignState, DiscountKind
from schema.scalars import described

__all__ = ["CampaignState", "DiscountKind"]

described(
    DiscountKind,
    "How a discount is reckoned.",
    PERCENT="A share of the price, up to a cap if it has one.",
    FIXED="An amount.",
    THRESHOLD="An amount, once enough is bought (满减).",
)

described(
    CampaignState,
    "Where a campaign stands.",
    DRAFT="Not announced: nobody can use it or learn of it.",
    ACTIVE="It gives its discount, between its dates.",
    PAUSED="It gives nothing for now; orders that hold it go on.",
    ENDED="It is over.",
)

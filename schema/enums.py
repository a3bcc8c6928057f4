"""The rooms' enums as GraphQL enums: each value described. Types take them from here."""

from market.catalogue.rules import (
    GiftPer,
    ListingKind,
    PricingPer,
    StockState,
    Storage,
    UnitKind,
    WindowKind,
)
from market.organisations.rules import CertificateKind, OrganisationKind
from market.places.rules import RegionLevel
from market.sessions.rules import AvailabilityStatus, SessionState
from schema.scalars import described

__all__ = [
    "AvailabilityStatus",
    "CertificateKind",
    "GiftPer",
    "ListingKind",
    "OrganisationKind",
    "PricingPer",
    "RegionLevel",
    "SessionState",
    "StockState",
    "Storage",
    "UnitKind",
    "WindowKind",
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

described(
    OrganisationKind,
    "What an organisation is.",
    COOPERATIVE="A farmers' cooperative (农民专业合作社).",
    FAMILY_FARM="A family farm (家庭农场).",
    HOUSEHOLD="A household that sells what it grows.",
    ENTERPRISE="A company.",
    VILLAGE_COLLECTIVE="A village's collective economic organisation.",
    HOMESTAY="A homestay (民宿).",
)

described(
    CertificateKind,
    "What a certificate says.",
    GREEN_FOOD="Green food (绿色食品).",
    ORGANIC="Organic product (有机产品).",
    GEOGRAPHICAL_INDICATION="Geographical indication of agricultural products (农产品地理标志).",
    GI_TRADEMARK="Geographical indication trademark (地理标志证明商标).",
    GOOD_AGRICULTURAL_PRACTICE="Good agricultural practice (良好农业规范).",
)

described(
    ListingKind,
    "What a listing offers.",
    PRODUCT="Produce, sold by variant and shipped or picked up.",
    TOUR_PACKAGE="A dated agri-tourism package (农旅套餐).",
)

described(
    Storage,
    "How produce must be kept and shipped.",
    AMBIENT="At room temperature.",
    CHILLED="Chilled, 0 to 4 °C.",
    FROZEN="Frozen, -18 °C or below.",
)

described(
    StockState,
    "What buyers are told about stock.",
    IN_STOCK="More than five are free to sell.",
    LOW="One to five are.",
    SOLD_OUT="None is.",
)

described(
    WindowKind,
    "What a season window is for.",
    SALE="On sale.",
    HARVEST="Harvested.",
    SHIPPING="Shipped.",
)

described(
    UnitKind,
    "Who a ticket is for (OCTO's unit types).",
    ADULT="An adult.",
    YOUTH="A young person.",
    CHILD="A child.",
    INFANT="A small child.",
    FAMILY="A family, as many people as its pax count.",
    SENIOR="An older person.",
    STUDENT="A student.",
    OTHER="Anything else: a room, a table, a tree.",
)

described(PricingPer, "What a price is for.", UNIT="For each unit.", BOOKING="For the booking, however many units.")

described(GiftPer, "How gifts are handed out.", BOOKING="Once a booking.", PERSON="To each person.")

described(
    SessionState,
    "What its operator says about a session.",
    OPEN="It takes place and can be booked until its cutoff.",
    CLOSED="It takes no more bookings.",
    CANCELLED="It does not take place.",
)

described(
    AvailabilityStatus,
    "Whether it can be booked now (OCTO's words).",
    AVAILABLE="At least half is left.",
    LIMITED="Less than half is left.",
    SOLD_OUT="Nothing is left.",
    CLOSED="Not bookable: closed, cancelled or past its cutoff.",
)

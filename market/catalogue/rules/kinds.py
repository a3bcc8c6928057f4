"""The closed lists of words that listings use."""

from enum import StrEnum


class ListingKind(StrEnum):
    """What a listing offers."""

    PRODUCT = "PRODUCT"
    TOUR_PACKAGE = "TOUR_PACKAGE"


class ListingState(StrEnum):
    """Where a listing stands. Only LIVE ones are on sale and visible to everybody."""

    DRAFT = "DRAFT"
    LIVE = "LIVE"
    SUSPENDED = "SUSPENDED"
    WITHDRAWN = "WITHDRAWN"


class Storage(StrEnum):
    """How produce must be kept and shipped."""

    AMBIENT = "AMBIENT"
    CHILLED = "CHILLED"
    FROZEN = "FROZEN"


class StockState(StrEnum):
    """What a buyer is told about stock."""

    IN_STOCK = "IN_STOCK"
    LOW = "LOW"
    SOLD_OUT = "SOLD_OUT"


class WindowKind(StrEnum):
    """What a season window is for."""

    SALE = "SALE"
    HARVEST = "HARVEST"
    SHIPPING = "SHIPPING"


class UnitKind(StrEnum):
    """Ticket types, OCTO's unit types."""

    ADULT = "ADULT"
    YOUTH = "YOUTH"
    CHILD = "CHILD"
    INFANT = "INFANT"
    FAMILY = "FAMILY"
    SENIOR = "SENIOR"
    STUDENT = "STUDENT"
    OTHER = "OTHER"


class PricingPer(StrEnum):
    """Whether a price is for each unit or for the whole booking (OCTO's `pricingPer`)."""

    UNIT = "UNIT"
    BOOKING = "BOOKING"


class NoteKind(StrEnum):
    """What a line of a package's description says."""

    INCLUDED = "INCLUDED"
    EXCLUDED = "EXCLUDED"
    BRING = "BRING"


class GiftPer(StrEnum):
    """Whether a gift is handed out once a booking or to each person."""

    BOOKING = "BOOKING"
    PERSON = "PERSON"

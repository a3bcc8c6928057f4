"""Enums of listings."""

from market.catalogue.rules import (
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
from market.catalogue.rules.states import ListingEventKind, ListingReason, RevisionState, SuspensionCause, Verdict
from schema.scalars import described

__all__ = [
    "GiftPer",
    "ListingEventKind",
    "ListingKind",
    "ListingReason",
    "ListingState",
    "NoteKind",
    "PricingPer",
    "RevisionState",
    "StockState",
    "Storage",
    "SuspensionCause",
    "UnitKind",
    "Verdict",
    "WindowKind",
]

described(
    ListingKind,
    "What a listing offers.",
    PRODUCT="Produce, sold by variant and shipped or picked up.",
    TOUR_PACKAGE="A dated agri-tourism package (农旅套餐).",
)

described(
    ListingState,
    "Where a listing stands.",
    DRAFT="Never approved yet: only its own people and staff see it.",
    LIVE="On sale.",
    SUSPENDED="Off sale for one or more causes, until the last of them is gone.",
    WITHDRAWN="Taken off sale by its seller, or a draft that was given up.",
)

described(
    RevisionState,
    "Where a revision of a listing stands.",
    DRAFT="Being written.",
    SUBMITTED="Handed in: a reviewer decides.",
    CHANGES_REQUESTED="Sent back with reasons: its seller goes on writing.",
    APPROVED="The listing says what it says.",
    REJECTED="Refused with reasons; the listing stays as it was.",
    WITHDRAWN="Taken back by its seller.",
)

described(
    SuspensionCause,
    "Why a listing is off sale against its seller's will.",
    MODERATION="Staff took it off; an approved revision or staff bring it back.",
    CERTIFICATE="A certificate that covers it has ended; a revision with a valid one brings it back.",
    LICENCE="A licence that its seller needs has ended; with a valid one the seller puts it back.",
    FROZEN="Its producer or its cooperative is frozen; it returns with them.",
)

described(
    Verdict,
    "What a reviewer says.",
    APPROVE="The listing shall say this.",
    REJECT="It shall not; the revision is over.",
    REQUEST_CHANGES="Not like this; its seller goes on with it.",
)

described(
    ListingReason,
    "Why a revision is not approved, or a listing is off sale.",
    INCOMPLETE="Something that buyers need to know is missing.",
    WRONG_CATEGORY="It belongs in another category.",
    MISLEADING="It says what is not so.",
    FORBIDDEN_WORDS="Words that the Advertising Law forbids (广告法第九条、第十七条).",
    PICTURES="The pictures show something else, or cannot be used.",
    CERTIFICATE="A certificate is missing or does not cover it.",
    LICENCE="A licence is missing.",
    FORBIDDEN_GOODS="It may not be sold here.",
    DUPLICATE="It is on sale already.",
    OTHER="Something else, said in the note.",
)

described(
    ListingEventKind,
    "What happened to a listing.",
    CREATED="Its first draft was saved.",
    SUBMITTED="A revision was handed in.",
    APPROVED="A revision was approved.",
    REJECTED="A revision was rejected.",
    CHANGES_REQUESTED="A revision was sent back.",
    REVISION_WITHDRAWN="A revision was taken back.",
    WITHDRAWN="Its seller took it off sale.",
    RELISTED="Its seller put it back on sale.",
    SUSPENDED="A cause to be off sale began.",
    RESUMED="A cause to be off sale ended.",
)

described(
    Storage,
    "How produce must be kept and shipped.",
    AMBIENT="At room temperature.",
    CHILLED="Chilled, 0 to 4 °C.",
    FROZEN="Frozen, -18 °C or below.",
)

described(
    NoteKind,
    "What a line of a tour package says.",
    INCLUDED="What is included.",
    EXCLUDED="What is not.",
    BRING="What to bring.",
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

"""Enums of after-sales and reviews."""

from market.aftersales.claims.answer import AnswerKind
from market.aftersales.claims.rules import ClaimReason, ClaimState, ClaimWish
from market.reviews.rules import BuyerReviewState, HiddenFor
from schema.scalars import described

__all__ = ["AnswerKind", "BuyerReviewState", "ClaimReason", "ClaimState", "ClaimWish", "HiddenFor"]

described(
    ClaimReason,
    "What is wrong with what was bought.",
    SPOILED="Fresh produce came spoilt, to so many percent. Needs a picture.",
    DAMAGED="It came broken. Needs a picture.",
    WRONG_ITEM="Something else came. Needs a picture.",
    MISSING="Some of it was not in the parcel.",
    NOT_AS_DESCRIBED="It is not what its page said.",
    NOT_ARRIVED="It was sent and did not come.",
    POOR_SERVICE="The visit was not what was promised.",
    NO_REASON="It is sent back without one, within seven days, unless the law excepts it.",
)

described(
    ClaimWish,
    "What a buyer asks for.",
    REFUND="Money back.",
    RESHIP="The same once more.",
    RETURN="To send it back for its price.",
)

described(
    ClaimState,
    "Where a claim stands, which says who is to act.",
    OPEN="The seller is to answer; silence is a yes.",
    RETURN_DUE="The buyer is to send it back.",
    RETURN_SENT="It is on its way back: the seller is to pay or say why not; silence pays.",
    RESHIP_DUE="The seller is to send it again.",
    PARTLY_REFUNDED="Some of what was asked was paid; the buyer may take it to staff.",
    REJECTED="The seller said no; the buyer may take it to staff.",
    ESCALATED="Staff are to decide.",
    REFUNDED="It was paid. Over.",
    RESHIPPED="It was sent again. Over.",
    DISMISSED="Staff said no. Over.",
    WITHDRAWN="The buyer gave it up, or did not send it back in time. Over.",
)

described(
    AnswerKind,
    "What a seller says to a claim.",
    REFUND="Yes: pay all of it, or an amount.",
    RESHIP="Yes: it is sent again within a week.",
    RETURN="Yes, once it is sent back; the words say where to.",
    REJECT="No; the words say why.",
)

described(
    BuyerReviewState,
    "Whether a review is shown.",
    SHOWN="Everybody sees it, and it counts.",
    HIDDEN="Staff have hidden it: its writer, its seller and staff see it, and it does not count.",
)

described(
    HiddenFor,
    "Why a review is hidden. That it is bad is no reason (E-commerce Law art. 39).",
    ABUSE="It insults or threatens.",
    PERSONAL_DATA="It tells about a person what is nobody's business.",
    ADVERTISING="It advertises something else.",
    NOT_ABOUT_IT="It is not about what was bought.",
    UNLAWFUL="It says what the law forbids.",
)

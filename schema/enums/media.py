"""Enums of pictures."""

from market.media.errors import UnusableReason
from market.media.rules import MediaKind, MediaSize
from schema.scalars import described

__all__ = [
    "MediaKind",
    "MediaSize",
    "UnusableReason",
]

described(
    MediaKind,
    "What an uploaded picture is for.",
    LISTING="A listing shows it: everybody may see it. An organisation's.",
    LICENCE="A scan of a licence: for whoever reviews it. An organisation's, or the applicant's own.",
    CLAIM="It shows what arrived broken: for the two sides and staff. A person's own.",
    REVIEW="A review shows it: everybody may see it. A person's own.",
)

described(
    MediaSize,
    "A size of a picture; smaller pictures are not enlarged.",
    SMALL="At most 320 pixels on the longer side.",
    MEDIUM="At most 960 pixels on the longer side.",
    LARGE="At most 1,920 pixels on the longer side.",
)

described(
    UnusableReason,
    "Why no picture can be made of a file.",
    EMPTY="There is nothing in it.",
    TOO_MANY_BYTES="It has more than 10 MiB.",
    FORMAT="It is not JPEG, PNG or WebP, whatever it is called.",
    TOO_MANY_PIXELS="It has more than 25 megapixels (WebP 12.5), or more than 8,000 pixels on a side.",
    ANIMATED="It moves.",
    DAMAGED="It is damaged or was cut off.",
    UNUSUAL="It is built in a way that no camera or program builds it.",
)

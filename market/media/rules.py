"""What pictures there are, how large they may be, how they are kept."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

MIB = 1024 * 1024


class MediaKind(StrEnum):
    """What a picture is for. It says who may upload and who may see it."""

    LISTING = "LISTING"
    LICENCE = "LICENCE"
    CLAIM = "CLAIM"
    REVIEW = "REVIEW"


class MediaState(StrEnum):
    """Whether something shows it."""

    NEW = "NEW"
    USED = "USED"
    REMOVED = "REMOVED"


TRANSITIONS: Mapping[MediaState, frozenset[MediaState]] = MappingProxyType(
    {
        MediaState.NEW: frozenset({MediaState.USED, MediaState.REMOVED}),
        # Once shown it stays when it is shown no more: revisions, orders and the audit trail go on naming it.
        MediaState.USED: frozenset({MediaState.REMOVED}),
        MediaState.REMOVED: frozenset(),
    }
)
"""The legal moves."""


class PictureFormat(StrEnum):
    """What is accepted. HEIC is not (Pillow does not read it), GIF is not (a still one is better as PNG)."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"


class MediaSize(StrEnum):
    """The sizes in which each picture is kept, as WebP."""

    SMALL = "SMALL"
    MEDIUM = "MEDIUM"
    LARGE = "LARGE"


PIXELS: Mapping[MediaSize, int] = MappingProxyType({MediaSize.SMALL: 320, MediaSize.MEDIUM: 960, MediaSize.LARGE: 1920})
"""The longer side of each, in pixels; a smaller picture is not enlarged."""

FILE_BYTES_MAX = 10 * MIB
SIDE_PIXELS_MAX = 8_000
AREA_PIXELS_MAX: Mapping[PictureFormat, int] = MappingProxyType(
    {
        PictureFormat.JPEG: 25_000_000,
        PictureFormat.PNG: 25_000_000,
        # libwebp's decoder holds four copies of the canvas: 17 bytes a pixel, where the others need at most 9.
        PictureFormat.WEBP: 12_500_000,
    }
)
"""Width times height. It bounds the memory that decoding takes, at about 240 MB."""

PUBLIC_KINDS = frozenset({MediaKind.LISTING, MediaKind.REVIEW})
"""Anybody may see these."""
PRIVATE_KINDS = frozenset(MediaKind) - PUBLIC_KINDS
"""Licences, and what arrived broken: behind links that expire."""

OWNERS: Mapping[MediaKind, frozenset[str]] = MappingProxyType(
    {
        MediaKind.LISTING: frozenset({"cop", "pdr"}),
        # Whoever registers an organisation has none yet.
        MediaKind.LICENCE: frozenset({"cop", "pdr", "acc"}),
        MediaKind.CLAIM: frozenset({"acc"}),
        MediaKind.REVIEW: frozenset({"acc"}),
    }
)
"""Whose a picture of this kind can be, by the prefix of the owner's id."""

QUOTA_BYTES: Mapping[str, int] = MappingProxyType({"cop": 2048 * MIB, "pdr": 2048 * MIB, "acc": 128 * MIB})
"""What an owner's pictures may take up together, by the prefix of its id."""
CHARGED_BYTES_MIN = 64 * 1024
"""A picture counts for at least this: so the quota bounds their number, too."""

NEW_KEPT = timedelta(days=7)
"""A picture that nothing shows by then is removed."""
REMOVED_KEPT = timedelta(days=2)
"""Files are deleted only from days that no upload writes to any more (see `key_of`): the day a picture came, and this."""

LINK_KEPT = timedelta(minutes=10)
"""How long a link to a private picture is good."""


def charge(size_bytes: int) -> int:
    """What a picture counts for in its owner's quota.

    >>> charge(1), charge(300_000)
    (65536, 300000)
    """
    return max(size_bytes, CHARGED_BYTES_MIN)


def fitted(width: int, height: int, longer_side: int) -> tuple[int, int]:
    """The size with the same proportions whose longer side is at most this; never larger, never nothing.

    >>> fitted(4000, 3000, 1920), fitted(100, 50, 320), fitted(8000, 1, 320)
    ((1920, 1440), (100, 50), (320, 1))
    """
    longer = max(width, height)
    if longer <= longer_side:
        return width, height
    return max(1, round(width * longer_side / longer)), max(1, round(height * longer_side / longer))


def key_of(day: date, sha256: str) -> str:
    """Where a picture that came on this day is kept: by its content, so that the same one has the same files.

    The day is part of it so that files can be deleted safely: no upload writes to a day that is over, hence nothing
    can come back while it is being deleted.

    >>> key_of(date(2026, 11, 25), "ab" * 32)
    '2026-11-25/abababababababababababababababab.webp'
    """
    return f"{day.isoformat()}/{sha256[:32]}.webp"


def sized(key: str, size: MediaSize) -> str:
    """Where this size of a picture is kept; the key itself is the large one's.

    >>> sized("2026-11-25/ab.webp", MediaSize.SMALL), sized("2026-11-25/ab.webp", MediaSize.LARGE)
    ('2026-11-25/ab-320.webp', '2026-11-25/ab.webp')
    """
    return key if size is MediaSize.LARGE else f"{key.removesuffix('.webp')}-{PIXELS[size]}.webp"


def large(key: str) -> str:
    """The key of the picture that a file belongs to: `sized` backwards.

    >>> large("2026-11-25/ab-320.webp"), large("2026-11-25/ab.webp")
    ('2026-11-25/ab.webp', '2026-11-25/ab.webp')
    """
    stem = key.removesuffix(".webp")
    for size in (MediaSize.SMALL, MediaSize.MEDIUM):
        stem = stem.removesuffix(f"-{PIXELS[size]}")
    return f"{stem}.webp"

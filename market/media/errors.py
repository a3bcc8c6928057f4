"""Refusals of uploads.

Invalid
└── UnusableImage           no picture can be made of the file
LimitReached
└── QuotaReached            the owner's pictures take up all that they may
Unavailable
└── StoreUnavailable        the pictures' store cannot be reached
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import Invalid, LimitReached, Unavailable
from market.media.rules import AREA_PIXELS_MAX, FILE_BYTES_MAX, MIB, SIDE_PIXELS_MAX, PictureFormat


class UnusableReason(StrEnum):
    """Why no picture can be made of a file."""

    EMPTY = "EMPTY"
    TOO_MANY_BYTES = "TOO_MANY_BYTES"
    FORMAT = "FORMAT"
    TOO_MANY_PIXELS = "TOO_MANY_PIXELS"
    ANIMATED = "ANIMATED"
    DAMAGED = "DAMAGED"
    UNUSUAL = "UNUSUAL"


_MEGAPIXELS = {each: f"{AREA_PIXELS_MAX[each] / 1_000_000:g}" for each in PictureFormat}
_AREA = f"{_MEGAPIXELS[PictureFormat.JPEG]} megapixels (WebP: {_MEGAPIXELS[PictureFormat.WEBP]})"
_AREA_ZH = f"{_MEGAPIXELS[PictureFormat.JPEG]} 百万像素（WebP 为 {_MEGAPIXELS[PictureFormat.WEBP]}）"

_ALLOWED: Mapping[UnusableReason, tuple[str, str]] = MappingProxyType(
    {
        UnusableReason.EMPTY: ("the file is empty: choose it again", "文件是空的，请重新选择"),
        UnusableReason.TOO_MANY_BYTES: (
            f"a picture has at most {FILE_BYTES_MAX // MIB} MiB: save it smaller",
            f"图片最大 {FILE_BYTES_MAX // MIB} MiB，请缩小后再上传",
        ),
        UnusableReason.FORMAT: (
            "a picture is JPEG, PNG or WebP, and this is {found}: export it as JPEG",
            "图片格式须为 JPEG、PNG 或 WebP，此文件为 {found}，请另存为 JPEG",
        ),
        UnusableReason.TOO_MANY_PIXELS: (
            f"a picture has at most {_AREA} and {SIDE_PIXELS_MAX} pixels a side: save it smaller",
            f"图片最多 {_AREA_ZH}，每边最多 {SIDE_PIXELS_MAX} 像素，请缩小后再上传",
        ),
        UnusableReason.ANIMATED: ("a picture stands still: save one frame of it", "不支持动图，请保存其中一帧"),
        UnusableReason.DAMAGED: (
            "the file is damaged or was cut off: take or save the picture again",
            "文件已损坏或不完整，请重新拍摄或保存",
        ),
        UnusableReason.UNUSUAL: (
            "the file is built in an unusual way: open the picture and save it again",
            "文件结构异常，请打开后重新保存",
        ),
    }
)


class UnusableImage(Invalid):
    """No picture can be made of the file. Facts: `field`, `reason`, `allowed`, `allowed_zh`."""

    code = "UNUSABLE_IMAGE"
    zh = "图片不可用：{allowed_zh}。"
    en = "This picture cannot be used: {allowed}."

    def __init__(self, reason: UnusableReason, *, found: str = "", found_zh: str = "") -> None:
        allowed, allowed_zh = _ALLOWED[reason]
        super().__init__(
            field="file",
            allowed=allowed.format(found=found),
            allowed_zh=allowed_zh.format(found=found_zh or found),
            reason=reason,
        )


class QuotaReached(LimitReached):
    """The owner's pictures take up all that they may. Facts: `what`, `limit` (MiB)."""

    zh = "图片总量已达上限（{limit} MiB），请先联系平台。"
    en = "The pictures take up all of their {limit} MiB: ask the marketplace for more room."
    retryable = False

    def __init__(self, *, quota_bytes: int) -> None:
        super().__init__(what="MiB of pictures", limit=quota_bytes // MIB)


class StoreUnavailable(Unavailable):
    """The pictures' store cannot be reached, or refuses; the same call may go through later."""

    zh = "图片存储暂时不可用，请稍后再试。"
    en = "Pictures cannot be stored now: try again later."

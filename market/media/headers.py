"""What a file is and how large its picture, read from its first bytes: nothing is decoded here.

Whatever would make a decoder work long or take much memory is refused by what the file says of itself: the size, the
number of parts, several frames. The client's name and media type for it are never looked at.

Formats: JPEG is ITU-T T.81 annex B, PNG is https://www.w3.org/TR/png-3/, WebP is RFC 9649.
"""

import re
from dataclasses import dataclass

from market.media.errors import UnusableImage, UnusableReason
from market.media.rules import AREA_PIXELS_MAX, FILE_BYTES_MAX, SIDE_PIXELS_MAX, PictureFormat

JPEG_MARKERS_MAX = 1_000
JPEG_SCANS_MAX = 64
"""A progressive JPEG has about ten. Each takes 12 ms at 25 megapixels and as little as 40 bytes: without a bound, ten
megabytes would keep a core busy for an hour."""
PNG_CHUNKS_MAX = 10_000
"""A file of 10 MiB in the usual pieces of 8 KiB has 1,280."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Not FF 00 (a data byte), not FF FF (filling), not a restart marker, which stands in the data, too."""
_SOF = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive frames with Huffman coding: all that cameras and programs write."""
_OTHER_SOF = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_SOS, _EOI = 0xDA, 0xD9

_FOREIGN = (
    (b"GIF8", "GIF", "GIF"),
    (b"%PDF-", "PDF", "PDF"),
    (b"II*\x00", "TIFF", "TIFF"),
    (b"MM\x00*", "TIFF", "TIFF"),
    (b"BM", "BMP", "BMP"),
    (b"PK\x03\x04", "ZIP", "ZIP"),
)
_VIDEO = ("a video", "视频")
_BRANDS = {b"hei": ("HEIC", "HEIC"), b"hev": ("HEIC", "HEIC"), b"mif": ("HEIC", "HEIC"), b"avi": ("AVIF", "AVIF")}
"""ISO base media files (ISO/IEC 14496-12) by the beginning of their brand."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture file says of itself."""

    format: PictureFormat
    width: int
    height: int


def read_header(content: bytes) -> Header:
    """The header of an acceptable picture, or refuses with UnusableImage."""
    if not content:
        raise UnusableImage(UnusableReason.EMPTY)
    if len(content) > FILE_BYTES_MAX:
        raise UnusableImage(UnusableReason.TOO_MANY_BYTES)
    if content.startswith(b"\xff\xd8\xff"):
        header = _jpeg(content)
    elif content.startswith(_PNG_SIGNATURE):
        header = _png(content)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        header = _webp(content)
    else:
        found, found_zh = _foreign(content)
        raise UnusableImage(UnusableReason.FORMAT, found=found, found_zh=found_zh)
    if min(header.width, header.height) == 0:
        raise UnusableImage(UnusableReason.DAMAGED)
    is_too_large = header.width * header.height > AREA_PIXELS_MAX[header.format]
    if is_too_large or max(header.width, header.height) > SIDE_PIXELS_MAX:
        raise UnusableImage(UnusableReason.TOO_MANY_PIXELS)
    return header


def _jpeg(content: bytes) -> Header:
    """Walks the markers to the end of the first picture, as the decoder will."""
    at, scans, size = 2, 0, None
    for _ in range(JPEG_MARKERS_MAX):
        found = _MARKER.search(content, at)
        if found is None:
            break
        marker, start = content[found.end() - 1], found.end()
        if marker == _EOI:
            break
        if marker in _OTHER_SOF:
            raise UnusableImage(UnusableReason.UNUSUAL)
        if marker in _SOF and size is None:
            size = _number(content, start + 5, 2), _number(content, start + 3, 2)
        scans += marker == _SOS
        if scans > JPEG_SCANS_MAX:
            raise UnusableImage(UnusableReason.UNUSUAL)
        at = start + max(_number(content, start, 2), 2)
    else:
        raise UnusableImage(UnusableReason.UNUSUAL)
    if size is None or scans == 0:
        raise UnusableImage(UnusableReason.DAMAGED)
    return Header(PictureFormat.JPEG, *size)


def _png(content: bytes) -> Header:
    if content[12:16] != b"IHDR":
        raise UnusableImage(UnusableReason.DAMAGED)
    at, chunks = len(_PNG_SIGNATURE), 0
    while at < len(content) and content[at + 4 : at + 8] != b"IEND":
        if content[at + 4 : at + 8] == b"acTL":
            raise UnusableImage(UnusableReason.ANIMATED)
        chunks += 1
        if chunks > PNG_CHUNKS_MAX:
            raise UnusableImage(UnusableReason.UNUSUAL)
        at += 12 + _number(content, at, 4)
    return Header(PictureFormat.PNG, _number(content, 16, 4), _number(content, 20, 4))


def _webp(content: bytes) -> Header:
    match content[12:16]:
        case b"VP8X":
            if _byte(content, 20) & 0x02:
                raise UnusableImage(UnusableReason.ANIMATED)
            width, height = _little(content, 24, 3) + 1, _little(content, 27, 3) + 1
        case b"VP8L":
            bits = _little(content, 21, 4)
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = _little(content, 26, 2) & 0x3FFF, _little(content, 28, 2) & 0x3FFF
        case _:
            raise UnusableImage(UnusableReason.DAMAGED)
    return Header(PictureFormat.WEBP, width, height)


def _foreign(content: bytes) -> tuple[str, str]:
    """What it is instead, in English and Chinese, for whoever chose it."""
    for start, name, name_zh in _FOREIGN:
        if content.startswith(start):
            return name, name_zh
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:11], _VIDEO)
    return ("SVG", "SVG") if b"<svg" in content[:1024].lower() else ("something else", "其他格式")


def _number(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(_exactly(content, at, size))


def _little(content: bytes, at: int, size: int) -> int:
    return int.from_bytes(_exactly(content, at, size), "little")


def _byte(content: bytes, at: int) -> int:
    return _exactly(content, at, 1)[0]


def _exactly(content: bytes, at: int, size: int) -> bytes:
    """So many bytes, or refuses: the file ends before."""
    found = content[at : at + size]
    if len(found) < size:
        raise UnusableImage(UnusableReason.DAMAGED)
    return found

"""Picture files for tests: good ones, and those that somebody made to hurt."""

import io
import random
import struct
import zlib
from functools import cache
from typing import Any

from PIL import ExifTags, Image, ImageCms, ImageFilter

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
NEEDLE = b"alert('xss')"


def photo(width: int = 640, height: int = 480, *, seed: int = 1, mode: str = "RGB") -> Image.Image:
    """Something like a photo: soft shapes, another one for each seed."""
    dice = random.Random(seed)
    small = Image.frombytes("RGB", (16, 12), dice.randbytes(16 * 12 * 3)).filter(ImageFilter.GaussianBlur(1))
    return small.resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def saved(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The file of a picture."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(width: int = 640, height: int = 480, *, seed: int = 1, **options: Any) -> bytes:
    return saved(photo(width, height, seed=seed), "JPEG", **options)


def opened(content: bytes) -> Image.Image:
    """Decoded whole, so that a file cut off fails here."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    """One of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *more: bytes, rows: bytes | None = None) -> bytes:
    """A grey PNG of any size, compressed to almost nothing; `more` are chunks before the pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    if rows is None:
        packer = zlib.compressobj(9)
        line = bytes(width + 1)
        rows = b"".join([packer.compress(line) for _ in range(height)] + [packer.flush()])
    return b"".join([PNG_SIGNATURE, chunk(b"IHDR", header), *more, chunk(b"IDAT", rows), chunk(b"IEND")])


def located(latitude: float = 29.69, orientation: int = 6) -> Image.Exif:
    """EXIF data of a phone: where it was, how it was held, whose it is."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "老王 13800138000"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitude] = (latitude, 0.0, 0.0)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def scan_bomb(scans: int) -> bytes:
    """A JPEG of 25 megapixels that lets the decoder walk over all of them again and again, 42 bytes a time."""
    plain = _progressive()
    at, starts = plain.find(b"\xff\xda"), []
    while at != -1:
        starts.append(at)
        at = plain.find(b"\xff\xda", at + 2)
    parts = [plain[start:end] for start, end in zip(starts, [*starts[1:], len(plain) - 2], strict=True)]
    shortest = min(parts[1:], key=len)
    return plain[: starts[0]] + b"".join(parts) + shortest * (scans - len(parts)) + b"\xff\xd9"


@cache
def _progressive() -> bytes:
    return saved(Image.new("RGB", (5776, 4328), (120, 130, 140)), "JPEG", progressive=True, subsampling=0)


def webp_chunks(content: bytes) -> list[str]:
    """The kinds of chunks in a WebP file, in order."""
    found, at = [], 12
    while at < len(content):
        found.append(content[at : at + 4].decode("ascii"))
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return found


def animated(kind: str) -> bytes:
    """Three frames."""
    frames = [photo(64, 48, seed=seed) for seed in range(3)]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)

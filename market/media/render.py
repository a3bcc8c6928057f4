"""A safe picture of an uploaded one: decoded, upright, in sRGB, in three sizes of WebP, without anything else.

Encoding anew is what makes it safe: comments, places where it was taken, hidden archives and scripts are not pixels,
so none of them gets through (content disarm and reconstruction, OWASP File Upload Cheat Sheet).
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from PIL import ExifTags, Image, ImageCms, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from market.media.errors import UnusableImage, UnusableReason
from market.media.headers import Header
from market.media.rules import PIXELS, MediaSize, PictureFormat, fitted

_DECODERS: Mapping[PictureFormat, type[ImageFile.ImageFile]] = MappingProxyType(
    # Each by itself, and not `Image.open`: that tries what the bytes could be, too, and only warns of a bomb.
    {PictureFormat.JPEG: JpegImageFile, PictureFormat.PNG: PngImageFile, PictureFormat.WEBP: WebPImageFile}
)
_UPRIGHT: Mapping[object, Image.Transpose] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
"""What turns a picture upright, by its EXIF orientation (CIPA DC-008, tag 0x0112)."""

_AS_THEY_ARE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
"""Modes that can be made smaller at once; others are converted first."""
_PROFILED = frozenset({"RGB", "RGBA", "CMYK"})
_PROFILE_BYTES_MAX = 4 * 1024 * 1024
_QUALITY = 80
_EFFORT = 4


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture ready to be kept."""

    files: Mapping[MediaSize, bytes]
    """WebP, without metadata."""
    width: int
    """Of the large one, in pixels; smaller ones have the same proportions."""
    height: int

    @property
    def size_bytes(self) -> int:
        """What all sizes take up together."""
        return sum(len(file) for file in self.files.values())


def render(content: bytes, header: Header) -> Rendered:
    """The picture of a file whose header was read, or refuses with UnusableImage: it is damaged or cut off.

    Takes up to 240 MB and two seconds; see `store.MediaStore.run`, which bounds how many run at once.
    """
    try:
        picture = _decoded(content, header)
    except MemoryError:
        raise
    except Exception as error:
        # Whatever a decoder stumbles over is a fact about the file: they raise a dozen kinds of error for bad ones.
        raise UnusableImage(UnusableReason.DAMAGED) from error
    width, height = picture.size
    files: dict[MediaSize, bytes] = {}
    for size in (MediaSize.LARGE, MediaSize.MEDIUM, MediaSize.SMALL):
        wanted = fitted(width, height, PIXELS[size])
        if wanted != picture.size:
            picture = picture.resize(wanted, Image.Resampling.LANCZOS)
        elif files:  # a small picture: its smaller sizes are itself
            files[size] = files[MediaSize.LARGE]
            continue
        files[size] = encoded(picture)
    return Rendered(files, width, height)


def encoded(picture: Image.Image, *, effort: int = _EFFORT) -> bytes:
    """The picture as WebP, and nothing but the picture. `effort` is 0 to 6: more makes it smaller, and takes longer."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=_QUALITY, method=effort, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()


def _decoded(content: bytes, header: Header) -> Image.Image:
    """The pixels, no more of them than the large size has."""
    size = fitted(header.width, header.height, PIXELS[MediaSize.LARGE])
    with _DECODERS[header.format](io.BytesIO(content)) as image:
        if image.size != (header.width, header.height):
            raise ValueError("the decoder sees another picture than the header says")
        image.draft(None, size)  # a JPEG can be decoded at a half, a quarter or an eighth, for a part of the memory
        image.load()
        orientation = _orientation(image)
        profile = image.info.get("icc_profile")
        picture = _simple(image)
    picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture = _in_srgb(picture, profile)
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    turn = _UPRIGHT.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _simple(image: Image.Image) -> Image.Image:
    """In a mode that can be made smaller without looking wrong."""
    if image.mode.startswith("I;16"):  # `convert` would cut what is above 255
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in _AS_THEY_ARE and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """In the colours that every screen assumes when a picture has no profile. A profile that is none is ignored."""
    mode = "RGBA" if picture.mode in {"LA", "RGBA"} else "RGB"
    if profile and len(profile) <= _PROFILE_BYTES_MAX and picture.mode in _PROFILED:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            made = None
        if made is not None:
            return made
    return picture.convert(mode)


def _orientation(image: Image.Image) -> object:
    """The EXIF orientation; none when the EXIF data is not in order, for the picture may still be."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # noqa: BLE001 - as with pixels, but what is lost is only how it lay in the camera
        return None

"""Files made to hurt: each is refused with its reason, or comes out as a harmless picture, in bounded time."""

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from market.kernel.errors import Invalid
from market.media.errors import UnusableImage, UnusableReason
from market.media.headers import JPEG_MARKERS_MAX, JPEG_SCANS_MAX, PNG_CHUNKS_MAX, read_header
from market.media.render import Rendered, render
from market.media.rules import FILE_BYTES_MAX, MediaSize
from tests.media.files import (
    NEEDLE,
    PNG_SIGNATURE,
    animated,
    chunk,
    jpeg,
    located,
    opened,
    photo,
    png,
    saved,
    scan_bomb,
    webp_chunks,
)

R = UnusableReason
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>' + NEEDLE + b"</script></svg>"
JPEG = jpeg()
PNG = saved(photo(), "PNG")
WEBP = saved(photo(), "WEBP")
FTYP = b"\x00\x00\x00\x18ftyp%s\x00\x00\x00\x00" + bytes(100)


def made(content: bytes) -> Rendered:
    return render(content, read_header(content))


def reason_of(content: bytes) -> UnusableReason:
    with pytest.raises(UnusableImage) as refused:
        made(content)
    reason: UnusableReason = refused.value.facts["reason"]
    return reason


HEADERS: dict[str, tuple[Callable[[], bytes], UnusableReason]] = {
    "nothing": (lambda: b"", R.EMPTY),
    "ten megabytes and a byte": (lambda: JPEG + bytes(FILE_BYTES_MAX), R.TOO_MANY_BYTES),
    "text": (lambda: b"hello", R.FORMAT),
    "zeros": (lambda: bytes(1000), R.FORMAT),
    "SVG with a script": (lambda: SVG, R.FORMAT),
    "HTML": (lambda: b"<html><script>" + NEEDLE + b"</script>", R.FORMAT),
    "PDF": (lambda: b"%PDF-1.7\n", R.FORMAT),
    "GIF that is JavaScript too": (lambda: b"GIF89a/*" + bytes(20) + b"*/=1;" + NEEDLE, R.FORMAT),
    "GIF": (lambda: animated("GIF"), R.FORMAT),
    "TIFF": (lambda: saved(photo(), "TIFF"), R.FORMAT),
    "BMP": (lambda: saved(photo(), "BMP"), R.FORMAT),
    "HEIC": (lambda: FTYP % b"heic", R.FORMAT),
    "AVIF": (lambda: FTYP % b"avif", R.FORMAT),
    "video": (lambda: FTYP % b"isom", R.FORMAT),
    "ZIP": (lambda: b"PK\x03\x04" + bytes(30), R.FORMAT),
    "PNG bomb, 13,000 squared": (lambda: png(13_000, 13_000), R.TOO_MANY_PIXELS),
    "PNG that says 2 billion squared": (lambda: png(2**31 - 1, 2**31 - 1, rows=b"x"), R.TOO_MANY_PIXELS),
    "one pixel wide, 100,000 high": (lambda: png(1, 100_000), R.TOO_MANY_PIXELS),
    "8,001 pixels wide": (lambda: png(8_001, 1), R.TOO_MANY_PIXELS),
    "25 megapixels and a row": (lambda: png(5_000, 5_001), R.TOO_MANY_PIXELS),
    "WebP of 12.6 megapixels": (lambda: saved(Image.new("L", (3_600, 3_500)), "WEBP", method=0), R.TOO_MANY_PIXELS),
    "JPEG that says 65,535 squared": (
        lambda: JPEG.replace(struct.pack(">HH", 480, 640), struct.pack(">HH", 65_535, 65_535), 1),
        R.TOO_MANY_PIXELS,
    ),
    "no pixel at all": (lambda: png(0, 10, rows=b""), R.DAMAGED),
    "JPEG without height": (lambda: JPEG.replace(struct.pack(">HH", 480, 640), struct.pack(">HH", 0, 640), 1), R.DAMAGED),
    "animated PNG": (lambda: animated("PNG"), R.ANIMATED),
    "animated WebP": (lambda: animated("WEBP"), R.ANIMATED),
    "PNG of a hundred thousand chunks": (lambda: png(10, 10, *[chunk(b"tEXt", b"a\x00b")] * 100_000), R.UNUSUAL),
    "PNG whose chunks are empty": (lambda: png(10, 10, *[chunk(b"xxXx")] * (PNG_CHUNKS_MAX + 1)), R.UNUSUAL),
    "JPEG of ten thousand comments": (lambda: JPEG[:2] + b"\xff\xfe\x00\x02" * 10_000 + JPEG[2:], R.UNUSUAL),
    "JPEG whose scans would take an hour": (lambda: scan_bomb(200_000), R.UNUSUAL),
    "JPEG of a scan too many": (lambda: scan_bomb(JPEG_SCANS_MAX + 1), R.UNUSUAL),
    "lossless JPEG": (lambda: JPEG.replace(b"\xff\xc0", b"\xff\xc3", 1), R.UNUSUAL),
    "PNG without header": (lambda: PNG_SIGNATURE + chunk(b"IDAT") + chunk(b"IEND"), R.DAMAGED),
    "only a signature": (lambda: PNG_SIGNATURE, R.DAMAGED),
    "only the start of a JPEG": (lambda: b"\xff\xd8\xff", R.DAMAGED),
    "JPEG without pixels": (lambda: JPEG[:2] + b"\xff\xd9", R.DAMAGED),
    "only the start of a WebP": (lambda: b"RIFF\x00\x00\x00\x00WEBP", R.DAMAGED),
    "WebP of something else": (lambda: b"RIFF\x00\x00\x00\x00WEBPABCD" + bytes(40), R.DAMAGED),
    "WebP cut off in its header": (lambda: WEBP[:22], R.DAMAGED),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_it_is_refused_by_its_header_at_once(name: str) -> None:
    make, reason = HEADERS[name]
    content = make()

    started = time.perf_counter()
    with pytest.raises(UnusableImage) as refused:
        read_header(content)

    assert refused.value.facts["reason"] is reason
    assert refused.value.facts["field"] == "file"
    assert time.perf_counter() - started < 0.5


PIXELS: dict[str, bytes] = {
    "JPEG cut off": jpeg(2000, 1500)[:-2000],
    "PNG cut off": PNG[: len(PNG) // 2],
    "WebP cut off": WEBP[: len(WEBP) // 2],
    "PNG whose pixels are none": png(100, 100, rows=b"nonsense"),
    "PNG whose checksum is wrong": PNG.replace(PNG[29:33], b"\x00\x00\x00\x00", 1),
    "WebP whose canvas is not its picture's size": saved(photo(200, 100, mode="RGBA"), "WEBP", exif=located()).replace(
        (199).to_bytes(3, "little"), (1999).to_bytes(3, "little"), 1
    ),
    "text that unpacks to eighty megabytes": png(
        10, 10, chunk(b"zTXt", b"a\x00\x00" + zlib.compress(bytes(80 * 2**20), 1))
    ),
    "JPEG with a second size": JPEG[:2] + JPEG[JPEG.find(b"\xff\xc0") : JPEG.find(b"\xff\xc0") + 19] + JPEG[2:],
}  # fmt: skip


@pytest.mark.parametrize("name", PIXELS)
def test_what_cannot_be_decoded_is_damaged(name: str) -> None:
    started = time.perf_counter()

    assert reason_of(PIXELS[name]) is R.DAMAGED
    assert time.perf_counter() - started < 2


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("run.js", NEEDLE)
    return out.getvalue()


HIDDEN: dict[str, bytes] = {
    "an archive behind it": JPEG + _zip(),
    "a script in a comment": JPEG[:2] + b"\xff\xfe" + struct.pack(">H", len(NEEDLE) + 2) + NEEDLE + JPEG[2:],
    "a script in a text chunk": PNG[:33] + chunk(b"tEXt", b"Comment\x00" + NEEDLE) + PNG[33:],
    "a script behind the end": PNG + b"<script>" + NEEDLE + b"</script>",
    "EXIF with place and name": jpeg(exif=located()),
    "a colour profile of a megabyte": jpeg(icc_profile=NEEDLE * 80_000),
    "a page as its own description": jpeg(xmp=b"<x:xmpmeta>" + NEEDLE + b"</x:xmpmeta>"),
    "WebP with all of it": saved(photo(), "WEBP", exif=located(), xmp=NEEDLE, icc_profile=NEEDLE * 10),
    "EXIF that is none": jpeg(exif=b"Exif\x00\x00" + NEEDLE),
    "many comments": JPEG[:2] + b"\xff\xfe\x00\x02" * (JPEG_MARKERS_MAX // 2) + JPEG[2:],
    "a video behind a motion photo": JPEG + FTYP % b"mp42" + b"\xff\xda\x00" * 500,
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_nothing_but_the_picture_comes_through(name: str) -> None:
    picture = made(HIDDEN[name])

    for size in MediaSize:
        content = picture.files[size]
        assert webp_chunks(content) == ["VP8 "]
        for trace in (NEEDLE, b"PK\x03\x04", b"Exif", b"GPS", b"13800138000", b"ftyp", b"script"):
            assert trace not in content
        assert opened(content).info.keys() & {"exif", "xmp", "icc_profile"} == set()


def test_what_the_decoder_sees_must_be_what_the_header_said() -> None:
    """Were the two read differently, a file could be small for one and huge for the other."""
    header = read_header(JPEG)

    with pytest.raises(UnusableImage):
        render(JPEG, replace(header, width=header.width - 1))


def test_as_many_scans_as_a_file_may_have_are_decoded_in_time() -> None:
    started = time.perf_counter()

    assert made(scan_bomb(JPEG_SCANS_MAX)).width == 1920
    assert time.perf_counter() - started < 30  # 1.5 on an idle machine; without the bound it could be an hour


def test_refusals_say_what_to_do() -> None:
    with pytest.raises(Invalid) as refused:
        made(FTYP % b"heic")

    assert refused.value.code == "UNUSABLE_IMAGE"
    assert refused.value.message("en") == (
        "This picture cannot be used: a picture is JPEG, PNG or WebP, and this is HEIC: export it as JPEG."
    )
    assert (
        refused.value.message("zh-CN") == "图片不可用：图片格式须为 JPEG、PNG 或 WebP，此文件为 HEIC，请另存为 JPEG。"
    )


RELAXED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = {"JPEG": jpeg(60, 40), "PNG": saved(photo(60, 40), "PNG"), "WEBP": saved(photo(60, 40), "WEBP", exif=located())}


@RELAXED
@given(st.sampled_from(sorted(SEEDS)), st.data())
def test_any_damage_is_refused_or_harmless(kind: str, data: st.DataObject) -> None:
    """Bytes of good files changed, cut out and doubled: never another exception, never anything but a picture."""
    content = bytearray(SEEDS[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                content[at] = data.draw(st.integers(0, 255))
            case 1:
                del content[at : at + data.draw(st.integers(1, 30))]
            case _:
                content[at:at] = content[at : at + 20]
        content = content or bytearray(b"\xff")
    try:
        picture = made(bytes(content))
    except UnusableImage:
        return
    assert opened(picture.files[MediaSize.LARGE]).size == (picture.width, picture.height)


@RELAXED
@given(st.sampled_from([b"\xff\xd8\xff", PNG_SIGNATURE, b"RIFF\x00\x00\x00\x00WEBPVP8X", b""]), st.binary(max_size=400))
def test_no_bytes_raise_anything_else(start: bytes, rest: bytes) -> None:
    try:
        made(start + rest)
    except UnusableImage:
        return

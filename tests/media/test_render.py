"""What comes out of a good picture: three sizes, upright, in the right colours."""

import io

import pytest
from PIL import Image, ImageCms

from market.media.headers import Header, read_header
from market.media.render import Rendered, render
from market.media.rules import MediaSize, PictureFormat
from tests.media.files import jpeg, located, opened, photo, saved, srgb_profile


def made(content: bytes) -> Rendered:
    return render(content, read_header(content))


def sizes(picture: Rendered) -> dict[str, tuple[int, int]]:
    return {size.value: opened(picture.files[size]).size for size in MediaSize}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_kept_in_three_sizes_of_webp(kind: str) -> None:
    picture = made(saved(photo(2400, 1800), kind))

    assert sizes(picture) == {"SMALL": (320, 240), "MEDIUM": (960, 720), "LARGE": (1920, 1440)}
    assert (picture.width, picture.height) == (1920, 1440)
    assert {opened(each).format for each in picture.files.values()} == {"WEBP"}
    assert picture.size_bytes == sum(len(each) for each in picture.files.values())


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), {"SMALL": (320, 240), "MEDIUM": (640, 480), "LARGE": (640, 480)}),
        ((100, 200), {"SMALL": (100, 200), "MEDIUM": (100, 200), "LARGE": (100, 200)}),
        ((1, 1), {"SMALL": (1, 1), "MEDIUM": (1, 1), "LARGE": (1, 1)}),
        ((8000, 1), {"SMALL": (320, 1), "MEDIUM": (960, 1), "LARGE": (1920, 1)}),
        ((1000, 3000), {"SMALL": (107, 320), "MEDIUM": (320, 960), "LARGE": (640, 1920)}),
    ],
)
def test_it_is_never_enlarged(size: tuple[int, int], expected: dict[str, tuple[int, int]]) -> None:
    assert sizes(made(saved(photo(*size), "PNG"))) == expected


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_stands_upright_however_the_camera_was_held(orientation: int) -> None:
    """Red is at the upper left and blue at the lower right, once what EXIF says is done."""
    upright = Image.new("RGB", (40, 20), "white")
    upright.paste("red", (0, 0, 20, 10))
    upright.paste("blue", (20, 10, 40, 20))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }.get(orientation)
    held = upright if undo is None else upright.transpose(undo)

    picture = opened(made(saved(held, "PNG", exif=located(orientation=orientation))).files[MediaSize.LARGE])

    red, blue = picture.convert("RGB").getpixel((6, 4)), picture.convert("RGB").getpixel((34, 16))
    assert picture.size == (40, 20)
    assert isinstance(red, tuple)
    assert red[0] > 200 > red[2]
    assert isinstance(blue, tuple)
    assert blue[2] > 200 > blue[0]


def test_an_orientation_that_is_none_is_ignored() -> None:
    assert sizes(made(jpeg(60, 40, exif=located(orientation=99))))["LARGE"] == (60, 40)


MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK", "YCbCr"]


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_pixel_comes_out_alike(mode: str) -> None:
    """A dark left and a bright right half, whatever they are written as."""
    half = Image.new("L", (200, 100), 30)
    half.paste(225, (100, 0, 200, 100))
    if mode == "I;16":
        image = Image.frombytes(mode, half.size, b"".join(bytes([0, value]) for value in half.tobytes()))
    else:
        image = half.convert("RGB").convert(mode)
    content = saved(image, "JPEG" if mode in {"CMYK", "YCbCr"} else "PNG")

    shown = opened(made(content).files[MediaSize.LARGE]).convert("L")

    dark, bright = shown.getpixel((30, 50)), shown.getpixel((170, 50))
    assert isinstance(dark, int)
    assert isinstance(bright, int)
    assert dark < 60
    assert bright > 190


@pytest.mark.parametrize("how", ["RGBA", "palette", "grey"])
def test_what_is_transparent_stays_so(how: str) -> None:
    image = Image.new("RGBA", (100, 100), (200, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 50, 100))
    match how:
        case "RGBA":
            content = saved(image, "PNG")
        case "palette":
            content = saved(image.quantize(8), "PNG")
        case _:
            content = saved(image.convert("LA"), "PNG")

    shown = opened(made(content).files[MediaSize.LARGE])

    assert shown.mode == "RGBA"
    clear, solid = shown.getpixel((20, 50)), shown.getpixel((80, 50))
    assert isinstance(clear, tuple)
    assert isinstance(solid, tuple)
    assert clear[3] < 10
    assert solid[3] > 245


def test_colours_are_those_that_the_profile_means() -> None:
    """A picture whose profile swaps nothing stays; one of a wide gamut is converted, not only stripped."""
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    green = Image.new("RGB", (50, 50), (0, 200, 0))

    plain = opened(made(saved(green, "PNG", icc_profile=srgb_profile())).files[MediaSize.LARGE]).getpixel((25, 25))
    odd = opened(made(saved(green, "PNG", icc_profile=wide.tobytes())).files[MediaSize.LARGE]).getpixel((25, 25))

    assert isinstance(plain, tuple)
    assert isinstance(odd, tuple)
    assert max(abs(a - b) for a, b in zip(plain, (0, 200, 0), strict=True)) < 8
    assert max(abs(a - b) for a, b in zip(odd, (0, 200, 0), strict=True)) < 8  # a profile of other pixels is ignored


def test_a_phones_picture_of_several_is_its_first() -> None:
    """JPEGs of new phones bring depth maps and the like behind them (CIPA DC-007); Pillow calls them MPO."""
    first, second = photo(400, 300, seed=1), photo(400, 300, seed=2)
    content = saved(first, "MPO", save_all=True, append_images=[second])

    assert read_header(content) == Header(PictureFormat.JPEG, 400, 300)
    assert sizes(made(content))["LARGE"] == (400, 300)


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"restart_marker_blocks": 1}])
def test_ordinary_kinds_of_jpeg_are_read(options: dict[str, int]) -> None:
    content = jpeg(2400, 1600, **options)

    assert read_header(content) == Header(PictureFormat.JPEG, 2400, 1600)
    assert sizes(made(content))["LARGE"] == (1920, 1280)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_all_three_kinds_of_webp_are_read(mode: str, *, lossless: bool) -> None:
    content = saved(photo(300, 200, mode=mode), "WEBP", lossless=lossless)

    assert read_header(content) == Header(PictureFormat.WEBP, 300, 200)
    assert sizes(made(content))["LARGE"] == (300, 200)


def test_the_header_agrees_with_the_decoder() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        for width, height in ((1, 1), (17, 3), (640, 480), (3000, 1)):
            content = saved(photo(width, height), kind)
            header = read_header(content)
            assert (header.width, header.height) == Image.open(io.BytesIO(content)).size == (width, height)


def test_the_same_file_gives_the_same_picture() -> None:
    content = jpeg()

    assert made(content) == made(content)

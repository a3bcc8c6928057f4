"""The demo's picture files: which listing shows which, and drawing the ones that are not there yet.

A listing's first picture is its own. Its second is shared by all of its motif, its third is its village's: a few
hundred files instead of a thousand, and a buyer still sees what it is and where it comes from.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zlib import crc32

from PIL import Image

from market.catalogue.publish import ImageDraft
from market.media.objects import open_objects
from market.media.render import encoded
from market.media.rules import PIXELS, MediaSize, fitted, sized
from market.media.store import PUBLIC, PUBLIC_CACHE
from seeds import pictures
from seeds.content import Row, home_of, rows

SHARED_PER_MOTIF = 3
_FOLDER = "demo"

WORDS = {
    "peach": ("水蜜桃", "honey peaches"),
    "bayberry": ("杨梅", "bayberries"),
    "citrus": ("柑橘", "citrus fruit"),
    "loquat": ("枇杷", "loquats"),
    "grape": ("葡萄", "grapes"),
    "pear": ("梨", "pears"),
    "strawberry": ("草莓", "strawberries"),
    "tea": ("茶", "tea"),
    "rice": ("稻米", "rice"),
    "vegetable": ("时蔬", "vegetables"),
    "taro": ("芋薯", "taro and sweet potatoes"),
    "pickles": ("腌菜坛", "pickle crocks"),
    "fish": ("鱼", "fish"),
    "clam": ("贝蟹", "shellfish"),
    "honey": ("蜂蜜", "honey"),
    "egg": ("禽蛋", "eggs"),
    "mushroom": ("菌菇", "mushrooms"),
    "craft": ("手作", "handicraft"),
    "bamboo": ("竹林", "a bamboo grove"),
    "village": ("村舍", "village houses"),
    "mountain": ("山景", "mountains"),
    "sea": ("海景", "the sea"),
    "homestay": ("民宿", "a homestay"),
    "camping": ("露营地", "a campsite"),
    "blossom": ("花树", "blossom"),
    "feast": ("农家宴", "a farmhouse feast"),
}
"""What a motif shows, in words, for whoever cannot see it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A file to be: its key (see `market.media.rules`), and what is drawn in it."""

    key: str
    motif: str
    seed: int

    def image(self, title: str, title_en: str) -> ImageDraft:
        """The picture as part of a listing or village of this name."""
        zh, en = WORDS[self.motif]
        return ImageDraft(
            key=self.key,
            alt=f"{title}，插画：{zh}",
            alt_en=f"{title_en}, illustration: {en}",
            width=pictures.WIDTH,
            height=pictures.HEIGHT,
        )


def own_picture(slug: str, motif: str) -> Picture:
    """The first picture of a listing."""
    return Picture(f"{_FOLDER}/{slug}-1.webp", motif, crc32(slug.encode()))


def shared_picture(motif: str, number: int) -> Picture:
    """One of a motif's few pictures that several listings show."""
    return Picture(
        f"{_FOLDER}/{motif}-shared-{number % SHARED_PER_MOTIF + 1}.webp", motif, number % SHARED_PER_MOTIF + 1
    )


def village_picture(village: Row) -> Picture:
    """The picture of a featured village."""
    return Picture(f"{_FOLDER}/village-{village['code']}-1.webp", village["picture"], crc32(village["code"].encode()))


def listing_pictures(offer: Row) -> tuple[Picture, ...]:
    """One to three pictures of a product or package; packages have at least two."""
    chance = crc32(offer["slug"].encode())
    most = (
        own_picture(offer["slug"], offer["picture"]),
        shared_picture(offer["picture"], chance // 3),
        village_picture(home_of(offer)),
    )
    return most[: max(chance % 3 + 1, 2 if "options" in offer else 1)]


def listing_images(offer: Row) -> tuple[ImageDraft, ...]:
    """The same, as part of the listing."""
    return tuple(picture.image(offer["title"], offer["title_en"]) for picture in listing_pictures(offer))


def all_pictures() -> list[Picture]:
    """Every picture of the demo, each once."""
    offers = [*rows("product"), *rows("package")]
    pairs = [village_picture(row) for row in rows("village")]
    return list(dict.fromkeys(pairs + [picture for offer in offers for picture in listing_pictures(offer)]))


def draw_missing(store_url: str, *, done: Callable[[int, int], None] = lambda _done, _total: None) -> int:
    """Draw the demo's pictures whose files are not in this store (see `open_objects`); says how many. `done` is told how
    many of how many.

    A file is there whole or not at all.
    """
    objects = open_objects(store_url)
    there = {path for some in objects.paths(f"{PUBLIC}{_FOLDER}/") for path in some}
    wanted, drawn = all_pictures(), 0
    for number, picture in enumerate(wanted, start=1):
        if not {PUBLIC + sized(picture.key, size) for size in MediaSize} <= there:
            for path, content in _files(picture):
                objects.put(path, content, cache_control=PUBLIC_CACHE)
            drawn += 1
        done(number, len(wanted))
    return drawn


def _files(picture: Picture) -> Iterator[tuple[str, bytes]]:
    """A picture's files, in all sizes."""
    drawn = pictures.draw(picture.motif, seed=picture.seed)
    with Image.open(io.BytesIO(drawn)) as image:
        for size in (MediaSize.SMALL, MediaSize.MEDIUM):
            wanted = fitted(*image.size, PIXELS[size])
            content = drawn if wanted == image.size else _smaller(image, wanted)
            yield PUBLIC + sized(picture.key, size), content
    yield PUBLIC + picture.key, drawn


def _smaller(image: Image.Image, size: tuple[int, int]) -> bytes:
    """Quickly: flat colours do not show it, and a first start should not wait."""
    return encoded(image.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0), effort=0)

"""The seed's pictures: repeatable, decodable, of the size asked for, and different for different seeds."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from seeds.pictures import HEIGHT, MOTIFS, WIDTH, draw, palette


def _open(data: bytes) -> Image.Image:
    """Decode a picture fully, so that a truncated file fails here."""
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("motif", MOTIFS)
def test_every_motif_is_a_webp_of_the_default_size(motif: str) -> None:
    picture = _open(draw(motif, seed=1))

    assert picture.format == "WEBP"
    assert picture.size == (WIDTH, HEIGHT)


@pytest.mark.parametrize("motif", MOTIFS)
def test_the_same_motif_and_seed_give_the_same_bytes(motif: str) -> None:
    assert draw(motif, seed=7) == draw(motif, seed=7)


@pytest.mark.parametrize("motif", MOTIFS)
def test_seeds_vary_the_picture(motif: str) -> None:
    assert len({draw(motif, seed=seed) for seed in range(6)}) == 6


def test_no_picture_is_empty() -> None:
    for motif in MOTIFS:
        colours = _open(draw(motif, seed=3)).convert("RGB").resize((96, 64)).getcolors(96 * 64)

        assert colours is not None
        assert len(colours) > 200, motif


@pytest.mark.parametrize("size", [(480, 320), (300, 300), (320, 640)])
def test_a_picture_fits_the_size_asked_for(size: tuple[int, int]) -> None:
    assert _open(draw("village", seed=1, width=size[0], height=size[1])).size == size


def test_the_palette_is_a_web_colour() -> None:
    for motif in MOTIFS:
        assert re.fullmatch(r"#[0-9a-f]{6}", palette(motif)), motif


def test_an_unknown_motif_is_refused() -> None:
    with pytest.raises(KeyError):
        draw("dragon", seed=1)

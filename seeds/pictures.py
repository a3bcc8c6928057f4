"""Draws the seed's pictures: flat illustrations of produce, landscapes and village scenes.

A picture is layers pasted one over another: a sky, hazy ridges, then either a still life on a table or a
landscape. Every shape is painted once at four times its size, shrunk for smooth edges and kept, so a picture
costs little more than pasting. The same motif and seed give the same bytes; no text and no font is involved.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageDraw

WIDTH = 960
HEIGHT = 640
OVERSAMPLE = 4  # shapes are painted this much larger, then shrunk
RIDGE_WIDTH = 1920
RIDGE_HEIGHT = 170
RIDGES = 6

Colour = tuple[int, int, int]
Point = tuple[float, float]

WHITE: Colour = (255, 255, 255)
CREAM: Colour = (253, 246, 230)
INK: Colour = (56, 60, 68)
LEAF: Colour = (86, 146, 78)
LEAF_DARK: Colour = (52, 108, 66)
WOOD: Colour = (196, 148, 96)
WOOD_DARK: Colour = (150, 104, 62)
STRAW: Colour = (226, 190, 126)


class Light(NamedTuple):
    """One time of day: the sky from top to bottom, the sun, and the ridges from far to near."""

    top: Colour
    bottom: Colour
    sun: Colour
    far: Colour
    middle: Colour
    near: Colour


LIGHTS: tuple[Light, ...] = (
    Light((255, 214, 186), (255, 241, 220), (255, 250, 232), (226, 186, 176), (188, 164, 158), (128, 146, 122)),
    Light((160, 212, 236), (232, 246, 244), (255, 244, 204), (164, 200, 206), (124, 176, 164), (92, 150, 116)),
    Light((206, 222, 218), (244, 244, 232), (255, 252, 240), (186, 206, 202), (146, 178, 166), (104, 146, 126)),
    Light((246, 176, 140), (255, 226, 178), (255, 236, 190), (214, 148, 132), (164, 118, 120), (98, 98, 108)),
    Light((190, 222, 214), (252, 238, 222), (255, 246, 222), (178, 206, 190), (142, 184, 150), (104, 158, 110)),
)


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; share 0 is the first, 1 the second."""
    return (
        round(first[0] + (second[0] - first[0]) * share),
        round(first[1] + (second[1] - first[1]) * share),
        round(first[2] + (second[2] - first[2]) * share),
    )


class Pen:
    """Paints one shape in units of a hundredth of its height, whatever its final size."""

    def __init__(self, draw: ImageDraw.ImageDraw, unit: float) -> None:
        """Take the drawing surface and the pixels one unit covers."""
        self.draw = draw
        self.unit = unit

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse around (x, y)."""
        u = self.unit
        self.draw.ellipse(((x - rx) * u, (y - ry) * u, (x + rx) * u, (y + ry) * u), fill=colour)

    def ring(self, x: float, y: float, rx: float, ry: float, colour: Colour, *, wide: float) -> None:
        """Stroke an ellipse around (x, y)."""
        u = self.unit
        box = ((x - rx) * u, (y - ry) * u, (x + rx) * u, (y + ry) * u)
        self.draw.ellipse(box, outline=colour, width=max(1, round(wide * u)))

    def arc(
        self, x: float, y: float, rx: float, ry: float, sweep: tuple[float, float], colour: Colour, *, wide: float
    ) -> None:
        """Stroke part of an ellipse between two angles in degrees, clockwise from three o'clock."""
        u = self.unit
        box = ((x - rx) * u, (y - ry) * u, (x + rx) * u, (y + ry) * u)
        self.draw.arc(box, sweep[0], sweep[1], fill=colour, width=max(1, round(wide * u)))

    def shape(self, points: list[Point], colour: Colour) -> None:
        """Fill a polygon."""
        self.draw.polygon([(x * self.unit, y * self.unit) for x, y in points], fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, *, round_by: float = 0) -> None:
        """Fill a rectangle, its corners rounded if asked."""
        u = self.unit
        self.draw.rounded_rectangle((left * u, top * u, right * u, bottom * u), round_by * u, fill=colour)

    def stroke(self, points: list[Point], colour: Colour, *, wide: float) -> None:
        """Stroke a line through the points."""
        path = [(x * self.unit, y * self.unit) for x, y in points]
        self.draw.line(path, fill=colour, width=max(1, round(wide * self.unit)), joint="curve")

    def ball(self, x: float, y: float, rx: float, ry: float, dark: Colour, light: Colour) -> None:
        """Paint a rounded body lit from the upper left, with one soft highlight."""
        for step in range(12):
            share = step / 11
            shrink = 1 - share * 0.62
            self.oval(x - rx * 0.24 * share, y - ry * 0.28 * share, rx * shrink, ry * shrink, _mix(dark, light, share))
        self.oval(x - rx * 0.36, y - ry * 0.44, rx * 0.16, ry * 0.11, _mix(light, WHITE, 0.7))

    def leaf(
        self, x: float, y: float, long: float, angle: float, colour: Colour = LEAF, *, broad: float = 0.24
    ) -> None:
        """Paint a pointed leaf growing from (x, y) at an angle in degrees, with its midrib."""
        turn = math.radians(angle)
        cos, sin = math.cos(turn), math.sin(turn)
        side = [(t / 10, broad * math.sin(math.pi * (t / 10) ** 0.8)) for t in range(11)]
        outline = side + [(t, -w) for t, w in reversed(side)]
        self.shape([(x + long * (t * cos - w * sin), y + long * (t * sin + w * cos)) for t, w in outline], colour)
        tip = (x + long * 0.9 * cos, y + long * 0.9 * sin)
        self.stroke([(x, y), tip], _mix(colour, WHITE, 0.35), wide=max(0.8, long * 0.03))


# --- shapes: fruit -------------------------------------------------------------------------------------------


def _peach(pen: Pen) -> None:
    """A blushing peach with its crease and two leaves."""
    pen.leaf(50, 16, 40, -12, LEAF)
    pen.leaf(50, 18, 32, -150, LEAF_DARK)
    pen.ball(50, 57, 41, 40, (238, 138, 128), (255, 216, 190))
    pen.oval(70, 60, 17, 24, (236, 122, 120))
    pen.oval(66, 58, 14, 22, (244, 150, 140))
    pen.arc(74, 56, 30, 44, (130, 232), (214, 104, 104), wide=1.8)
    pen.oval(36, 40, 7, 4.5, (255, 240, 226))


def _bayberry(pen: Pen) -> None:
    """A dark bayberry, its surface a spiral of small beads."""
    pen.stroke([(50, 20), (54, 4)], LEAF_DARK, wide=3)
    pen.leaf(53, 8, 36, 8)
    pen.oval(50, 58, 40, 40, (92, 16, 44))
    for index in range(150):
        reach = math.sqrt(index / 150) * 38
        turn = index * 2.39996
        x, y = 50 + reach * math.cos(turn), 58 + reach * math.sin(turn)
        lit = max(0.0, min(1.0, 0.55 - ((x - 50) + (y - 58) * 1.2) / 95))
        pen.oval(x, y, 3.5, 3.5, _mix((112, 18, 50), (206, 52, 84), lit))
        pen.oval(x - 0.9, y - 1, 1.2, 1.1, _mix((150, 34, 66), (244, 130, 148), lit))


def _citrus(pen: Pen) -> None:
    """An orange with pores, calyx and leaf."""
    pen.ball(50, 57, 42, 39, (226, 104, 20), (255, 182, 66))
    spots = random.Random(7)
    for _ in range(46):
        reach, turn = 36 * math.sqrt(spots.random()), spots.random() * 6.283
        pen.oval(50 + reach * math.cos(turn), 57 + reach * 0.9 * math.sin(turn), 0.8, 0.8, (236, 132, 34))
    pen.leaf(51, 22, 40, -14)
    for angle in range(0, 360, 72):
        pen.leaf(50, 22, 10, angle, LEAF_DARK)


def _loquat(pen: Pen) -> None:
    """A pale oval loquat with its brown crown."""
    pen.leaf(50, 14, 42, -24, LEAF_DARK)
    pen.leaf(50, 14, 34, 200, LEAF)
    pen.stroke([(50, 20), (50, 6)], (140, 106, 66), wide=4)
    pen.ball(50, 56, 34, 41, (236, 178, 84), (255, 232, 172))
    pen.shape([(43, 92), (50, 84), (57, 92), (54, 97), (46, 97)], (142, 102, 60))


def _bunch(pen: Pen, dark: Colour, light: Colour) -> None:
    """A bunch of grapes hanging from its leaf."""
    pen.stroke([(50, 2), (50, 18)], (132, 100, 62), wide=4)
    for row, count in enumerate((4, 5, 5, 4, 3, 2, 1)):
        for column in range(count):
            x = 50 + (column - (count - 1) / 2) * 15 + (2 if row % 2 else -2)
            pen.ball(x, 24 + row * 11.2, 9.4, 9.4, dark, light)
    pen.leaf(50, 12, 40, -10, LEAF)
    pen.leaf(50, 12, 34, 192, LEAF_DARK)


def _grape(pen: Pen) -> None:
    """A purple bunch."""
    _bunch(pen, (72, 40, 98), (150, 110, 180))


def _muscat(pen: Pen) -> None:
    """A green bunch."""
    _bunch(pen, (134, 164, 62), (222, 232, 150))


def _pear(pen: Pen) -> None:
    """A pale green pear."""
    for step in range(12):
        share = step / 11
        shrink, colour = 1 - share * 0.55, _mix((188, 184, 78), (246, 240, 172), share)
        x = 50 - 9 * share
        pen.oval(x, 64 - 7 * share, 37 * shrink, 33 * shrink, colour)
        pen.oval(x, 36, 21 * shrink, 25 * shrink, colour)
    pen.stroke([(50, 15), (54, 2)], (120, 88, 52), wide=4)
    pen.leaf(53, 9, 30, 12)
    pen.oval(40, 48, 5, 9, (252, 250, 214))


def _strawberry(pen: Pen) -> None:
    """A strawberry with seeds and a green cap."""
    outline = [
        (16.0, 30.0),
        (24.0, 20.0),
        (50.0, 18.0),
        (76.0, 20.0),
        (84.0, 30.0),
        (80.0, 50.0),
        (66.0, 78.0),
        (50.0, 96.0),
        (34.0, 78.0),
        (20.0, 50.0),
    ]
    for step in range(10):
        share = step / 9
        shrink = 1 - share * 0.6
        body = [
            (46 + 4 * (1 - share) + (x - 50) * shrink, 48 + 4 * (1 - share) + (y - 52) * shrink) for x, y in outline
        ]
        pen.shape(body, _mix((206, 34, 44), (246, 88, 80), share))
    for row, count in enumerate((5, 4, 5, 4, 3, 2, 1)):
        for column in range(count):
            pen.oval(50 + (column - (count - 1) / 2) * (13 - row * 0.6), 32 + row * 9, 1.3, 2.1, (255, 224, 140))
    for angle in (-170, -140, -112, -68, -40, -10, 20, 160):
        pen.leaf(50, 20, 26 if abs(angle) < 150 else 30, angle, LEAF if angle % 20 else LEAF_DARK)
    pen.oval(30, 34, 4, 6, (255, 176, 166))


def _tomato(pen: Pen) -> None:
    """A ripe tomato."""
    pen.ball(50, 58, 42, 37, (204, 48, 36), (250, 118, 84))
    for angle in (-165, -125, -90, -50, -12, 30, 150):
        pen.leaf(50, 26, 22, angle, LEAF_DARK)


# --- shapes: vegetables, fungi and eggs ----------------------------------------------------------------------


def _greens(pen: Pen) -> None:
    """A head of short-stemmed greens."""
    for x, y, rx, ry, colour in (
        (28, 32, 22, 26, LEAF_DARK),
        (72, 32, 22, 26, LEAF_DARK),
        (50, 24, 25, 24, LEAF),
        (38, 38, 19, 24, (104, 168, 84)),
        (62, 38, 19, 24, (96, 160, 80)),
    ):
        pen.oval(x, y, rx, ry, colour)
        pen.stroke([(x, y - ry * 0.7), (50 + (x - 50) * 0.5, 62)], (206, 228, 178), wide=1.6)
    pen.shape([(32, 54), (68, 54), (64, 88), (50, 96), (36, 88)], (236, 244, 218))
    pen.shape([(22, 46), (40, 54), (48, 92), (36, 86)], (222, 236, 198))
    pen.shape([(78, 46), (60, 54), (52, 92), (64, 86)], (214, 230, 190))


def _radish(pen: Pen) -> None:
    """A white radish with its green tops."""
    for angle in (-130, -108, -90, -72, -50):
        pen.leaf(50, 42, 42, angle, LEAF if angle % 4 else LEAF_DARK)
    pen.stroke([(50, 88), (54, 99)], (226, 222, 208), wide=2)
    pen.ball(50, 66, 28, 27, (220, 218, 206), (255, 255, 250))
    pen.oval(50, 44, 13, 5, (178, 206, 140))


def _taro(pen: Pen) -> None:
    """A big ringed taro corm with its rosy bud."""
    pen.shape([(40, 22), (50, 3), (60, 22)], (226, 150, 158))
    pen.ball(50, 58, 38, 40, (108, 78, 58), (176, 136, 102))
    for index, y in enumerate((32, 42, 53, 64, 75, 85)):
        rx = 38 * math.sqrt(max(0.0, 1 - ((y - 58) / 40) ** 2)) - 2
        pen.arc(50, y - 4, rx, 7, (10, 170), (84, 58, 44), wide=1.4)
        for hair in range(5):
            x = 50 + (hair - 2) * rx * 0.42 + (index % 2) * 3
            pen.stroke([(x, y + 3), (x + 1, y + 6)], (196, 160, 124), wide=1)


def _sweet_potato(pen: Pen) -> None:
    """A red-skinned sweet potato."""
    pen.ball(50, 54, 46, 27, (148, 62, 70), (218, 126, 118))
    for x, y in ((26, 56), (44, 66), (62, 46), (74, 60), (52, 40)):
        pen.arc(x, y, 8, 3, (10, 150), (124, 48, 58), wide=1.2)


def _mushroom(pen: Pen) -> None:
    """A shiitake, its cap cracked like a turtle's back."""
    pen.shape([(40, 50), (60, 50), (63, 90), (50, 95), (37, 90)], (240, 226, 200))
    pen.shape([(40, 50), (47, 50), (46, 94), (37, 90)], (222, 202, 170))
    pen.oval(50, 55, 44, 12, (222, 196, 158))
    pen.draw.pieslice((6 * pen.unit, 12 * pen.unit, 94 * pen.unit, 96 * pen.unit), 180, 360, fill=(122, 80, 54))
    pen.oval(50, 54, 44, 7, (122, 80, 54))
    pen.oval(40, 33, 25, 14, (148, 102, 70))
    for x, y in ((28, 34), (44, 24), (60, 30), (74, 42), (52, 42), (36, 46), (62, 48), (20, 46)):
        pen.stroke([(x - 5, y), (x, y + 3), (x + 5, y - 1)], (226, 194, 152), wide=1.6)
        pen.stroke([(x, y + 3), (x + 1, y + 7)], (226, 194, 152), wide=1.4)


def _egg(pen: Pen) -> None:
    """A brown hen's egg."""
    pen.ball(50, 54, 34, 43, (210, 150, 106), (252, 218, 182))


def _pale_egg(pen: Pen) -> None:
    """A pale green duck's egg."""
    pen.ball(50, 54, 34, 43, (184, 200, 184), (244, 250, 240))


def _shoot(pen: Pen) -> None:
    """A bamboo shoot in its overlapping sheaths."""
    pen.shape([(50, 2), (78, 74), (70, 96), (30, 96), (22, 74)], (156, 116, 72))
    for row in range(5):
        y = 26 + row * 15
        half = 9 + row * 4.6
        pen.shape(
            [(50 - half, y + 14), (50 + (row % 2 * 8 - 4), y - 12), (50 + half, y + 14), (50, y + 18)],
            _mix((196, 156, 98), (124, 86, 56), row / 5),
        )
        pen.stroke([(50 + (row % 2 * 8 - 4), y - 12), (50 + half, y + 14)], (104, 72, 48), wide=1)
    pen.oval(50, 96, 20, 4, (246, 230, 190))


# --- shapes: sea ---------------------------------------------------------------------------------------------


def _fish(pen: Pen) -> None:
    """A golden croaker, facing left; twice as wide as tall."""
    pen.shape([(150, 50), (196, 16), (184, 50), (196, 84)], (224, 160, 62))
    pen.shape([(70, 22), (100, 4), (132, 26)], (214, 150, 60))
    pen.shape([(84, 78), (104, 94), (118, 74)], (240, 186, 82))
    pen.oval(90, 50, 78, 32, (206, 160, 84))
    pen.oval(88, 56, 72, 24, (246, 204, 104))
    pen.oval(86, 63, 62, 14, (255, 228, 150))
    for row in range(3):
        for column in range(9):
            pen.arc(58 + column * 11, 38 + row * 11, 6, 6, (280, 80), (190, 138, 66), wide=1.3)
    pen.arc(30, 50, 20, 28, (-60, 60), (176, 124, 60), wide=2)
    pen.oval(27, 43, 6, 6, WHITE)
    pen.oval(26, 43, 3.2, 3.2, INK)
    pen.stroke([(13, 56), (23, 60)], (160, 104, 60), wide=2)


def _silver_fish(pen: Pen) -> None:
    """A slim silver fish, facing left; twice as wide as tall."""
    pen.shape([(156, 50), (196, 28), (186, 50), (196, 72)], (126, 146, 162))
    pen.shape([(60, 34), (110, 20), (146, 38)], (126, 146, 162))
    pen.oval(92, 50, 80, 22, (142, 166, 184))
    pen.oval(90, 54, 74, 15, (206, 220, 228))
    pen.oval(88, 58, 64, 8, (240, 246, 248))
    pen.arc(32, 50, 14, 18, (-60, 60), (110, 132, 150), wide=2)
    pen.oval(27, 46, 5, 5, WHITE)
    pen.oval(26, 46, 2.8, 2.8, INK)


def _razor(pen: Pen) -> None:
    """A razor clam with its siphon out; three times as wide as tall."""
    pen.oval(24, 52, 22, 10, (248, 226, 196))
    pen.oval(12, 48, 7, 6, (236, 206, 172))
    pen.box(34, 20, 276, 82, (120, 104, 62), round_by=26)
    pen.box(36, 22, 274, 66, (198, 170, 100), round_by=22)
    for x in range(70, 264, 26):
        pen.arc(x - 18, 51, 20, 27, (-72, 72), (158, 136, 88), wide=2)
    pen.box(56, 32, 190, 37, (244, 232, 190), round_by=2)


def _clam(pen: Pen) -> None:
    """A fan-shaped clam."""
    pen.draw.pieslice((6 * pen.unit, 14 * pen.unit, 94 * pen.unit, 112 * pen.unit), 190, 350, fill=(186, 146, 112))
    pen.oval(50, 56, 43, 20, (186, 146, 112))
    for step in range(5):
        pen.arc(
            50, 62, 42 - step * 8, 40 - step * 7, (186, 354), _mix((150, 108, 82), (244, 220, 190), step / 4), wide=3
        )
    pen.oval(50, 72, 12, 6, (226, 194, 160))


def _crab(pen: Pen) -> None:
    """A red swimming crab; half again as wide as tall."""
    red, deep = (224, 98, 62), (184, 66, 46)
    for side in (-1, 1):
        for leg in range(4):
            x = 75 + side * (30 + leg * 3)
            pen.stroke(
                [
                    (x, 56 + leg * 5),
                    (75 + side * (54 + leg * 2), 50 + leg * 12),
                    (75 + side * (62 - leg * 3), 66 + leg * 9),
                ],
                deep,
                wide=4.5,
            )
        pen.stroke([(75 + side * 30, 46), (75 + side * 52, 32), (75 + side * 46, 18)], red, wide=7)
        pen.oval(75 + side * 42, 16, 11, 13, red)
        pen.shape([(75 + side * 42, 2), (75 + side * 36, 16), (75 + side * 48, 16)], CREAM)
    pen.ball(75, 56, 43, 26, deep, (246, 146, 92))
    for side in (-1, 1):
        pen.stroke([(75 + side * 12, 34), (75 + side * 13, 26)], deep, wide=3)
        pen.oval(75 + side * 13, 25, 3.5, 3.5, INK)
    pen.arc(75, 54, 16, 10, (20, 160), deep, wide=2.4)


# --- shapes: jars, bowls and handwork ------------------------------------------------------------------------


def _honey(pen: Pen) -> None:
    """A glass jar of honey with a cloth top."""
    pen.box(18, 24, 82, 96, (216, 140, 32), round_by=14)
    pen.box(22, 38, 78, 93, (246, 178, 50), round_by=11)
    pen.box(24, 40, 36, 88, (255, 214, 112), round_by=6)
    pen.box(30, 54, 74, 80, CREAM, round_by=4)
    for x, y in ((44, 64), (56, 64), (50, 73)):
        pen.shape(
            [(x + 6 * math.cos(math.radians(a)), y + 6 * math.sin(math.radians(a))) for a in range(30, 390, 60)],
            (244, 184, 70),
        )
    pen.shape([(16, 26), (22, 8), (78, 8), (84, 26), (74, 22), (64, 27), (50, 23), (36, 27), (26, 22)], (226, 110, 92))
    pen.box(22, 16, 78, 21, (248, 226, 200), round_by=2)


def _dipper(pen: Pen) -> None:
    """A wooden honey dipper with a drop."""
    pen.stroke([(86, 8), (40, 60)], WOOD_DARK, wide=5)
    for step in range(5):
        pen.oval(44 - step * 6, 56 + step * 7, 13 - abs(step - 2) * 1.6, 9, _mix(WOOD, (244, 180, 60), step / 4))
    pen.oval(16, 93, 5, 6, (246, 180, 56))


def _crock(pen: Pen) -> None:
    """A glazed pickling crock under a stone."""
    pen.oval(50, 12, 20, 10, (168, 170, 166))
    pen.oval(46, 9, 10, 4, (200, 202, 198))
    pen.shape(
        [(30, 20), (70, 20), (74, 32), (88, 54), (82, 84), (70, 97), (30, 97), (18, 84), (12, 54), (26, 32)],
        (116, 72, 48),
    )
    pen.shape(
        [(30, 20), (48, 20), (44, 34), (34, 54), (34, 84), (42, 97), (30, 97), (18, 84), (12, 54), (26, 32)],
        (150, 98, 64),
    )
    pen.oval(50, 20, 22, 6, (84, 122, 70))
    pen.stroke([(14, 50), (50, 56), (86, 50)], (84, 50, 36), wide=2.5)
    pen.box(36, 58, 64, 82, (206, 64, 54), round_by=2)
    pen.shape([(50, 62), (59, 70), (50, 78), (41, 70)], (244, 200, 110))


def _rice_bowl(pen: Pen) -> None:
    """A blue-rimmed bowl heaped with rice."""
    pen.oval(50, 44, 36, 28, (252, 250, 240))
    grains = random.Random(3)
    for _ in range(70):
        x = 50 + grains.uniform(-31, 31)
        y = 44 - grains.random() * 24 * math.sqrt(max(0.0, 1 - ((x - 50) / 34) ** 2))
        pen.oval(x, y, 2.4, 1.3, _mix((226, 220, 200), WHITE, grains.random()))
    pen.draw.pieslice((6 * pen.unit, -6 * pen.unit, 94 * pen.unit, 94 * pen.unit), 0, 180, fill=(240, 244, 246))
    pen.arc(50, 44, 42, 46, (8, 172), (86, 126, 170), wide=3)
    for x in (28, 50, 72):
        pen.ring(x, 66 if x == 50 else 60, 7, 7, (108, 148, 190), wide=2)
    pen.box(34, 90, 66, 97, (218, 226, 232), round_by=2)


def _cup(pen: Pen) -> None:
    """A white cup of green tea on its saucer, steaming."""
    for x in (38, 50, 62):
        pen.stroke([(x, 34), (x - 5, 26), (x + 4, 17), (x - 2, 6)], (246, 250, 246), wide=2.4)
    pen.oval(50, 88, 46, 9, (220, 228, 222))
    pen.oval(50, 86, 40, 7, WHITE)
    pen.arc(84, 58, 13, 13, (-100, 110), (232, 238, 232), wide=5)
    pen.draw.pieslice((14 * pen.unit, 0, 86 * pen.unit, 88 * pen.unit), 0, 180, fill=(246, 250, 246))
    pen.oval(50, 44, 36, 9, (228, 236, 228))
    pen.oval(50, 44, 32, 7, (172, 188, 84))
    pen.leaf(42, 44, 16, -8, LEAF_DARK)


def _sprig(pen: Pen) -> None:
    """One bud with two opening tea leaves."""
    pen.stroke([(50, 98), (50, 46)], (112, 158, 84), wide=4)
    pen.leaf(50, 76, 46, -34, LEAF)
    pen.leaf(50, 70, 46, 214, LEAF_DARK)
    pen.leaf(50, 56, 42, -58, (120, 176, 90))
    pen.leaf(50, 54, 40, 238, LEAF)
    pen.leaf(50, 50, 48, -90, (164, 206, 116))


def _lamp(pen: Pen) -> None:
    """A glowing lamp of woven bamboo."""
    pen.stroke([(50, 0), (50, 12)], WOOD_DARK, wide=2)
    pen.oval(50, 52, 36, 40, (255, 226, 150))
    pen.oval(50, 54, 22, 26, (255, 246, 206))
    for index in range(-3, 4):
        pen.arc(50, 52, abs(index) * 12 + 0.1, 40, (90, 270) if index < 0 else (-90, 90), WOOD_DARK, wide=1.6)
        width = 36 * math.sqrt(max(0.0, 1 - (index * 11 / 40) ** 2))
        pen.arc(50, 52 + index * 11, width, 4, (0, 180), WOOD, wide=1.6)
    pen.box(38, 9, 62, 15, WOOD_DARK, round_by=2)
    pen.box(38, 89, 62, 97, WOOD_DARK, round_by=2)


def _basket_front(pen: Pen) -> None:
    """The woven front of a wide basket; twice and a half as wide as tall."""
    pen.shape([(4, 12), (246, 12), (222, 98), (28, 98)], WOOD_DARK)
    for row in range(6):
        y = 16 + row * 14
        inset = 4 + row * 4
        count = 14
        step = (242 - inset * 2) / count
        for column in range(count):
            x = 4 + inset + column * step
            light = (row + column) % 2
            pen.box(x + 0.6, y, x + step - 0.6, y + 12, STRAW if light else (206, 164, 102), round_by=3)
            pen.box(
                x + 2, y + 2, x + step - 3, y + 4.5, _mix(STRAW, WHITE, 0.4) if light else (220, 182, 124), round_by=1
            )
    pen.box(0, 2, 250, 16, (214, 172, 108), round_by=7)
    for x in range(6, 246, 14):
        pen.stroke([(x, 15), (x + 9, 3)], (176, 130, 76), wide=2.4)


def _tray(pen: Pen) -> None:
    """A shallow round bamboo tray seen from the side; four times as wide as tall."""
    pen.oval(200, 56, 198, 42, (150, 108, 64))
    pen.oval(200, 50, 198, 42, (214, 172, 108))
    pen.oval(200, 47, 184, 34, (236, 206, 150))
    for x in range(40, 361, 20):
        reach = 33 * math.sqrt(max(0.0, 1 - ((x - 200) / 184) ** 2))
        pen.stroke([(x, 47 - reach), (x, 47 + reach)], (222, 188, 130), wide=2)
    for y in (24, 36, 48, 60, 72):
        reach = 184 * math.sqrt(max(0.0, 1 - ((y - 47) / 34) ** 2))
        pen.stroke([(200 - reach, y), (200 + reach, y)], (226, 194, 136), wide=2)


def _plate(pen: Pen) -> None:
    """A wide white plate with a blue line; four times as wide as tall."""
    pen.oval(200, 58, 196, 40, (196, 206, 214))
    pen.oval(200, 50, 198, 42, (250, 252, 252))
    pen.ring(200, 50, 182, 36, (112, 150, 188), wide=3)
    pen.oval(200, 50, 150, 28, (236, 242, 246))


def _dish(pen: Pen, food: Colour, detail: Colour) -> None:
    """A plate of food seen at an angle; twice as wide as tall."""
    pen.oval(100, 58, 96, 40, (178, 140, 104))
    pen.oval(100, 50, 96, 42, (250, 250, 246))
    pen.oval(100, 50, 82, 34, (232, 236, 236))
    pen.oval(100, 44, 66, 30, food)
    scatter = random.Random(food[0])
    for _ in range(22):
        reach, turn = math.sqrt(scatter.random()), scatter.random() * 6.283
        pen.oval(
            100 + 56 * reach * math.cos(turn),
            42 + 22 * reach * math.sin(turn),
            8,
            5,
            _mix(food, detail, scatter.random()),
        )


def _dish_greens(pen: Pen) -> None:
    """Stir-fried greens."""
    _dish(pen, (92, 150, 74), (186, 214, 130))


def _dish_red(pen: Pen) -> None:
    """Red-braised pork."""
    _dish(pen, (150, 66, 40), (226, 140, 84))


def _dish_gold(pen: Pen) -> None:
    """Egg and tofu."""
    _dish(pen, (246, 200, 86), (255, 240, 190))


def _dish_prawn(pen: Pen) -> None:
    """Boiled prawns."""
    _dish(pen, (240, 132, 92), (255, 206, 176))


# --- shapes: village and landscape ---------------------------------------------------------------------------


def _gable(pen: Pen, left: float, right: float, top: float) -> None:
    """One stepped horse-head wall, white under narrow black tiles."""
    third = (right - left) / 3
    for index, drop in enumerate((12.0, 0.0, 12.0)):
        x = left + index * third
        pen.box(x, top + drop, x + third, 96, (250, 249, 244))
        pen.shape(
            [
                (x - 3, top + drop),
                (x - 1, top + drop - 5),
                (x + third + 1, top + drop - 5),
                (x + third + 3, top + drop),
            ],
            INK,
        )
        pen.stroke([(x - 3, top + drop), (x - 6, top + drop - 4)], INK, wide=2.4)
        pen.stroke([(x + third + 3, top + drop), (x + third + 6, top + drop - 4)], INK, wide=2.4)


def _house(pen: Pen) -> None:
    """A white-walled, black-tiled house with a horse-head gable; half again as wide as tall."""
    pen.box(30, 44, 146, 96, (246, 243, 234))
    pen.shape([(22, 46), (34, 18), (142, 18), (154, 46)], (74, 80, 90))
    for x in range(30, 152, 7):
        pen.stroke([(34 + (x - 30) * 0.9, 20), (x, 46)], (94, 100, 110), wide=1.4)
    pen.box(32, 14, 144, 19, INK, round_by=2)
    pen.stroke([(20, 46), (156, 46)], INK, wide=3)
    _gable(pen, 6, 42, 24)
    for x in (58, 112):
        pen.box(x, 58, x + 20, 76, (126, 84, 56), round_by=1)
        pen.box(x + 2, 60, x + 18, 74, (250, 214, 142))
        pen.stroke([(x + 10, 60), (x + 10, 74)], (126, 84, 56), wide=1.6)
        pen.stroke([(x + 2, 67), (x + 18, 67)], (126, 84, 56), wide=1.6)
    pen.box(85, 60, 103, 96, (138, 84, 54), round_by=1)
    pen.stroke([(94, 60), (94, 96)], (104, 62, 42), wide=1.4)
    for x in (82, 106):
        pen.oval(x, 56, 4, 5, (220, 72, 58))
    pen.box(20, 62, 30, 74, (104, 110, 116), round_by=1)
    pen.box(6, 90, 146, 97, (190, 188, 182))


def _tree(pen: Pen, leaves: tuple[Colour, Colour, Colour]) -> None:
    """A round-crowned tree."""
    pen.shape([(46, 98), (48, 52), (54, 52), (58, 98)], (122, 90, 66))
    pen.stroke([(51, 66), (36, 48)], (122, 90, 66), wide=4)
    pen.stroke([(52, 62), (68, 46)], (122, 90, 66), wide=4)
    spread = random.Random(leaves[0][0])
    for layer, colour in enumerate(leaves):
        for _ in range(16):
            reach, turn = math.sqrt(spread.random()), spread.random() * 6.283
            size = 13 - layer * 3
            pen.oval(
                50 - layer * 4 + (34 - layer * 5) * reach * math.cos(turn),
                36 - layer * 5 + (24 - layer * 5) * reach * math.sin(turn),
                size,
                size * 0.9,
                colour,
            )


def _green_tree(pen: Pen) -> None:
    """A camphor tree."""
    _tree(pen, ((66, 122, 78), (92, 152, 88), (134, 186, 106)))


def _blossom_tree(pen: Pen) -> None:
    """A tree in pink blossom."""
    _tree(pen, ((232, 140, 160), (246, 176, 188), (255, 216, 218)))


def _citrus_tree(pen: Pen) -> None:
    """A low tree hung with oranges."""
    _tree(pen, ((54, 112, 70), (76, 136, 78), (100, 158, 88)))
    for x, y in ((28, 40), (44, 26), (60, 42), (72, 30), (38, 52), (56, 14), (78, 46), (22, 30), (50, 48)):
        pen.ball(x, y, 5, 5, (232, 116, 28), (255, 184, 80))


def _bamboo_stalk(pen: Pen) -> None:
    """A tall bamboo cane with leaves; a third as wide as tall."""
    for row in range(7):
        y = row * 15 - 4
        pen.box(14, y, 19, y + 14, (122, 168, 92), round_by=1)
        pen.box(14.5, y + 1, 16, y + 13, (168, 204, 128), round_by=0.6)
        pen.box(13, y + 13.4, 20, y + 15, (88, 132, 74), round_by=0.6)
    for y, side in ((10, 1), (24, -1), (38, 1), (54, -1), (68, 1)):
        for spread in (-14, 12, 36):
            pen.leaf(
                16.5 + side * 2,
                y,
                15,
                spread if side > 0 else 180 - spread,
                LEAF if spread > 0 else LEAF_DARK,
                broad=0.11,
            )


def _boat(pen: Pen) -> None:
    """A wooden fishing boat with a flag; half again as wide as tall."""
    pen.stroke([(70, 60), (70, 6)], (110, 80, 60), wide=3)
    pen.shape([(71, 8), (92, 14), (71, 22)], (224, 82, 64))
    pen.box(78, 38, 116, 64, (250, 248, 240), round_by=3)
    pen.box(74, 34, 120, 41, (76, 118, 160), round_by=2)
    for x in (84, 99):
        pen.box(x, 45, x + 11, 55, (130, 180, 208), round_by=1)
    pen.shape([(4, 56), (148, 58), (130, 90), (26, 90)], (58, 106, 150))
    pen.shape([(4, 56), (148, 58), (144, 66), (9, 64)], (238, 240, 236))
    pen.shape([(20, 82), (135, 82), (130, 90), (26, 90)], (196, 78, 62))


def _tent(pen: Pen) -> None:
    """A canvas tent with a warm light inside; half again as wide as tall."""
    pen.shape([(75, 10), (146, 92), (4, 92)], (226, 142, 88))
    pen.shape([(75, 10), (4, 92), (52, 92)], (244, 176, 118))
    pen.shape([(75, 22), (100, 92), (52, 92)], (255, 226, 150))
    pen.shape([(75, 22), (66, 60), (52, 92)], (250, 196, 120))
    pen.stroke([(75, 10), (75, 2)], WOOD_DARK, wide=2)


def _cloud(pen: Pen) -> None:
    """A flat-bottomed cloud; twice and a half as wide as tall."""
    for x, y, rx, ry in ((60, 66, 46, 26), (110, 48, 48, 38), (164, 58, 50, 34), (206, 70, 38, 22)):
        pen.oval(x, y, rx, ry, (255, 253, 248))
    pen.box(24, 66, 236, 92, (255, 253, 248), round_by=13)


def _bird(pen: Pen) -> None:
    """An egret in flight, two curved strokes; twice as wide as tall."""
    pen.arc(52, 78, 46, 46, (205, 320), WHITE, wide=7)
    pen.arc(146, 78, 46, 46, (220, 335), WHITE, wide=7)
    pen.oval(98, 54, 16, 7, WHITE)


def _bee(pen: Pen) -> None:
    """A small round bee."""
    pen.oval(38, 30, 16, 20, (236, 244, 250))
    pen.oval(62, 30, 16, 20, (226, 238, 246))
    pen.oval(50, 58, 34, 25, (248, 196, 62))
    for x in (40, 56, 70):
        pen.box(x, 36 + abs(x - 54) * 0.3, x + 7, 81 - abs(x - 54) * 0.3, INK, round_by=3)
    pen.oval(24, 54, 4, 4, INK)


def _rice_ear(pen: Pen) -> None:
    """A bending ear of ripe rice."""
    path = [(18 + 58 * t, 98 - 88 * math.sin(t * 2.1)) for t in (i / 18 for i in range(19))]
    pen.leaf(20, 96, 66, -74, (178, 176, 84), broad=0.08)
    pen.leaf(20, 96, 50, -112, (150, 160, 78), broad=0.09)
    pen.stroke(path, (176, 150, 66), wide=2.2)
    for index, (x, y) in enumerate(path[8:]):
        for side in (-1, 1):
            angle = math.radians(66 + side * 34 + index * 3)
            pen.oval(
                x + 5 * math.cos(angle),
                y + 5 * math.sin(angle),
                3.6,
                4.8,
                (222, 166, 56) if side > 0 else (246, 206, 104),
            )


def _hive(pen: Pen) -> None:
    """A wooden beehive under a tin lid."""
    pen.box(14, 22, 86, 90, WOOD, round_by=3)
    for y in (42, 62):
        pen.stroke([(14, y), (86, y)], WOOD_DARK, wide=2)
    pen.box(8, 12, 92, 25, (166, 176, 180), round_by=3)
    pen.box(34, 74, 66, 81, (92, 64, 44), round_by=3)
    pen.box(22, 90, 30, 98, WOOD_DARK)
    pen.box(70, 90, 78, 98, WOOD_DARK)


# Each shape: its width as a share of its height, and its painter.
SHAPES: dict[str, tuple[float, Callable[[Pen], None]]] = {
    "peach": (1, _peach), "bayberry": (1, _bayberry), "citrus": (1, _citrus), "loquat": (1, _loquat),
    "grape": (1, _grape), "muscat": (1, _muscat), "pear": (1, _pear), "strawberry": (1, _strawberry),
    "tomato": (1, _tomato), "greens": (1, _greens), "radish": (1, _radish), "taro": (1, _taro),
    "sweet_potato": (1, _sweet_potato), "mushroom": (1, _mushroom), "egg": (1, _egg), "pale_egg": (1, _pale_egg),
    "shoot": (1, _shoot), "fish": (2, _fish), "silver_fish": (2, _silver_fish), "razor": (3, _razor),
    "clam": (1, _clam), "crab": (1.5, _crab), "honey": (1, _honey), "dipper": (1, _dipper), "crock": (1, _crock),
    "rice_bowl": (1, _rice_bowl), "cup": (1, _cup), "sprig": (1, _sprig), "lamp": (1, _lamp),
    "basket_front": (2.5, _basket_front), "tray": (4, _tray), "plate": (4, _plate), "dish_greens": (2, _dish_greens),
    "dish_red": (2, _dish_red), "dish_gold": (2, _dish_gold), "dish_prawn": (2, _dish_prawn), "house": (1.56, _house),
    "green_tree": (1, _green_tree), "blossom_tree": (1, _blossom_tree), "citrus_tree": (1, _citrus_tree),
    "bamboo": (0.33, _bamboo_stalk), "boat": (1.5, _boat), "tent": (1.5, _tent), "cloud": (2.5, _cloud),
    "bird": (2, _bird), "bee": (1, _bee), "rice_ear": (1, _rice_ear), "hive": (1, _hive),
}  # fmt: skip


@lru_cache(maxsize=1024)
def _sprite(name: str, width: int, turn: int = 0, *, flip: bool = False) -> Image.Image:
    """Paint a shape to a width in pixels, turned by some degrees; kept, because scenes repeat their shapes."""
    share, paint = SHAPES[name]
    height = max(1, round(width / share))
    large = Image.new("RGBA", (width * OVERSAMPLE, height * OVERSAMPLE), (0, 0, 0, 0))
    paint(Pen(ImageDraw.Draw(large), height * OVERSAMPLE / 100))
    if flip:
        large = large.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if turn:
        large = large.rotate(turn, expand=True)
    # Premultiplied while shrinking: otherwise the transparent black bleeds into every edge.
    return large.convert("RGBa").reduce(OVERSAMPLE).convert("RGBA")


@lru_cache(maxsize=len(LIGHTS))
def _sky(light: Light) -> Image.Image:
    """An empty picture under one light's sky, shading from its top colour to its bottom one."""
    sky = Image.new("RGB", (WIDTH, HEIGHT), light.bottom)
    for y in range(0, 400, 2):
        sky.paste(_mix(light.top, light.bottom, y / 400), (0, y, WIDTH, y + 2))
    return sky


@lru_cache(maxsize=RIDGES)
def _ridge(kind: int) -> Image.Image:
    """The mask of one long line of hills; scenes take a window of it."""
    waves = random.Random(kind)
    terms = [
        (waves.uniform(14, 44) / n, 0.0022 * n * waves.uniform(0.8, 1.5), waves.uniform(0, 6.28)) for n in (1, 2, 3, 5)
    ]
    mask = Image.new("L", (RIDGE_WIDTH * 2, RIDGE_HEIGHT * 2), 0)
    top = [(x * 2, 2 * (78 + sum(a * math.sin(x * f + p) for a, f, p in terms))) for x in range(0, RIDGE_WIDTH + 9, 8)]
    ImageDraw.Draw(mask).polygon([(0, RIDGE_HEIGHT * 2), *top, (RIDGE_WIDTH * 2, RIDGE_HEIGHT * 2)], fill=255)
    return mask.reduce(2)


@lru_cache(maxsize=8)
def _disc(radius: int) -> Image.Image:
    """The mask of a soft-edged sun."""
    mask = Image.new("L", (radius * 8, radius * 8), 0)
    draw = ImageDraw.Draw(mask)
    for reach, strength in ((4.0, 34), (3.1, 60), (2.3, 255)):
        draw.ellipse(
            ((4 - reach) * radius, (4 - reach) * radius, (4 + reach) * radius, (4 + reach) * radius), fill=strength
        )
    return mask.reduce(2)


@lru_cache(maxsize=4)
def _shadow(width: int) -> Image.Image:
    """The mask of a soft oval shadow lying on a table."""
    mask = Image.new("L", (width, width // 6), 0)
    draw = ImageDraw.Draw(mask)
    for step in range(6):
        inset = step * width // 40
        draw.ellipse((inset, inset // 5, width - inset, width // 6 - inset // 5), fill=12 + step * 12)
    return mask


class Scene:
    """The picture being made: a canvas, its light and the dice that vary it."""

    def __init__(self, seed: int, motif: str) -> None:
        """Roll the dice from motif and seed, then paint the sky and the sun."""
        self.dice = random.Random(f"{motif}/{seed}")
        self.light = LIGHTS[self.dice.randrange(len(LIGHTS))]
        self.canvas = _sky(self.light).copy()
        mask = _disc(self.dice.choice((36, 44, 52)))
        self.canvas.paste(self.light.sun, (self.dice.randrange(60, 700), self.dice.randrange(-40, 60)), mask)

    def put(self, name: str, x: float, y: float, width: float, *, turn: int = 0, flip: bool = False) -> None:
        """Paste a shape with the middle of its foot at (x, y)."""
        sprite = _sprite(name, max(8, round(width / 6) * 6), turn, flip=flip)
        self.canvas.paste(sprite, (round(x - sprite.width / 2), round(y - sprite.height)), sprite)

    def ridge(self, y: int, colour: Colour) -> None:
        """Paste a line of hills whose crest lies about 80 pixels under y, and fill what is below it."""
        start = self.dice.randrange(RIDGE_WIDTH - WIDTH)
        window = _ridge(self.dice.randrange(RIDGES)).crop((start, 0, start + WIDTH, RIDGE_HEIGHT))
        self.canvas.paste(colour, (0, y), window)
        if y + RIDGE_HEIGHT < HEIGHT:
            self.canvas.paste(colour, (0, y + RIDGE_HEIGHT, WIDTH, HEIGHT))

    def clouds(self, count: int) -> None:
        """Scatter clouds over the upper sky."""
        for _ in range(count):
            self.put(
                "cloud",
                self.dice.randrange(40, 920),
                self.dice.randrange(80, 190),
                self.dice.choice((120, 150, 180, 220)),
            )

    def hills(self, top: int = 120) -> None:
        """Three ridges, hazier the farther away."""
        for index, colour in enumerate((self.light.far, self.light.middle, self.light.near)):
            self.ridge(top + index * 62, colour)

    def band(self, top: int, colour: Colour) -> None:
        """Fill everything from a line down."""
        self.canvas.paste(colour, (0, top, WIDTH, HEIGHT))

    def table(self, top: int = 470) -> None:
        """A plank table, or one under a cloth, across the foot of the picture."""
        wood, edge = self.dice.choice(
            (
                ((222, 178, 126), (196, 148, 98)),
                ((186, 206, 198), (150, 176, 168)),
                ((240, 222, 196), (214, 188, 156)),
                ((176, 128, 92), (146, 100, 70)),
            )
        )
        self.band(top, wood)
        draw = ImageDraw.Draw(self.canvas)
        draw.rectangle((0, top, WIDTH, top + 5), fill=_mix(wood, WHITE, 0.35))
        for y in (top + 52, top + 112):
            draw.rectangle((0, y, WIDTH, y + 2), fill=edge)

    def shadow(self, x: float, y: float, width: int) -> None:
        """Lay a soft shadow under something standing at (x, y)."""
        mask = _shadow(width)
        self.canvas.paste((70, 56, 50), (round(x - width / 2), round(y - width / 12)), mask)


# --- still lifes ---------------------------------------------------------------------------------------------


def _heap(scene: Scene, names: tuple[str, ...], x: float, y: float, size: float, rows: tuple[int, ...]) -> None:
    """Pile shapes in rows, the top row first so that lower ones stand before it."""
    for level in reversed(range(len(rows))):
        for column in range(rows[level]):
            dx = (column - (rows[level] - 1) / 2) * size * 0.8 + scene.dice.randint(-4, 4)
            turn = scene.dice.choice((-20, -10, 0, 0, 10, 20))
            scene.put(
                scene.dice.choice(names), x + dx, y - level * size * 0.56 + scene.dice.randint(-3, 3), size, turn=turn
            )


def _basket_of(scene: Scene, *names: str) -> None:
    """Fruit heaped in a woven basket, a few more lying beside it."""
    scene.hills(90)
    scene.table()
    x = scene.dice.choice((400, 480, 560))
    scene.shadow(x, 588, 620)
    _heap(scene, names, x, 448, 132, (4, 3, 2) if scene.dice.random() < 0.6 else (4, 4, 2))
    scene.put("basket_front", x, 596, 500)
    for side in (-1, 1):
        for index in range(2 if side * (480 - x) >= 0 else 1):
            place = x + side * (310 + index * 100)
            scene.shadow(place, 604 - index * 10, 130)
            scene.put(names[index % len(names)], place, 612 - index * 10, 118, turn=scene.dice.choice((-10, 0, 10)))


def _tray_of(scene: Scene, *names: str) -> None:
    """A round bamboo tray heaped low and wide."""
    scene.hills(90)
    scene.table(450)
    scene.shadow(480, 586, 800)
    scene.put("tray", 480, 606, 760)
    _heap(scene, names, 480, 566, 136, (5, 4, 2))
    for side in (-1, 1):
        scene.put("sprig", 480 + side * 430, 622, 96, turn=side * -30)


def _plate_of(scene: Scene, names: tuple[str, ...], size: float, *, count: int = 3) -> None:
    """Long things laid across a plate by the sea."""
    _sea_behind(scene)
    scene.table(430)
    scene.shadow(480, 570, 860)
    scene.put("plate", 480, 606, 820)
    for side in (-1, 1):
        scene.put("sprig", 480 + side * 300, 590, 120, turn=side * -60)
    for index in range(count):
        x = 480 + (index - (count - 1) / 2) * (96 if count > 2 else 290) + scene.dice.randint(-14, 14)
        scene.put(
            names[index % len(names)],
            x,
            (500 if count > 3 else 518) + index * (26 if count > 2 else 34) + (20 if count == 2 else 0),
            size,
            turn=scene.dice.choice((-6, 0, 6)),
        )


def _sea_behind(scene: Scene) -> None:
    """A strip of sea under far islands, with a boat or two."""
    scene.ridge(140, scene.light.far)
    scene.ridge(196, scene.light.middle)
    _water(scene, 330)
    scene.put("boat", scene.dice.randrange(120, 840), 380, 96, flip=scene.dice.random() < 0.5)


def _water(scene: Scene, top: int) -> None:
    """Sea from a line down, darkening towards the viewer, with glints."""
    deep = scene.dice.choice(((82, 150, 172), (96, 164, 176), (74, 136, 160)))
    draw = ImageDraw.Draw(scene.canvas)
    for step in range(5):
        scene.band(top + step * (HEIGHT - top) // 5, _mix(_mix(deep, WHITE, 0.42), deep, step / 4))
    for _ in range(34):
        x, y = scene.dice.randrange(-40, 960), scene.dice.randrange(top + 8, HEIGHT)
        draw.rounded_rectangle((x, y, x + scene.dice.randrange(26, 96), y + 3), 2, fill=_mix(deep, WHITE, 0.62))


def _jars(scene: Scene, name: str, size: int) -> None:
    """Three jars or crocks on a table, the nearest largest."""
    scene.hills(90)
    scene.table(440)
    for x, y, share in ((270, 540, 0.78), (700, 536, 0.74), (490, 606, 1.0)):
        shift = scene.dice.randint(-26, 26)
        scene.shadow(x + shift, y - 6, round(size * share * 1.15))
        scene.put(name, x + shift, y, size * share)


def _tea(scene: Scene) -> None:
    """Tea hedges in terraces, or a cup before them."""
    scene.clouds(2)
    scene.hills(70)
    draw = ImageDraw.Draw(scene.canvas)
    tilt = scene.dice.choice((-1, 1))
    for row in range(8):
        y = 316 + row * row * 4.4 + row * 12
        thick = 14 + row * 5
        colour = _mix((124, 174, 108), (66, 128, 76), row / 7)
        for x in range(-60, WIDTH + 60, 24 + row * 4):
            lift = tilt * (x - 480) * 0.08
            draw.ellipse((x, y + lift - thick, x + 46 + row * 9, y + lift + thick * 1.5), fill=colour)
            draw.ellipse(
                (x + 8, y + lift - thick, x + 32 + row * 6, y + lift - thick * 0.2),
                fill=_mix(colour, (204, 226, 140), 0.36),
            )
    if scene.dice.random() < 0.55:
        scene.put("cup", scene.dice.choice((300, 650)), 612, 290)
        scene.put("sprig", 480, 640, 170, turn=12)
    else:
        scene.put("house", scene.dice.randrange(220, 760), 360, 150)
        scene.put("sprig", 160, 650, 220, turn=10)
        scene.put("sprig", 800, 656, 240, turn=-14)


def _honey_table(scene: Scene) -> None:
    """Jars of honey, a dipper and bees."""
    _jars(scene, "honey", 250)
    scene.put("dipper", 850, 616, 150)
    for _ in range(5):
        scene.put(
            "bee", scene.dice.randrange(80, 880), scene.dice.randrange(120, 330), 48, flip=scene.dice.random() < 0.5
        )


def _pickle_yard(scene: Scene) -> None:
    """Crocks under stones, greens and radishes drying beside them."""
    _jars(scene, "crock", 280)
    scene.put("greens", 130, 622, 150, turn=14)
    scene.put("radish", 838, 620, 136, turn=-20)


def _rice(scene: Scene) -> None:
    """A golden field with a bowl of rice and bending ears before it."""
    scene.hills(80)
    _field(scene, 360, (240, 204, 110), (206, 164, 70))
    for x in (60, 150, 240, 330, 630, 720, 810, 900):
        scene.put("rice_ear", x + scene.dice.randint(-16, 16), 640, scene.dice.choice((192, 234, 276)), flip=x > 480)
    scene.shadow(480, 606, 320)
    scene.put("rice_bowl", 480, 618, 300)


def _field(scene: Scene, top: int, light: Colour, dark: Colour) -> None:
    """Furrows running to a point on the horizon."""
    scene.band(top, light)
    draw = ImageDraw.Draw(scene.canvas)
    vanish = scene.dice.randrange(300, 660)
    for index in range(-16, 17):
        x = 480 + index * 120
        draw.polygon(
            [(vanish + index * 12, top), (vanish + index * 12 + 3, top), (x + 46, HEIGHT), (x, HEIGHT)],
            fill=_mix(light, dark, 0.55),
        )


def _craft_room(scene: Scene) -> None:
    """Lamps and a basket on a bench before the hills."""
    scene.hills(90)
    scene.table(470)
    for x, size in ((250, 210), (700, 180)):
        scene.put("lamp", x + scene.dice.randint(-24, 24), 520 + scene.dice.randint(0, 24), size)
    scene.shadow(480, 606, 380)
    scene.put("basket_front", 480, 612, 320)
    for x in (390, 470, 560):
        scene.put("sprig", x, 500, 120, turn=(480 - x) // 5)


# --- landscapes ----------------------------------------------------------------------------------------------


def _houses(scene: Scene, base: int, count: int) -> None:
    """A row of white-walled houses among trees, back row first."""
    for row, (y, size) in enumerate(((base, 150), (base + 66, 220))):
        step = WIDTH / (count - row)
        for index in range(count - row):
            x = step * (index + 0.5) + scene.dice.randint(-34, 34)
            if scene.dice.random() < 0.35:
                scene.put("green_tree", x + size * 0.5, y + 4, size * 0.8)
            scene.put("house", x, y, size, flip=scene.dice.random() < 0.5)


def _village(scene: Scene) -> None:
    """White walls and black tiles along a canal."""
    scene.clouds(2)
    scene.hills(70)
    scene.band(420, _mix(scene.light.near, (150, 190, 120), 0.5))
    _houses(scene, 418, 6)
    _water(scene, 540)
    draw = ImageDraw.Draw(scene.canvas)
    draw.rectangle((0, 520, WIDTH, 542), fill=(176, 170, 160))
    for x in range(0, WIDTH, 64):
        draw.rectangle((x, 520, x + 60, 530), fill=(200, 194, 184))
    scene.put("green_tree", scene.dice.choice((90, 880)), 540, 260)


def _mountain(scene: Scene) -> None:
    """Ridge behind ridge above a sea of cloud."""
    for index, top in enumerate((60, 130, 200, 280, 370)):
        scene.ridge(top, _mix(scene.light.far, _mix(scene.light.near, (40, 84, 76), 0.4), index / 4))
        if index in (1, 3):
            for _ in range(4):
                scene.put(
                    "cloud",
                    scene.dice.randrange(0, 960),
                    top + 190 + scene.dice.randrange(30),
                    scene.dice.choice((220, 280, 330)),
                )
    scene.put("house", scene.dice.randrange(200, 760), 560, 160)
    for _ in range(7):
        scene.put(
            "green_tree",
            scene.dice.randrange(0, 960),
            scene.dice.randrange(600, 650),
            scene.dice.choice((120, 150, 190)),
        )


def _sea(scene: Scene) -> None:
    """Islands, boats and the wet sand of low tide."""
    scene.clouds(2)
    scene.ridge(150, scene.light.far)
    scene.ridge(206, scene.light.middle)
    _water(scene, 320)
    for _ in range(3):
        y = scene.dice.randrange(380, 470)
        scene.put("boat", scene.dice.randrange(80, 880), y, 60 + (y - 360), flip=scene.dice.random() < 0.5)
    sand = (232, 206, 164)
    scene.canvas.paste(_mix(sand, WHITE, 0.4), (0, 478), _ridge(2).crop((200, 0, 200 + WIDTH, 162)))
    scene.canvas.paste(sand, (0, 494), _ridge(2).crop((200, 0, 200 + WIDTH, 146)))
    for _ in range(3):
        scene.put("bird", scene.dice.randrange(80, 880), scene.dice.randrange(90, 260), 60)
    scene.put("clam", 200, 630, 72, turn=-12)
    scene.put("crab", scene.dice.choice((480, 680, 780)), 626, 126)


def _homestay(scene: Scene) -> None:
    """One old house with lit windows, a tree and a path."""
    scene.clouds(1)
    scene.hills(60)
    scene.band(462, _mix(scene.light.near, (140, 186, 110), 0.55))
    x = scene.dice.choice((400, 520))
    ImageDraw.Draw(scene.canvas).polygon(
        [(x - 4, 520), (x + 50, 520), (x + 190, 640), (x - 120, 640)], fill=(226, 214, 190)
    )
    scene.put("green_tree", x + 310, 520, 340)
    for place in (60, 170, 880):
        scene.put("bamboo", place, 560, 120)
    scene.put("house", x, 536, 500)
    for place in (x - 220, x + 250):
        scene.put("blossom_tree", place, 600, 150)


def _camping(scene: Scene) -> None:
    """Tents on a meadow above the hills."""
    scene.hills(90)
    scene.ridge(330, _mix(scene.light.near, (134, 180, 104), 0.6))
    for x, y, size in ((230, 500, 200), (700, 516, 230), (450, 600, 330)):
        shift = scene.dice.randint(-36, 36)
        scene.shadow(x + shift, y - 14, size)
        scene.put("tent", x + shift, y, size, flip=scene.dice.random() < 0.5)
    for x in (50, 910, scene.dice.randrange(100, 860)):
        scene.put("green_tree", x, scene.dice.randrange(440, 500), 170)


def _blossom(scene: Scene) -> None:
    """Pink trees over a green slope, and a few petals."""
    scene.clouds(1)
    scene.hills(70)
    scene.ridge(300, _mix(scene.light.near, (158, 196, 118), 0.7))
    scene.put("house", scene.dice.randrange(240, 740), 420, 210)
    for y, size, count in ((442, 108, 9), (512, 150, 7)):
        for index in range(count):
            scene.put(
                "blossom_tree",
                (index + 0.5) * WIDTH / count + scene.dice.randint(-26, 26),
                y + scene.dice.randint(-8, 10),
                size,
            )
    for x in (scene.dice.randrange(60, 200), scene.dice.randrange(740, 900)):
        scene.put("blossom_tree", x, 648, 300)
    draw = ImageDraw.Draw(scene.canvas)
    for _ in range(26):
        x, y = scene.dice.randrange(WIDTH), scene.dice.randrange(240, HEIGHT)
        draw.ellipse((x, y, x + 8, y + 5), fill=(255, 208, 216))


def _bamboo(scene: Scene) -> None:
    """A bamboo grove with shoots breaking the ground."""
    scene.hills(90)
    scene.ridge(380, _mix(scene.light.near, (120, 160, 92), 0.6))
    for index in range(11):
        scene.put(
            "bamboo",
            index * 96 + scene.dice.randint(-26, 26),
            560 + scene.dice.randint(-40, 30),
            scene.dice.choice((132, 156, 180)),
        )
    for x in (250, 430, 640):
        size = scene.dice.choice((120, 150, 180))
        scene.shadow(x, 616, size)
        scene.put("shoot", x + scene.dice.randint(-20, 20), 622, size)


def _feast(scene: Scene) -> None:
    """A round table laid with dishes in a courtyard."""
    scene.hills(50)
    _houses(scene, 300, 6)
    scene.band(366, (214, 202, 184))
    draw = ImageDraw.Draw(scene.canvas)
    draw.ellipse((30, 372, 930, 690), fill=(126, 76, 52))
    draw.ellipse((30, 356, 930, 672), fill=(178, 112, 74))
    draw.ellipse((52, 366, 908, 652), fill=(194, 126, 84))
    dishes = ["dish_greens", "dish_red", "dish_gold", "dish_prawn", "dish_greens", "dish_red"]
    scene.dice.shuffle(dishes)
    for name, (x, y, size) in zip(
        dishes,
        ((300, 460, 170), (640, 462, 170), (470, 500, 190), (210, 560, 210), (750, 566, 210), (476, 634, 240)),
        strict=True,
    ):
        scene.put(name, x, y, size)
    scene.put("rice_bowl", 480, 436, 84)


def _orchard(scene: Scene) -> None:
    """Citrus trees in rows, a basket of fruit in front."""
    scene.clouds(1)
    scene.hills(70)
    scene.ridge(310, (150, 186, 108))
    for y, size, count in ((452, 130, 8), (520, 180, 6)):
        for index in range(count):
            scene.put("citrus_tree", (index + 0.5) * WIDTH / count + scene.dice.randint(-16, 16), y, size)
    scene.shadow(480, 606, 430)
    _heap(scene, ("citrus",), 480, 524, 104, (4, 3))
    scene.put("basket_front", 480, 622, 400)


def _citrus_picture(scene: Scene) -> None:
    """Citrus in a basket, or in its orchard."""
    if scene.dice.random() < 0.4:
        _orchard(scene)
    else:
        _basket_of(scene, "citrus")


def _grape_picture(scene: Scene) -> None:
    """Purple or green bunches on a tray."""
    names = scene.dice.choice((("grape",), ("grape", "muscat"), ("muscat", "grape")))
    scene.hills(90)
    scene.table(450)
    scene.shadow(480, 586, 800)
    scene.put("tray", 480, 606, 760)
    _heap(scene, names, 480, 570, 210, (3, 2))


def _clam_picture(scene: Scene) -> None:
    """Razor clams, round clams or crabs on a plate by the sea."""
    choice = scene.dice.randrange(3)
    if choice == 0:
        _plate_of(scene, ("razor",), 350, count=4)
    elif choice == 1:
        _plate_of(scene, ("crab",), 300, count=2)
    else:
        _sea_behind(scene)
        scene.table(430)
        scene.shadow(480, 570, 800)
        scene.put("tray", 480, 606, 760)
        _heap(scene, ("clam",), 480, 570, 124, (5, 4, 2))


MOTIF_SCENES: dict[str, tuple[Colour, Callable[[Scene], None]]] = {  # name: (dominant colour, composition)
    "peach": ((244, 156, 142), lambda s: _basket_of(s, "peach")),
    "bayberry": ((142, 30, 62), lambda s: _basket_of(s, "bayberry")),
    "citrus": ((240, 138, 38), _citrus_picture),
    "loquat": ((244, 204, 122), lambda s: _basket_of(s, "loquat")),
    "grape": ((108, 72, 138), _grape_picture),
    "pear": ((214, 210, 120), lambda s: _basket_of(s, "pear")),
    "strawberry": ((222, 56, 58), lambda s: _tray_of(s, "strawberry")),
    "tea": ((94, 150, 90), _tea),
    "rice": ((230, 190, 94), _rice),
    "vegetable": ((104, 164, 84), lambda s: _basket_of(s, "greens", "tomato", "radish")),
    "taro": (
        (140, 104, 78),
        lambda s: _tray_of(s, *s.dice.choice((("taro",), ("sweet_potato", "taro"), ("sweet_potato",)))),
    ),
    "pickles": ((134, 86, 56), _pickle_yard),
    "fish": (
        (226, 176, 84),
        lambda s: _plate_of(s, s.dice.choice((("fish",), ("silver_fish",), ("fish", "silver_fish"))), 440),
    ),
    "clam": ((200, 160, 122), _clam_picture),
    "honey": ((244, 176, 52), _honey_table),
    "egg": ((226, 176, 136), lambda s: _tray_of(s, *s.dice.choice((("egg",), ("egg", "pale_egg"))))),
    "mushroom": ((136, 92, 62), lambda s: _tray_of(s, "mushroom")),
    "craft": ((206, 164, 102), _craft_room),
    "bamboo": ((112, 158, 88), _bamboo),
    "village": ((196, 204, 200), _village),
    "mountain": ((122, 162, 150), _mountain),
    "sea": ((92, 158, 176), _sea),
    "homestay": ((150, 182, 136), _homestay),
    "camping": ((232, 152, 96), _camping),
    "blossom": ((244, 172, 186), _blossom),
    "feast": ((184, 116, 78), _feast),
}

MOTIFS: tuple[str, ...] = tuple(MOTIF_SCENES)


def palette(motif: str) -> str:
    """The colour that stands for a motif, as "#rrggbb": a placeholder while the picture loads."""
    red, green, blue = MOTIF_SCENES[motif][0]
    return f"#{red:02x}{green:02x}{blue:02x}"


def draw(motif: str, *, seed: int, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """Draw a motif and return it as WebP; another seed gives another picture of the same motif.

    A size of other proportions is cut from the middle of the scene.
    """
    scene = Scene(seed, motif)
    MOTIF_SCENES[motif][1](scene)
    picture = scene.canvas
    if scene.dice.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if (width, height) != (WIDTH, HEIGHT):
        share = min(WIDTH / width, HEIGHT / height)
        left, top = (WIDTH - width * share) / 2, (HEIGHT - height * share) / 2
        picture = picture.resize((width, height), Image.Resampling.BILINEAR, (left, top, WIDTH - left, HEIGHT - top))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=72, method=0)
    return out.getvalue()

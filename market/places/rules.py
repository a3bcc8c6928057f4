"""Regions by the statistical code of the National Bureau of Statistics: 2 digits province, 4 city, 6 county,
9 township, 12 village-level; the rest is zeros."""

import re
from dataclasses import dataclass
from enum import StrEnum
from math import cos, radians

from market.kernel.errors import Invalid

METRES_PER_DEGREE = 111_195
"""Of latitude, on a sphere of the earth's mean radius."""


class RegionLevel(StrEnum):
    """How far down the tree a region is."""

    PROVINCE = "PROVINCE"
    CITY = "CITY"
    COUNTY = "COUNTY"
    TOWNSHIP = "TOWNSHIP"
    VILLAGE = "VILLAGE"


DIGITS = {
    RegionLevel.PROVINCE: 2,
    RegionLevel.CITY: 4,
    RegionLevel.COUNTY: 6,
    RegionLevel.TOWNSHIP: 9,
    RegionLevel.VILLAGE: 12,
}
_CODE = re.compile(r"[1-9][0-9]{11}")


def level_of(code: str, *, field: str = "region") -> RegionLevel:
    """The level that a code is of, or refuses with Invalid when it is not 12 digits.

    >>> level_of("330213005208"), level_of("330213000000")
    (<RegionLevel.VILLAGE: 'VILLAGE'>, <RegionLevel.COUNTY: 'COUNTY'>)
    """
    if not _CODE.fullmatch(code):
        raise Invalid(
            field=field,
            allowed="a region is a 12-digit statistical code such as 330213005208",
            allowed_zh="地区为 12 位统计用区划代码，例如 330213005208",
        )
    for level, digits in DIGITS.items():
        if code[digits:].strip("0") == "":
            return level
    raise AssertionError(code)


def subtree(code: str) -> str:
    """What every code of a region's subtree begins with.

    >>> subtree("330213000000")
    '330213'
    """
    return code[: DIGITS[level_of(code)]]


@dataclass(frozen=True, slots=True)
class Box:
    """The degrees of latitude and longitude within which a circle lies."""

    south: float
    north: float
    west: float
    east: float


def check_point(latitude: float, longitude: float, *, field: str = "near") -> None:
    """Refuses with Invalid a point that is not on earth."""
    if not (-90 < latitude < 90 and -180 <= longitude <= 180):
        raise Invalid(
            field=field,
            allowed="latitude is between -90 and 90 degrees, longitude between -180 and 180 (WGS 84)",
            allowed_zh="纬度在 -90 到 90 之间，经度在 -180 到 180 之间（WGS 84）",
        )


def box_around(latitude: float, longitude: float, radius_metres: float) -> Box:
    """The box around a circle, for an index to find candidates in."""
    height = radius_metres / METRES_PER_DEGREE
    width = height / metres_shrink(latitude)
    return Box(latitude - height, latitude + height, longitude - width, longitude + width)


def metres_shrink(latitude: float) -> float:
    """How much shorter a degree of longitude is here than one of latitude (the flat-map approximation, within 0.1 %
    of the great circle over the 200 km that a city's villages lie apart)."""
    return max(cos(radians(latitude)), 0.01)

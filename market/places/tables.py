"""Regions and villages. Seeded from the statistical edition; rarely change."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.places.rules import RegionLevel


class Region(SQLModel, table=True):
    """One administrative region of the 2023 edition, city to village level. The code is the natural key."""

    __tablename__ = "region"
    __table_args__ = (sa.Index("region_parent", "parent_code", "code"), sa.Index("region_level", "level", "code"))

    code: str = Field(primary_key=True, max_length=12)
    id: str = Field(unique=True, max_length=30)
    name: str
    name_en: str | None = None
    level: RegionLevel = enum_field(RegionLevel)
    parent_code: str | None = Field(default=None, foreign_key="region.code", max_length=12)


class Village(SQLModel, table=True):
    """A village that takes part: a village-level region with a place on the map and a story."""

    __tablename__ = "village"
    __table_args__ = (sa.Index("village_place", "latitude", "longitude"),)

    id: str = Field(primary_key=True, max_length=30)
    region_code: str = Field(foreign_key="region.code", unique=True, max_length=12)
    name: str
    name_en: str | None = None
    story: str = ""
    story_en: str | None = None
    latitude: float
    longitude: float
    is_place_checked: bool = Field(description="The point was checked to lie within its county")
    picture: str | None = Field(default=None, description="Storage key of its picture")


class VillageHonour(SQLModel, table=True):
    """A published honour, such as an entry in a national list."""

    __tablename__ = "village_honour"

    village_id: str = Field(primary_key=True, foreign_key="village.id", max_length=30)
    position: int = Field(primary_key=True)
    title: str
    title_en: str | None = None

"""Use cases that set up the map: regions of an edition, villages that take part."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.kernel.topics import touch
from market.places.rules import RegionLevel, check_point, level_of
from market.places.tables import Region, Village, VillageHonour


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One row of an edition of the statistical codes."""

    code: str
    name: str
    parent_code: str | None
    name_en: str | None = None


@dataclass(frozen=True, slots=True)
class VillageDraft:
    """A village that is to take part."""

    region_code: str
    name: str
    name_en: str | None
    story: str
    story_en: str | None
    latitude: float
    longitude: float
    is_place_checked: bool
    honours: tuple[tuple[str, str | None], ...] = ()
    """(title, English title)."""
    picture: str | None = None


def add_regions(market: Market, actor: Actor, rows: Iterable[RegionRow]) -> int:
    """Add the regions that are not there yet, parents before children; says how many.

    Refuses: Forbidden; Invalid for a code that is not one. Once: a known code is left alone.
    """
    require(actor, Permission.PLACE_MANAGE)
    with market.transaction() as session:
        known = set(session.exec(select(Region.code)))
        fresh = [row for row in rows if row.code not in known]
        for level in RegionLevel:
            batch = [row for row in fresh if level_of(row.code, field="code") is level]
            session.add_all(
                Region(
                    code=row.code,
                    id=market.new_id("rgn"),
                    name=row.name,
                    name_en=row.name_en,
                    level=level,
                    parent_code=row.parent_code,
                )
                for row in batch
            )
            session.flush()
        touch(session, "places")
    return len(fresh)


def add_village(market: Market, actor: Actor, draft: VillageDraft) -> str:
    """Let a village take part; its id. Refuses: Forbidden; Invalid for a point not on earth; NotFound for a region
    that is not there. Once: a region has one village, the second call gives the first one's id."""
    require(actor, Permission.PLACE_MANAGE)
    check_point(draft.latitude, draft.longitude, field="latitude")
    with market.transaction() as session:
        found = session.exec(select(Village.id).where(Village.region_code == draft.region_code)).first()
        if found is not None:
            return found
        if session.get(Region, draft.region_code) is None:
            raise NotFound(field="region_code")
        village = Village(
            id=market.new_id("vil"),
            region_code=draft.region_code,
            name=draft.name,
            name_en=draft.name_en,
            story=draft.story,
            story_en=draft.story_en,
            latitude=draft.latitude,
            longitude=draft.longitude,
            is_place_checked=draft.is_place_checked,
            picture=draft.picture,
        )
        session.add(village)
        session.flush()
        session.add_all(
            VillageHonour(village_id=village.id, position=number, title=title, title_en=title_en)
            for number, (title, title_en) in enumerate(draft.honours, start=1)
        )
        touch(session, "places")
        return village.id


def village_of(session: Session, village_id: str) -> Village:
    """Step: a village, or refuses with NotFound."""
    village = session.get(Village, village_id)
    if village is None:
        raise NotFound(field="village")
    return village


def villages_by_region(session: Session) -> dict[str, str]:
    """Step: the ids of all villages by their region's code."""
    rows = session.exec(select(Village.region_code, Village.id).order_by(col(Village.region_code)))
    return dict(rows.all())

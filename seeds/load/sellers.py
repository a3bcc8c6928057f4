"""Invents who sells in load data, and where: villages, cooperatives, producers."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from market.organisations.rules import CertificateKind, OrganisationKind
from market.organisations.tables import Certificate, Membership, Organisation
from market.places.tables import Village
from seeds import content
from seeds.load import words
from seeds.load.bulk import Ids
from seeds.load.rowset import RowSet

VILLAGES, COOPERATIVES, PRODUCERS = 200, 100, 2000
_KINDS = (OrganisationKind.FAMILY_FARM, OrganisationKind.HOUSEHOLD, OrganisationKind.ENTERPRISE)
_SUFFIXES = {
    "FAMILY_FARM": ("家庭农场", "Family Farm"),
    "HOUSEHOLD": ("农户", "Growers"),
    "ENTERPRISE": ("农业", "Farms"),
}
_CERTIFICATES = (
    (CertificateKind.GREEN_FOOD, "绿色食品", "Green food"),
    (CertificateKind.ORGANIC, "有机产品", "Organic"),
    (CertificateKind.GOOD_AGRICULTURAL_PRACTICE, "良好农业规范", "Good agricultural practice"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A village of the load data."""

    id: str
    code: str
    name: str
    name_en: str
    regions: str
    """Names of village, township and county, for search."""
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Seller:
    """A producer, and the cooperative it sells through, if any."""

    id: str
    place: Place
    cooperative_id: str | None
    certificate_id: str | None
    search_text: str
    """What the place tier of its listings holds."""


class Sellers:
    """Villages, cooperatives and producers, made once; listings ask for one of them."""

    def __init__(self, chance: Random, ids: Ids, rows: RowSet, now: datetime) -> None:
        self._chance, self._ids, self._rows, self._now = chance, ids, rows, now
        self.places = self._make_places()
        self._cooperatives = [self._make_cooperative(number) for number in range(COOPERATIVES)]
        self.all = [self._make_producer(number) for number in range(PRODUCERS)]

    def _make_places(self) -> list[Place]:
        names = {region.code: region.name for region in content.regions()}
        featured: defaultdict[str, list[tuple[float, float]]] = defaultdict(lambda: [(29.87, 121.55)])
        for row in content.rows("village"):
            featured[row["code"][:6]].append((row["latitude"], row["longitude"]))
        taken = {row["code"] for row in content.rows("village")}
        codes = [code for code, name in names.items() if name.endswith("村委会") and code not in taken]
        places = []
        for code in sorted(self._chance.sample(codes, VILLAGES)):
            name = names[code].removesuffix("委会").replace("村村", "村")
            latitude, longitude = featured[code[:6]][-1]
            place = Place(
                id=self._ids.new("vil"),
                code=code,
                name=name,
                name_en=f"{words.COUNTIES[code[:6]]} Village {code[6:]}",
                regions=" ".join(names[at] for at in (code, code[:9] + "000", code[:6] + "000000")),
                latitude=round(latitude + self._chance.uniform(-0.08, 0.08), 5),
                longitude=round(longitude + self._chance.uniform(-0.08, 0.08), 5),
            )
            story = f"{name}的田地连着山。"
            self._rows.add(
                Village,
                id=place.id,
                region_code=code,
                name=name,
                name_en=place.name_en,
                story=story,
                latitude=place.latitude,
                longitude=place.longitude,
                is_place_checked=False,
            )
            places.append(place)
        return places

    def _add(self, organisation_id: str, kind: OrganisationKind, name: str, name_en: str, place: Place) -> None:
        self._rows.add(
            Organisation,
            id=organisation_id,
            kind=kind,
            name=name,
            name_en=name_en,
            story=f"{name}在{place.name}，自种自卖。",
            village_id=place.id,
            region_code=place.code,
            latitude=place.latitude,
            longitude=place.longitude,
            created_at=self._now - timedelta(seconds=self._chance.randrange(3 * 365 * 86400)),
        )

    def _make_cooperative(self, number: int) -> tuple[str, str, str]:
        """Its id, its certificate's id, its names."""
        zh, en = words.HARMONIES[number % len(words.HARMONIES)]
        place = self._chance.choice(self.places)
        name, name_en = f"{place.name}{zh}专业合作社", f"{en} Cooperative of {place.name_en}"
        cooperative_id, certificate_id = self._ids.new("cop"), self._ids.new("crt")
        self._add(cooperative_id, OrganisationKind.COOPERATIVE, name, name_en, place)
        kind, zh, en = _CERTIFICATES[number % len(_CERTIFICATES)]
        self._rows.add(
            Certificate,
            id=certificate_id,
            organisation_id=cooperative_id,
            kind=kind,
            name=f"{zh}（演示）",
            name_en=f"{en} (demonstration)",
            valid_from=self._now.date() - timedelta(days=self._chance.randrange(700)),
            valid_to=self._now.date() + timedelta(days=self._chance.randrange(1000)),
        )
        return cooperative_id, certificate_id, f"{name} {name_en}"

    def _make_producer(self, number: int) -> Seller:
        place = self.places[number % VILLAGES]
        surname, given = self._chance.choice(words.SURNAMES), self._chance.choice(words.GIVEN)
        kind = self._chance.choice(_KINDS)
        suffix = _SUFFIXES[kind]
        name, name_en = f"{surname[0]}{given[0]}{suffix[0]}", f"{surname[1]} {given[1]} {suffix[1]}"
        producer_id = self._ids.new("pdr")
        self._add(producer_id, kind, name, name_en, place)
        if self._chance.random() < 0.4:
            return Seller(producer_id, place, None, None, f"{name} {name_en} {place.regions}")
        cooperative_id, certificate_id, names = self._cooperatives[number % COOPERATIVES]
        joined_on = date(2023, 1, 1) + timedelta(days=self._chance.randrange(900))
        self._rows.add(
            Membership,
            id=self._ids.new("mbr"),
            cooperative_id=cooperative_id,
            producer_id=producer_id,
            joined_on=joined_on,
        )
        search_text = f"{name} {name_en} {names} {place.regions}"
        return Seller(producer_id, place, cooperative_id, certificate_id, search_text)

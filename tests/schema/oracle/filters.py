"""Which rows a list has. Each function checks its arguments first, or refuses, and gives a condition."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import cos, radians
from typing import Any

from market.kernel.clock import business_day
from market.kernel.errors import Invalid
from market.kernel.ids import PREFIXES
from tests.schema.oracle.data import Data, Row, certificates_of
from tests.schema.oracle.words import tier_of

Args = Mapping[str, Any]
Condition = Callable[[Row], bool]
METRES_PER_DEGREE = 111_195


@dataclass(frozen=True)
class Request:
    """What an answer is made from."""

    data: Data
    language: str

    @property
    def today(self) -> date:
        """The day in Shanghai."""
        return business_day(self.data.now)


def refuse(field: str) -> Invalid:
    """A refusal; its words are not compared."""
    return Invalid(field=field, allowed="something else")


def given(args: Args, name: str) -> Any:
    """An argument, None when left out or null."""
    return args.get(name)


def where_of(args: Args) -> Args:
    """The `where` of a list, empty when there is none."""
    return args.get("where") or {}


def all_of(conditions: list[Condition]) -> Condition:
    """Only rows that meet all of these."""
    return lambda row: all(condition(row) for condition in conditions)


def id_prefix(text: str, field: str = "id") -> str:
    """The prefix of an id, or refuses."""
    match = re.fullmatch(r"([a-z]+)_[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}", text)
    if match is None or match[1] not in PREFIXES:
        raise refuse(field)
    return match[1]


def subtree(code: str) -> str:
    """What every code in a region's subtree begins with, or refuses."""
    if not re.fullmatch("[1-9][0-9]{11}", code):
        raise refuse("region")
    return next(code[:digits] for digits in (2, 4, 6, 9, 12) if not code[digits:].strip("0"))


def in_region(code: str | None) -> list[Condition]:
    """In a region's subtree."""
    if code is None:
        return []
    start = subtree(code)
    return [lambda row: str(row["region_code"]).startswith(start)]


def square_metres(row: Row, near: Args) -> float:
    """The square of the distance on the flat map."""
    north = (row["latitude"] - near["latitude"]) * METRES_PER_DEGREE
    shrink = max(cos(radians(near["latitude"])), 0.01)
    east = (row["longitude"] - near["longitude"]) * (METRES_PER_DEGREE * shrink)
    return float(north * north + east * east)


def within(near: Args | None) -> list[Condition]:
    """Within a circle."""
    if near is None:
        return []
    if not (-90 < near["latitude"] < 90 and -180 <= near["longitude"] <= 180 and 0 < near["radiusKm"] <= 200):
        raise refuse("near")
    return [lambda row: square_metres(row, near) <= (near["radiusKm"] * 1000) ** 2]


def named(text: str | None) -> list[Condition]:
    """Whose Chinese name has this text in it."""
    return [] if text is None else [lambda row: text in row["name"]]


def is_valid(request: Request, certificate: Row) -> bool:
    """Whether a certificate holds today."""
    start, end = certificate["valid_from"] or date.min, certificate["valid_to"] or date.max
    return bool(start <= request.today <= end)


def is_current(request: Request, membership: Row) -> bool:
    """Whether a membership holds now: it ends on the day of leaving."""
    return bool(membership["joined_on"] <= request.today < (membership["left_on"] or date.max))


def equal(name: str, value: Any) -> list[Condition]:
    """Whose column is this, when it is asked for."""
    return [] if value is None else [lambda row: row[name] == value]


def among(name: str, values: list[str] | None) -> list[Condition]:
    """Whose column is any of these, when they are asked for."""
    return [] if values is None else [lambda row: row[name] in values]


def regions(_request: Request, args: Args) -> Condition:
    """RegionWhere."""
    where = where_of(args)
    conditions = named(given(where, "name")) + equal("level", given(where, "level"))
    if given(where, "within") is not None:
        start = subtree(where["within"])
        conditions.append(lambda row: row["code"].startswith(start))
    return all_of(conditions)


def villages(_request: Request, args: Args) -> Condition:
    """VillageWhere."""
    where = where_of(args)
    return all_of(named(given(where, "name")) + in_region(given(where, "region")) + within(given(where, "near")))


def categories(_request: Request, args: Args) -> Condition:
    """CategoryWhere."""
    where = where_of(args)
    return all_of(equal("kind", given(where, "kind")) + equal("depth", given(where, "depth")))


def organisations(request: Request, args: Args) -> Condition:
    """OrganisationWhere."""
    where = where_of(args)
    conditions = named(given(where, "name")) + in_region(given(where, "region")) + within(given(where, "near"))
    conditions += equal("village_id", given(where, "village")) + among("kind", given(where, "kinds"))
    kind = given(where, "certificate")
    if kind is not None:
        conditions.append(lambda row: _certified(request, request.data.part("Certificate", row["id"]), kind))
    return all_of(conditions)


def _certified(request: Request, certificates: Any, kind: str) -> bool:
    return any(each["kind"] == kind and is_valid(request, each) for each in certificates)


def sessions(request: Request, args: Args) -> Condition:
    """SessionWhere."""
    where = where_of(args)
    first, last, least = given(where, "from"), given(where, "to"), given(where, "vacancies")
    conditions: list[Condition] = equal("option_id", given(where, "option"))
    if first is None:
        conditions.append(lambda row: row["starts_at"] > request.data.now)
    else:
        conditions.append(lambda row: row["local_date"] >= first)
    if last is not None:
        conditions.append(lambda row: row["local_date"] <= last)
    if least is not None:
        conditions.append(lambda row: row["state"] == "OPEN" and row["vacancies"] >= least)
    return all_of(conditions)


def reviews(request: Request, args: Args) -> Condition:
    """ReviewWhere."""
    where = where_of(args)
    conditions: list[Condition] = equal("rating", given(where, "rating"))
    wanted = given(where, "hasPhotos")
    if wanted is not None:
        conditions.append(lambda row: bool(request.data.part("ReviewPhoto", row["id"])) is wanted)
    return all_of(conditions)


# -- listings ----------------------------------------------------------------------------------------------------------


def listings(request: Request, args: Args) -> Condition:
    """ListingWhere, and only what is on sale."""
    where = where_of(args)
    conditions: list[Condition] = [lambda row: row["state"] == "LIVE"]
    conditions += in_region(given(where, "region")) + within(given(where, "near"))
    conditions += equal("village_id", given(where, "village"))
    category, day, kind = given(where, "category"), given(where, "inSeasonOn"), given(where, "certificate")
    if category is not None:
        conditions.append(lambda row: category in row["categories"])
    if day is not None:
        conditions.append(lambda row: in_season(row, day))
    if kind is not None:
        conditions.append(lambda row: _certified(request, certificates_of(request.data, row["id"]), kind))
    if given(where, "text") is not None:
        conditions.append(_has_words(request, where["text"]))
    return all_of(conditions + _of_seller(given(where, "organisation")) + _priced(given(where, "price")))


def _has_words(request: Request, text: str) -> Condition:
    tier_of([], text)  # refuses
    return lambda row: tier_of(request.data.tokens[row["id"]], text) is not None


def _of_seller(organisation: str | None) -> list[Condition]:
    if organisation is None:
        return []
    name = "cooperative_id" if id_prefix(organisation, "organisation") == "cop" else "producer_id"
    return [lambda row: row[name] == organisation]


def _priced(price: Args | None) -> list[Condition]:
    low, high = (given(price or {}, name) for name in ("min", "max"))
    for bound in (low, high):
        if bound is not None and not 0 <= bound <= 10**12:
            raise refuse("price")
    if low is not None and high is not None and low > high:
        raise refuse("price")
    return [
        lambda row: low is None or Decimal(row["price_fen"]) >= low * 100,
        lambda row: high is None or Decimal(row["price_fen"]) <= high * 100,
    ]


def in_season(row: Row, day: date) -> bool:
    """On sale on this day of the year: in one of its windows, which may run over New Year; all year without any."""
    at = day.month * 100 + day.day
    if not row["windows"]:
        return True
    return any(start <= at <= end if start <= end else at >= start or at <= end for start, end in row["windows"])


def products(request: Request, args: Args) -> Condition:
    """ProductWhere."""
    where = where_of(args)
    conditions = [listings(request, args), *equal("kind", "PRODUCT"), *among("storage", given(where, "storages"))]
    available = given(where, "available")
    if available is not None:
        conditions.append(lambda row: (row["stock_state"] != "SOLD_OUT") is available)
    return all_of(conditions)


def tour_packages(request: Request, args: Args) -> Condition:
    """TourPackageWhere."""
    conditions = [listings(request, args), *equal("kind", "TOUR_PACKAGE")]
    wanted = given(where_of(args), "sessions")
    if wanted is not None:
        if wanted["from"] > wanted["to"]:
            raise refuse("sessions")
        conditions.append(lambda row: any(_suits(request, each, wanted) for each in _sessions_of(request, row)))
    return all_of(conditions)


def _sessions_of(request: Request, row: Row) -> list[Row]:
    return request.data.part("TourSession", row["id"])


def _suits(request: Request, session: Row, wanted: Args) -> bool:
    return bool(
        session["state"] == "OPEN"
        and session["starts_at"] > request.data.now
        and wanted["from"] <= session["local_date"] <= wanted["to"]
        and session["vacancies"] >= wanted["vacancies"]
    )


def found(request: Request, args: Args) -> Condition:
    """Of search: both kinds, with all the words."""
    conditions = [listings(request, args), _has_words(request, args["query"])]
    return all_of(conditions + among("kind", given(args, "kinds")))

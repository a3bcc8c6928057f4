"""All rows of a marketplace, as dicts. Columns that the marketplace keeps (prices, stock, seasons, places, vacancies,
next sessions) are recomputed here, so that an answer which shows a wrong one differs."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, select

from market.catalogue import tables as catalogue
from market.catalogue.search import index_text, rank_of
from market.kernel.market import Market
from market.orders import tables as orders
from market.organisations import tables as organisations
from market.people import tables as people
from market.places import tables as places
from market.reviews import tables as reviews
from market.sessions import tables as sessions
from market.stock import tables as stock

Row = dict[str, Any]
Tokens = list[list[str]]
"""The tokens of each tier."""


@dataclass
class Data:
    """The tables, and rows by what they belong to."""

    now: datetime
    regions: list[Row] = field(default_factory=list)
    villages: list[Row] = field(default_factory=list)
    organisations: list[Row] = field(default_factory=list)
    memberships: list[Row] = field(default_factory=list)
    certificates: list[Row] = field(default_factory=list)
    categories: list[Row] = field(default_factory=list)
    listings: list[Row] = field(default_factory=list)
    sessions: list[Row] = field(default_factory=list)
    by_id: dict[str, Row] = field(default_factory=dict)
    """Whatever has an id."""
    region_of: dict[str, Row] = field(default_factory=dict)
    """By code."""
    below: dict[tuple[str, str], list[Row]] = field(default_factory=lambda: defaultdict(list))
    """By (noun, the parent's id), in order of position: images, variants, options and the like."""
    tokens: dict[str, Tokens] = field(default_factory=dict)
    """By listing."""

    def part(self, noun: str, parent_id: str) -> list[Row]:
        """What hangs off a row."""
        return self.below.get((noun, parent_id), [])


def load(market: Market) -> Data:
    """Everything, once. The time is this minute."""
    data = Data(market.now().replace(second=0, microsecond=0))
    with market.read() as session:
        data.regions = _rows(session, places.Region, "Region")
        data.villages = _rows(session, places.Village, "Village")
        # What is hidden from everybody is not there.
        every = _rows(session, organisations.Organisation, _organisation_type)
        data.organisations = [each for each in every if each["state"] == "ACTIVE"]
        there = {each["id"] for each in data.organisations}
        data.memberships = [
            each
            for each in _rows(session, organisations.Membership, "Membership")
            if {each["cooperative_id"], each["producer_id"]} <= there
        ]
        data.certificates = [
            each
            for each in _rows(session, organisations.Certificate, "Certificate")
            if each["state"] == "ACCEPTED" and each["organisation_id"] in there
        ]
        data.categories = _rows(session, catalogue.Category, "Category")
        data.sessions = _rows(session, sessions.TourSession, "TourSession")
        data.listings = _listings(session)
        _parts(session, data)
        _count_vacancies(session, data)
    data.region_of = {each["code"]: each for each in data.regions}
    tables = (data.regions, data.villages, data.organisations, data.memberships, data.certificates, data.categories)
    for table in (*tables, data.listings, data.sessions):
        data.by_id |= {each["id"]: each for each in table}
    for listing in data.listings:
        _recompute(data, listing)
        data.tokens[listing["id"]] = _tokens(data, listing)
    return data


def _rows(session: Session, table: type[SQLModel], name: str | Callable[[Row], str]) -> list[Row]:
    rows = [dict(each.model_dump()) for each in session.exec(select(table))]
    return [{**row, "__typename": name if isinstance(name, str) else name(row)} for row in rows]


def _organisation_type(row: Row) -> str:
    return "Cooperative" if row["kind"] == "COOPERATIVE" else "Producer"


def _listings(session: Session) -> list[Row]:
    own = {
        row["id"]: row
        for table, name in ((catalogue.Product, "Product"), (catalogue.TourPackage, "TourPackage"))
        for row in _rows(session, table, name)
    }
    return [{**row, **own[row["id"]]} for row in _rows(session, catalogue.Listing, "")]


def _parts(session: Session, data: Data) -> None:
    levels = {each["variant_id"]: each for each in _rows(session, stock.StockLevel, "")}
    hanging: list[tuple[type[SQLModel], str, str, str]] = [
        (places.VillageHonour, "Honour", "village_id", "position"),
        (catalogue.Image, "Image", "listing_id", "position"),
        (catalogue.Variant, "Variant", "listing_id", "position"),
        (catalogue.SeasonWindow, "SeasonWindow", "listing_id", "position"),
        (catalogue.PackageOption, "PackageOption", "package_id", "position"),
        (catalogue.UnitType, "UnitType", "option_id", "position"),
        (catalogue.PackageNote, "PackageNote", "package_id", "position"),
        (catalogue.CancellationTier, "CancellationTier", "package_id", "hours_before"),
        (catalogue.PackageGift, "PackageGift", "package_id", "position"),
        (catalogue.ListingCertificate, "link", "listing_id", "certificate_id"),
    ]
    for table, name, parent, order in hanging:
        for row in sorted(_rows(session, table, name), key=lambda each: each[order]):
            data.below[name, row[parent]].append(row)
            if "id" in row:
                data.by_id[row["id"]] = row
            if name == "Variant":
                row["stock_state"] = _stock_state(levels.get(row["id"]))
    for row in data.sessions:
        data.below["TourSession", row["package_id"]].append(row)
    _reviews(session, data)
    for row in data.memberships:
        data.below["Membership", row["producer_id"]].append(row)
    for row in data.certificates:
        data.below["Certificate", row["organisation_id"]].append(row)


def _reviews(session: Session, data: Data) -> None:
    """Those that are shown, with what was bought and who wrote them."""
    titles = {row["id"]: row["title"] for row in _rows(session, orders.OrderLine, "")}
    names = {row["id"]: row["name"] for row in _rows(session, people.Account, "")}
    for row in sorted(_rows(session, reviews.ReviewPhoto, "ReviewPhoto"), key=lambda each: each["position"]):
        data.below["ReviewPhoto", row["review_id"]].append(row)
    for row in _rows(session, reviews.Review, "Review"):
        if row["state"] == "SHOWN":
            row |= {"bought": titles[row["line_id"]], "author": f"{names[row['account_id']][:1]}**"}
            data.below["Review", row["listing_id"]].append(row)


# -- kept columns ------------------------------------------------------------------------------------------------------


def _stock_state(level: Row | None) -> str:
    free = 0 if level is None else level["on_hand"] - level["reserved"]
    return "SOLD_OUT" if free < 1 else "LOW" if free < 6 else "IN_STOCK"


def _recompute(data: Data, listing: Row) -> None:
    village = data.by_id[listing["village_id"]]
    path = path_of(data, listing["category_id"])
    listing |= {
        "categories": path,
        "region_code": village["region_code"],
        "latitude": village["latitude"],
        "longitude": village["longitude"],
        "search_rank": rank_of(listing["popularity"], listing["id"]),
        "windows": [],
    }
    if listing["__typename"] == "Product":
        variants = data.part("Variant", listing["id"])
        states = {each["stock_state"] for each in variants}
        listing["price_fen"] = min(each["price_fen"] for each in variants)
        listing["stock_state"] = next(each for each in ("IN_STOCK", "LOW", "SOLD_OUT") if each in states)
        windows = data.part("SeasonWindow", listing["id"])
        listing["windows"] = [(each["start_day"], each["end_day"]) for each in windows if each["kind"] == "SALE"]
    else:
        options = data.part("PackageOption", listing["id"])
        prices = [unit["price_fen"] for option in options for unit in data.part("UnitType", option["id"])]
        listing["price_fen"] = min([each for each in prices if each > 0], default=0)
        coming = next_session(data, listing["id"])
        listing["next_session_at"] = coming["starts_at"] if coming else catalogue.FAR_FUTURE


def _count_vacancies(session: Session, data: Data) -> None:
    """What is shown as left of each session: of its own seats, holds that ended not counted, and of every slot it
    draws on, where they count until they are taken back."""
    ended: dict[str, int] = defaultdict(int)
    for hold in _rows(session, sessions.SeatHold, ""):
        if hold["expires_at"] is not None and hold["expires_at"] <= data.now:
            ended[hold["session_id"]] += hold["seats"]
    free = {slot["id"]: slot["capacity"] - slot["taken"] for slot in _rows(session, sessions.PoolSlot, "")}
    limits = {row["id"]: [row["capacity"] - row["taken"] + ended[row["id"]]] for row in data.sessions}
    for link in _rows(session, sessions.SessionSlot, ""):
        left = free[link["slot_id"]]
        if link["per"] == "PERSON":
            limits[link["session_id"]].append(left // link["units"])
        elif left < link["units"]:
            limits[link["session_id"]].append(0)
    for row in data.sessions:
        row["vacancies"] = min(limits[row["id"]])


def path_of(data: Data, category_id: str | None) -> list[str]:
    """A category and those above it, the root first."""
    if category_id is None:
        return []
    return [*path_of(data, data.by_id[category_id]["parent_id"]), category_id]


def next_session(data: Data, package_id: str) -> Row | None:
    """The next session with a vacancy that has not started."""
    coming = [
        each
        for each in data.part("TourSession", package_id)
        if each["state"] == "OPEN" and each["vacancies"] > 0 and each["starts_at"] > data.now
    ]
    return min(coming, key=lambda each: (each["starts_at"], each["id"]), default=None)


# -- search text -------------------------------------------------------------------------------------------------------


def _tokens(data: Data, listing: Row) -> Tokens:
    """What each tier says: the title; who and where it is from; what is written about it."""
    sellers = [data.by_id[each] for each in (listing["producer_id"], listing["cooperative_id"]) if each]
    code = listing["region_code"]
    regions = [data.region_of[each] for each in (code, code[:9] + "000", code[:6] + "000000")]
    place = [name for each in sellers for name in (each["name"], each["name_en"])] + [each["name"] for each in regions]
    body = [listing[name] for name in ("summary", "summary_en", "description", "description_en")]
    body += [data.by_id[each]["name"] for each in listing["categories"]]
    if listing["__typename"] == "Product":
        body += [listing["origin"], listing["origin_en"]]
        body += [each["name"] for each in data.part("Variant", listing["id"])]
    else:
        body += [listing["meeting_point"], *[each["text"] for each in data.part("PackageNote", listing["id"])]]
    texts = [[listing["title"], listing["title_en"]], place, body]
    # One text at a time: no phrase reaches from one into the next.
    return [
        [token for text in tier if text for token in index_text(text, with_singles=number < 2).split()]
        for number, tier in enumerate(texts)
    ]


def certificates_of(data: Data, listing_id: str) -> Iterable[Row]:
    """The certificates that cover a listing."""
    links = data.part("link", listing_id)
    return [data.by_id[each["certificate_id"]] for each in links if each["certificate_id"] in data.by_id]

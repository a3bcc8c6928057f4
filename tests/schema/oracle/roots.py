"""The root fields: what they refuse, and what they give."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from market.kernel.ids import PREFIXES
from tests.schema.oracle import filters, lists
from tests.schema.oracle.data import Row
from tests.schema.oracle.filters import Args, Request, id_prefix, refuse
from tests.schema.oracle.lists import Listed
from tests.schema.oracle.things import (
    CATEGORIES,
    REGIONS,
    organisations,
    products,
    tour_packages,
)
from tests.schema.oracle.words import tier_of

OWN_PREFIX = {
    "village": "vil",
    "cooperative": "cop",
    "producer": "pdr",
    "category": "cat",
    "product": "prd",
    "tourPackage": "pkg",
    "tourSession": "ses",
}
TYPE_OF = {
    "rgn": "Region",
    "vil": "Village",
    "cop": "Cooperative",
    "pdr": "Producer",
    "crt": "Certificate",
    "mbr": "Membership",
    "cat": "Category",
    "prd": "Product",
    "var": "Variant",
    "pkg": "TourPackage",
    "opt": "PackageOption",
    "unt": "UnitType",
    "ses": "TourSession",
}
"""What `node` shows everybody: gifts and pictures only come with what they belong to."""


def _found(request: Request, args: Args) -> Callable[[Row], bool]:
    tier_of([], args["query"])  # refuses
    return filters.found(request, args)


LISTS: dict[str, Listed] = {
    "regions": REGIONS,
    "villages": Listed(
        lambda data, _parent: data.villages,
        filters.villages,
        {"REGION": lists.by_text("g", "region_code"), **lists.BY_DISTANCE},
        "REGION",
    ),
    "categories": CATEGORIES,
    "cooperatives": organisations("Cooperative", lambda _row, _parent: True),
    "producers": organisations("Producer", lambda _row, _parent: True),
    "products": products(lambda _row, _parent: True),
    "tourPackages": tour_packages(lambda _row, _parent: True),
    "search": Listed(
        lambda data, _parent: data.listings,
        _found,
        lists.OF_LISTINGS | lists.BY_RELEVANCE,
        "RELEVANCE",
        ("categories", "villages", "producers", "certificates"),
    ),
}


def check(request: Request, name: str, args: Args) -> None:
    """Refuse a root field's arguments that can never work."""
    if name in LISTS:
        lists.cut_of(request, LISTS[name], args)
    elif name in OWN_PREFIX:
        if id_prefix(args["id"]) != OWN_PREFIX[name]:
            raise refuse("id")
    elif name == "node":
        id_prefix(args["id"])
    elif name == "nodes":
        if len(args["ids"]) > 100:
            raise refuse("ids")
        for each in args["ids"]:
            id_prefix(each)
    elif name == "region":
        filters.subtree(args["code"])
    elif name == "availability":
        _check_calendar(args)


def _check_calendar(args: Args) -> None:
    if id_prefix(args["packageId"]) != "pkg":
        raise refuse("packageId")
    if not 0 <= (args["to"] - args["from"]).days <= 91 or not 1 <= args["partySize"] <= 500:
        raise refuse("to")


def types_of(name: str, args: Args) -> set[str]:
    """The types that `node` and `nodes` can give."""
    ids = [args["id"]] if name == "node" else args["ids"]
    return {TYPE_OF[prefix] for prefix in map(id_prefix, ids) if prefix in TYPE_OF}


def value(request: Request, name: str, args: Args) -> Any:
    """What a root field is made of."""
    if name in LISTS:
        return lists.page_of(lists.cut_of(request, LISTS[name], args), LISTS[name].rows(request.data, None))
    if name == "region":
        return request.data.region_of.get(args["code"])
    if name == "nodes":
        return [_by_id(request, each) for each in args["ids"]]
    if name == "availability":
        return _calendar(request, args)
    if name in {"cart", "me", "profile"}:
        return None  # whoever asks here has not signed in
    return _by_id(request, args["id"])


def _by_id(request: Request, identity: str) -> Row | None:
    row = request.data.by_id.get(identity)
    if row is None or id_prefix(identity) not in TYPE_OF or identity.split("_", maxsplit=1)[0] not in PREFIXES:
        return None
    return row if _is_on_sale(request, row) else None


def _is_on_sale(request: Request, row: Row) -> bool:
    """Whatever belongs to a listing is hidden when the listing is."""
    if "state" in row and row["__typename"] in {"Product", "TourPackage"}:
        return bool(row["state"] == "LIVE")
    above = [row[name] for name in ("listing_id", "package_id", "option_id") if name in row]
    return _is_on_sale(request, request.data.by_id[above[0]]) if above else True


def _calendar(request: Request, args: Args) -> list[Row] | None:
    if _by_id(request, args["packageId"]) is None:
        return None
    days = [args["from"] + timedelta(days=number) for number in range((args["to"] - args["from"]).days + 1)]
    return [_day(request, args["packageId"], day, args["partySize"]) for day in days]


def _day(request: Request, package_id: str, day: Any, party: int) -> Row:
    bookable = [
        each
        for each in sorted(request.data.part("TourSession", package_id), key=lambda row: (row["starts_at"], row["id"]))
        if each["local_date"] == day and each["state"] == "OPEN" and request.data.now < each["cutoff_at"]
    ]
    roomy = [each for each in bookable if each["vacancies"] >= party]
    capacity = sum(each["capacity"] for each in bookable)
    left = sum(each["vacancies"] for each in bookable)
    status = "AVAILABLE" if 2 * left >= capacity else "LIMITED"
    return {
        "__typename": "AvailabilityDay",
        "date": day.isoformat(),
        "status": status if roomy else "SOLD_OUT" if bookable else "CLOSED",
        "vacancies": left,
        "capacity": capacity,
        "sessionIds": [each["id"] for each in roomy],
    }

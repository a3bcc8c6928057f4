"""The fields of every type but Query, from a row. A field that is not named here is the column of its name."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from market.media.rules import MediaSize, sized
from tests.schema.oracle import filters, lists
from tests.schema.oracle.data import Row, certificates_of, next_session
from tests.schema.oracle.filters import Args, Request, is_current, is_valid, square_metres
from tests.schema.oracle.lists import Listed, Page, by_moment, by_number, by_text, moment_text

Resolver = Callable[[Request, Any, Args], Any]
LOCALIZED = {
    "name",
    "title",
    "summary",
    "description",
    "story",
    "alt",
    "unit",
    "origin",
    "text",
    "note",
    "meetingPoint",
}


def snake(name: str) -> str:
    """A field's column."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def plain(request: Request, row: Row, name: str, args: Args) -> Any:
    """The column of a field, in the language asked for when it is text in both."""
    column = snake(name)
    if column not in row:  # made here, with the schema's own names
        return row[name]
    if name in LOCALIZED and f"{column}_en" in row:
        is_english = (args.get("locale") or request.language) in ("EN", "en")
        return row[f"{column}_en"] if is_english and row[f"{column}_en"] is not None else row[column]
    return shown(row[column])


def shown(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _to(name: str) -> Resolver:
    return lambda request, row, _args: None if row[name] is None else request.data.by_id[row[name]]


def _region(digits: int) -> Resolver:
    return lambda request, row, _args: request.data.region_of[row["region_code"][:digits].ljust(12, "0")]


def _parts(noun: str) -> Resolver:
    return lambda request, row, _args: request.data.part(noun, row["id"])


def _notes(kind: str) -> Resolver:
    return lambda request, row, _args: [
        each for each in request.data.part("PackageNote", row["id"]) if each["kind"] == kind
    ]


def _money(_request: Request, row: Row, _args: Args) -> Row:
    yuan, fen = divmod(row["price_fen"], 100)
    return {"__typename": "Money", "amount": f"{yuan}.{fen:02}", "currency": "CNY"}


def _media(name: str) -> Resolver:
    def address(_request: Request, row: Row, args: Args) -> str | None:
        size = MediaSize(args.get("size") or MediaSize.LARGE)
        return None if row[name] is None else f"/media/{sized(row[name], size)}"

    return address


def _same(_request: Request, row: Row, _args: Args) -> Row:
    return row


def _average(_request: Request, row: Row, _args: Args) -> float | None:
    return None if row["rating_hundredths"] is None else row["rating_hundredths"] / 100


def _by_kind(certificates: Any) -> list[Row]:
    return sorted(certificates, key=lambda each: (each["kind"], each["id"]))


def _only(typename: str, name: str) -> Resolver:
    """The organisation that a column names, when it is of this type."""

    def resolve(request: Request, row: Row, _args: Args) -> Row | None:
        found = None if row[name] is None else request.data.by_id[row[name]]
        return found if found is not None and found["__typename"] == typename else None

    return resolve


def _memberships(request: Request, row: Row, _args: Args) -> list[Row]:
    now = [each for each in request.data.part("Membership", row["id"]) if is_current(request, each)]
    return sorted(now, key=lambda each: (each["joined_on"], each["id"]))


def _gift_product(request: Request, row: Row, _args: Args) -> Row | None:
    product = request.data.by_id[request.data.by_id[row["variant_id"]]["listing_id"]]
    return product if product["state"] == "LIVE" else None


def _status(request: Request, row: Row, _args: Args) -> str:
    left = row["vacancies"]
    if row["state"] != "OPEN" or request.data.now >= row["cutoff_at"]:
        return "CLOSED"
    if left == 0:
        return "SOLD_OUT"
    return "AVAILABLE" if left * 2 >= row["capacity"] else "LIMITED"


def _month_day(name: str) -> Resolver:
    return lambda _request, row, _args: f"{row[name] // 100:02}-{row[name] % 100:02}"


LISTING: dict[str, Resolver] = {
    "price": _money,
    "images": _parts("Image"),
    "category": _to("category_id"),
    "producer": _only("Producer", "producer_id"),
    "cooperative": _to("cooperative_id"),
    "village": _to("village_id"),
    "county": _region(6),
    "location": _same,
    "certificates": lambda request, row, _args: _by_kind(certificates_of(request.data, row["id"])),
    "rating": _same,
}
ORGANISATION: dict[str, Resolver] = {
    "village": _to("village_id"),
    "county": _region(6),
    "location": _same,
    "certificates": lambda request, row, _args: _by_kind(request.data.part("Certificate", row["id"])),
}
FIELDS: dict[str, dict[str, Resolver]] = {
    "Region": {"parent": lambda request, row, _args: request.data.region_of.get(row["parent_code"])},
    "Village": {
        "region": _region(12),
        "township": _region(9),
        "county": _region(6),
        "location": _same,
        "isLocationChecked": lambda _request, row, _args: row["is_place_checked"],
        "honours": _parts("Honour"),
        "picture": _media("picture"),
    },
    "Category": {"parent": _to("parent_id")},
    "Certificate": {"isValid": lambda request, row, _args: is_valid(request, row)},
    "Producer": ORGANISATION | {"memberships": _memberships},
    "Cooperative": ORGANISATION,
    "Membership": {"cooperative": _to("cooperative_id"), "producer": _to("producer_id")},
    "Image": {"url": _media("key")},
    "Rating": {"average": _average, "count": lambda _request, row, _args: row["rating_count"]},
    "Review": {"photos": _parts("ReviewPhoto")},
    "ReviewPhoto": {"url": _media("key")},
    "SeasonWindow": {"from": _month_day("start_day"), "to": _month_day("end_day")},
    "Variant": {"price": _money},
    "Product": LISTING | {"variants": _parts("Variant"), "seasonWindows": _parts("SeasonWindow")},
    "UnitType": {"price": _money},
    "PackageOption": {"units": _parts("UnitType")},
    "PackageGift": {"variant": _to("variant_id"), "product": _gift_product},
    "TourPackage": LISTING
    | {
        "options": _parts("PackageOption"),
        "included": _notes("INCLUDED"),
        "excluded": _notes("EXCLUDED"),
        "bring": _notes("BRING"),
        "cancellationTiers": lambda request, row, _args: request.data.part("CancellationTier", row["id"])[::-1],
        "gifts": _parts("PackageGift"),
        "nextSession": lambda request, row, _args: next_session(request.data, row["id"]),
    },
    "TourSession": {
        "status": _status,
        "option": _to("option_id"),
        "tourPackage": _to("package_id"),
    },
}


# -- lists -------------------------------------------------------------------------------------------------------------

_PRODUCT_FACETS = ("categories", "villages", "producers", "certificates", "storages", "stocks")
_ORGANISATION_ORDERS = {
    "NEWEST": by_moment("n", "created_at", is_descending=True),
    "NAME": by_text("a", "name"),
    **lists.BY_DISTANCE,
}


def products(belongs: Callable[[Row, Row], bool]) -> Listed:
    """Produce that belongs to a row."""
    return Listed(
        lambda data, parent: [each for each in data.listings if parent is None or belongs(each, parent)],
        filters.products,
        lists.OF_LISTINGS,
        "POPULARITY",
        _PRODUCT_FACETS,
    )


def tour_packages(belongs: Callable[[Row, Row], bool]) -> Listed:
    """Tour packages that belong to a row."""
    return Listed(
        lambda data, parent: [each for each in data.listings if parent is None or belongs(each, parent)],
        filters.tour_packages,
        lists.OF_LISTINGS | {"NEXT_SESSION": by_moment("t", "next_session_at")},
        "POPULARITY",
        _PRODUCT_FACETS[:4],
    )


def organisations(typename: str, belongs: Callable[[Row, Row], bool]) -> Listed:
    """Producers or cooperatives that belong to a row."""
    return Listed(
        lambda data, parent: [
            each
            for each in data.organisations
            if each["__typename"] == typename and (parent is None or belongs(each, parent))
        ],
        filters.organisations,
        _ORGANISATION_ORDERS,
        "NEWEST",
    )


def _members(data: Any, parent: Row | None) -> list[Row]:
    assert parent is not None
    request = Request(data, "")
    return [
        each
        for each in data.organisations
        if any(
            membership["cooperative_id"] == parent["id"] and is_current(request, membership)
            for membership in data.part("Membership", each["id"])
        )
    ]


REVIEWS = Listed(
    lambda data, parent: data.part("Review", parent["id"] if parent else ""),
    filters.reviews,
    {"NEWEST": by_moment("n", "written_at", is_descending=True)},
    "NEWEST",
)
REGIONS = Listed(lambda data, _parent: data.regions, filters.regions, {"CODE": by_text("c", "code")}, "CODE")
CATEGORIES = Listed(
    lambda data, _parent: data.categories,
    filters.categories,
    {"POSITION": by_number("o", "position", bits=32)},
    "POSITION",
)


def _below(spec: Listed, column: str, key: str) -> Listed:
    def rows(data: Any, parent: Row | None) -> list[Row]:
        assert parent is not None
        return [each for each in spec.rows(data, None) if each[column] == parent[key]]

    return Listed(rows, spec.condition, spec.orders, spec.usual)


_LISTS_OF = {
    "Village": lambda row, parent: row["village_id"] == parent["id"],
    "Producer": lambda row, parent: row["producer_id"] == parent["id"],
    "Cooperative": lambda row, parent: row["cooperative_id"] == parent["id"],
    "Category": lambda row, parent: parent["id"] in row["categories"],
}
LISTS: dict[tuple[str, str], Listed] = {
    ("Region", "children"): _below(REGIONS, "parent_code", "code"),
    ("Category", "children"): _below(CATEGORIES, "parent_id", "id"),
    ("Village", "producers"): organisations("Producer", lambda row, parent: row["village_id"] == parent["id"]),
    ("Cooperative", "members"): Listed(_members, filters.organisations, {"NAME": by_text("a", "name")}, "NAME"),
    ("Product", "reviews"): REVIEWS,
    ("TourPackage", "reviews"): REVIEWS,
    ("TourPackage", "sessions"): Listed(
        lambda data, parent: data.part("TourSession", parent["id"] if parent else ""),
        filters.sessions,
        {"START": by_moment("s", "starts_at")},
        "START",
    ),
    **{(name, "products"): products(belongs) for name, belongs in _LISTS_OF.items()},
    **{(name, "tourPackages"): tour_packages(belongs) for name, belongs in _LISTS_OF.items()},
}


def distance(page: Page, row: Row) -> int | None:
    """Metres from the point of `where.near`."""
    near = filters.where_of(page.cut.args).get("near")
    return None if near is None else round(round(square_metres(row, near)) ** 0.5)

"""Inputs that can never work, by what they try."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

NOBODY = "0" * 26


@dataclass(frozen=True)
class Case:
    """One request."""

    name: str
    document: str
    variables: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def each_of(kind: str, field_text: str, selection: str, values: dict[str, Any]) -> Iterator[Case]:
    """A field with one argument, `$it`, for each of the values."""
    for name, value in values.items():
        yield Case(f"{field_text}: {name}", f"query($it: {kind}) {{ {field_text} {selection} }}", {"it": value})


def _refused() -> Iterator[Case]:
    yield from _ids()
    yield from _cursors()
    yield from _pages()
    yield from _filters()
    yield from _words()
    yield from _scalars()
    yield from _calendar()
    yield from _documents()


def _ids() -> Iterator[Case]:
    ids = {
        "empty": "",
        "no prefix": NOBODY,
        "unknown prefix": f"xyz_{NOBODY}",
        "short": "prd_01k",
        "upper case": f"PRD_{NOBODY}",
        "letters that no id has": f"prd_0{'u' * 25}",
        "too large": f"prd_8{'0' * 25}",
        "quotes": "prd_' OR '1'='1",
        "NUL": "prd_\x00" + NOBODY[:25],
        "emoji": "🍑" * 30,
        "huge": "prd_" + "0" * 100_000,
        "a line more": f"prd_{NOBODY}\n",
    }
    for root in ("product", "node"):
        yield from each_of("ID!", f"{root}(id: $it)", "{ id }", ids)
    yield from each_of("[ID!]!", "nodes(ids: $it)", "{ id }", {"one of them": [f"prd_{NOBODY}", "nope"]})
    yield from each_of("[ID!]!", "nodes(ids: $it)", "{ id }", {"101": [f"prd_{NOBODY}"] * 101})
    yield from each_of("ID!", "village(id: $it)", "{ id }", {"of a product": f"prd_{NOBODY}"})
    yield from each_of("ID!", "products(where: {organisation: $it})", "{ nodes { id } }", {"malformed": "cop"})
    codes = {
        "short": "3302",
        "letters": "33021300520x",
        "other digits": "٣٣٠٢١٣٠٠٥٢٠٨",
        "zero": "0" * 12,
        "quotes": "'",
    }
    yield from each_of("String!", "region(code: $it)", "{ id }", codes)
    yield from each_of("String", "regions(where: {within: $it})", "{ nodes { id } }", codes)
    for root in ("products", "villages", "producers"):
        yield from each_of("String", f"{root}(where: {{region: $it}})", "{ nodes { id } }", codes)


def _cursors() -> Iterator[Case]:
    cursors = {
        "empty": "",
        "of another order": f"n~2026-01-01T00:00:00Z~prd_{NOBODY}",
        "truncated": "p~12",
        "too long": f"p~1~{'x' * 300}",
        "too many parts": "p~1~2~3",
        "not a number": f"p~x~prd_{NOBODY}",
        "quotes": "p~1' OR 1=1 --~x",
        "out of range": f"p~9223372036854775808~prd_{NOBODY}",
        "other digits": f"p~٣~prd_{NOBODY}",
        "underscores": f"p~1_0~prd_{NOBODY}",
        "NUL": "p~1\x00~x",
        "NUL at its end": "p~1~\x00",
        "emoji": "🍑~🍑~🍑",
        "a fraction": f"p~1.5~prd_{NOBODY}",
        "infinity": f"p~inf~prd_{NOBODY}",
    }
    for argument in ("first: 5, after", "last: 5, before"):
        yield from each_of("String", f"products({argument}: $it)", "{ nodes { id } }", cursors)
    yield from each_of("String", "products(after: $it)", "{ totalCount }", {"unread": "bad"})
    yield from each_of("String", "categories(after: $it)", "{ nodes { id } }", {"out of range": "o~2147483648~x"})
    search = {"tier": "r~9999999999~1", "rank": "r~0~9223372036854775808", "order": "p~1~x", "text": "r~a~b"}
    yield from each_of("String", 'search(query: "梅", after: $it)', "{ nodes { id } }", search)
    moments = {"no date": "n~x~y", "30 February": "n~2026-02-30T00:00:00Z~y", "year 0": "n~0000-01-01T00:00:00Z~y"}
    yield from each_of("String", "products(orderBy: NEWEST, after: $it)", "{ nodes { id } }", moments)
    nested = "{ nodes { products(after: $it) { nodes { id } } } }"
    yield from each_of("String", "villages", nested, {"of a list in a list": "n~1~2"})


def _pages() -> Iterator[Case]:
    for size in (0, -1, 101, 2_147_483_647, -2_147_483_648, 2_147_483_648):
        for argument in ("first", "last"):
            yield from each_of("Int", f"products({argument}: $it)", "{ nodes { id } }", {str(size): size})
    for given in (
        "first: 1, last: 1",
        'last: 1, after: "p~1~x"',
        'first: 1, before: "p~1~x"',
        'before: "p~1~x"',
        'first: 1, after: "p~1~x", before: "p~1~x"',
        "orderBy: DISTANCE",
        "orderBy: DEAREST",
        "first: 1.5",
        'first: "1"',
    ):
        yield Case(given, f"{{ products({given}) {{ nodes {{ id }} }} }}")
    yield Case("a page in a list", "{ villages { nodes { products(first: 0) { nodes { id } } } } }")
    order = "query($it: ProductOrder) { products(orderBy: $it) { nodes { id } } }"
    yield Case("an order by variable", order, {"it": "DEAREST"})


def _filters() -> Iterator[Case]:
    near = {
        "north of the pole": {"latitude": 91, "longitude": 121},
        "at the pole": {"latitude": 90, "longitude": 121},
        "south": {"latitude": -90.5, "longitude": 121},
        "around the world": {"latitude": 29, "longitude": 181},
        "no radius": {"latitude": 29, "longitude": 121, "radiusKm": 0},
        "radius below zero": {"latitude": 29, "longitude": 121, "radiusKm": -1},
        "too far": {"latitude": 29, "longitude": 121, "radiusKm": 200.1},
        "beyond all": {"latitude": 29, "longitude": 121, "radiusKm": 1e308},
        "far point": {"latitude": 1e308, "longitude": -1e308},
        "not a number": {"latitude": float("nan"), "longitude": 121},
        "infinite": {"latitude": float("inf"), "longitude": 121},
        "null": {"latitude": None, "longitude": 121},
        "no longitude": {"latitude": 29},
        "text": {"latitude": "29", "longitude": 121},
    }
    for root in ("products", "villages", "cooperatives"):
        yield from each_of("Near", f"{root}(where: {{near: $it}})", "{ nodes { id } }", near)
    yield Case("1e400", "{ villages(where: {near: {latitude: 1e400, longitude: 1}}) { nodes { id } } }")
    prices = {
        "min above max": {"min": "2.00", "max": "1.99"},
        "below zero": {"min": "-0.01"},
        "above all": {"max": "1000000000000.01"},
    }
    yield from each_of("PriceRange", "products(where: {price: $it})", "{ nodes { id } }", prices)
    days = {
        "backward": {"from": "2026-12-02", "to": "2026-12-01"},
        "no end": {"from": "2026-12-02"},
        "null": {"from": "2026-12-01", "to": "2026-12-02", "vacancies": None},
    }
    yield from each_of("SessionsWhere", "tourPackages(where: {sessions: $it})", "{ nodes { id } }", days)
    optional = 'tourPackages(where: {sessions: {from: "2026-12-01", to: "2026-12-02", vacancies: $it}})'
    yield from each_of("Int", optional, "{ nodes { id } }", {"null where a default stands": None})
    unknown = {"unknown key": {"colour": "red"}, "list": [], "text": "x", "enum": {"storages": ["WARM"]}}
    yield from each_of("ProductWhere", "products(where: $it)", "{ nodes { id } }", unknown)
    names = {"NUL": "a\x00b"}
    for root in ("villages", "regions", "producers"):
        yield from each_of("String", f"{root}(where: {{name: $it}})", "{ nodes { id } }", names)
    yield from each_of("ID", "producers(where: {village: $it})", "{ nodes { id } }", names)
    yield from each_of("ID", "tourPackages { nodes { sessions(where: {option: $it})", "{ nodes { id } } } }", names)


def _words() -> Iterator[Case]:
    queries = {
        "none": "",
        "spaces": " \t\n　",
        "punctuation": "，。！？~*&|!\\\"'()",
        "an emoji": "🍑",
        "65 characters": "梅" * 65,
        "huge": "梅 " * 50_000,
        "nine words": "a b c d e f g h i",
    }
    yield from each_of("String!", "search(query: $it)", "{ totalCount }", queries)
    yield from each_of("String!", "search(query: $it, orderBy: NEWEST)", "{ nodes { id } }", queries)
    yield from each_of("String", "products(where: {text: $it})", "{ nodes { id } }", queries)
    yield from each_of("[ListingKind!]", 'search(query: "梅", kinds: $it)', "{ nodes { id } }", {"unknown": ["MEAL"]})


def _scalars() -> Iterator[Case]:
    dates = {
        each: each
        for each in ("2026-02-30", "2026-13-01", "0000-01-01", "10000-01-01", "2026-1-1", "2026-W01-1", "20260101", "")
    }
    dates |= {"a moment": "2026-01-01T00:00:00Z", "other digits": "２０２６-01-01", "sign": "-026-01-01"}
    yield from each_of("Date", "products(where: {inSeasonOn: $it})", "{ nodes { id } }", {**dates, "number": 20260101})
    decimals = {
        each: each
        for each in (
            "1e9",
            "NaN",
            "Infinity",
            "-Infinity",
            "--1",
            "999999999999999999999",
            "1.234",
            "1_000",
            " 1",
            "1,5",
            ".",
            "",
            "0x1",
            "１",
            "1.",
            ".5",
        )
    }
    everything = {**decimals, "a number": 5, "a fraction": 1.5, "true": True, "NUL": "1\x00"}
    yield from each_of("Decimal", "products(where: {price: {min: $it}})", "{ nodes { id } }", everything)
    yield Case("a literal number", "{ products(where: {price: {min: 5}}) { nodes { id } } }")
    yield Case("a literal date", '{ products(where: {inSeasonOn: "2026-02-30"}) { nodes { id } } }')


def _calendar() -> Iterator[Case]:
    package = f"pkg_{NOBODY}"
    for name, given in {
        "93 days": f'packageId: "{package}", from: "2026-12-01", to: "2027-03-03"',
        "all days": f'packageId: "{package}", from: "0001-01-01", to: "9999-12-31"',
        "backward": f'packageId: "{package}", from: "2026-12-02", to: "2026-12-01"',
        "nobody": f'packageId: "{package}", from: "2026-12-01", to: "2026-12-02", partySize: 0',
        "a crowd": f'packageId: "{package}", from: "2026-12-01", to: "2026-12-02", partySize: 501',
        "malformed": 'packageId: "x", from: "2026-12-01", to: "2026-12-02"',
        "a product": f'packageId: "prd_{NOBODY}", from: "2026-12-01", to: "2026-12-02"',
        "no end": f'packageId: "{package}", from: "2026-12-01"',
        "NUL": 'packageId: "pkg_\\u0000", from: "2026-12-01", to: "2026-12-02"',
    }.items():
        yield Case(f"availability: {name}", f"{{ availability({given}) {{ date }} }}")


def _documents() -> Iterator[Case]:
    deep = "{ regions { nodes { " + "parent { " * 30 + "id" + " }" * 30 + " } } }"
    yield Case("deep", deep)
    yield Case(
        "dear",
        "{ regions(first: 100) { nodes { children(first: 100) { nodes { children(first: 100) "
        "{ nodes { id } } } } } } }",
    )
    yield Case("many aliases", "{ " + " ".join(f"a{number}: __typename" for number in range(600)) + " }")
    yield Case("unknown field", "{ passwords { id } }")
    yield Case("nothing", "")
    yield Case("not closed", "{ products { nodes { id }")
    yield Case("a mutation", "mutation { placeOrder { id } }")
    yield Case("missing variable", "query($id: ID!) { product(id: $id) { id } }")


REFUSED = list(_refused())

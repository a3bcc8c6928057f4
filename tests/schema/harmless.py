"""Inputs that look dangerous, and are only text, or nothing, or everything."""

from collections.abc import Iterator

from tests.schema.bad import NOBODY, Case, each_of

INJECTIONS = {
    "quotes": "' OR '1'='1",
    "a comment": "x'; DROP TABLE listing; --",
    "wildcards": "%",
    "one wildcard": "_",
    "backslash": "\\",
    "emoji": "🍑",
    "format": "%s %(a)s {0} ?1 :a $1",
    "nothing": "",
}
"""What would do harm, were values pasted into SQL."""
OPERATORS = ('"', "*", "NEAR(", "AND", "OR", "NOT", ":", "-", "(", ")", "'", "&", "|", "!", "\\", "^", "{", "<->", ":*")
"""What means something to one of the search engines."""


def _harmless() -> Iterator[Case]:
    for root, prefix in {
        "product": "prd",
        "tourPackage": "pkg",
        "village": "vil",
        "producer": "pdr",
        "cooperative": "cop",
        "category": "cat",
        "tourSession": "ses",
    }.items():
        yield from each_of("ID!", f"{root}(id: $it)", "{ id }", {"unknown": f"{prefix}_{NOBODY}"})
    for prefix in ("prd", "var", "opt", "unt", "crt", "rgn", "mbr", "gft", "img", "win", "tir"):
        yield from each_of("ID!", "node(id: $it)", "{ id }", {prefix: f"{prefix}_{NOBODY}"})
    yield from each_of(
        "[ID!]!", "nodes(ids: $it)", "{ id }", {"none": [], "unknown": [f"mbr_{NOBODY}", f"ses_{NOBODY}"]}
    )
    yield from each_of("[ID!]!", "nodes(ids: $it)", "{ id }", {"100": [f"prd_{NOBODY}"] * 100})
    yield from each_of("String!", "region(code: $it)", "{ id }", {"unknown": "999999999999"})
    calendar = f'{{ availability(packageId: "pkg_{NOBODY}", from: "2026-12-01", to: "2027-03-02") {{ date }} }}'
    yield Case("92 days of an unknown package", calendar)
    for root in ("villages", "producers", "cooperatives", "regions"):
        yield from each_of(
            "String", f"{root}(where: {{name: $it}}, first: 3)", "{ totalCount nodes { id } }", INJECTIONS
        )
    for argument in ("village", "category"):
        yield from each_of("ID", f"products(where: {{{argument}: $it}})", "{ totalCount nodes { id } }", INJECTIONS)
    yield from each_of("ID", "products(where: {organisation: $it})", "{ totalCount }", {"unknown": f"pdr_{NOBODY}"})
    cursors = {"quotes": "p~100~x' OR 1=1 --", "emoji": "p~100~🍑", "empty end": "p~100~", "lowest": "p~-1~"}
    yield from each_of("String", "products(first: 3, after: $it)", "{ nodes { id } }", cursors)
    yield from each_of("String", "villages(first: 3, after: $it)", "{ nodes { id } }", {"text": "g~' OR 1=1~\\"})
    for name in OPERATORS:
        words = {f"before {name}": f"{name}杨梅", f"between {name}": f"杨{name}梅", f"after {name}": f"杨梅 {name}"}
        yield from each_of("String!", "search(query: $it, first: 3)", "{ totalCount nodes { id } }", words)
    yield from each_of("String", "products(where: {text: $it})", "{ totalCount }", {"operators": "title:梅* AND (NEAR"})
    full = {"eight words": "a b c d e f g h", "64 characters": "梅" * 64, "wide": "ｔｅａ　２", "stacked": "e\u0301"}
    yield from each_of("String!", "search(query: $it, first: 3)", "{ totalCount nodes { id } }", full)
    yield from each_of("[Storage!]", "products(where: {storages: $it})", "{ totalCount nodes { id } }", {"none": []})
    yield from each_of("[OrganisationKind!]", "producers(where: {kinds: $it})", "{ totalCount }", {"none": []})
    yield from each_of("[ListingKind!]", 'search(query: "梅", kinds: $it)', "{ totalCount nodes { id } }", {"none": []})
    days = {"from the first": "0001-01-01", "to the last": "9999-12-31", "leap": "2028-02-29"}
    yield from each_of("Date", "products(where: {inSeasonOn: $it})", "{ totalCount }", days)
    first_to_last = '{ tourPackages(where: {sessions: {from: "0001-01-01", to: "9999-12-31"}}) { totalCount } }'
    yield Case("all days", first_to_last)
    vacancies = {"below zero": -1, "most": 2_147_483_647}
    sessions = 'tourPackages(where: {sessions: {from: "2026-12-01", to: "2026-12-31", vacancies: $it}})'
    yield from each_of("Int!", sessions, "{ totalCount }", vacancies)
    yield from each_of("Int", "categories(where: {depth: $it})", "{ totalCount }", {"most": 2_147_483_647, "least": -1})
    edges = {
        "at the edge": {"latitude": 89.999, "longitude": 180, "radiusKm": 200},
        "origin": {"latitude": 0, "longitude": 0},
    }
    yield from each_of("Near", "villages(where: {near: $it}, orderBy: DISTANCE)", "{ totalCount nodes { id } }", edges)
    prices = {"nothing": {"min": "0", "max": "0.00"}, "all": {"min": "0.00", "max": "1000000000000"}}
    yield from each_of("PriceRange", "products(where: {price: $it})", "{ totalCount }", prices)
    yield Case("nulls", "{ products(where: null, orderBy: null, first: null, after: null) { totalCount } }")
    yield Case("nulls within", "{ products(where: {price: {min: null}, near: null, text: null}) { totalCount } }")


HARMLESS = list(_harmless())

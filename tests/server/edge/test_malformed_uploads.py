"""Bodies that are no form of the multipart request specification, and forms that do not fit their operations."""

import json

import pytest

from tests.server.edge.forms import BOUNDARY, FILE, MAP, ONE, PICTURE, Edge, form, part, pieces

END = f"--{BOUNDARY}--\r\n".encode()
OPERATIONS = part("operations", json.dumps(ONE).encode())
BAD: dict[str, bytes] = {
    "nothing": b"",
    "only the end": END,
    "no boundary at all": b"hello",
    "another boundary": form(ONE, MAP, FILE).replace(BOUNDARY.encode(), b"other"),
    "cut off in the file": form(ONE, MAP, FILE)[:-60],
    "cut off before the last line": form(ONE, MAP, FILE)[: -len(END)],
    "only operations": OPERATIONS + END,
    "map first": part("map", json.dumps(MAP).encode()) + OPERATIONS + part("0", PICTURE) + END,
    "a file first": part("0", PICTURE) + OPERATIONS + END,
    "operations twice": OPERATIONS + OPERATIONS + END,
    "the file is missing": form(ONE, MAP),
    "the file came twice": form(ONE, MAP, FILE, FILE),
    "a file that map does not name": form(ONE, MAP, ("1", PICTURE)),
    "one file more": form(ONE, MAP, FILE, ("1", PICTURE)),
    "a hundred parts": form(ONE, MAP, *[(str(each), b"x") for each in range(100)]),
    "not form-data": part("operations", b"{}", disposition="attachment") + END,
    "no name": OPERATIONS.replace(b'; name="operations"', b"") + END,
    "operations is no JSON": part("operations", b"{") + END,
    "operations is text": form("x", MAP, FILE),
    "a batch": form([ONE], {"0": ["0.variables.file"]}, FILE),
    "map is no JSON": OPERATIONS + part("map", b"x") + END,
    "map is a list": form(ONE, [["variables.file"]], FILE),
    "map names text": form(ONE, {"0": "variables.file"}, FILE),
    "map names nothing": form(ONE, {"0": []}, FILE),
    "map names a number": form(ONE, {"0": [7]}, FILE),
    "the same place twice": form(ONE, {"0": ["variables.file"], "1": ["variables.file"]}, FILE, ("1", b"x")),
    "the same place twice by one": form(ONE, {"0": ["variables.file", "variables.file"]}, FILE),
    "outside of the variables": form(ONE, {"0": ["query"]}, FILE),
    "in the extensions": form({**ONE, "extensions": {"file": None}}, {"0": ["extensions.file"]}, FILE),
    "the variables themselves": form(ONE, {"0": ["variables"]}, FILE),
    "nothing there": form(ONE, {"0": ["variables.other"]}, FILE),
    "an empty step": form(ONE, {"0": ["variables.file."]}, FILE),
    "below null": form(ONE, {"0": ["variables.file.x"]}, FILE),
    "not null": form({**ONE, "variables": {"file": 7}}, MAP, FILE),
    "no variables": form({"query": "{ a }"}, MAP, FILE),
    "beyond the list": form({"query": "{ a }", "variables": {"a": [None]}}, {"0": ["variables.a.1"]}, FILE),
    "before the list": form({"query": "{ a }", "variables": {"a": [None]}}, {"0": ["variables.a.-1"]}, FILE),
    "an index spelled oddly": form({"query": "{ a }", "variables": {"a": [None]}}, {"0": ["variables.a.00"]}, FILE),
    "an index of another script": form({"query": "{ a }", "variables": {"a": [None]}}, {"0": ["variables.a.０"]}, FILE),
    "a huge index": form({"query": "{ a }", "variables": {"a": [None]}}, {"0": ["variables.a." + "9" * 5000]}, FILE),
    "an attribute": form(ONE, {"0": ["variables.__class__"]}, FILE),
    "six files": form(
        {"query": "{ a }", "variables": {"a": [None] * 6}},
        {str(each): [f"variables.a.{each}"] for each in range(6)},
        *[(str(each), b"x") for each in range(6)],
    ),
    "one file in six places": form(
        {"query": "{ a }", "variables": {"a": [None] * 6}}, {"0": [f"variables.a.{each}" for each in range(6)]}, FILE
    ),
    "no query": form({"variables": {"file": None}}, MAP, FILE),
    "a thousand headers": OPERATIONS.replace(b"\r\n\r\n", b"\r\nx: y" * 1000 + b"\r\n\r\n") + END,
    "an endless header": b"--" + BOUNDARY.encode() + b"\r\nX: " + b"y" * 100_000,
    "a NUL": part("operations", b'{"query":"{ a \\u0000 }"}') + part("map", b"{}") + END,
    "deep operations": part("operations", b'{"query":"{ a }","variables":' + b'{"a":' * 99 + b"1" + b"}" * 100) + END,
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("size", [1_000_000, 64])
def test_what_is_no_such_form_is_refused_with_400(name: str, size: int) -> None:
    edge = Edge()

    response = edge.post(pieces(BAD[name], size) or b"")

    assert (response.status, response.code) == (400, "BAD_REQUEST"), response.body
    assert edge.kept.requests == []


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; x=y"]
)
def test_a_form_needs_a_boundary(content_type: str) -> None:
    assert Edge().post(form(ONE, MAP, FILE), **{"content-type": content_type}).status == 400


def test_a_boundary_has_an_end() -> None:
    assert Edge().post(b"--", **{"content-type": "multipart/form-data; boundary=" + "x" * 400}).status == 400

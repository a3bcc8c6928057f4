"""The GraphiQL page comes whole from the package, under a strict policy."""

import gzip
import re

import pytest

from schema.edge.graphiql import GraphiQL
from schema.edge.graphiql.page import _ASSETS
from schema.edge.http import GraphQLEndpoint
from tests.server.edge.asgi import call
from tests.server.edge.toy import EXAMPLES, Toy, endpoint

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(name="page")
def _page() -> GraphiQL:
    return GraphiQL(examples=EXAMPLES, subscriptions="/graphql/ws", title="<Toy>")


def test_a_browser_at_the_endpoint_gets_the_page_if_it_is_on(page: GraphiQL, toy: Toy) -> None:
    shown = call(endpoint(toy, graphiql=page), method="GET", headers=BROWSER)
    off = call(endpoint(toy), method="GET", headers=BROWSER)
    json = call(endpoint(toy, graphiql=page), method="GET", headers={"accept": "application/json"})

    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert b"&lt;Toy&gt;" in shown.body
    assert off.status == json.status == 403


def test_the_page_runs_no_inline_or_foreign_script(page: GraphiQL) -> None:
    response = call(page, method="GET", path="/")
    text = response.body.decode()

    assert "script-src 'self';" in response.headers["content-security-policy"]
    assert "http" not in re.sub(r"charset", "", text)
    assert re.findall(r"<script(?! src=)", text) == []
    assert " on" not in text.split("<body>")[1]


def test_files_are_immutable_and_packed(page: GraphiQL) -> None:
    text = call(page, method="GET", path="/").body.decode()
    script = re.search(r'src="/graphiql(/[0-9a-f]{16}/graphiql\.js)"', text)
    assert script is not None

    packed = call(page, method="GET", path=script[1], headers={"accept-encoding": "br, gzip;q=0.5"})
    plain = call(page, method="GET", path=script[1], headers={"accept-encoding": "gzip;q=0"})

    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"].startswith("text/javascript")
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in plain.headers
    worker = script[1].replace("graphiql.js", "graphql.worker.js")
    assert call(page, method="GET", path=worker).status == 200


def test_examples_become_tabs(page: GraphiQL) -> None:
    config = call(page, method="GET", path="/config.json").json

    assert config["endpoint"] == "/graphql"
    assert config["subscriptions"] == "/graphql/ws"
    assert [tab["query"].splitlines()[0] for tab in config["tabs"]] == [
        "# Say hello",
        "# How many fit into an Int",
    ]
    assert config["tabs"][0]["variables"] == '{\n  "name": "village"\n}'


@pytest.mark.parametrize("path", ["/x", "/../page.py", "/0000000000000000/graphiql.js", "/README.md"])
def test_nothing_else_is_served(page: GraphiQL, path: str) -> None:
    assert call(page, method="GET", path=path).status == 404


def test_only_reading_is_allowed(page: GraphiQL) -> None:
    assert call(page, method="POST", path="/").status == 405
    assert call(page, method="HEAD", path="/").body == b""


def test_the_package_stays_small_and_names_its_licences() -> None:
    assert sum(path.stat().st_size for path in _ASSETS.iterdir()) < 6_000_000
    licences = (_ASSETS / "LICENSES.txt").read_text()
    for package in ("graphiql 5", "react 19", "monaco-editor 0", "graphql 16"):
        assert f"\n{package}" in licences


def test_no_file_loads_from_a_cdn() -> None:
    for path in _ASSETS.glob("*.gz"):
        text = gzip.decompress(path.read_bytes()).decode()
        assert re.findall(r"https?://[^/\s\"']*(?:unpkg|jsdelivr|esm\.sh|cdn)[^/\s\"']*", text) == []


def test_the_endpoint_accepts_the_page_as_its_own(page: GraphiQL, toy: Toy) -> None:
    assert isinstance(endpoint(toy, graphiql=page), GraphQLEndpoint)

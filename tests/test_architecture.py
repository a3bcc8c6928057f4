"""Rules of the house that no linter knows. Each exemption says why."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("market", "schema", "seeds", "tests")
FILE_LINES_MAX = 300
TEST_LINES_MAX = 550
"""A file of tests is a list of sentences, each read alone."""
FUNCTION_LINES_MAX = 60
TEST_FUNCTION_LINES_MAX = 100
"""A walk through the API is one story."""

LONG_FILES = {
    "seeds/pictures.py": "one painter after another, each read alone",
}
LONG_FUNCTIONS: dict[str, str] = {}
GENERATED = "market/migrations/versions/"
"""Written by Alembic."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*packages: str) -> dict[str, str]:
    """Our Python files that a person wrote, by path from the root."""
    found = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for package in packages
        for path in sorted((ROOT / package).rglob("*.py"))
    }
    return {path: text for path, text in found.items() if not path.startswith(GENERATED)}


def functions(text: str) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, Function))


def calls(text: str) -> Iterator[str]:
    """What is called, as written: `session.commit`, `datetime.now`."""
    return (ast.unparse(node.func) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


def test_there_is_something_to_look_at() -> None:
    assert len(sources(*PACKAGES)) > 100


def test_only_the_database_commits() -> None:
    outside = [
        path
        for path, text in sources("market", "schema", "seeds").items()
        if not path.startswith("market/kernel/database/") and any(call.endswith(".commit") for call in calls(text))
    ]

    assert outside == []


def test_only_the_clock_reads_the_clock() -> None:
    reading = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now"}
    outside = [
        path
        for path, text in sources("market", "schema", "seeds").items()
        if path != "market/kernel/clock.py" and reading & set(calls(text))
    ]

    assert outside == []


def test_only_the_database_asks_which_engine_it_is() -> None:
    """Migrations and the DDL they use write each engine's own statements, so they must ask."""
    may = ("market/kernel/database/", "market/kernel/triggers.py", "market/migrations/")
    words = ('"sqlite"', '"postgresql"', "dialect.name", "engine.name ==")
    outside = [
        (path, word)
        for path, text in sources("market", "schema", "seeds").items()
        if not path.startswith(may) and path not in NAMES_AN_ENGINE
        for word in words
        if word in text
    ]

    assert outside == []


NAMES_AN_ENGINE = {
    "market/server/settings/fields.py": "it tells which URLs can be set, before there is a database",
    "market/catalogue/tables/search.py": "a column's type, for the table that migrations make differently",
    "seeds/load/bulk.py": "the documented door for bulk loads: each engine has its own fast way",
}


def test_files_can_be_read_at_a_sitting() -> None:
    lengths = {path: text.count("\n") for path, text in sources(*PACKAGES).items()}
    long = {
        path
        for path, lines in lengths.items()
        if lines > (TEST_LINES_MAX if path.startswith("tests/") else FILE_LINES_MAX)
    }

    assert long - LONG_FILES.keys() == set()
    assert LONG_FILES.keys() - long == set(), "no longer long: take them off the list"


def test_functions_fit_on_a_screen() -> None:
    long = {
        f"{path}:{node.name}"
        for path, text in sources(*PACKAGES).items()
        for node in functions(text)
        if (node.end_lineno or node.lineno) - node.lineno + 1
        > (TEST_FUNCTION_LINES_MAX if path.startswith("tests/") else FUNCTION_LINES_MAX)
    }

    assert long - LONG_FUNCTIONS.keys() == set()
    assert LONG_FUNCTIONS.keys() - long == set(), "no longer long: take them off the list"


def test_what_is_public_says_what_it_is() -> None:
    silent = [f"{path}:{name}" for path, text in sources("market").items() for name in _silent(ast.parse(text))]

    assert silent == []


def _silent(module: ast.Module) -> Iterator[str]:
    """Public names without a docstring: modules, classes, functions, methods. A method that a base class describes
    is described: those of the engines and of protocols' implementations."""
    if not ast.get_docstring(module) and module.body:
        yield "(module)"
    for node in module.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield node.name
            if isinstance(node, ast.ClassDef) and not node.bases:
                yield from (f"{node.name}.{method.name}" for method in _methods(node) if not ast.get_docstring(method))


def _methods(node: ast.ClassDef) -> Iterator[Function]:
    return (each for each in node.body if isinstance(each, Function) and not each.name.startswith("_"))


def test_use_cases_take_the_market_and_steps_the_session() -> None:
    """Whoever opens a transaction is handed the market first, whoever joins one the session: signatures tell."""
    wrong = []
    for path, text in sources("market").items():
        if path.startswith(("market/kernel/", "market/server/", "market/migrations/")):
            continue
        for node in functions(text):
            names = [argument.arg for argument in node.args.args if argument.arg != "self"]
            opens = {"market.transaction", "market.read"} & set(calls(ast.unparse(node)))
            if opens and names[:1] != ["market"] or "session" in names[1:] and "market" in names[:1]:
                wrong.append(f"{path}:{node.name}")

    assert wrong == []


@pytest.mark.parametrize("listed", [LONG_FILES, LONG_FUNCTIONS, NAMES_AN_ENGINE])
def test_every_exemption_has_a_reason(listed: dict[str, str]) -> None:
    assert all(len(reason) > 10 for reason in listed.values())

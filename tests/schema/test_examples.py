"""What GraphiQL shows first works on the demo."""

from collections.abc import Iterator
from typing import Any

import pytest

from market.kernel.market import Market
from market.reports.catalogue import REPORTS
from schema.edge.limits import Limits
from schema.examples import EXAMPLES, STAFF_EXAMPLES, Example
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"example{number}" for number, _each in enumerate(EXAMPLES)])
def test_examples_show_something_within_the_usual_limits(seeded_market: Market, example: Example) -> None:
    _title, document, variables = example

    async def ask(here: Market) -> Any:
        return await Asker(here, limits=Limits()).data(document, dict(variables))

    data = asked(seeded_market, ask)
    assert all(list(lists(data[name])) and all(map(len, lists(data[name]))) for name in data)


def test_what_staff_are_shown_first_works_too(seeded_market: Market) -> None:
    async def ask(here: Market) -> list[Any]:
        asker = Asker(here, limits=Limits())
        return [await asker.data(document, dict(given), actor=ADMIN) for _title, document, given in STAFF_EXAMPLES]

    reports, plan = asked(seeded_market, ask)
    assert {each["key"] for each in reports["reports"]} == set(REPORTS)
    assert reports["reportCatalogue"]["goodsCategories"]["files"]["png"].startswith("/downloads/reports/")
    assert any(row["target"] for row in plan["planScorecard"]["rows"])


def lists(connection: Any) -> Iterator[list[Any]]:
    """The pages of a root list."""
    yield from (value for name, value in connection.items() if name in {"nodes", "edges"})

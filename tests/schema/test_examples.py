"""What GraphiQL shows first works on the demo."""

from collections.abc import Iterator
from typing import Any

import pytest

from market.kernel.market import Market
from schema.edge.limits import Limits
from schema.examples import EXAMPLES, Example
from tests.schema.asking import Asker, asked


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"example{number}" for number, _each in enumerate(EXAMPLES)])
def test_examples_show_something_within_the_usual_limits(seeded_market: Market, example: Example) -> None:
    _title, document, variables = example

    async def ask(here: Market) -> Any:
        return await Asker(here, limits=Limits()).data(document, dict(variables))

    data = asked(seeded_market, ask)
    assert all(list(lists(data[name])) and all(map(len, lists(data[name]))) for name in data)


def lists(connection: Any) -> Iterator[list[Any]]:
    """The pages of a root list."""
    yield from (value for name, value in connection.items() if name in {"nodes", "edges"})

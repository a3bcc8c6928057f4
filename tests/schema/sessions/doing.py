"""What the tests of the sessions' face share: asking, and a series to ask about."""

from typing import Any

from market.kernel.market import Market
from market.kernel.permissions import Actor
from tests.schema.asking import Asker, asked
from tests.sessions.farm import DAY

KEYS = iter(f"key-of-this-test-{number}" for number in range(10_000))
ERRORS = "__typename ... on UserError { code message path retryable }"


def ask(market: Market, document: str, variables: dict[str, Any], actor: Actor, *, language: str = "en") -> Any:
    """The whole response."""

    async def run(here: Market) -> Any:
        return await Asker(here).ask(document, variables, actor=actor, language=language)

    return asked(market, run)


def data(market: Market, document: str, variables: dict[str, Any], actor: Actor) -> Any:
    """The data of an answer that must have no errors."""
    response = ask(market, document, variables, actor)
    assert "errors" not in response, response
    return response["data"]


PLAN = {
    "rule": "FREQ=WEEKLY;BYDAY=WE;COUNT=3",
    "firstDay": DAY.isoformat(),
    "times": ["09:00", "14:00"],
    "capacity": 20,
    "exceptions": ["2026-06-17"],
}
CREATE_SERIES = f"""mutation($option: ID!, $plan: SeriesPlanInput!, $key: ID!) {{
  createSeries(optionId: $option, plan: $plan, idempotencyKey: $key) {{ {ERRORS}
    ... on InvalidInput {{ field allowed }}
    ... on CreateSeriesPayload {{ made series {{ id state rule firstDay lastDay times exceptions extraDays capacity madeThrough
      option {{ id }} tourPackage {{ title }} sessions(first: 9) {{ totalCount nodes {{ startsAt capacity series {{ id }} }} }} }} }} }} }}"""

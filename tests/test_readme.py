"""The README does not lie: its queries give its answers, its commands exist."""

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from market.kernel.market import Market
from market.server.cli import build_cli
from schema.cli import PARTS
from tests.schema.asking import Asker

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
TOUR = re.findall(r"```graphql\n(.*?)```\n\n```json\n(.*?)```", README, re.DOTALL)


@pytest.mark.anyio
@pytest.mark.parametrize(("query", "answer"), TOUR, ids=range(len(TOUR)))
async def test_the_tours_queries_give_the_answers_shown(seeded_market: Market, query: str, answer: str) -> None:
    response = await Asker(seeded_market).ask(query)
    await seeded_market.database.reader.close()  # its connections belong to this test's event loop
    for error in response.get("errors", ()):
        del error["locations"]

    assert response == json.loads(answer)


def test_there_is_a_tour() -> None:
    assert len(TOUR) == README.count("```graphql") == 4


def test_every_command_is_listed_and_every_listed_one_exists() -> None:
    listed = re.findall(r"^\| `market (\w+)` \|", README, re.MULTILINE)

    assert sorted(listed) == sorted(get_command(build_cli(PARTS)).commands)  # type: ignore[attr-defined]  # it is a group


def test_no_line_is_wider_than_it_can_be_read() -> None:
    prose = [line for line in README.splitlines() if not line.startswith("|")]

    assert max(map(len, prose)) <= 130

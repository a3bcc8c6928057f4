"""The console script `market`: the command line of market/server, with the parts only this layer knows."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from market.server.cli import Parts, Progress, Seeded, build_cli
from market.server.cli.parts import LoadName

if TYPE_CHECKING:
    from market.kernel.market import Market

# The imports within functions are what `market --help` must not wait for.


def _schema() -> str:
    from schema.build import build_schema
    from schema.sdl import printed

    return printed(build_schema())


def _breaking(earlier: str, current: str) -> list[str]:
    from graphql import build_schema, find_breaking_changes

    changes = find_breaking_changes(build_schema(earlier), build_schema(current))
    return [f"{change.type.name}: {change.description}" for change in changes]


def _seed_demo(market: "Market", media_store: str, day: date | None, progress: Progress) -> Seeded:
    from seeds.demo import seed_demo

    return seed_demo(market, media_store, today=day, progress=progress)


def _seed_year(market: "Market", day: date | None, progress: Progress) -> Seeded:
    from seeds.year.live import seed_year

    return seed_year(market, today=day, progress=progress)


def _seed_load(market: "Market", size: LoadName, progress: Progress) -> Seeded:
    from seeds.load import seed_load

    return seed_load(market, size, progress=progress)


def _is_empty(market: "Market") -> bool:
    from seeds.report import counts

    with market.read() as session:
        return counts(session)["products"] == 0


def _examples(market: "Market") -> dict[str, str]:
    from seeds.people import told_people
    from seeds.report import examples

    with market.read() as session:
        return examples(session) | told_people(session)


PARTS = Parts(
    app="schema.app:asgi",
    schema=_schema,
    breaking=_breaking,
    snapshot=Path(__file__).with_name("schema.graphql"),
    seed_demo=_seed_demo,
    seed_year=_seed_year,
    seed_load=_seed_load,
    is_empty=_is_empty,
    examples=_examples,
)


def main() -> None:
    """Run the command line."""
    build_cli(PARTS)()


if __name__ == "__main__":
    main()

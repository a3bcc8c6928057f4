"""Columns that several reports have, and how rows come from the database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.catalogue.tables import Listing
from market.kernel.clock import day_bounds
from market.kernel.errors import Invalid
from market.reports.declare import Column, ColumnKind, Derive, Found, Reading, Row
from market.reports.scope import check_regions, visible, within

CHUNK = 1_000
Run = Callable[[Session, Reading], Found]


def table(model: type[SQLModel]) -> sa.Table:
    """The table of a model."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def text(key: str, zh: str, en: str) -> Column:
    """A name."""
    return Column(key, zh, en, ColumnKind.TEXT)


def code(key: str, zh: str, en: str) -> Column:
    """An id, or a word of the system."""
    return Column(key, zh, en, ColumnKind.CODE)


def day(key: str, zh: str, en: str) -> Column:
    """A day."""
    return Column(key, zh, en, ColumnKind.DATE)


def money(key: str, zh: str, en: str, definition_zh: str = "", definition_en: str = "", **more: Any) -> Column:
    """Fen."""
    return Column(key, zh, en, ColumnKind.MONEY, definition_zh, definition_en, **more)


def count(key: str, zh: str, en: str, definition_zh: str = "", definition_en: str = "", **more: Any) -> Column:
    """How many."""
    return Column(key, zh, en, ColumnKind.COUNT, definition_zh, definition_en, **more)


def weight(key: str, zh: str, en: str, definition_zh: str = "", definition_en: str = "") -> Column:
    """Grams."""
    return Column(key, zh, en, ColumnKind.WEIGHT, definition_zh, definition_en)


def hours(key: str, zh: str, en: str, definition_zh: str = "", definition_en: str = "") -> Column:
    """Hours on average: never added up."""
    return Column(key, zh, en, ColumnKind.HOURS, definition_zh, definition_en, is_summed=False)


def share(  # noqa: PLR0917 - as the others, and how it is reckoned
    key: str, zh: str, en: str, definition_zh: str, definition_en: str, derive: Derive
) -> Column:
    """A part of something, in basis points."""
    return Column(key, zh, en, ColumnKind.SHARE, definition_zh, definition_en, derive=derive)


def ratio(part: str, whole: str, *, scale: int = 10_000) -> Derive:
    """One figure of the row by another; None by nothing."""

    def derive(row: Any, _totals: Any) -> int | None:
        return row.get(part, 0) * scale // row[whole] if row.get(whole) else None

    return derive


def of_total(part: str) -> Derive:
    """A figure's share in its total."""

    def derive(row: Any, totals: Any) -> int | None:
        return row.get(part, 0) * 10_000 // totals[part] if totals.get(part) else None

    return derive


def rows_of(session: Session, statement: sa.Executable) -> Iterator[Row]:
    """The rows of a statement as they are read, in the memory of a few."""
    with session.execute(statement, execution_options={"yield_per": CHUNK}) as found:
        for row in found:
            # PostgreSQL's sums of BIGINT are NUMERIC.
            yield tuple([int(value) if isinstance(value, Decimal) else value for value in row])


def asked_for(reading: Reading, key: str) -> tuple[str, ...]:
    """What a filter is to be."""
    return tuple(reading.asked.where.get(key, ()))


def among(reading: Reading, **columns: Any) -> list[sa.ColumnElement[bool]]:
    """The filters that were asked for: a region is its subtree, everything else any of its values."""
    found: list[sa.ColumnElement[bool]] = []
    for key, column in columns.items():
        values = asked_for(reading, key)
        if values and key == "region":
            prefixes = check_regions(reading.actor, values, field="where.region")
            found.append(sa.or_(*[within(column, each) for each in prefixes]))
        elif values:
            found.append(column.in_(values))
    return found


def one_of(reading: Reading, key: str, choices: Sequence[str]) -> str:
    """The one value of a filter, the first choice when nothing is said. Refuses with Invalid anything else."""
    values = asked_for(reading, key) or (choices[0],)
    if len(values) != 1 or values[0] not in choices:
        names = ", ".join(choices)
        raise Invalid(field=f"where.{key}", allowed=f"one of: {names}", allowed_zh=f"只能是：{names}")
    return values[0]


@dataclass(frozen=True, slots=True)
class Whose:
    """The columns that say whose a row is, as `visible` asks for them."""

    producer_id: Any
    settlement_party: Any
    region_code: Any


def whose_listing() -> Whose:
    """Whose a listing's row is."""
    listing = table(Listing).c
    party = sa.func.coalesce(listing.cooperative_id, listing.producer_id)
    return Whose(listing.producer_id, party, listing.region_code)


def mine(reading: Reading, rows: Any) -> sa.ColumnElement[bool]:
    """The row filter of who asks."""
    return visible(reading.actor, rows, today=reading.today)


def words(column: Any, said: Mapping[Any, str]) -> Any:
    """A word of the system in Chinese."""
    return sa.case(*[(column == key, value) for key, value in said.items()], else_=column)


def plainly(statement: Callable[[Reading], sa.Executable], columns: Sequence[Column]) -> Run:
    """A report whose rows are those of a statement, its columns fixed."""

    def run(session: Session, reading: Reading) -> Found:
        return Found(columns, rows_of(session, statement(reading)))

    return run


def between_days(reading: Reading, moment: Any) -> tuple[Any, Any]:
    """Whether a moment is on a day in the range."""
    return moment >= day_bounds(reading.asked.start)[0], moment < day_bounds(reading.asked.end)[1]


def county_of(code_column: Any) -> Any:
    """The code of the county that a code lies in."""
    return sa.func.substr(code_column, 1, 6, type_=sa.String).concat("000000")

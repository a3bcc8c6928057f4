"""The common columns of declarations, and constants that are pasted into SQL."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from schema.projection.arguments import Args
from schema.projection.declare import Build, Column, Condition, Expression


def quoted(text: object) -> Expression:
    """A text constant of a declaration. Pasted, so that partial indexes serve it: never for what a request says."""
    if "'" in str(text):
        raise ValueError(f"{text!r} is not a constant")
    return sa.literal_column(f"'{text}'", sa.Text())


def number(value: float) -> Expression:
    """A number constant of a declaration or of the plan, pasted."""
    return sa.literal_column(repr(value), sa.Float(53) if isinstance(value, float) else sa.Integer())


def among(value: Expression, constants: Sequence[object]) -> Condition:
    """Whether a value is any of these constants; never, when there are none."""
    return value.in_([quoted(each) for each in constants]) if constants else sa.false()


def above(source: sa.FromClause, *columns: Any) -> sa.Select[Any]:
    """A select over one derived table; everything else in it is the rows around it."""
    return sa.select(*columns).select_from(source).correlate_except(source)


def exists(*sources: sa.FromClause, where: Sequence[Condition]) -> Condition:
    """Whether there are rows of these sources that meet the conditions; every other table is the row around it.

    Says outright what is correlated: SQLAlchemy's guess only looks one level out, and quietly joins the rest.
    """
    made = sa.select(number(1)).select_from(*sources).where(*where)
    return sa.exists(made.correlate_except(*sources))


def looked_up(value: Expression, *sources: sa.FromClause, where: Sequence[Condition]) -> Expression:
    """A value of the one row of these sources that meets the conditions, correlated as `exists`."""
    return sa.select(value).select_from(*sources).where(*where).correlate_except(*sources).scalar_subquery()


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table of a model."""
    table: sa.Table = model.__table__  # type: ignore[attr-defined]  # SQLModel sets it on table classes
    return table


def column(name: str, table: sa.Table | None = None) -> Column:
    """A column of the row; of another table with the same `id`, when given. Moments, dates and booleans are formatted
    for JSON by their type."""

    def of(t: sa.FromClause, build: Build, _args: Args) -> Expression:
        if table is None:
            return formatted(t.c[name], build)
        other = table.alias()
        return looked_up(formatted(other.c[name], build), other, where=[other.c.id == t.c.id])

    return Column(of)


def localized(name: str, table: sa.Table | None = None) -> Column:
    """Text in Chinese (`name`) with optional English (`name_en`): by the `locale` argument, else the request's."""

    def of(t: sa.FromClause, build: Build, args: Args) -> Expression:
        other = t if table is None else table.alias()
        text = other.c[name]
        if (args.get("locale") or build.locale) in ("en", "EN"):
            return _alone(sa.func.coalesce(other.c[f"{name}_en"], text), t, other)
        return _alone(text, t, other)

    return Column(of)


def _alone(value: Expression, t: sa.FromClause, other: sa.FromClause) -> Expression:
    return value if other is t else looked_up(value, other, where=[other.c.id == t.c.id])


def formatted(value: Expression, build: Build) -> Expression:
    """A value as its JSON should show it."""
    kind = value.type
    if isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, sa.DateTime):
        return build.engine.json_moment(value)
    if isinstance(kind, sa.Date):
        return build.engine.json_date(value)
    if isinstance(kind, sa.Boolean):
        return build.engine.json_boolean(value)
    return value

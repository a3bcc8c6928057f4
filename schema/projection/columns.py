"""The common columns of declarations, and constants that are pasted into SQL."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from schema.projection.arguments import Args
from schema.projection.declare import Build, Column, Expression


def quoted(text: object) -> Expression:
    """A text constant of a declaration. Pasted, so that partial indexes serve it: never for what a request says."""
    if "'" in str(text):
        raise ValueError(f"{text!r} is not a constant")
    return sa.literal_column(f"'{text}'", sa.Text())


def number(value: float) -> Expression:
    """A number constant of a declaration or of the plan, pasted."""
    return sa.literal_column(repr(value))


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
        return sa.select(formatted(other.c[name], build)).where(other.c.id == t.c.id).scalar_subquery()

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
    return value if other is t else sa.select(value).where(other.c.id == t.c.id).scalar_subquery()


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

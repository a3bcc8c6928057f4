"""Steps that make the rows that hang off another these, in this order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

Row = dict[str, Any]


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table of a model. Content is read and written as plain rows, which no session keeps."""
    table: sa.Table = SQLModel.metadata.tables[str(model.__tablename__)]
    return table


def write_one(session: Session, model: type[SQLModel], id_: str, values: Row) -> None:
    """The one row of a kind's own part: there since the first approval."""
    table = table_of(model)
    if session.execute(sa.update(table).where(table.c.id == id_).values(values)).rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        session.execute(sa.insert(table).values(id=id_, **values))


def replace_rows(session: Session, model: type[SQLModel], owner: Row, rows: Sequence[Row]) -> None:
    """Rows that nobody points at: all anew. `owner` is the column that says whose they are, with its value."""
    table = table_of(model)
    session.execute(sa.delete(table).where(_of(table, owner)))
    if rows:
        session.execute(sa.insert(table), [{**owner, **row} for row in rows])


def offer_rows(
    session: Session,
    model: type[SQLModel],
    owner: Row,
    offered: Sequence[Row],
    *,
    now: datetime,
    new: Row | None = None,
    unique: str | None = None,
) -> None:
    """Rows that others point at: these are offered, in this order; the owner's others are retired and come after.

    Positions (and the `unique` column) may change hands, so all make way first. `new` is what only new rows get.
    """
    table = table_of(model)
    mine = _of(table, owner)
    kept = session.execute(sa.select(table.c.id, table.c.retired_at).where(mine).order_by(table.c.position)).all()
    ids = {row.id for row in kept}
    if ids:
        session.execute(sa.update(table).where(mine).values(position=-table.c.position))
    if ids and unique is not None:
        again = table.c.id.in_([row["id"] for row in offered])
        session.execute(sa.update(table).where(mine, again).values({unique: table.c.id}))
    for position, row in enumerate(offered, start=1):
        if row["id"] in ids:
            values = {**row, "position": position, "retired_at": None}
            session.execute(sa.update(table).where(mine, table.c.id == row["id"]).values(values))
        else:
            session.execute(sa.insert(table).values({**owner, "position": position, **(new or {}), **row}))
    gone = [each for each in kept if each.id not in {row["id"] for row in offered}]
    for position, each in enumerate(gone, start=len(offered) + 1):
        values = {"position": position, "retired_at": each.retired_at or now}
        session.execute(sa.update(table).where(table.c.id == each.id).values(values))


def _of(table: sa.Table, owner: Row) -> sa.ColumnElement[bool]:
    return sa.and_(*[table.c[column] == value for column, value in owner.items()])

"""Leaves out the columns of derived tables that nothing reads: a page of a wide table is cut out of it with all its
columns, since what is selected of them is only known at the end."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import CTE, CompoundSelect, Subquery


def prune(statement: sa.Select[Any]) -> None:
    """Narrow every derived table of a statement, in place, to the columns that are read from it.

    Selects over derived tables must name their columns (`select(*table.c)`): a table named whole is not seen into.
    """
    while _narrow(statement):
        pass


def _narrow(statement: sa.Select[Any]) -> bool:
    tables: dict[int, Subquery | CTE] = {}
    read: dict[int, set[str]] = {}
    for element in visitors.iterate(statement):
        if isinstance(element, Subquery | CTE):
            tables[id(element)] = element
        elif isinstance(element, sa.ColumnClause) and element.table is not None:
            read.setdefault(id(element.table), set()).add(element.name)
    changed = False
    for key, table in tables.items():
        made = _kept(table.element, read.get(key, set()))
        if made is not None:
            table.element = made
            changed = True
    return changed


def _kept(element: Any, names: set[str]) -> Any:
    """The select with only these columns, one at least; None when it has no others."""
    if isinstance(element, CompoundSelect):
        made = [_kept(each, names) for each in element.selects]
        if any(each is None for each in made):
            return None
        return sa.union_all(*made).limit(element._limit_clause)  # noqa: SLF001 - it has no public reader
    columns = list(element.selected_columns)
    kept = [column for column in columns if column.key in names] or columns[:1]
    return None if len(kept) == len(columns) else element.with_only_columns(*kept, maintain_column_froms=True)

"""The names of what sales are grouped by, joined to the finished groups."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from market.catalogue.tables import Category, Listing
from market.organisations.tables import Organisation
from market.places.tables import Region, Village
from market.reports.sales.rules import REGION_DIGITS, SalesDimension


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


_LISTINGS, _CATEGORIES = _table(Listing), _table(Category)
_REGIONS, _VILLAGES, _ORGANISATIONS = (_table(each) for each in (Region, Village, Organisation))


def labelled(found: sa.Subquery, groups: Sequence[SalesDimension]) -> sa.Select[Any]:
    """The rows, with the names of what they are grouped by."""
    rows: sa.FromClause = found
    labels: list[sa.ColumnElement[Any]] = []  # name and English name, by turns
    for at, dimension in enumerate(groups):
        key, zh, en = found.c[f"key{at}"], f"label{at}", f"label_en{at}"
        named = _named(dimension, key)
        if named is None:
            labels += [sa.null().label(zh), sa.null().label(en)]
            continue
        table, name, name_en, on = named
        rows = rows.outerjoin(table, on)
        labels += [name.label(zh), name_en.label(en)]
    return sa.select(*found.c, *labels).select_from(rows)


def _named(dimension: SalesDimension, key: Any) -> tuple[sa.FromClause, Any, Any, sa.ColumnElement[bool]] | None:
    if dimension in REGION_DIGITS:
        region = _REGIONS.alias()
        zeros = "0" * (12 - REGION_DIGITS[dimension])
        return region, region.c.name, region.c.name_en, region.c.code == key.concat(zeros)
    model = {
        SalesDimension.VILLAGE: _VILLAGES,
        SalesDimension.COOPERATIVE: _ORGANISATIONS,
        SalesDimension.PRODUCER: _ORGANISATIONS,
        SalesDimension.CATEGORY: _CATEGORIES,
        SalesDimension.LISTING: _LISTINGS,
    }.get(dimension)
    if model is None:
        return None
    table = model.alias()
    name, name_en = (table.c.title, table.c.title_en) if model is _LISTINGS else (table.c.name, table.c.name_en)
    return table, name, name_en, table.c.id == key

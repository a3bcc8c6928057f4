"""The names of what sales are grouped by."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.catalogue.tables import Category, Listing
from market.organisations.tables import Organisation
from market.places.tables import Region, Village
from market.reports.sales.rules import REGION_DIGITS, SalesDimension

Label = tuple[str | None, str | None]
"""A name and its English name."""

_IDS_MAX = 1_000
_of: sa.BindParameter[str] = sa.bindparam("of", expanding=True)


def _naming(model: type[SQLModel], key: str = "id", name: str = "name") -> sa.Select[Any]:
    c = SQLModel.metadata.tables[str(model.__tablename__)].c
    return sa.select(c[key], c[name], c[f"{name}_en"]).where(c[key].in_(_of))


# Built once.
_NAMES: Mapping[SalesDimension, sa.Select[Any]] = {
    **dict.fromkeys(REGION_DIGITS, _naming(Region, "code")),
    SalesDimension.VILLAGE: _naming(Village),
    **dict.fromkeys((SalesDimension.COOPERATIVE, SalesDimension.PRODUCER), _naming(Organisation)),
    SalesDimension.CATEGORY: _naming(Category),
    SalesDimension.LISTING: _naming(Listing, name="title"),
}


def labels_of(session: Session, dimension: SalesDimension, keys: Collection[Any]) -> dict[Any, Label]:
    """Step: what these keys of a dimension are called; days and words have no names here."""
    naming = _NAMES.get(dimension)
    if naming is None:
        return {}
    ids = sorted(each for each in keys if each is not None)
    return {
        row[0]: (row[1], row[2])
        for at in range(0, len(ids), _IDS_MAX)
        for row in session.execute(naming, {"of": ids[at : at + _IDS_MAX]})
    }

"""Rows on their way into the tables, in the order that foreign keys ask for."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.catalogue.tables import (
    CancellationTier,
    Image,
    Listing,
    ListingCertificate,
    PackageGift,
    PackageNote,
    PackageOption,
    Product,
    SeasonWindow,
    TourPackage,
    UnitType,
    Variant,
)
from market.organisations.tables import Certificate, Membership, Organisation
from market.places.tables import Village
from market.sessions.tables import TourSession
from market.stock.tables import ConformityCertificate, StockHold, StockLevel, StockLot, StockMovement
from seeds.load.bulk import bulk_insert

IN_ORDER: tuple[type[SQLModel], ...] = (
    Village,
    Organisation,
    Membership,
    Certificate,
    Listing,
    Image,
    ListingCertificate,
    Product,
    Variant,
    SeasonWindow,
    StockLevel,
    StockLot,
    ConformityCertificate,
    StockMovement,
    StockHold,
    TourPackage,
    PackageOption,
    UnitType,
    PackageNote,
    CancellationTier,
    PackageGift,
    TourSession,
)
"""Every table that load data fills, those pointed at first."""


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table of a model."""
    table: sa.Table = SQLModel.metadata.tables[str(model.__tablename__)]
    return table


def blank_of(model: type[SQLModel]) -> dict[str, Any]:
    """Every column of a model in order, with what it holds when nothing is said."""
    fields = [(column.name, model.model_fields[column.name]) for column in table_of(model).columns]
    return {name: None if field.is_required() else field.default for name, field in fields}


class RowSet:
    """Rows by table. A column that is not said has its model's default."""

    def __init__(self) -> None:
        self._rows: defaultdict[type[SQLModel], list[dict[str, Any]]] = defaultdict(list)

    def add(self, model: type[SQLModel], **values: object) -> None:
        """One more row."""
        self._rows[model].append(values)

    def write(self, session: Session) -> None:
        """Step: insert all rows, and begin anew."""
        for model in IN_ORDER:
            blank = blank_of(model)
            rows = [tuple((blank | row).values()) for row in self._rows[model]]
            if rows:
                bulk_insert(session, table_of(model), list(blank), rows)
        self._rows.clear()

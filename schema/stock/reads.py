"""Where the types of stock come from."""

from typing import Any

import sqlalchemy as sa

from market.catalogue.tables import Variant
from market.kernel.ids import require_id
from market.kernel.permissions import Permission
from market.organisations.tables import Organisation
from market.stock.queries import ended_holds
from market.stock.tables import ConformityCertificate, StockLevel, StockLot, StockMovement
from schema.catalogue.products import VARIANT
from schema.filters import number_order, text_order
from schema.projection import (
    Args,
    Build,
    ById,
    Column,
    Connection,
    Projection,
    ToOne,
    among,
    column,
    exists,
    looked_up,
    number,
    table_of,
)
from schema.projection.declare import Condition, Expression, Field
from schema.scope import acts_for

_ORGANISATIONS, _VARIANTS, _LEVELS = table_of(Organisation), table_of(Variant), table_of(StockLevel)


def _of_producer(producer_id: Expression, build: Build) -> list[Condition]:
    organisation = _ORGANISATIONS.alias()
    region = looked_up(organisation.c.region_code, organisation, where=[organisation.c.id == producer_id])
    return [acts_for(build, Permission.STOCK_READ, producer_id, region=region)]


def _visible(t: sa.FromClause, build: Build) -> list[Condition]:
    return _of_producer(t.c.producer_id, build)


def _visible_movement(t: sa.FromClause, build: Build) -> list[Condition]:
    level = _LEVELS.alias()
    producer_id = looked_up(level.c.producer_id, level, where=[level.c.variant_id == t.c.variant_id])
    return _of_producer(producer_id, build)


def _free(t: sa.FromClause, build: Build, _args: Args) -> Expression:
    return t.c.on_hand - t.c.reserved + ended_holds(t.c.variant_id, build.now())


def _is_past(t: sa.FromClause, build: Build, _args: Args) -> Expression:
    is_past = sa.and_(t.c.best_before.is_not(None), t.c.best_before < build.today())
    return build.engine.json_boolean(sa.case((is_past, number(1) == number(1)), else_=number(1) == number(0)))


def _lots_where(t: sa.FromClause, _build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = []
    if where.get("hasRemaining") is not None:
        conditions.append(t.c.remaining > number(0) if where.get("hasRemaining") else t.c.remaining == number(0))
    if where.get("conformity") is not None:
        conditions.append(among(t.c.conformity, [where.get("conformity")]))
    return conditions


def _levels_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    producer = args.slot("producerId")
    assert producer is not None, "it is required"
    where, variant = args.nested("where"), _VARIANTS.alias()
    conditions: list[Condition] = [t.c.producer_id == build.bind(producer)]
    of_variant: list[Condition] = []
    product = where.slot("product")
    if product is not None:
        of_variant.append(variant.c.listing_id == build.bind(product))
    if "states" in where:
        of_variant.append(among(variant.c.stock_state, where.get("states")))
    if of_variant:
        conditions.append(exists(variant, where=[variant.c.id == t.c.variant_id, *of_variant]))
    return conditions


CONFORMITY_CERTIFICATE = Projection(
    "ConformityCertificate",
    table_of(ConformityCertificate),
    {
        "number": column("number"),
        "issuedOn": column("issued_on"),
        "issuer": column("issuer"),
        "basis": column("basis"),
        "commitments": Column(lambda t, build, _args: build.engine.json_nested(t.c.commitments)),
        "recordedAt": column("recorded_at"),
    },
)
STOCK_MOVEMENT: Projection = Projection(
    "StockMovement",
    table_of(StockMovement),
    topic="stock",
    visible=_visible_movement,
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "quantity": column("quantity"),
        "onHand": column("on_hand"),
        "version": column("version"),
        "reason": column("reason"),
        "note": column("note"),
        "reference": column("reference"),
        "actor": column("actor"),
        "at": column("at"),
        "lot": ToOne(lambda: STOCK_LOT, lambda t, lot: lot.c.id == t.c.lot_id),
    },
)
_MOVEMENT_ORDERS = {"NEWEST": number_order("v", "version", is_descending=True, tie="lot_id")}

STOCK_LOT: Projection = Projection(
    "StockLot",
    table_of(StockLot),
    topic="stock",
    visible=_visible,
    fields={
        "id": column("id"),
        "variant": ToOne(lambda: VARIANT, lambda t, variant: variant.c.id == t.c.variant_id),
        "code": column("code"),
        "harvestedOn": column("harvested_on"),
        "plot": column("plot"),
        "received": column("received"),
        "remaining": column("remaining"),
        "bestBefore": column("best_before"),
        "isPastBestBefore": Column(_is_past),
        "conformity": column("conformity"),
        "certificate": ToOne(
            lambda: CONFORMITY_CERTIFICATE, lambda t, certificate: certificate.c.lot_id == t.c.id, is_owned=True
        ),
        "receivedAt": column("received_at"),
        "movements": Connection(
            lambda: STOCK_MOVEMENT,
            _MOVEMENT_ORDERS,
            "NEWEST",
            on=lambda t, movement, _build: movement.c.lot_id == t.c.id,
        ),
    },
)
STOCK_LEVEL = Projection(
    "StockLevel",
    _LEVELS,
    topic="stock",
    visible=_visible,
    fields={
        "variant": ToOne(lambda: VARIANT, lambda t, variant: variant.c.id == t.c.variant_id),
        "onHand": column("on_hand"),
        "reserved": column("reserved"),
        "free": Column(_free),
        "version": column("version"),
        "lowAt": column("low_at"),
        "lots": Connection(
            lambda: STOCK_LOT,
            {"NEWEST": text_order("n", "id", is_descending=True)},
            "NEWEST",
            on=lambda t, lot, _build: lot.c.variant_id == t.c.variant_id,
            where=_lots_where,
        ),
        "movements": Connection(
            lambda: STOCK_MOVEMENT,
            _MOVEMENT_ORDERS,
            "NEWEST",
            on=lambda t, movement, _build: movement.c.variant_id == t.c.variant_id,
        ),
    },
)


def _id_of(prefix: str, field: str) -> Any:
    return lambda text: require_id(text, prefix, field=field)


STOCK_QUERIES: dict[str, Field] = {
    "stockLevel": ById(lambda: STOCK_LEVEL, argument="variantId", key="variant_id", check=_id_of("var", "variantId")),
    "stockLevels": Connection(
        lambda: STOCK_LEVEL,
        {"VARIANT": text_order("i", "variant_id", tie="variant_id")},
        "VARIANT",
        where=_levels_where,
    ),
    "stockLot": ById(lambda: STOCK_LOT, check=_id_of("lot", "id")),
}

"""The types of stock."""

from datetime import date, datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from schema.catalogue.products import Variant
from schema.enums import (
    AdjustReason,
    Commitment,
    ConformityBasis,
    ConformityState,
    IssuerKind,
    MovementKind,
    StockState,
)
from schema.node import Node
from schema.pagination import Connection, field, listed, single
from schema.permissions import ruled

_SEEN = ruled(Permission.STOCK_READ)

ProducerId = Annotated[strawberry.ID, strawberry.argument(description="The producer's, or the cooperative's own.")]
VariantId = Annotated[strawberry.ID, strawberry.argument(description="The variant's id.")]
LotId = Annotated[strawberry.ID, strawberry.argument(description="The lot's id.")]


@strawberry.type(
    description="The conformity certificate (承诺达标合格证) of a lot, as its issuer wrote it (MARA Order 2025 No. 4)."
)
@_SEEN
class ConformityCertificate:
    number: str | None = field("Its serial number; null when it has none.")
    issued_on: date = field("The day it was issued.")
    issuer: IssuerKind = field("Who issued it.")
    basis: ConformityBasis = field("What its promise rests on.")
    commitments: list[Commitment] = field("What it promises.")
    recorded_at: datetime = field("When it was recorded here.")


@strawberry.type(
    description="So many pieces came to a lot, or went. Movements are never changed: their sum is the stock."
)
@_SEEN
class StockMovement(Node):
    kind: MovementKind = field("Why.")
    quantity: int = field("Pieces; below zero when they went.")
    on_hand: int = field("Pieces of the variant on hand once the whole change was done.")
    version: int = field("The stock level's version that it made. Movements of one change share it.")
    reason: AdjustReason | None = field("Why somebody set the stock right; null for any other movement.")
    note: str = field("What they said of it.")
    reference: str | None = field("The order, claim or import it belongs to; null when none.")
    actor: str = field("The account that did it, or SYSTEM.")
    at: datetime = field("When.")
    lot: "StockLot" = field("The lot.")


_MOVEMENTS = listed("What came and went, newest first.", Connection[StockMovement])


@strawberry.type(
    description="A harvest or batch (批次) of a variant; or, without a harvest date, the pieces that belong to none (未分批)."
)
@_SEEN
class StockLot(Node):
    variant: Variant = field("Of what.")
    code: str | None = field("The producer's own name for it; null when it has none.")
    harvested_on: date | None = field(
        "The day of the harvest, or of making; null for the pieces that belong to no lot."
    )
    plot: str = field("Where on the farm it comes from.")
    received: int = field("Pieces received.")
    remaining: int = field("Pieces left of it.")
    best_before: date | None = field("The last day on which it is at its best; null for what keeps.")
    is_past_best_before: bool = field("Whether that day is over. What is sold is drawn from such lots last.")
    conformity: ConformityState = field("How it stands to the conformity certificate.")
    certificate: ConformityCertificate | None = field("Its conformity certificate; null when it has none.")
    received_at: datetime = field("When it was received.")
    movements: Connection[StockMovement] = _MOVEMENTS


@strawberry.input(description="Which lots.")
class StockLotWhere:
    has_remaining: bool | None = strawberry.field(
        default=UNSET, description="Those with pieces left, or those without."
    )
    conformity: ConformityState | None = strawberry.field(
        default=UNSET, description="Those that stand like this to the conformity certificate."
    )


@strawberry.type(description="How much of a variant there is. What was never received has none.")
@_SEEN
class StockLevel:
    variant: Variant = field("Of what.")
    on_hand: int = field("Pieces that are there.")
    reserved: int = field("Pieces of those that are promised, to orders or for a while to buyers.")
    free: int = field(
        "Pieces that can be sold now. A promise that ended counts no more, though `reserved` may show it yet."
    )
    version: int = field("Counts the changes of what is on hand: give it back with a count.")
    low_at: int | None = field("At so many or fewer buyers are told that few are left; null for five, as everybody's.")
    lots: Connection[StockLot] = listed("Its lots, received last first.", Connection[StockLot], where=StockLotWhere)
    movements: Connection[StockMovement] = _MOVEMENTS


@strawberry.input(description="Which stock levels.")
class StockLevelWhere:
    product: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this product's variants.")
    states: list[StockState] | None = strawberry.field(
        default=UNSET, description="Of variants of which buyers are told any of these."
    )


@strawberry.type(description="Reads of stock.")
class StockQueries:
    stock_level: StockLevel | None = single(
        "How much of a variant there is; null when it was never received.", StockLevel | None, variant_id=VariantId
    )
    stock_levels: Connection[StockLevel] = listed(
        "How much of its variants a producer has.",
        Connection[StockLevel],
        where=StockLevelWhere,
        producer_id=ProducerId,
    )
    stock_lot: StockLot | None = single("A lot by its id.", StockLot | None, id=LotId)

"""How stock is changed: each mutation is one use case, and answers with the rows as they are then."""

from datetime import date
from typing import Annotated, Any

import strawberry
from graphql import GraphQLResolveInfo
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.stock import errors
from market.stock.drafts import ConformityDraft, LotDraft
from market.stock.manage import (
    adjust_stock,
    count_stock,
    move_between_lots,
    receive_stock,
    record_conformity,
    set_low_stock,
)
from schema.enums import AdjustReason, Commitment, ConformityBasis, IssuerKind
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.permissions import PUBLIC, ruled
from schema.projection import ById, Slot
from schema.stock.reads import STOCK_LEVEL, STOCK_LOT
from schema.stock.types import LotId, StockLevel, StockLot, VariantId

_RULE = Permission.STOCK_ADJUST

LowAt = Annotated[int | None, strawberry.argument(description="Pieces, 0 or more.")]

# -- why not -----------------------------------------------------------------------------------------------------------


@told_as(
    errors.StockPromised,
    lambda error, _language: {name: error.facts[name] for name in ("on_hand", "promised", "wanted")},
)
@strawberry.type(description="It would take what is promised to buyers.")
@ruled(PUBLIC)
class StockPromised(UserError):
    on_hand: int = strawberry.field(description="Pieces on hand.")
    promised: int = strawberry.field(description="Pieces of those that are promised.")
    wanted: int = strawberry.field(description="Pieces that would be left.")


@told_as(errors.StockMoved, lambda error, _language: {name: error.facts[name] for name in ("on_hand", "version")})
@strawberry.type(
    description="The stock changed since it was counted: check, then send the count with the version as it is."
)
@ruled(PUBLIC)
class StockMoved(UserError):
    on_hand: int = strawberry.field(description="Pieces on hand now.")
    version: int = strawberry.field(description="The level's version now.")


@told_as(errors.LotShort, lambda error, _language: {name: error.facts[name] for name in ("remaining", "asked")})
@strawberry.type(description="The lot has fewer left than are to be taken from it.")
@ruled(PUBLIC)
class LotShort(UserError):
    remaining: int = strawberry.field(description="Pieces left of the lot.")
    asked: int = strawberry.field(description="Pieces that were to be taken.")


@told_as(errors.LotCodeTaken, lambda error, _language: {"lot_code": error.facts["lot_code"]})
@strawberry.type(description="The producer's lot code names another lot.")
@ruled(PUBLIC)
class LotCodeTaken(UserError):
    lot_code: str = strawberry.field(description="The code.")


@told_as(errors.ConformityRequired, lambda error, _language: {"rule": error.facts["rule"]})
@strawberry.type(
    description="The law wants a conformity certificate (承诺达标合格证) with this produce, and its producer must issue it."
)
@ruled(PUBLIC)
class ConformityRequired(UserError):
    rule: str = strawberry.field(description="What asks for it.")


# -- what is given -----------------------------------------------------------------------------------------------------


@strawberry.input(description="A conformity certificate (承诺达标合格证), as its issuer wrote it.")
class ConformityCertificateInput:
    issued_on: date = strawberry.field(description="The day it was issued, not after today.")
    issuer: IssuerKind = strawberry.field(description="Who issued it.")
    basis: ConformityBasis = strawberry.field(description="What its promise rests on.")
    commitments: list[Commitment] = strawberry.field(description="What it promises: both, or it is none.")
    number: str | None = strawberry.field(default=UNSET, description="Its serial number, where it has one.")

    def draft(self) -> ConformityDraft:
        """What the use cases take."""
        return ConformityDraft(
            self.issued_on,
            self.issuer,
            self.basis,
            tuple(self.commitments),
            number=None if self.number is UNSET else self.number,
        )


@strawberry.input(
    description="Pieces that came in. Without `harvestedOn` they belong to no lot, and code, plot, best before and "
    "certificate are left out."
)
class ReceiveStockInput:
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    quantity: int = strawberry.field(description="Pieces, 1 to 1,000,000.")
    harvested_on: date | None = strawberry.field(default=UNSET, description="The day of the harvest, or of making.")
    code: str | None = strawberry.field(
        default=UNSET, description="The producer's own name for the lot: the same lot is received once by it."
    )
    plot: str | None = strawberry.field(default=UNSET, description="Where on the farm it comes from.")
    best_before: date | None = strawberry.field(
        default=UNSET, description="Where it is not the harvest and the product's shelf life."
    )
    certificate: ConformityCertificateInput | None = strawberry.field(
        default=UNSET, description="Its conformity certificate."
    )
    note: str | None = strawberry.field(default=UNSET, description="What there is to say, at most 200 characters.")

    def draft(self) -> LotDraft:
        """What the use case takes."""
        return LotDraft(
            str(self.variant_id),
            self.quantity,
            self.harvested_on or None,
            code=None if self.code is UNSET else self.code,
            plot=self.plot or "",
            best_before=self.best_before or None,
            certificate=self.certificate.draft() if self.certificate else None,
            note=self.note or "",
        )


@strawberry.input(description="More pieces or fewer.")
class AdjustStockInput:
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    by: int = strawberry.field(description="Pieces more, or fewer when below zero.")
    reason: AdjustReason = strawberry.field(description="Why.")
    note: str | None = strawberry.field(
        default=UNSET, description="In words, at most 200 characters; OTHER needs some."
    )
    lot_id: strawberry.ID | None = strawberry.field(
        default=UNSET,
        description="Of this lot. Without it what goes is drawn first expired, first out, and what comes is put to the "
        "lot received last.",
    )


@strawberry.input(description="What was counted.")
class CountStockInput:
    variant_id: strawberry.ID = strawberry.field(description="Of what.")
    counted: int = strawberry.field(description="Pieces that are there, 0 to 1,000,000; what is promised included.")
    version: int = strawberry.field(description="The level's version when it was counted.")
    note: str | None = strawberry.field(default=UNSET, description="What there is to say, at most 200 characters.")
    lot_id: strawberry.ID | None = strawberry.field(default=UNSET, description="Only this lot was counted.")


@strawberry.input(description="Pieces of one lot that belong to another of the same variant.")
class MoveStockInput:
    from_lot_id: strawberry.ID = strawberry.field(description="The lot they were thought to belong to.")
    to_lot_id: strawberry.ID = strawberry.field(description="The lot they belong to.")
    quantity: int = strawberry.field(description="Pieces.")


ReceiveStock = Annotated[ReceiveStockInput, strawberry.argument(name="input", description="What came in.")]
AdjustStock = Annotated[AdjustStockInput, strawberry.argument(name="input", description="What to change.")]
CountStock = Annotated[CountStockInput, strawberry.argument(name="input", description="What was counted.")]
MoveStock = Annotated[MoveStockInput, strawberry.argument(name="input", description="What to move.")]


# -- what is answered --------------------------------------------------------------------------------------------------


async def _level_now(root: Any, info: strawberry.Info) -> StockLevel | None:
    """As `changed` gives it, but a level is found by its variant."""
    raw: GraphQLResolveInfo[Any] = info._raw_info  # noqa: SLF001 - strawberry.Info has no public way to the nodes
    spec = ById(lambda: STOCK_LEVEL, key="variant_id", given=Slot(None, (), root.variant_id))
    return await raw.context._value(raw, spec)  # type: ignore[no-any-return]  # noqa: SLF001 - `row` finds by `id` only


@strawberry.type(description="The stock was changed.")
@ruled(_RULE)
class StockPayload:
    variant_id: strawberry.Private[str]
    stock_level: StockLevel | None = strawberry.field(resolver=_level_now, description="How much there is now.")


@strawberry.type(description="Pieces came in.")
@ruled(_RULE)
class ReceiveStockPayload(StockPayload):
    lot_id: strawberry.Private[str]
    lot: StockLot | None = changed(
        "The lot they are in. Covered produce without a certificate is there with the conformity MISSING.",
        StockLot | None,
        lambda: STOCK_LOT,
        lambda payload: payload.lot_id,
    )


@strawberry.type(description="The certificate was recorded.")
@ruled(_RULE)
class RecordConformityPayload:
    lot_id: strawberry.Private[str]
    lot: StockLot | None = changed("The lot now.", StockLot | None, lambda: STOCK_LOT, lambda payload: payload.lot_id)


@strawberry.type(description="Changes of stock.")
class StockMutations:
    @mutation(
        "Take in pieces of a variant, as a lot when their harvest date is known. Covered produce of a cooperative, a "
        "company or a village collective needs its conformity certificate; from others it is taken without, and flagged.",
        rule=_RULE,
        errors=(ConformityRequired, LotCodeTaken),
    )
    async def receive_stock(
        self, info: Info, given: ReceiveStock, idempotency_key: IdempotencyKey
    ) -> ReceiveStockPayload:
        lot_id = await info.context.act(receive_stock, given.draft(), idempotency_key=idempotency_key)
        return ReceiveStockPayload(variant_id=str(given.variant_id), lot_id=lot_id)

    @mutation(
        "Put more on hand or fewer, for a reason. Never below what is promised to buyers.",
        rule=_RULE,
        errors=(StockPromised, LotShort, ConformityRequired),
    )
    async def adjust_stock(self, info: Info, given: AdjustStock, idempotency_key: IdempotencyKey) -> StockPayload:
        level = await info.context.act(
            adjust_stock,
            variant_id=str(given.variant_id),
            by=given.by,
            reason=given.reason,
            note=given.note or "",
            lot_id=given.lot_id or None,
            idempotency_key=idempotency_key,
        )
        return StockPayload(variant_id=level.variant_id)

    @mutation(
        "Take stock (盘点): what is on hand is what was counted. Refused when pieces came or went since.",
        rule=_RULE,
        errors=(StockMoved, StockPromised, LotShort, ConformityRequired),
    )
    async def count_stock(self, info: Info, given: CountStock, idempotency_key: IdempotencyKey) -> StockPayload:
        level = await info.context.act(
            count_stock,
            variant_id=str(given.variant_id),
            counted=given.counted,
            version=given.version,
            note=given.note or "",
            lot_id=given.lot_id or None,
            idempotency_key=idempotency_key,
        )
        return StockPayload(variant_id=level.variant_id)

    @mutation("Move pieces from one lot to another. What is on hand stays.", rule=_RULE, errors=(LotShort,))
    async def move_stock(self, info: Info, given: MoveStock, idempotency_key: IdempotencyKey) -> StockPayload:
        level = await info.context.act(
            move_between_lots,
            from_lot_id=str(given.from_lot_id),
            to_lot_id=str(given.to_lot_id),
            quantity=given.quantity,
            idempotency_key=idempotency_key,
        )
        return StockPayload(variant_id=level.variant_id)

    @mutation("Record the conformity certificate of a lot that came in without one.", rule=_RULE)
    async def record_conformity(
        self,
        info: Info,
        lot_id: LotId,
        certificate: Annotated[ConformityCertificateInput, strawberry.argument(description="What it says.")],
        idempotency_key: IdempotencyKey,
    ) -> RecordConformityPayload:
        await info.context.act(
            record_conformity,
            lot_id=str(lot_id),
            certificate=certificate.draft(),
            idempotency_key=idempotency_key,
        )
        return RecordConformityPayload(lot_id=str(lot_id))

    @mutation("Say at how many buyers are told that few are left; null for five, as everybody's.", rule=_RULE)
    async def set_low_stock(self, info: Info, variant_id: VariantId, low_at: LowAt = None) -> StockPayload:
        level = await info.context.act(set_low_stock, variant_id=str(variant_id), low_at=low_at)
        return StockPayload(variant_id=level.variant_id)

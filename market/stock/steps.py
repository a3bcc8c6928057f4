"""Steps for whoever brings in stock, people and imports: receive a lot, set what was counted.

Each checks who acts, for which producer. None records in the audit trail: the caller does, last in its transaction,
for the trail's one row would otherwise be held while the next step waits for a level. Where one transaction has
several variants, take them in the order of their ids.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.kernel.topics import touch
from market.stock.conformity import judged
from market.stock.corrections import TOPIC, cause_of, count
from market.stock.drafts import ConformityDraft, LotDraft, check_lot
from market.stock.errors import LotCodeTaken
from market.stock.journal import Cause, NewLot, add_lot, post, put, unlotted
from market.stock.levels import Level, Told, change_on_hand, lock_level
from market.stock.rules import AdjustReason, MovementKind, best_before
from market.stock.tables import ConformityCertificate, StockLot
from market.stock.whose import Stocked, stocked

_ADD_CERTIFICATE = sa.insert(SQLModel.metadata.tables[str(ConformityCertificate.__tablename__)])


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where pieces went. No level means that this very lot was received before, and nothing was done."""

    variant: Stocked
    lot_id: str
    level: Level | None


def receive_lot(session: Session, market: Market, actor: Actor, draft: LotDraft, now: datetime) -> str:
    """Step: `receive`, for whoever only wants the lot's id."""
    return receive(session, market, actor, draft, now).lot_id


def receive(session: Session, market: Market, actor: Actor, draft: LotDraft, now: datetime) -> Receipt:
    """Step: pieces came in. Without a harvest date they go to the variant's unlotted pieces.

    Refuses: NotSignedIn; Forbidden; NotFound for a variant that is unknown or not theirs; Invalid as `check_lot` says;
    ConformityRequired; LotCodeTaken when the code names a lot with other facts; LimitReached.
    Once: a code that the producer has used for this very receipt gives that lot, and nothing is received.
    Guards: the level's lock; unique lot codes.
    """
    variant = stocked(session, actor, now=now, variant_id=draft.variant_id)
    check_lot(draft, today=business_day(now))
    told = Told()
    lock_level(session, variant.variant_id, producer_id=variant.producer_id)
    lot = NewLot(
        variant.variant_id,
        variant.producer_id,
        judged(session, variant.variant_id, variant.kind, draft.certificate),
        now,
        code=draft.code,
        harvested_on=draft.harvested_on,
        plot=draft.plot,
        best_before=draft.best_before or best_before(draft.harvested_on, variant.shelf_life_days),
    )
    if draft.harvested_on is None:
        lot_id = unlotted(session, lot)
    else:
        lot_id = market.new_id("lot")
        if not add_lot(session, lot_id, lot):
            return Receipt(variant, _same_lot(session, variant, draft), None)
        if draft.certificate is not None:
            add_certificate(session, actor, lot_id, draft.certificate, now=now)
    level = change_on_hand(session, told, variant_id=variant.variant_id, by=draft.quantity)
    line = put(session, variant.variant_id, lot_id, draft.quantity, is_receipt=True)
    post(session, level, [line], Cause(MovementKind.RECEIVED, actor, now, note=draft.note, reference=draft.reference))
    told.keep(session)
    touch(session, TOPIC)
    return Receipt(variant, lot_id, level)


def _same_lot(session: Session, variant: Stocked, draft: LotDraft) -> str:
    lot = session.exec(
        select(StockLot).where(StockLot.producer_id == variant.producer_id, StockLot.code == draft.code)
    ).one()
    known = (lot.variant_id, lot.received, lot.harvested_on)
    if known != (variant.variant_id, draft.quantity, draft.harvested_on):
        raise LotCodeTaken(lot_code=str(draft.code))
    return lot.id


def add_certificate(session: Session, actor: Actor, lot_id: str, draft: ConformityDraft, *, now: datetime) -> None:
    """Step: keep a lot's certificate. The lot's state is the caller's. Guards: a lot has one, by its key."""
    values = {
        "lot_id": lot_id,
        "number": draft.number,
        "issued_on": draft.issued_on,
        "issuer": draft.issuer,
        "basis": draft.basis,
        "commitments": sorted(draft.commitments),
        "recorded_by": actor.account_id or actor.kind.value,
        "recorded_at": now,
    }
    session.execute(_ADD_CERTIFICATE, values)


def set_counted(
    session: Session,
    market: Market,  # noqa: ARG001 - the steps of imports are called alike
    actor: Actor,
    *,
    sku: str,
    counted: int,
    reason: AdjustReason,
    now: datetime,
    note: str = "",
    reference: str | None = None,
) -> Level:
    """Step: what is on hand of a SKU is what was counted, whatever it was; the level after.

    Refuses: NotSignedIn; Forbidden; NotFound for a SKU that is unknown or not theirs; what `count` does.
    Once: the same count again changes nothing.
    """
    variant = stocked(session, actor, now=now, sku=sku)
    return count(session, variant, cause_of(reason, actor, now, note=note, reference=reference), counted=counted)

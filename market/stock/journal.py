"""Lots and movements: what goes with every change of what is on hand, in the same step.

Everything here is done under the level's row lock, which `levels` took, so a variant's lots need no guard of their own
but the database's CHECK. Read `post` first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel.errors import NotFound
from market.kernel.ids import new_id
from market.kernel.permissions import Actor
from market.stock.errors import LotShort
from market.stock.levels import Level
from market.stock.rules import AdjustReason, ConformityState, MovementKind, OpenLot, draw
from market.stock.tables import StockLot, StockMovement

_LOTS = SQLModel.metadata.tables[str(StockLot.__tablename__)]
_LOT = _LOTS.c
_ADD_LOT = insert(_LOTS).on_conflict_do_nothing(index_elements=[_LOT.producer_id, _LOT.code]).returning(_LOT.id)
_ADD_MOVEMENTS = sa.insert(SQLModel.metadata.tables[str(StockMovement.__tablename__)])

_BY = sa.bindparam("by", type_=sa.Integer)
_OF_VARIANT = _LOT.variant_id == sa.bindparam("variant")
_OPEN = sa.select(_LOT.id, _LOT.remaining, _LOT.best_before).where(_OF_VARIANT, sa.text("remaining > 0"))
_NEWEST = sa.select(_LOT.id).where(_OF_VARIANT).order_by(_LOT.id.desc()).limit(1)
_UNLOTTED = sa.select(_LOT.id).where(_OF_VARIANT, sa.text("harvested_on IS NULL"))
_MOVE = (
    sa.update(_LOTS)
    .where(_LOT.id == sa.bindparam("lot"), _OF_VARIANT, _LOT.remaining + _BY >= 0)
    .values(remaining=_LOT.remaining + _BY)
    .returning(_LOT.id)
)
_MORE = sa.update(_LOTS).where(_LOT.id == sa.bindparam("lot")).values(received=_LOT.received + _BY)
_LACKS = (
    sa.update(_LOTS)
    .where(_LOT.id == sa.bindparam("lot"), _LOT.conformity != ConformityState.MISSING)
    .values(conformity=ConformityState.MISSING)
)

Line = tuple[str, int]
"""A lot's id and how many pieces came to it; below zero when they went."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What a change is and who made it, which all its movements say."""

    kind: MovementKind
    actor: Actor
    now: datetime
    reason: AdjustReason | None = None
    note: str = ""
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class NewLot:
    """What there is to say of a lot when it is made."""

    variant_id: str
    producer_id: str
    conformity: ConformityState
    now: datetime
    code: str | None = None
    harvested_on: date | None = None
    plot: str = ""
    best_before: date | None = None


def post(session: Session, level: Level, lines: Sequence[Line], cause: Cause) -> None:
    """Step: write the movements of a change that `level` and the lots have just been through."""
    every_line = {
        "variant_id": level.variant_id,
        "version": level.version,
        "on_hand": level.on_hand,
        "kind": cause.kind,
        "reason": cause.reason,
        "note": cause.note,
        "reference": cause.reference,
        "actor": cause.actor.account_id or cause.actor.kind.value,
        "at": cause.now,
    }
    rows = [{**every_line, "id": new_id("mov"), "lot_id": lot, "quantity": quantity} for lot, quantity in lines]
    session.execute(_ADD_MOVEMENTS, rows)


def add_lot(session: Session, lot_id: str, lot: NewLot) -> bool:
    """Step: a new lot, empty until `put` fills it; or False when the producer has one of this code already.

    Guards: the unique code. Of two at once, the second waits for the first.
    """
    row = {
        "id": lot_id,
        "variant_id": lot.variant_id,
        "producer_id": lot.producer_id,
        "code": lot.code,
        "harvested_on": lot.harvested_on,
        "plot": lot.plot,
        "received": 0,
        "remaining": 0,
        "best_before": lot.best_before,
        "conformity": lot.conformity,
        "received_at": lot.now,
    }
    return session.execute(_ADD_LOT, row).one_or_none() is not None


def unlotted(session: Session, lot: NewLot) -> str:
    """Step: the one lot of a variant's pieces that belong to none, made when there was none. It lacks a certificate as
    soon as some of its pieces do.

    Guards: the level's lock; a unique index beneath.
    """
    found: str | None = session.execute(_UNLOTTED, {"variant": lot.variant_id}).scalar_one_or_none()
    if found is None:
        found = new_id("lot")
        add_lot(session, found, lot)
    elif lot.conformity is ConformityState.MISSING:
        session.execute(_LACKS, {"lot": found})
    return found


def newest_lot(session: Session, variant_id: str) -> str | None:
    """Step: the lot of a variant that was made last."""
    newest: str | None = session.execute(_NEWEST, {"variant": variant_id}).scalar_one_or_none()
    return newest


def put(session: Session, variant_id: str, lot_id: str, quantity: int, *, is_receipt: bool = False) -> Line:
    """Step: so many more in a lot of this variant. Refuses: NotFound when it has no such lot."""
    if session.execute(_MOVE, {"lot": lot_id, "variant": variant_id, "by": quantity}).one_or_none() is None:
        raise NotFound(field="lot")
    if is_receipt:
        session.execute(_MORE, {"lot": lot_id, "by": quantity})
    return lot_id, quantity


def take(session: Session, variant_id: str, lot_id: str, quantity: int) -> Line:
    """Step: so many fewer in a lot of this variant. Refuses: NotFound when it has no such lot; LotShort."""
    if session.execute(_MOVE, {"lot": lot_id, "variant": variant_id, "by": -quantity}).one_or_none() is None:
        raise LotShort(remaining=remaining_of(session, variant_id, lot_id), asked=quantity)
    return lot_id, -quantity


def remaining_of(session: Session, variant_id: str, lot_id: str) -> int:
    """Step: what a lot of this variant has left. Refuses: NotFound when it has no such lot."""
    left = session.execute(sa.select(_LOT.remaining).where(_LOT.id == lot_id, _LOT.variant_id == variant_id))
    remaining: int | None = left.scalar_one_or_none()
    if remaining is None:
        raise NotFound(field="lot")
    return remaining


def take_first_expired(session: Session, variant_id: str, quantity: int, *, fresh_on: date | None) -> list[Line]:
    """Step: so many fewer, first expired, first out, see `draw`. The level has just let them go, so they are there."""
    lots = [OpenLot(*row) for row in session.execute(_OPEN, {"variant": variant_id})]
    parts = draw(lots, quantity, fresh_on=fresh_on)
    if sum(part for _lot, part in parts) != quantity:
        raise RuntimeError(f"the lots of {variant_id} do not make what is on hand: run the stock check")
    return [take(session, variant_id, lot_id, part) for lot_id, part in parts]

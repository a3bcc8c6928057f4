"""The level rows: every change is one conditional update, and what buyers are told follows in the same transaction.

Rows are taken in one order everywhere, so that nobody waits in a circle: a variant's level, then its holds, variants by
id; then lots, under their level's lock; then, by `Told.keep`, listings by id. Levels come first because a conditional
update that had to wait and then found too few keeps PostgreSQL's lock on the row all the same.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.catalogue.keep import keep_stock_state
from market.catalogue.rules import StockState
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.errors import LimitReached
from market.stock.errors import StockPromised
from market.stock.rules import ON_HAND_MAX, state_of
from market.stock.tables import StockHold, StockLevel

_LEVELS = SQLModel.metadata.tables[str(StockLevel.__tablename__)]
_HOLDS = SQLModel.metadata.tables[str(StockHold.__tablename__)]
_VARIANTS = SQLModel.metadata.tables["variant"]
_LISTINGS = SQLModel.metadata.tables["listing"]
_LEVEL, _HOLD = _LEVELS.c, _HOLDS.c
_ROW = (_LEVEL.variant_id, _LEVEL.on_hand, _LEVEL.reserved, _LEVEL.version, _LEVEL.low_at)

_THIS = _LEVEL.variant_id == sa.bindparam("variant")
_BY = sa.bindparam("by", type_=sa.Integer)
_FOUND = sa.select(*_ROW).where(_THIS)
_FIND = Prebuilt(_FOUND)
_LOCK = Prebuilt(_FOUND.with_for_update(key_share=True))  # of no effect on SQLite, where only one transaction writes
_OPEN = Prebuilt(insert(_LEVELS).on_conflict_do_nothing(index_elements=[_LEVEL.variant_id]))
_CHANGE = Prebuilt(
    sa.update(_LEVELS)
    .where(_THIS, _LEVEL.on_hand + _BY >= _LEVEL.reserved, _LEVEL.on_hand + _BY <= ON_HAND_MAX)
    .values(on_hand=_LEVEL.on_hand + _BY, version=_LEVEL.version + 1)
    .returning(*_ROW)
)
_RESERVE = Prebuilt(
    sa.update(_LEVELS)
    .where(_THIS, _LEVEL.on_hand - _LEVEL.reserved >= _BY)
    .values(reserved=_LEVEL.reserved + _BY)
    .returning(*_ROW)
)
_GIVE_BACK = Prebuilt(sa.update(_LEVELS).where(_THIS).values(reserved=_LEVEL.reserved - _BY).returning(*_ROW))
_SHIP = Prebuilt(
    sa.update(_LEVELS)
    .where(_THIS, _LEVEL.reserved >= _BY)
    .values(on_hand=_LEVEL.on_hand - _BY, reserved=_LEVEL.reserved - _BY, version=_LEVEL.version + 1)
    .returning(*_ROW)
)
_SET_LOW = Prebuilt(sa.update(_LEVELS).where(_THIS).values(low_at=sa.bindparam("low")).returning(*_ROW))
_TAKE_BACK = Prebuilt(
    sa.delete(_HOLDS)
    .where(_HOLD.variant_id == sa.bindparam("variant"), _HOLD.expires_at <= sa.bindparam("now"))
    .returning(_HOLD.quantity)
)


@dataclass(frozen=True, slots=True)
class Level:
    """A level row as it is in this transaction."""

    variant_id: str
    on_hand: int
    reserved: int
    version: int
    low_at: int | None

    @property
    def free(self) -> int:
        """Pieces that can be sold, as far as no hold has ended."""
        return self.on_hand - self.reserved


class Told:
    """What buyers are told of the variants that a step changes: collected on the way, put right once at its end."""

    def __init__(self) -> None:
        self._before: dict[str, StockState] = {}
        self._after: dict[str, StockState] = {}

    def note(self, level: Level, *, free_before: int) -> Level:
        """This level was changed."""
        self._before.setdefault(level.variant_id, state_of(free_before, level.low_at))
        self._after[level.variant_id] = state_of(level.free, level.low_at)
        return level

    def keep(self, session: Session) -> None:
        """Step: the kept stock states of those whose state is another now, last in its step. Listings are locked first
        and by id, as whoever edits them does, for several variants may share one."""
        changed = {each: state for each, state in self._after.items() if state is not self._before[each]}
        if not changed:
            return
        of_changed = sa.select(_VARIANTS.c.listing_id).where(_VARIANTS.c.id.in_(changed))
        in_order = sa.select(_LISTINGS.c.id).where(_LISTINGS.c.id.in_(of_changed)).order_by(_LISTINGS.c.id)
        session.execute(in_order.with_for_update(key_share=True)).all()
        for variant_id, state in sorted(changed.items()):
            keep_stock_state(session, variant_id, state)


def level_of(session: Session, variant_id: str) -> Level | None:
    """Step: the level as it is now, or None for a variant that was never received."""
    row = _FIND.first(session, {"variant": variant_id})
    return None if row is None else Level(*row)


def lock_level(session: Session, variant_id: str, *, producer_id: str) -> Level:
    """Step: the level, which nobody else changes until the transaction ends; made when there was none.

    Guards: the primary key. Of two that make it at once, the second waits for the first and then finds it.
    """
    _OPEN.run(session, {"variant_id": variant_id, "producer_id": producer_id, "on_hand": 0})
    return Level(*_LOCK.one(session, {"variant": variant_id}))


def change_on_hand(session: Session, told: Told, *, variant_id: str, by: int) -> Level:
    """Step: so many more on hand, or fewer when below zero. For the lots and movements the caller sees to it.

    Refuses: StockPromised when fewer would be left than are promised; LimitReached above 100,000,000.
    Guards: one conditional update, and the row's CHECK beneath.
    """
    row = _CHANGE.first(session, {"variant": variant_id, "by": by})
    if row is not None:
        level = Level(*row)
        return told.note(level, free_before=level.free - by)
    found = level_of(session, variant_id) or Level(variant_id, 0, 0, 0, None)
    if by > 0:
        raise LimitReached(what="pieces on hand", limit=ON_HAND_MAX)
    raise StockPromised(on_hand=found.on_hand, promised=found.reserved, wanted=found.on_hand + by)


def reserve(session: Session, told: Told, *, variant_id: str, quantity: int) -> Level | None:
    """Step: promise so many, or None when fewer are free. Guards: one conditional update, and the CHECK beneath."""
    row = _RESERVE.first(session, {"variant": variant_id, "by": quantity})
    if row is None:
        return None
    level = Level(*row)
    return told.note(level, free_before=level.free + quantity)


def give_back(session: Session, told: Told, *, variant_id: str, quantity: int) -> Level:
    """Step: so many are promised no more. The caller has just deleted their hold."""
    level = Level(*_GIVE_BACK.one(session, {"variant": variant_id, "by": quantity}))
    return told.note(level, free_before=level.free - quantity)


def ship(session: Session, told: Told, *, variant_id: str, quantity: int) -> Level:
    """Step: so many that were promised leave. The caller has just deleted their hold, and sees to lots and movements."""
    level = Level(*_SHIP.one(session, {"variant": variant_id, "by": quantity}))
    return told.note(level, free_before=level.free)


def set_low(session: Session, told: Told, level: Level, low_at: int | None) -> Level:
    """Step: from how many on buyers are told that few are left, of a level that the caller has locked."""
    told.note(level, free_before=level.free)
    row = _SET_LOW.one(session, {"variant": level.variant_id, "low": low_at})
    return told.note(Level(*row), free_before=level.free)


def lock(session: Session, variant_id: str) -> None:
    """Step: nobody else changes the level, if there is one, until the transaction ends: what comes before any change of
    its holds."""
    _LOCK.first(session, {"variant": variant_id})


def take_back_expired(session: Session, told: Told, *, variant_id: str, now: datetime) -> int:
    """Step: end the holds on a variant whose time is over; how many pieces that frees.

    Guards: the level's lock; a hold's row is deleted once, and one that was extended meanwhile stays.
    """
    lock(session, variant_id)
    freed: int = sum(row.quantity for row in _TAKE_BACK.all(session, {"variant": variant_id, "now": now}))
    if freed:
        give_back(session, told, variant_id=variant_id, quantity=freed)
    return freed

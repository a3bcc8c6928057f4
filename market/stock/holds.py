"""Holds: pieces promised to somebody who is paying, or has paid. Steps for whoever sells; read `hold_step` first.

A hold has an end; one whose end has passed counts for nothing, and whoever needs its pieces takes it back in the same
transaction and tries once more, so that no sale waits for a worker. Once the order is paid, `extend_step` takes the
end away. `consume_step` turns held pieces into shipped ones.

Call at most one step of stock per transaction: each takes its rows in the order that keeps everybody out of circles,
which two in a row cannot. Demands are summed by variant first.
"""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel.clock import business_day
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.permissions import Actor
from market.stock.errors import HoldExpired, ShortLine, SoldOut
from market.stock.journal import Cause, Line, post, take_first_expired
from market.stock.levels import Told, give_back, level_of, lock, reserve, ship, take_back_expired
from market.stock.rules import MovementKind, demand_in_order
from market.stock.tables import StockHold

_HOLDS = SQLModel.metadata.tables[str(StockHold.__tablename__)]
_HOLD = _HOLDS.c

_MINE = sa.and_(_HOLD.holder == sa.bindparam("of"), _HOLD.variant_id == sa.bindparam("variant"))
_LIVE = sa.or_(_HOLD.expires_at.is_(None), _HOLD.expires_at > sa.bindparam("now"))
_ADD = Prebuilt(
    insert(_HOLDS).on_conflict_do_nothing(index_elements=[_HOLD.holder, _HOLD.variant_id]).returning(_HOLD.quantity)
)
_LIST = Prebuilt(sa.select(_HOLD.variant_id).where(_HOLD.holder == sa.bindparam("of")))
_DROP = Prebuilt(sa.delete(_HOLDS).where(_MINE).returning(_HOLD.quantity))
_USE_UP = Prebuilt(
    sa.delete(_HOLDS).where(_MINE, _LIVE, _HOLD.quantity == sa.bindparam("some")).returning(_HOLD.quantity)
)
_USE_SOME = Prebuilt(
    sa.update(_HOLDS)
    .where(_MINE, _LIVE, _HOLD.quantity > sa.bindparam("some"))
    .values(quantity=_HOLD.quantity - sa.bindparam("some"))
    .returning(_HOLD.quantity)
)
_EXTEND = Prebuilt(
    sa.update(_HOLDS)
    .where(_MINE, _LIVE, _HOLD.quantity >= sa.bindparam("some"))
    .values(expires_at=sa.bindparam("until"))
    .returning(_HOLD.quantity)
)


def hold_step(session: Session, demands: Mapping[str, int], *, until: datetime, holder: str, now: datetime) -> None:
    """Step: promise all of these pieces to the holder until a moment, or refuse and promise none.

    Refuses: SoldOut with every variant of which fewer are free (one that was never received has none); ValueError for a
    holder that still holds such a variant: release it first.
    Guards: for each variant one conditional update of its level, and the CHECK beneath. Holds that ended are taken
    back where pieces are short, and the update is tried once more.
    """
    told = Told()
    short: list[ShortLine] = []
    for variant_id, quantity in demand_in_order(demands):
        level = reserve(session, told, variant_id=variant_id, quantity=quantity)
        if level is None:
            take_back_expired(session, told, variant_id=variant_id, now=now)
            level = reserve(session, told, variant_id=variant_id, quantity=quantity)
        if level is None:
            left = level_of(session, variant_id)
            short.append(ShortLine(variant_id, asked=quantity, free=left.free if left else 0))
            continue
        _add_hold(session, told, variant_id=variant_id, quantity=quantity, until=until, holder=holder, now=now)
    if short:
        raise SoldOut(tuple(short))
    told.keep(session)


def _add_hold(
    session: Session, told: Told, *, variant_id: str, quantity: int, until: datetime, holder: str, now: datetime
) -> None:
    row = {"variant_id": variant_id, "holder": holder, "quantity": quantity, "expires_at": until, "created_at": now}
    if _ADD.first(session, row) is not None:
        return
    # The holder's own earlier hold is in the way. When it ended (money that came late), it goes first.
    take_back_expired(session, told, variant_id=variant_id, now=now)
    if _ADD.first(session, row) is None:
        raise ValueError(f"{holder} holds {variant_id} already")


def extend_step(
    session: Session, demands: Mapping[str, int], *, until: datetime | None, holder: str, now: datetime
) -> None:
    """Step: let the holder have these pieces until another moment, or, with None, for good: the order is paid.

    Refuses: HoldExpired when any of them is not held any more, or not so many; nothing is extended then.
    Guards: one conditional update of each hold, so that a hold is either extended or taken back.
    """
    for variant_id, quantity in demand_in_order(demands):
        mine = {"of": holder, "variant": variant_id, "some": quantity, "now": now, "until": until}
        if _EXTEND.first(session, mine) is None:
            raise HoldExpired(variant_id=variant_id)


def release_step(session: Session, *, holder: str, demands: Mapping[str, int] | None = None, now: datetime) -> None:
    """Step: the holder needs these pieces no more, or, with no demands, none of what it holds. Unshipped ones only.

    Refuses, with demands: HoldExpired when so many are not held.
    Once: without demands, what was released or taken back before is left alone.
    Guards: the level's lock; a hold's row is deleted or lowered once, by whoever comes first.
    """
    told = Told()
    if demands is None:
        for (variant_id,) in sorted(_LIST.all(session, {"of": holder})):
            lock(session, variant_id)
            dropped = _DROP.first(session, {"of": holder, "variant": variant_id})
            if dropped is not None:
                give_back(session, told, variant_id=variant_id, quantity=dropped.quantity)
    else:
        for variant_id, quantity in demand_in_order(demands):
            lock(session, variant_id)
            _use(session, variant_id=variant_id, quantity=quantity, holder=holder, now=now)
            give_back(session, told, variant_id=variant_id, quantity=quantity)
    told.keep(session)


def consume_step(
    session: Session, actor: Actor, demands: Mapping[str, int], *, holder: str, reference: str, now: datetime
) -> dict[str, list[Line]]:
    """Step: these held pieces leave the producer. Of each variant, the lots they were drawn from.

    On hand and reserved fall together, so nothing else is touched that is free or promised. Lots are drawn first
    expired, first out, those past their best before last of all.

    Refuses: HoldExpired when any of them is not held, or not so many; nothing is shipped then.
    Guards: the level's lock; one conditional update or delete of each hold, then of its level.
    """
    told, today = Told(), business_day(now)
    drawn: dict[str, list[Line]] = {}
    cause = Cause(MovementKind.SHIPPED, actor, now, reference=reference)
    for variant_id, quantity in demand_in_order(demands):
        lock(session, variant_id)
        _use(session, variant_id=variant_id, quantity=quantity, holder=holder, now=now)
        level = ship(session, told, variant_id=variant_id, quantity=quantity)
        lines = take_first_expired(session, variant_id, quantity, fresh_on=today)
        post(session, level, lines, cause)
        drawn[variant_id] = [(lot_id, -part) for lot_id, part in lines]
    told.keep(session)
    return drawn


def _use(session: Session, *, variant_id: str, quantity: int, holder: str, now: datetime) -> None:
    mine = {"of": holder, "variant": variant_id, "some": quantity, "now": now}
    # In this order: whoever waited for another part of the same hold to be used finds the rest with the second.
    for statement in (_USE_SOME, _USE_UP):
        if statement.first(session, mine) is not None:
            return
    raise HoldExpired(variant_id=variant_id)

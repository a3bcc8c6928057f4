"""Steps that put the stock right: adjust by so many, set to what was counted, move between lots, take back what was
shipped."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from market.kernel.errors import Invalid
from market.kernel.permissions import Actor
from market.kernel.topics import touch
from market.stock.conformity import judged
from market.stock.drafts import check_note, check_quantity
from market.stock.errors import StockMoved
from market.stock.journal import (
    Cause,
    Line,
    NewLot,
    newest_lot,
    post,
    put,
    remaining_of,
    take,
    take_first_expired,
    unlotted,
)
from market.stock.levels import Level, Told, change_on_hand, lock_level, take_back_expired
from market.stock.rules import LOSSES, QUANTITY_MAX, AdjustReason, MovementKind, kind_of
from market.stock.whose import Stocked

TOPIC = "stock"
"""What every change of what is on hand touches."""


def cause_of(
    reason: AdjustReason, actor: Actor, now: datetime, *, note: str = "", reference: str | None = None
) -> Cause:
    """The cause that a reason and its words are. Refuses: Invalid for words too long, or OTHER without any."""
    check_note(note, is_required=reason is AdjustReason.OTHER)
    return Cause(kind_of(reason), actor, now, reason=reason, note=note, reference=reference)


def adjust(session: Session, variant: Stocked, cause: Cause, *, by: int, lot_id: str | None = None) -> Level:
    """Step: so many more on hand, or fewer when below zero, of a lot or of whichever.

    What goes is drawn first expired, first out. What comes belongs to the lot received last; where there is none it is
    like an unlotted receipt, and the law's question is asked.

    Refuses: Invalid for nothing, too many, or a loss that is a gain; StockPromised; LimitReached; NotFound for a lot
    that is not this variant's; LotShort; ConformityRequired.
    Guards: the level's conditional update, see `change_on_hand`.
    """
    told = Told()
    _look(session, told, variant, cause.now)
    level = _apply(session, told, variant, cause, by=by, lot_id=lot_id)
    told.keep(session)
    return level


def count(
    session: Session,
    variant: Stocked,
    cause: Cause,
    *,
    counted: int,
    version: int | None = None,
    lot_id: str | None = None,
) -> Level:
    """Step: what is on hand is what was counted, of the variant or of one lot. A count that agrees changes nothing.

    Refuses: Invalid for a count that is not 0 to 1,000,000; StockMoved when the level is not at this version (any is
    right for None); what `adjust` does.
    Guards: the level's lock, from looking to changing.
    """
    if not 0 <= counted <= QUANTITY_MAX:
        raise Invalid(
            field="counted",
            allowed=f"a count is 0 to {QUANTITY_MAX}",
            allowed_zh=f"盘点数量为 0 到 {QUANTITY_MAX}",
        )
    told = Told()
    level = _look(session, told, variant, cause.now)
    if version is not None and version != level.version:
        raise StockMoved(on_hand=level.on_hand, version=level.version)
    known = level.on_hand if lot_id is None else remaining_of(session, variant.variant_id, lot_id)
    if counted != known:
        level = _apply(session, told, variant, cause, by=counted - known, lot_id=lot_id)
    told.keep(session)
    return level


def transfer(
    session: Session, actor: Actor, variant: Stocked, *, from_lot: str, to_lot: str, quantity: int, now: datetime
) -> Level:
    """Step: so many of one lot belong to another of the same variant; what is on hand stays.

    Refuses: Invalid for a quantity that is not 1 to 1,000,000, or one lot twice; NotFound for a lot that is not this
    variant's; LotShort.
    Guards: the level's lock.
    """
    check_quantity(quantity)
    if from_lot == to_lot:
        raise Invalid(field="to_lot", allowed="another lot", allowed_zh="请选择另一批次")
    told = Told()
    _look(session, told, variant, now)
    level = change_on_hand(session, told, variant_id=variant.variant_id, by=0)
    lines = [
        take(session, variant.variant_id, from_lot, quantity),
        put(session, variant.variant_id, to_lot, quantity),
    ]
    post(session, level, lines, Cause(MovementKind.TRANSFERRED, actor, now))
    told.keep(session)
    touch(session, TOPIC)
    return level


def return_step(
    session: Session, actor: Actor, returned: Mapping[str, Sequence[Line]], *, reference: str, now: datetime
) -> None:
    """Step: pieces that were shipped are back and can be sold again; of each variant, so many to which lots, as
    `consume_step` said they were drawn.

    Refuses: NotFound for a lot that is not the variant's; LimitReached.
    Guards: the level's conditional update. That nothing returns twice is the caller's to see to.
    """
    told, cause = Told(), Cause(MovementKind.RETURNED, actor, now, reference=reference)
    for variant_id, parts in sorted(returned.items()):
        level = change_on_hand(session, told, variant_id=variant_id, by=sum(quantity for _lot, quantity in parts))
        post(session, level, [put(session, variant_id, lot_id, quantity) for lot_id, quantity in parts], cause)
    told.keep(session)
    touch(session, TOPIC)


def _look(session: Session, told: Told, variant: Stocked, now: datetime) -> Level:
    """The level, locked, without the holds that ended: those are taken back."""
    level = lock_level(session, variant.variant_id, producer_id=variant.producer_id)
    freed = take_back_expired(session, told, variant_id=variant.variant_id, now=now)
    return replace(level, reserved=level.reserved - freed)


def _apply(session: Session, told: Told, variant: Stocked, cause: Cause, *, by: int, lot_id: str | None) -> Level:
    if not 0 < abs(by) <= QUANTITY_MAX:
        raise Invalid(
            field="by",
            allowed=f"1 to {QUANTITY_MAX} pieces, below zero for fewer",
            allowed_zh=f"调整数量为 1 到 {QUANTITY_MAX}，减少时为负数",
        )
    if by > 0 and cause.reason in LOSSES:
        raise Invalid(
            field="reason",
            allowed="more pieces were COUNTED, or for an OTHER reason",
            allowed_zh="增加库存的原因只能是盘点或其他",
        )
    level = change_on_hand(session, told, variant_id=variant.variant_id, by=by)
    if by > 0:
        lines = [put(session, variant.variant_id, lot_id or _lot_for_surplus(session, variant, cause.now), by)]
    elif lot_id is not None:
        lines = [take(session, variant.variant_id, lot_id, -by)]
    else:
        lines = take_first_expired(session, variant.variant_id, -by, fresh_on=None)
    post(session, level, lines, cause)
    touch(session, TOPIC)
    return level


def _lot_for_surplus(session: Session, variant: Stocked, now: datetime) -> str:
    newest = newest_lot(session, variant.variant_id)
    if newest is not None:
        return newest
    state = judged(session, variant.variant_id, variant.kind, None)
    return unlotted(session, NewLot(variant.variant_id, variant.producer_id, state, now))

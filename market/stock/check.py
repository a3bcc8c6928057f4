"""The stock check: whether what is kept equals what it comes from. For the command line and the worker's alarm.

By construction it always does. A difference means a bug, or somebody who wrote past the use cases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.stock.rules import state_of

_LEVEL, _LOT, _MOVE, _HOLD, _VARIANT = (
    SQLModel.metadata.tables[name].c for name in ("stock_level", "stock_lot", "stock_movement", "stock_hold", "variant")
)
_CHUNK = 500

_IDS = (
    sa.select(_LEVEL.variant_id)
    .where(_LEVEL.variant_id > sa.bindparam("after"))
    .order_by(_LEVEL.variant_id)
    .limit(_CHUNK)
)


def _of_level(total: sa.ColumnElement[int], owner: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    """What a total of another table's rows of the same variant is, 0 when there are none."""
    return sa.select(sa.func.coalesce(total, 0)).where(owner == _LEVEL.variant_id).scalar_subquery()


# One statement each, so that what it compares was true at one moment.
_LEVELS = (
    sa.select(
        _LEVEL.variant_id,
        _LEVEL.on_hand,
        _LEVEL.reserved,
        _LEVEL.version,
        _LEVEL.low_at,
        _VARIANT.stock_state,
        _of_level(sa.func.sum(_MOVE.quantity), _MOVE.variant_id).label("moved"),
        _of_level(sa.func.count(_MOVE.version.distinct()), _MOVE.variant_id).label("changes"),
        _of_level(sa.func.sum(_LOT.remaining), _LOT.variant_id).label("in_lots"),
        _of_level(sa.func.sum(_HOLD.quantity), _HOLD.variant_id).label("held"),
    )
    .join(_VARIANT.id.table, _VARIANT.id == _LEVEL.variant_id)
    .where(_LEVEL.variant_id.between(sa.bindparam("first"), sa.bindparam("last")))
    .order_by(_LEVEL.variant_id)
)
_MOVED = sa.select(sa.func.coalesce(sa.func.sum(_MOVE.quantity), 0)).where(_MOVE.lot_id == _LOT.id).scalar_subquery()
_LOTS = (
    sa.select(_LOT.variant_id, _LOT.id, _LOT.remaining, _MOVED.label("moved"))
    .where(_LOT.variant_id.between(sa.bindparam("first"), sa.bindparam("last")))
    .where(_LOT.remaining != _MOVED)
    .order_by(_LOT.id)
)


class Kept(StrEnum):
    """What is kept, and must equal what it comes from."""

    ON_HAND = "ON_HAND"
    """The sum of the movements."""
    LOTS = "LOTS"
    """On hand, and the sum of what remains of the lots."""
    LOT = "LOT"
    """What remains of a lot, and the sum of its movements."""
    RESERVED = "RESERVED"
    """The sum of the holds, ended ones too while they are there."""
    VERSION = "VERSION"
    """How many changes have written movements."""
    STATE = "STATE"
    """What buyers are told, and what is free."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not what it comes from."""

    variant_id: str
    kept: Kept
    found: str
    expected: str
    lot_id: str | None = None


def stock_check(session: Session) -> Iterator[Difference]:
    """Every difference there is, by variant. Walks all levels in chunks and holds nobody up."""
    after = ""
    while ids := session.execute(_IDS, {"after": after}).scalars().all():
        after = ids[-1]
        span = {"first": ids[0], "last": after}
        for row in session.execute(_LEVELS, span):
            told, free = str(row.stock_state), state_of(row.on_hand - row.reserved, row.low_at)
            for kept, found, expected in (
                (Kept.ON_HAND, row.on_hand, row.moved),
                (Kept.LOTS, row.in_lots, row.on_hand),
                (Kept.RESERVED, row.reserved, row.held),
                (Kept.VERSION, row.version, row.changes),
                (Kept.STATE, told, str(free)),
            ):
                if found != expected:
                    yield Difference(row.variant_id, kept, str(found), str(expected))
        for row in session.execute(_LOTS, span):
            yield Difference(row.variant_id, Kept.LOT, str(row.remaining), str(row.moved), lot_id=row.id)

"""The statements of holding seats, built once: placing an order runs them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)

from market.kernel.database.prebuilt import Prebuilt
from market.sessions.rules import SessionState
from market.sessions.tables.core import HOLD, LINK, SESSION, SLOT, UNITS
from market.sessions.vacancies import first_lapse, pool_vacancies

_IDS: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_SLOTS: sa.BindParameter[int] = sa.bindparam("slots", expanding=True)
_KEYS = sa.tuple_(HOLD.c.holder, HOLD.c.session_id).in_(sa.bindparam("keys", expanding=True))
_NOW = sa.bindparam("now", type_=HOLD.c.created_at.type)
_UNTIL = sa.bindparam("until", type_=HOLD.c.created_at.type)
_SEATS = sa.bindparam("seats", type_=sa.Integer)
_DELTA = sa.bindparam("units", type_=sa.Integer)

LOOK = Prebuilt(
    sa.select(
        SESSION.c.id,
        SESSION.c.cutoff_at,
        SESSION.c.lapses_at,
        SESSION.c.draw_revision,
        LINK.c.slot_id,
        LINK.c.units,
        LINK.c.per,
    )
    .select_from(SESSION.outerjoin(LINK, LINK.c.session_id == SESSION.c.id))
    .where(SESSION.c.id.in_(_IDS))
)
"""The sessions, each once for every slot that it draws on, once when there is none."""

ADD_HOLD = Prebuilt(
    insert(HOLD).on_conflict_do_nothing(index_elements=[HOLD.c.holder, HOLD.c.session_id]).returning(HOLD.c.session_id)
)
ADD_UNITS = Prebuilt(sa.insert(UNITS))

TAKE_UNITS = Prebuilt(
    sa.update(SLOT)
    .where(SLOT.c.id == sa.bindparam("slot_id"), SLOT.c.taken + _DELTA <= SLOT.c.capacity)
    .values(taken=SLOT.c.taken + _DELTA)
)
"""So many units more (or fewer, when below zero) of a slot are taken: no row when there are not so many."""

TAKE_SEATS = Prebuilt(
    sa.update(SESSION)
    .where(
        SESSION.c.id == sa.bindparam("session_id"),
        SESSION.c.state == SessionState.OPEN,
        SESSION.c.cutoff_at > _NOW,
        SESSION.c.draw_revision == sa.bindparam("revision"),
        SESSION.c.taken + _SEATS <= SESSION.c.capacity,
    )
    .values(
        taken=SESSION.c.taken + _SEATS,
        lapses_at=sa.case((SESSION.c.lapses_at < _UNTIL, SESSION.c.lapses_at), else_=_UNTIL),
    )
    .returning(SESSION.c.package_id, (SESSION.c.capacity - SESSION.c.taken).label("left"))
)
"""So many seats more of a session are taken, until then: no row when it has not so many or takes no bookings."""

GIVE_SEATS = Prebuilt(
    sa.update(SESSION)
    .where(SESSION.c.id == sa.bindparam("session_id"))
    .values(taken=SESSION.c.taken - _SEATS)
    .returning(SESSION.c.package_id, (SESSION.c.capacity - SESSION.c.taken).label("left"))
)

SLOTS_LEFT = Prebuilt(sa.select(SLOT.c.id, (SLOT.c.capacity - SLOT.c.taken).label("left")).where(SLOT.c.id.in_(_SLOTS)))
SESSIONS_NOW = Prebuilt(
    sa.select(
        SESSION.c.id,
        SESSION.c.state,
        SESSION.c.cutoff_at,
        SESSION.c.draw_revision,
        (SESSION.c.capacity - SESSION.c.taken).label("left"),
    ).where(SESSION.c.id.in_(_IDS))
)

_OWN = SESSION.alias()
# NO KEY: a hold being added points at the session and need not wait.
LOCK_SESSIONS = Prebuilt(
    sa.select(
        SESSION.c.id,
        SESSION.c.package_id,
        (SESSION.c.capacity - SESSION.c.taken).label("left"),
        SESSION.c.pool_vacancies,
    )
    # A union, for PostgreSQL looks at every session there is to find those of an OR.
    .where(
        SESSION.c.id.in_(
            sa.union(
                sa.select(_OWN.c.id).where(_OWN.c.id.in_(_IDS)),
                sa.select(LINK.c.session_id).where(LINK.c.slot_id.in_(_SLOTS)),
            )
        )
    )
    .order_by(SESSION.c.id)
    .with_for_update(key_share=True)
)
"""These sessions and whoever shares these slots, locked in id order."""

_KEEPING = (
    sa.update(SESSION)
    .where(SESSION.c.id.in_(_IDS))
    .values(pool_vacancies=pool_vacancies(SESSION))
    .returning(
        SESSION.c.id,
        SESSION.c.package_id,
        (SESSION.c.capacity - SESSION.c.taken).label("left"),
        SESSION.c.pool_vacancies,
    )
)
KEEP_GIVEN = Prebuilt(_KEEPING)
"""What is kept of sessions whose slots got units back, or another capacity. When their holds end is no later for it."""
KEEP_TAKEN = Prebuilt(
    _KEEPING.values(lapses_at=sa.case((SESSION.c.lapses_at < _UNTIL, SESSION.c.lapses_at), else_=_UNTIL))
)
"""What is kept of sessions of whose slots units were taken, until then."""
KEEP = Prebuilt(_KEEPING.values(lapses_at=first_lapse(SESSION)))
"""The kept columns of these sessions, from what they come from: looks at every hold in their slots."""

ENDED_HOLDS = sa.select(HOLD.c.holder, HOLD.c.session_id).where(HOLD.c.session_id.in_(_IDS), HOLD.c.expires_at <= _NOW)
ENDED_UNITS = (
    sa.select(HOLD.c.holder, HOLD.c.session_id)
    .select_from(UNITS.join(HOLD, sa.and_(HOLD.c.holder == UNITS.c.holder, HOLD.c.session_id == UNITS.c.session_id)))
    .where(UNITS.c.slot_id.in_(_SLOTS), HOLD.c.expires_at <= _NOW)
)
_LOCKED = sa.select(HOLD.c.holder, HOLD.c.session_id, HOLD.c.seats).order_by(HOLD.c.session_id, HOLD.c.holder)
LOCK_ENDED = _LOCKED.where(_KEYS, HOLD.c.expires_at <= _NOW).with_for_update()
"""Of these holds those that have ended, still there: whoever gets a row here takes it back, and nobody else."""
LOCK_OWN = _LOCKED.where(HOLD.c.holder == sa.bindparam("of_holder"), HOLD.c.session_id.in_(_IDS)).with_for_update()

DROP_UNITS = (
    sa.delete(UNITS)
    .where(sa.tuple_(UNITS.c.holder, UNITS.c.session_id).in_(sa.bindparam("keys", expanding=True)))
    .returning(UNITS.c.slot_id, UNITS.c.units)
)
DROP_HOLDS = sa.delete(HOLD).where(_KEYS)

_LIVE = sa.and_(
    HOLD.c.holder == sa.bindparam("of_holder"),
    HOLD.c.session_id == sa.bindparam("of_session"),
    sa.or_(HOLD.c.expires_at.is_(None), HOLD.c.expires_at > _NOW),
)
CONFIRM = Prebuilt(sa.update(HOLD).where(_LIVE).values(expires_at=None))
EXTEND = Prebuilt(
    sa.update(HOLD)
    .where(_LIVE)
    .values(expires_at=sa.case((HOLD.c.expires_at < _UNTIL, _UNTIL), else_=HOLD.c.expires_at))
    .returning(HOLD.c.expires_at)
)
CUTOFFS = sa.select(SESSION.c.id, SESSION.c.cutoff_at).where(SESSION.c.id.in_(_IDS))
DUE = (
    sa.select(SESSION.c.id)
    .where(SESSION.c.lapses_at <= _NOW)
    .order_by(SESSION.c.lapses_at, SESSION.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
"""Sessions in which a hold may have ended."""
SLOTS_OF = sa.select(LINK.c.slot_id).where(LINK.c.session_id.in_(_IDS)).distinct()

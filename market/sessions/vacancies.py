"""How many seats are left of a session, as SQL: the one place that says so, for reads and for what is kept.

A session is limited by its own capacity and by every slot that it draws on. Both count what is held and confirmed. A
hold that has ended counts no longer, though its row may still be there: a session's `lapses_at` says from when on there
can be one, so that only then the holds themselves are looked at.

`vacancies` is exact at any moment: what a sale is decided by. `vacancies_shown` is what lists show: the same, but what a
hold that has ended gives back to a pool shows once it was taken back, by whoever needs it or by the worker. To look at
the holds of everybody who shares a slot, for each session of each list, PostgreSQL would plan many times as long as it
takes for all else in the list.
"""

from typing import Any

import sqlalchemy as sa

from market.sessions.rules import DrawPer
from market.sessions.tables.core import HOLD, LINK, SLOT, UNITS

Expression = sa.ColumnElement[Any]


def vacancies(t: sa.FromClause, now: Expression) -> Expression:
    """What is left of a session, a row `t` of its table, at a moment: its own seats or what its pools still take,
    whichever is less. Holds that have ended by then are free."""
    exact = _least(sa.select(_own(t) + _lapsed_seats(t, now)).correlate(t), _people(t, now))
    return sa.case((t.c.lapses_at <= now, exact), else_=_lesser(_own(t), t.c.pool_vacancies))


def vacancies_shown(t: sa.FromClause, now: Expression) -> Expression:
    """What lists show as left of a session at a moment. Never more than there is."""
    lapsed = _lesser(_own(t) + _lapsed_seats(t, now), t.c.pool_vacancies)
    return sa.case((t.c.lapses_at <= now, lapsed), else_=_lesser(_own(t), t.c.pool_vacancies))


def pool_vacancies(t: sa.FromClause) -> Expression:
    """How many people the slots that a session draws on still take; null when they set no limit. What is kept: holds
    that have ended count as taken."""
    return _least(_people(t, None))


def first_lapse(t: sa.FromClause) -> Expression:
    """When the first hold ends that counts in a session or in a slot of it; null when none does."""
    hold, other, held, link = HOLD.alias(), HOLD.alias(), UNITS.alias(), LINK.alias()
    same = sa.and_(other.c.holder == held.c.holder, other.c.session_id == held.c.session_id)
    drawn = link.join(held, held.c.slot_id == link.c.slot_id).join(other, same)
    own = sa.select(hold.c.expires_at).where(hold.c.session_id == t.c.id)
    of_slots = sa.select(other.c.expires_at).select_from(drawn).where(link.c.session_id == t.c.id)
    return _least(own.correlate(t), of_slots.correlate(t))


def _own(t: sa.FromClause) -> Expression:
    return t.c.capacity - t.c.taken


def _people(t: sa.FromClause, now: Expression | None) -> sa.Select[Any]:
    """For each slot that a session draws on, how many people it still takes."""
    link, slot = LINK.alias(), SLOT.alias()
    free = slot.c.capacity - slot.c.taken if now is None else free_units(slot, now)
    slots = link.join(slot, slot.c.id == link.c.slot_id)
    of_session = sa.select(link.c.per, link.c.units, free.label("free")).select_from(slots)
    drawn = of_session.where(link.c.session_id == t.c.id).correlate(t).subquery("drawn")
    # What is drawn for each booking limits bookings, not people: it is enough for the next one or it is not.
    is_person, is_short = drawn.c.per == DrawPer.PERSON, drawn.c.free < drawn.c.units
    return sa.select(sa.case((is_person, drawn.c.free // drawn.c.units), (is_short, sa.literal(0)))).select_from(drawn)


def _lesser(one: Expression, other: Expression) -> Expression:
    """The lesser of two, the first when the other is null."""
    return sa.case((other < one, other), else_=one)


def _least(*limits: sa.Select[Any]) -> Expression:
    """The least of what these give, nulls left out; null when there is nothing."""
    named = [limit.with_only_columns(limit.selected_columns[0].label("value")) for limit in limits]
    every = (sa.union_all(*named) if len(named) > 1 else named[0]).subquery("limits")
    return sa.select(sa.func.min(every.c.value)).select_from(every).scalar_subquery()


def free_units(slot: sa.FromClause, now: Expression) -> Expression:
    """What is left of a slot, a row of its table, at a moment. Holds that have ended by then are free."""
    return slot.c.capacity - slot.c.taken + _lapsed_units(slot, now)


def held_seats(t: sa.FromClause, now: Expression) -> Expression:
    """People with seats held, not confirmed, in a session at a moment."""
    hold = HOLD.alias()
    return _sum(hold.c.seats, hold, sa.and_(hold.c.session_id == t.c.id, hold.c.expires_at > now))


def confirmed_seats(t: sa.FromClause) -> Expression:
    """People with seats confirmed in a session."""
    hold = HOLD.alias()
    return t.c.taken - _sum(hold.c.seats, hold, sa.and_(hold.c.session_id == t.c.id, hold.c.expires_at.is_not(None)))


def _lapsed_seats(t: sa.FromClause, now: Expression) -> Expression:
    hold = HOLD.alias()
    return _sum(hold.c.seats, hold, sa.and_(hold.c.session_id == t.c.id, hold.c.expires_at <= now))


def _lapsed_units(slot: sa.FromClause, now: Expression) -> Expression:
    held, hold = UNITS.alias(), HOLD.alias()
    same = sa.and_(hold.c.holder == held.c.holder, hold.c.session_id == held.c.session_id)
    ended = sa.and_(held.c.slot_id == slot.c.id, hold.c.expires_at <= now)
    return _sum(held.c.units, held.join(hold, same), ended)


def _sum(value: Expression, source: sa.FromClause, where: Expression) -> Expression:
    """The sum over the rows of a source, 0 when there are none; every other table is the row around it."""
    made = sa.select(sa.func.coalesce(sa.func.sum(value), 0)).select_from(source).where(where)
    tables = [source.left, source.right] if isinstance(source, sa.Join) else [source]
    # PostgreSQL's sum of integers is a bigint; what is left is an integer on both.
    return sa.cast(made.correlate_except(*tables).scalar_subquery(), sa.Integer)

"""Use case: what an option's sessions draw from pools."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from market.kernel import audit
from market.kernel.errors import Invalid
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.sessions.access import managed_option
from market.sessions.holds.changes import keep_shared, lock_sharing
from market.sessions.holds.statements import KEEP
from market.sessions.keep import keep_next
from market.sessions.pools.access import managed_pool
from market.sessions.pools.links import add_links, chunks, links_of, lock_slots
from market.sessions.rules import DrawPer, SessionState
from market.sessions.tables import PoolDraw
from market.sessions.tables.core import DRAW, LINK, SESSION

DRAWS_MAX = 5
UNITS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class DrawDraft:
    """So many units of a pool, for each person or for each booking."""

    pool_id: str
    units: int
    per: DrawPer


@dataclass(frozen=True, slots=True)
class OptionDraws:
    """All that an option draws from pools; nothing else."""

    option_id: str
    draws: tuple[DrawDraft, ...]


@dataclass(frozen=True, slots=True)
class DrawsSet:
    """How many sessions to come draw so from now on, and those left as they were, since somebody has seats in them."""

    option_id: str
    changed: int
    left: tuple[str, ...]


def draw_from_pools(market: Market, actor: Actor, wanted: OptionDraws, *, idempotency_key: str) -> DrawsSet:
    """Say what each person or booking of an option draws from pools: for sessions made from now on, and those to come in
    which nobody has a seat. The others keep what they draw, and are named.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound for an option or a pool that is not the actor's to manage;
    OptionRetired; Invalid for more than 5 draws, a pool named twice, units that are not 1 to 1,000, or sessions that
    touch more than 64 slots of a pool.
    Once: the same key gives the first answer.
    Guards: pools, slots, sessions, locked in id order; `draw_revision`, by which whoever is taking seats notices.
    """
    reach(actor, Permission.SESSION_MANAGE)
    require_id(wanted.option_id, "opt", field="option")
    _check(wanted.draws)
    now = market.now()
    asked = IdempotencyKey.of(
        actor=actor.account_id or actor.kind, operation="pool.draw", key=idempotency_key, asked=wanted
    )
    with market.transaction() as session:

        def act() -> DrawsSet:
            managed = managed_option(session, actor, wanted.option_id, now=now)
            for draw in sorted(wanted.draws, key=lambda each: each.pool_id):
                managed_pool(session, actor, draw.pool_id, now=now)
            session.execute(sa.delete(DRAW).where(DRAW.c.option_id == wanted.option_id))
            session.add_all(
                PoolDraw(option_id=wanted.option_id, pool_id=each.pool_id, units=each.units, per=each.per)
                for each in wanted.draws
            )
            session.flush()
            made = _redraw(session, wanted.option_id, now)
            audit.record(
                session,
                actor,
                action="pool.draw",
                subject=wanted.option_id,
                principal=managed.producer.id,
                after={"draws": [[each.pool_id, each.units, each.per] for each in wanted.draws]},
                now=now,
            )
            return made

        return once(
            session,
            asked,
            act,
            now=now,
            dump=lambda made: [made.changed, list(made.left)],
            load=lambda kept: DrawsSet(wanted.option_id, kept[0], tuple(kept[1])),
        )


def _check(draws: tuple[DrawDraft, ...]) -> None:
    pools = [require_id(each.pool_id, "pol", field="pool") for each in draws]
    if len(draws) > DRAWS_MAX or len(set(pools)) < len(pools):
        raise Invalid(
            field="draws",
            allowed=f"at most {DRAWS_MAX} pools, each once",
            allowed_zh=f"最多 {DRAWS_MAX} 种资源，每种一次",
        )
    if not all(1 <= each.units <= UNITS_MAX for each in draws):
        raise Invalid(field="units", allowed=f"1 to {UNITS_MAX} units", allowed_zh=f"数量为 1 到 {UNITS_MAX}")


def _redraw(session: Session, option_id: str, now: datetime) -> DrawsSet:
    """Let the sessions to come in which nobody has a seat draw on other slots."""
    to_come = sa.select(SESSION.c.id).where(
        SESSION.c.option_id == option_id, SESSION.c.starts_at > now, SESSION.c.state != SessionState.CANCELLED
    )
    ids = sorted(session.execute(to_come).scalars())
    new = links_of(session, {option_id: ids})
    old = session.execute(sa.select(LINK.c.slot_id).where(LINK.c.session_id.in_(to_come))).scalars()
    lock_slots(session, {*old, *[link.slot_id for link in new]})
    before = lock_sharing(session, ids, [])
    empty = set()
    for chunk in chunks(ids):
        # Told by the update, not by what was read before: whoever takes the first seat comes before it or sees it.
        untaken = (
            sa.update(SESSION)
            .where(SESSION.c.id.in_(chunk), SESSION.c.taken == 0)
            .values(draw_revision=SESSION.c.draw_revision + 1)
            .returning(SESSION.c.id)
        )
        changed = list(session.execute(untaken).scalars())
        session.execute(sa.delete(LINK).where(LINK.c.session_id.in_(changed)))
        empty |= set(changed)
    add_links(session, [link for link in new if link.session_id in empty])
    keep_next(session, keep_shared(session, {each: before[each] for each in empty}, KEEP), now)
    return DrawsSet(option_id, len(empty), tuple(each for each in ids if each not in empty))

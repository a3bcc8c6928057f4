"""Who may manage which pools."""

from datetime import datetime

from sqlmodel import Session, select

from market.kernel.clock import business_day
from market.kernel.errors import NotFound
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for
from market.organisations.tables import Organisation
from market.sessions.tables import SeatPool


def managed_pool(session: Session, actor: Actor, pool_id: str, *, now: datetime) -> tuple[SeatPool, Organisation]:
    """Step: a pool to manage, locked, and its organisation, or refuses: NotSignedIn, Forbidden; NotFound."""
    reach(actor, Permission.SESSION_MANAGE)
    # NO KEY: an option that begins to draw on it points at it and need not wait.
    pool = session.exec(select(SeatPool).where(SeatPool.id == pool_id).with_for_update(key_share=True)).first()
    if pool is None:
        raise NotFound(field="pool")
    return pool, organisation_managed(session, actor, pool.organisation_id, field="pool", now=now)


def organisation_managed(
    session: Session, actor: Actor, organisation_id: str, *, field: str, now: datetime
) -> Organisation:
    """Step: an organisation whose sessions the actor manages, or refuses as `act_for` does."""
    return act_for(
        session, actor, Permission.SESSION_MANAGE, producer_id=organisation_id, today=business_day(now), field=field
    )

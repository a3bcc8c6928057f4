"""The devices an account is signed in on: list them, end them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.kernel import audit
from market.kernel.errors import NotFound
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.people.rules import RevokedFor
from market.people.tables import Device

_DEVICES = SQLModel.metadata.tables[str(Device.__tablename__)]


def list_devices(market: Market, actor: Actor) -> Sequence[Device]:
    """The actor's devices that are signed in now, the last seen first."""
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    with market.read() as session:
        return session.exec(
            select(Device)
            .where(
                Device.account_id == actor.account_id,
                col(Device.revoked_at).is_(None),
                col(Device.expires_at) > market.now(),
            )
            .order_by(col(Device.last_seen_at).desc(), col(Device.id).desc())
        ).all()


def revoke_device(market: Market, actor: Actor, *, device_id: str) -> None:
    """Sign one of the actor's own devices out: its tokens, access tokens too, are refused from now on.

    Refuses: NotSignedIn; Forbidden; InvalidId; NotFound for a device that is not the actor's or has ended.
    """
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    require_id(device_id, "dev", field="device")
    now = market.now()
    with market.transaction() as session:
        mine = sa.and_(_DEVICES.c.id == device_id, _DEVICES.c.account_id == actor.account_id)
        if not revoke_step(session, mine, RevokedFor.REVOKED, now=now):
            raise NotFound(field="device")
        audit.record(session, actor, action="device.revoke", subject=device_id, now=now)


def sign_out(market: Market, actor: Actor, *, device_id: str) -> None:
    """Sign out the device that asks (`actors.device_of` its access token). Once: one that is out stays out.

    Refuses: NotSignedIn; Forbidden.
    """
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    with market.transaction() as session:
        mine = sa.and_(_DEVICES.c.id == device_id, _DEVICES.c.account_id == actor.account_id)
        revoke_step(session, mine, RevokedFor.SIGNED_OUT, now=market.now())


def revoke_step(session: Session, which: sa.ColumnElement[bool], why: RevokedFor, *, now: datetime) -> int:
    """Step: end the devices for which this holds and that have not ended; says how many."""
    ended = (
        sa.update(_DEVICES)
        .where(which, _DEVICES.c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_for=why)
        .returning(_DEVICES.c.id)
    )
    return len(session.execute(ended).all())

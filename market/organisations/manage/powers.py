"""Use cases: a producer gives its cooperative powers, from one day to another, and takes them back at once."""

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Conflict, Forbidden, IllegalTransition, Invalid, NotFound
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import find_acting_for
from market.organisations.manage.memberships import LEFT
from market.organisations.once import once_id
from market.organisations.rules import Power, check_dates
from market.organisations.tables import Membership, MembershipPower

_POWER = SQLModel.metadata.tables[str(MembershipPower.__tablename__)]


def grant_powers(
    market: Market,
    actor: Actor,
    *,
    membership_id: str,
    powers: Collection[Power],
    valid_from: date,
    valid_to: date | None = None,
    idempotency_key: str,
) -> str:
    """Let a cooperative do this for its member, on the days between, both included; the membership's id. A power that
    was granted before holds on these days instead.

    Refuses: NotSignedIn; Forbidden to the cooperative; NotFound for a membership that is not the producer's; Invalid
    without powers, before the membership began, or for an end that is over or before its start; IllegalTransition when
    the membership has ended; Conflict when the same was granted just now; IdempotencyConflict.
    Guards: UNIQUE over powers that are not revoked.
    """
    reach(actor, Permission.MEMBERSHIP_MANAGE)
    names, now = _names(powers), market.now()
    check_dates(valid_from, valid_to)

    def act() -> str:
        membership = _of_mine(session, actor, membership_id, now)
        _require_days(membership, valid_from, valid_to, now)
        _revoke(session, actor, membership_id, names, now)
        for name in names:
            _add(session, actor, membership_id, name, valid_from=valid_from, valid_to=valid_to, now=now)
        audit.record(
            session,
            actor,
            action="membership.grant_powers",
            subject=membership_id,
            principal=membership.producer_id,
            after={"powers": names, "valid_from": valid_from, "valid_to": valid_to},
            now=now,
        )
        return membership_id

    asked = {"membership": membership_id, "powers": names, "valid_from": valid_from, "valid_to": valid_to}
    with market.transaction() as session:
        return once_id(session, actor, "grantPowers", idempotency_key, asked=asked, act=act, now=now)


def revoke_powers(
    market: Market, actor: Actor, *, membership_id: str, powers: Collection[Power], idempotency_key: str
) -> str:
    """Take powers back from this moment on; the membership's id. One that was not granted is left alone.

    Refuses: NotSignedIn; Forbidden to the cooperative; NotFound; Invalid without powers; IdempotencyConflict.
    """
    reach(actor, Permission.MEMBERSHIP_MANAGE)
    names, now = _names(powers), market.now()

    def act() -> str:
        membership = _of_mine(session, actor, membership_id, now)
        revoked = _revoke(session, actor, membership_id, names, now)
        audit.record(
            session,
            actor,
            action="membership.revoke_powers",
            subject=membership_id,
            principal=membership.producer_id,
            before={"powers": revoked},
            now=now,
        )
        return membership_id

    asked = {"membership": membership_id, "powers": names}
    with market.transaction() as session:
        return once_id(session, actor, "revokePowers", idempotency_key, asked=asked, act=act, now=now)


def _names(powers: Collection[Power]) -> list[str]:
    if not powers:
        raise Invalid(field="powers", allowed="at least one power", allowed_zh="至少一项权限")
    return sorted({power.value for power in powers})


def _of_mine(session: Session, actor: Actor, membership_id: str, now: datetime) -> Membership:
    """A membership whose producer the actor manages. Refuses: NotFound; Forbidden to the cooperative's people, who
    know of it."""
    membership = session.get(Membership, membership_id)
    today = business_day(now)

    def manages(organisation_id: str) -> bool:
        found = find_acting_for(session, actor, Permission.MEMBERSHIP_MANAGE, producer_id=organisation_id, today=today)
        return found is not None

    if membership is None:
        raise NotFound(field="membership")
    if not manages(membership.producer_id):
        raise Forbidden if manages(membership.cooperative_id) else NotFound(field="membership")
    return membership


def _require_days(membership: Membership, valid_from: date, valid_to: date | None, now: datetime) -> None:
    if membership.left_on is not None:
        raise IllegalTransition(from_state=LEFT, to_state=LEFT, allowed=())
    if valid_from < membership.joined_on or (valid_to is not None and valid_to < business_day(now)):
        raise Invalid(
            field="valid_from" if valid_from < membership.joined_on else "valid_to",
            allowed="from the day it joined on, to today at least",
            allowed_zh="起期不早于入社日期，止期不早于今天",
        )


def _revoke(session: Session, actor: Actor, membership_id: str, names: list[str], now: datetime) -> list[str]:
    """Revoke those of these powers that are not yet; which."""
    revoked = (
        sa.update(_POWER)
        .where(
            _POWER.c.membership_id == membership_id,
            _POWER.c.power.in_([Power(name) for name in names]),
            _POWER.c.revoked_at.is_(None),
        )
        .values(revoked_by=actor.account_id or actor.kind.value, revoked_at=now)
        .returning(_POWER.c.power)
    )
    return sorted(power.value for power in session.execute(revoked).scalars())


def _add(
    session: Session,
    actor: Actor,
    membership_id: str,
    name: str,
    *,
    valid_from: date,
    valid_to: date | None,
    now: datetime,
) -> None:
    added = (
        insert(_POWER)
        .values(
            id=new_id("pow"),
            membership_id=membership_id,
            power=Power(name),
            valid_from=valid_from,
            valid_to=valid_to,
            granted_by=actor.account_id or actor.kind.value,
            granted_at=now,
        )
        .on_conflict_do_nothing()
        .returning(_POWER.c.id)
    )
    if session.execute(added).first() is None:
        raise Conflict

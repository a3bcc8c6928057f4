"""Acting for an organisation: as one of its own people, or as people of a cooperative that it gave powers to.

A producer's things (listings, stock, sessions, orders) are the producer's. Whoever changes them either holds a role
in the producer itself, or a role in a cooperative whose current membership of that producer has the power for it.
The audit trail gets both: the actor, and the producer as principal.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from market.kernel.errors import NotFound
from market.kernel.permissions import GRANTS, Actor, ActorKind, Permission, Scope, reach, region_prefix
from market.organisations.rules import Power
from market.organisations.tables import Organisation
from market.people.tables import ApiKey, RoleHeld

POWER_FOR: Mapping[Permission, Power] = MappingProxyType(
    {
        Permission.LISTING_READ: Power.MANAGE_LISTINGS,
        Permission.LISTING_EDIT: Power.MANAGE_LISTINGS,
        Permission.MEDIA_UPLOAD: Power.MANAGE_LISTINGS,
        Permission.IMPORT_RUN: Power.MANAGE_LISTINGS,
        Permission.STOCK_READ: Power.MANAGE_STOCK,
        Permission.STOCK_ADJUST: Power.MANAGE_STOCK,
        Permission.SESSION_READ: Power.MANAGE_SESSIONS,
        Permission.SESSION_MANAGE: Power.MANAGE_SESSIONS,
        Permission.ORDER_READ: Power.FULFIL,
        Permission.ORDER_FULFIL: Power.FULFIL,
        Permission.REFUND_APPROVE: Power.FULFIL,
        Permission.LEDGER_READ: Power.VIEW_FINANCE,
        Permission.REPORT_READ: Power.VIEW_FINANCE,
        Permission.REPORT_EXPORT: Power.VIEW_FINANCE,
    }
)
"""Which power of a membership lets a cooperative's people use their permission on the member's things. A permission
that is not here is never delegated."""

_MEMBERSHIP = SQLModel.metadata.tables["membership"]
_POWER = SQLModel.metadata.tables["membership_power"]
_HELD = SQLModel.metadata.tables[str(RoleHeld.__tablename__)]
_KEYS = SQLModel.metadata.tables[str(ApiKey.__tablename__)]
_KEY_PREFIX = "key_"
"""What the account of an API key begins with."""

Filter = sa.ColumnElement[bool]


def acts_for(
    actor: Actor, permission: Permission, producer_id: sa.ColumnElement[Any], *, today: date, region_code: Any = None
) -> Filter:
    """The row filter of a use case's reads: whether the actor may do this to things of this producer (a column).

    `region_code`, a column too, is where staff look. Refuses as `reach` does: NotSignedIn, Forbidden.
    """
    opened = reach(actor, permission)
    if opened.is_all:
        return sa.true()
    regions = [(prefix, sa.true()) for prefix in sorted(opened.region_prefixes)]
    mine = sorted(opened.organisation_ids)
    return _within(permission, producer_id, mine, regions=regions, region_code=region_code, today=today)


def _within(
    permission: Permission,
    producer_id: Any,
    organisations: Any,
    *,
    regions: Iterable[tuple[str, Filter]],
    region_code: Any,
    today: Any,
) -> Filter:
    """Whether a producer is one of these organisations, lets one of them do this for it, or lies in these regions.

    `organisations` is a list or a subquery of ids; each region is the beginning of its codes, and whether it counts.
    """
    ways: list[Filter] = [producer_id.in_(organisations)]
    power = POWER_FOR.get(permission)
    if power is not None:
        held = sa.and_(
            _MEMBERSHIP.c.producer_id == producer_id,
            _MEMBERSHIP.c.cooperative_id.in_(organisations),
            *holds(_MEMBERSHIP, _POWER, power, today),
        )
        ways.append(sa.exists().where(held).correlate_except(_MEMBERSHIP, _POWER))
    if region_code is not None:
        ways += [sa.and_(counts, region_code.startswith(prefix, autoescape=True)) for prefix, counts in regions]
    return sa.or_(*ways)


def holds(membership: sa.FromClause, power: sa.FromClause, which: Power, today: Any) -> tuple[Filter, ...]:
    """Whether a membership holds on a day and has this power on it; both ends of a power's dates count."""
    return (
        membership.c.joined_on <= today,
        sa.or_(membership.c.left_on.is_(None), membership.c.left_on > today),
        power.c.membership_id == membership.c.id,
        power.c.power == which.value,
        power.c.valid_from <= today,
        sa.or_(power.c.valid_to.is_(None), power.c.valid_to >= today),
        power.c.revoked_at.is_(None),
    )


def act_for(
    session: Session, actor: Actor, permission: Permission, *, producer_id: str, today: date, field: str = "producer"
) -> Organisation:
    """Step: the organisation for which the actor does this now (the audit trail's principal), or refuses.

    Asked inside the transaction that acts, so that neither a power revoked meanwhile counts nor a role taken away since
    the actor was read. Refuses: NotSignedIn; Forbidden when no role of theirs grants it anywhere; NotFound, as for an
    unknown one, when this producer is not among those they act for.
    """
    found = find_acting_for(session, actor, permission, producer_id=producer_id, today=today)
    if found is None:
        raise NotFound(field=field)
    return found


def find_acting_for(
    session: Session, actor: Actor, permission: Permission, *, producer_id: str, today: date
) -> Organisation | None:
    """Step: as `act_for`, but None in place of NotFound: for things that belong to two organisations."""
    organisation = sa.inspect(Organisation).local_table.c
    mine = acts_for(actor, permission, organisation.id, today=today, region_code=organisation.region_code)
    if _can_lose_roles(actor):
        mine = sa.and_(mine, _still_acts_for(actor, permission, organisation, today))
    return session.exec(select(Organisation).where(Organisation.id == producer_id, mine)).first()


def _can_lose_roles(actor: Actor) -> bool:
    """Whether it is asked again on record what the actor may: not of administrators and the system."""
    return actor.kind in {ActorKind.MEMBER, ActorKind.STAFF}


def _still_acts_for(actor: Actor, permission: Permission, organisation: Any, today: date) -> Filter:
    """`acts_for` once more, by the roles that are on record now, or by the API key that is not revoked."""
    held = _HELD.c.account_id == actor.account_id
    if actor.account_id is not None and actor.account_id.startswith(_KEY_PREFIX):
        organisations = sa.select(_KEYS.c.organisation_id).where(
            _KEYS.c.id == actor.account_id, _KEYS.c.revoked_at.is_(None)
        )
    else:
        granting = _granting(permission, Scope.ORGANISATION)
        organisations = sa.select(_HELD.c.organisation_id).where(held, _HELD.c.role.in_(granting))
    looking = _HELD.c.role.in_(_granting(permission, Scope.REGION))
    regions = [
        (region_prefix(code), sa.exists().where(held, _HELD.c.region_code == code, looking))
        for code in sorted(actor.region_codes)
    ]
    code = organisation.region_code
    return _within(permission, organisation.id, organisations, regions=regions, region_code=code, today=today)


def _granting(permission: Permission, scope: Scope) -> list[str]:
    """The roles that grant it in this scope."""
    return [role.value for role, grants in GRANTS.items() if grants.get(permission) is scope]

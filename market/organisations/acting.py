"""Acting for an organisation: as one of its own people, or as people of a cooperative that it gave powers to.

A producer's things (listings, stock, sessions, orders) are the producer's. Whoever changes them either holds a role
in the producer itself, or a role in a cooperative whose current membership of that producer has the power for it.
The audit trail gets both: the actor, and the producer as principal.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from market.kernel.errors import NotFound
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.rules import Power
from market.organisations.tables import Organisation

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
        Permission.REPORT_READ: Power.VIEW_FINANCE,
        Permission.REPORT_EXPORT: Power.VIEW_FINANCE,
    }
)
"""Which power of a membership lets a cooperative's people use their permission on the member's things. A permission
that is not here is never delegated."""

_MEMBERSHIP = SQLModel.metadata.tables["membership"]
_POWER = SQLModel.metadata.tables["membership_power"]


def acts_for(
    actor: Actor, permission: Permission, producer_id: sa.ColumnElement[Any], *, today: date, region_code: Any = None
) -> sa.ColumnElement[bool]:
    """The row filter of a use case's reads: whether the actor may do this to things of this producer (a column).

    `region_code`, a column too, is where staff look. Refuses as `reach` does: NotSignedIn, Forbidden.
    """
    opened = reach(actor, permission)
    if opened.is_all:
        return sa.true()
    ways: list[sa.ColumnElement[bool]] = [producer_id.in_(sorted(opened.organisation_ids))]
    power = POWER_FOR.get(permission)
    if power is not None and opened.organisation_ids:
        held = sa.and_(
            _MEMBERSHIP.c.producer_id == producer_id,
            _MEMBERSHIP.c.cooperative_id.in_(sorted(opened.organisation_ids)),
            *holds(_MEMBERSHIP, _POWER, power, today),
        )
        ways.append(sa.exists().where(held).correlate_except(_MEMBERSHIP, _POWER))
    if region_code is not None:
        ways += [region_code.startswith(prefix, autoescape=True) for prefix in sorted(opened.region_prefixes)]
    return sa.or_(*ways)


def holds(
    membership: sa.FromClause, power: sa.FromClause, which: Power, today: Any
) -> tuple[sa.ColumnElement[bool], ...]:
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

    Asked inside the transaction that acts, so that a power revoked meanwhile does not count. Refuses: NotSignedIn;
    Forbidden when no role of theirs grants it anywhere; NotFound, as for an unknown one, when this producer is not
    among those they act for.
    """
    organisation = sa.inspect(Organisation).local_table.c
    mine = acts_for(actor, permission, organisation.id, today=today, region_code=organisation.region_code)
    found = session.exec(select(Organisation).where(Organisation.id == producer_id, mine)).first()
    if found is None:
        raise NotFound(field=field)
    return found

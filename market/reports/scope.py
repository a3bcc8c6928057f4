"""Which rows of sums and sales an actor may see: an organisation its own, staff their regions'. In SQL, always."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa

from market.kernel.permissions import Actor, Permission, reach, region_prefix
from market.organisations.acting import acts_for
from market.places.rules import level_of
from market.reports.errors import OutOfReach


def within(region_code: Any, prefix: str) -> sa.ColumnElement[bool]:
    """Whether a code is in a region's subtree: between its first and last code, which an index can serve."""
    return sa.and_(region_code >= prefix.ljust(12, "0"), region_code <= prefix.ljust(12, "9"))


def sees_organisations(actor: Actor) -> bool:
    """Whether rows must say whose they are to be filtered for this actor. Refuses as `reach`."""
    opened = reach(actor, Permission.REPORT_READ)
    return not opened.is_all and bool(opened.organisation_ids)


def visible(actor: Actor, rows: Any, *, today: date) -> sa.ColumnElement[bool]:
    """The filter over rows with `region_code` and, when `sees_organisations`, `producer_id` and `settlement_party`:
    what one's own organisations sold or are paid for, what members let them see, what staff's regions hold."""
    opened = reach(actor, Permission.REPORT_READ)
    if opened.is_all:
        return sa.true()
    if not opened.organisation_ids:
        return sa.or_(sa.false(), *[within(rows.region_code, each) for each in sorted(opened.region_prefixes)])
    mine = rows.settlement_party.in_(sorted(opened.organisation_ids))
    acting = acts_for(actor, Permission.REPORT_READ, rows.producer_id, today=today, region_code=rows.region_code)
    return sa.or_(mine, acting)


def check_regions(actor: Actor, codes: Iterable[str], *, field: str = "regions") -> list[str]:
    """The beginnings of these regions' codes, or refuses: Invalid for what is no code; OutOfReach for a region of which
    staff see nothing."""
    opened = reach(actor, Permission.REPORT_READ)
    found = []
    for code in codes:
        level_of(code, field=field)
        prefix = region_prefix(code)
        ours = opened.region_prefixes
        if ours and not opened.organisation_ids and not any(_meets(prefix, each) for each in ours):
            raise OutOfReach(region=code, reach="、".join(each.ljust(12, "0") for each in sorted(ours)))
        found.append(prefix)
    return found


def _meets(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)

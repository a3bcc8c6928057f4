"""Which rows of the sellers' side a viewer reaches: the row filters of projections, as `organisations.acting` has them
for use cases."""

import sqlalchemy as sa

from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import POWER_FOR, holds
from market.organisations.tables import Membership, MembershipPower
from schema.projection import Build, exists, table_of
from schema.projection.declare import Condition, Expression
from schema.projection.frame import ACTOR
from schema.projection.viewer import organisations, within


def acts_for(
    build: Build, permission: Permission, producer_id: Expression, *, region: Expression | None = None
) -> Condition:
    """Whether the viewer may do this to things of this producer: as its own people, as a cooperative's whose
    membership has the power, or as staff where it lies (`region`, a column of 12-digit codes).

    Refuses while the statement is made, with NotSignedIn or Forbidden, a viewer none of whose roles grants it.
    """
    build.personal()
    opened = reach(build.viewer.actor, permission)
    if opened.is_all:
        return sa.true()
    ways: list[Condition] = []
    if opened.organisation_ids:
        ways.append(producer_id.in_(organisations(build, permission)))
        power = POWER_FOR.get(permission)
        if power is not None:
            membership, given = table_of(Membership).alias(), table_of(MembershipPower).alias()
            held = [
                membership.c.producer_id == producer_id,
                membership.c.cooperative_id.in_(organisations(build, permission)),
                *holds(membership, given, power, build.today()),
            ]
            ways.append(exists(membership, given, where=held))
    if opened.region_prefixes and region is not None:
        ways.append(within(build, permission, region))
    return sa.or_(*ways) if ways else sa.false()


def found_by_index(
    build: Build, permission: Permission, producer_id: Expression, region_code: Expression
) -> list[Condition]:
    """What `acts_for` implies, said so that an index finds a long list's rows by it: by the producers of the viewer's
    organisations, or by the codes between the first and the last of the staff's regions. Nothing when it is both, or a
    buyer."""
    opened = reach(build.viewer.actor, permission)
    if opened.is_all or bool(opened.organisation_ids) == bool(opened.region_prefixes):
        return []
    if opened.organisation_ids:
        mine = organisations(build, permission)
        power = POWER_FOR.get(permission)
        if power is None:
            return [producer_id.in_(mine)]
        membership, given = table_of(Membership).alias(), table_of(MembershipPower).alias()
        members = sa.select(membership.c.producer_id).where(
            membership.c.cooperative_id.in_(organisations(build, permission)),
            *holds(membership, given, power, build.today()),
        )
        return [producer_id.in_(sa.union_all(mine, members))]

    def first(actor: Actor) -> str:
        return min((each.ljust(12, "0") for each in reach(actor, permission).region_prefixes), default="")

    def last(actor: Actor) -> str:
        return max((each.ljust(12, "9") for each in reach(actor, permission).region_prefixes), default="")

    return [region_code >= build.bind(ACTOR, first), region_code <= build.bind(ACTOR, last)]

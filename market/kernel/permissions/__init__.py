"""Who acts, what they may do, and to how much of it: a table, and the few functions that read it.

Everything is refused unless `GRANTS` says otherwise. A use case says `require` when it knows whose thing it is about,
or `reach` when it does not yet: the `Reach` it gets is the row filter of its reads, so that a stranger's id and an
unknown one answer alike. Read `GRANTS` first.
"""

from market.kernel.permissions.actors import VISITOR, Actor, Reach, held, reach, region_prefix, require, scope_of
from market.kernel.permissions.grants import GRANTS
from market.kernel.permissions.words import ORGANISATION_ROLES, STAFF_ROLES, ActorKind, Permission, Role, Scope

__all__ = [
    "GRANTS",
    "ORGANISATION_ROLES",
    "STAFF_ROLES",
    "VISITOR",
    "Actor",
    "ActorKind",
    "Permission",
    "Reach",
    "Role",
    "Scope",
    "held",
    "reach",
    "region_prefix",
    "require",
    "scope_of",
]

"""The row filter of what is a person's own."""

import sqlalchemy as sa

from market.kernel.permissions import Permission
from schema.projection.declare import Build, Condition
from schema.projection.viewer import own, reached


def own_rows(t: sa.FromClause, build: Build) -> list[Condition]:
    """The viewer's own rows, by `account_id`. Administrators too see theirs only: nobody's affairs are theirs to look at.

    Refuses, with NotSignedIn or Forbidden, visitors and API keys.
    """
    return [reached(build, Permission.PROFILE_MANAGE, owner=t.c.account_id), t.c.account_id == own(build)]

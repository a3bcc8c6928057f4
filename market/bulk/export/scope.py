"""Whose things an export holds, as filters of its statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from market.bulk.sheets.columns import Values
from market.kernel.permissions import Actor, Permission
from market.organisations.acting import acts_for
from market.organisations.tables import Membership

_MEMBERSHIP = SQLModel.metadata.tables[str(Membership.__tablename__)].c

PAGE = 500
"""Things of one statement."""

Page = tuple[Sequence[Values], tuple[Any, ...] | None]
"""Rows, and after what the next page begins; None at the end."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Things of an organisation and of its members today, as far as the actor may do `permission` to them."""

    actor: Actor
    permission: Permission
    organisation_id: str
    today: date
    now: datetime

    def where(self, producer_id: sa.ColumnElement[Any], region_code: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        """The filter, over the columns of a thing's producer and region."""
        theirs = acts_for(self.actor, self.permission, producer_id, today=self.today, region_code=region_code)
        is_member = sa.exists().where(
            _MEMBERSHIP.cooperative_id == self.organisation_id,
            _MEMBERSHIP.producer_id == producer_id,
            _MEMBERSHIP.joined_on <= self.today,
            sa.or_(_MEMBERSHIP.left_on.is_(None), _MEMBERSHIP.left_on > self.today),
        )
        return sa.and_(theirs, sa.or_(producer_id == self.organisation_id, is_member))

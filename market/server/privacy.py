"""People's privacy, as the floors above them complete it: what each room has to say before somebody is erased."""

import sqlalchemy as sa
from sqlmodel import col

from market.organisations.rules import REGISTERED
from market.organisations.tables import Organisation
from market.people.profile.erasure import ErasureCheck, last_owner_of

ERASURE_CHECKS: tuple[ErasureCheck, ...] = (
    last_owner_of(sa.select(col(Organisation.id)).where(col(Organisation.state).in_(sorted(REGISTERED)))),
)
"""Asked when an erasure is asked for, and again when it is due."""

"""Steps that keep a package's next session true when its sessions change, in the same transaction."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.catalogue.keep import keep_next_session
from market.catalogue.tables import FAR_FUTURE, Listing
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.topics import touch
from market.sessions.rules import SessionState
from market.sessions.tables.core import SESSION
from market.sessions.vacancies import vacancies_shown

_LISTING = SQLModel.metadata.tables[str(Listing.__tablename__)]
_NOW = sa.bindparam("now", type_=SESSION.c.starts_at.type)
_NEXT = Prebuilt(
    sa.select(SESSION.c.starts_at)
    .where(
        SESSION.c.package_id == sa.bindparam("package_id"),
        SESSION.c.state == SessionState.OPEN,
        SESSION.c.starts_at > _NOW,
        vacancies_shown(SESSION, _NOW) > 0,
    )
    .order_by(SESSION.c.starts_at)
    .limit(1)
)
# NO KEY: rows that only point at a listing need not wait.
_LOCK = Prebuilt(
    sa.select(_LISTING.c.id)
    .where(_LISTING.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_LISTING.c.id)
    .with_for_update(key_share=True)
)


def next_session_at(session: Session, package_id: str, now: datetime) -> datetime:
    """Step: when a package's next open session with a vacancy starts; FAR_FUTURE when there is none."""
    found = _NEXT.first(session, {"package_id": package_id, "now": now})
    return FAR_FUTURE if found is None else found.starts_at


def keep_next(session: Session, package_ids: Iterable[str], now: datetime) -> None:
    """Step: what these packages say about their next session, after their sessions were changed. Last but for audit.

    Guards: the listings' rows, locked in id order before anything is looked at: two transactions that change different
    sessions of a package each see what the other did.
    """
    ids = sorted(set(package_ids))
    if not ids:
        return
    _LOCK.all(session, {"ids": ids})
    for package_id in ids:
        keep_next_session(session, package_id, next_session_at(session, package_id, now))
    touch(session, "sessions", *ids)

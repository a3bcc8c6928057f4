"""Rows of sessions: those to come, of options that are offered."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.bulk.export.scope import PAGE, Page, Scope
from market.catalogue.tables import Listing, PackageOption
from market.kernel.clock import SHANGHAI
from market.sessions.rules import SessionState
from market.sessions.tables import TourSession

_LISTING = SQLModel.metadata.tables[str(Listing.__tablename__)].c
_OPTION = SQLModel.metadata.tables[str(PackageOption.__tablename__)].c
_SESSION = SQLModel.metadata.tables[str(TourSession.__tablename__)].c


def session_rows(session: Session, scope: Scope, after: tuple[datetime, str] | None) -> Page:
    """The next page, by start. A package is named by its code, an option by its name, where that is enough."""
    twin = _OPTION.id.table.alias("twin")
    is_ambiguous = sa.exists().where(
        twin.c.package_id == _OPTION.package_id,
        twin.c.name == _OPTION.name,
        twin.c.id != _OPTION.id,
        twin.c.retired_at.is_(None),
    )
    chosen = (
        sa.select(
            _SESSION.id,
            _SESSION.starts_at,
            _SESSION.capacity,
            sa.func.coalesce(_LISTING.external_code, _LISTING.id).label("package"),
            _LISTING.title,
            sa.case((is_ambiguous, _OPTION.id), else_=_OPTION.name).label("option"),
        )
        .join_from(_SESSION.id.table, _OPTION.id.table, _OPTION.id == _SESSION.option_id)
        .join(_LISTING.id.table, _LISTING.id == _SESSION.package_id)
        .where(
            _SESSION.starts_at > scope.now,
            _SESSION.state != SessionState.CANCELLED,
            _OPTION.retired_at.is_(None),
            scope.where(_LISTING.producer_id, _LISTING.region_code),
        )
        .order_by(_SESSION.starts_at, _SESSION.id)
        .limit(PAGE)
    )
    if after is not None:
        starts_at, session_id = after
        later = sa.or_(
            _SESSION.starts_at > starts_at, sa.and_(_SESSION.starts_at == starts_at, _SESSION.id > session_id)
        )
        chosen = chosen.where(later)
    found = session.execute(chosen).all()
    rows = []
    for row in found:
        local = row.starts_at.astimezone(SHANGHAI)
        rows.append(
            {
                "package": row.package,
                "package_note": row.title,
                "option": row.option,
                "day": local.date(),
                "time": local.time(),
                "capacity": row.capacity,
            }
        )
    return rows, (found[-1].starts_at, found[-1].id) if len(found) == PAGE else None

"""Sessions of tour packages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bulk.effects.base import Decision, Done, Effects, Group, Refused, Work
from market.bulk.errors import RowRefused
from market.bulk.rules import Outcome
from market.bulk.sheets.columns import Values
from market.catalogue.rules import ListingKind
from market.catalogue.tables import Listing, PackageOption
from market.kernel.clock import shanghai
from market.kernel.errors import NotFound
from market.kernel.permissions import Permission
from market.organisations.acting import acts_for
from market.sessions.rules import SessionState
from market.sessions.steps import save_session
from market.sessions.tables import TourSession

_LISTING = SQLModel.metadata.tables[str(Listing.__tablename__)].c
_OPTION = SQLModel.metadata.tables[str(PackageOption.__tablename__)].c

Options = Mapping[str, Mapping[str, Sequence[str]]]
"""Ids of options by what the file calls their package, then them. Several under one name are ambiguous."""
Known = Mapping[tuple[str, datetime], TourSession]
"""Sessions by option and start."""


class Sessions(Effects):
    """An option has a session at a moment, with so much room."""

    def decide(self, session: Session, work: Work, groups: Sequence[Group]) -> list[Decision]:
        """Two selects for the chunk: the options, and the sessions that they have at these moments."""
        rows = [group[0].values for group in groups]
        options = _options(session, work, {values["package"] for values in rows})
        starts = [shanghai(values["day"], values["time"]) for values in rows]
        ids = {each for names in options.values() for found in names.values() for each in found}
        these = (col(TourSession.option_id).in_(sorted(ids)), col(TourSession.starts_at).in_(sorted(set(starts))))
        known = {(each.option_id, each.starts_at): each for each in session.exec(select(TourSession).where(*these))}
        return [_decide(work, options, known, values, at) for values, at in zip(rows, starts, strict=True)]


def _options(session: Session, work: Work, packages: set[str]) -> Options:
    mine = acts_for(work.actor, Permission.SESSION_MANAGE, _LISTING.producer_id, today=work.today)
    named = sa.or_(_LISTING.id.in_(sorted(packages)), _LISTING.external_code.in_(sorted(packages)))
    chosen = (
        sa.select(_LISTING.id, _LISTING.external_code, _OPTION.id.label("option_id"), _OPTION.name)
        .outerjoin_from(
            _LISTING.id.table,
            _OPTION.id.table,
            sa.and_(_OPTION.package_id == _LISTING.id, _OPTION.retired_at.is_(None)),
        )
        .where(_LISTING.kind == ListingKind.TOUR_PACKAGE, named, mine)
    )
    found: dict[str, dict[str, list[str]]] = {}
    for row in session.execute(chosen):
        for package in {row.id, row.external_code} & packages:
            options = found.setdefault(package, {})
            for option in {row.option_id, row.name} - {None}:
                options.setdefault(option, []).append(row.option_id)
    return found


def _decide(work: Work, options: Options, known: Known, values: Values, starts_at: datetime) -> Decision:
    if values["package"] not in options:
        return Refused([(0, NotFound(field="package"))])
    found = options[values["package"]].get(values["option"], ())
    if not found:
        return Refused([(0, NotFound(field="option"))])
    if len(found) > 1:
        refusal = RowRefused(
            "several options are called so: write the option's id", "有多个同名方案，请填写方案编号", column="option"
        )
        return Refused([(0, refusal)])
    there = known.get((found[0], starts_at))
    if there is not None and there.capacity == values["capacity"] and there.state is not SessionState.CANCELLED:
        return ()
    return (partial(_save, work, found[0], starts_at, values["capacity"]),)


def _save(work: Work, option_id: str, starts_at: datetime, capacity: int, session: Session) -> Done:
    saved = save_session(
        session,
        work.market,
        work.actor,
        option_id=option_id,
        starts_at=starts_at,
        capacity=capacity,
        now=work.now,
    )
    after = {"starts_at": starts_at, "capacity": capacity}
    return Done(Outcome(saved.outcome.value), "session.save", saved.session_id, saved.producer_id, after=after)

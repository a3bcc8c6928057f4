"""Use cases: close many sessions at once, and open them again: a typhoon, a festival, a broken bridge."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.catalogue.tables import Listing, PackageOption
from market.kernel import audit
from market.kernel.clock import business_day, day_bounds
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.ids import prefix_of, require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for, acts_for
from market.organisations.rules import OrganisationState
from market.organisations.tables import Organisation
from market.places.rules import subtree
from market.sessions.events import record_event
from market.sessions.keep import keep_next
from market.sessions.moves import EVENT_OF
from market.sessions.rules import CloseReason, SessionState, check_reason
from market.sessions.tables.core import SESSION

CHUNK = 500
"""Sessions moved in one transaction."""
DAYS_MAX = 92
_LISTING = SQLModel.metadata.tables[str(Listing.__tablename__)]
_OPTION = SQLModel.metadata.tables[str(PackageOption.__tablename__)]
_ORGANISATION = SQLModel.metadata.tables[str(Organisation.__tablename__)]


@dataclass(frozen=True, slots=True)
class SessionScope:
    """Sessions to come on these days, Shanghai's: of a package, of an organisation (as producer or as the cooperative
    that sells it), or in a region's subtree. Exactly one of the three."""

    first_day: date
    last_day: date
    package_id: str | None = None
    organisation_id: str | None = None
    region_code: str | None = None

    @property
    def subject(self) -> str:
        """What it is about, for the audit trail."""
        return self.package_id or self.organisation_id or self.region_code or ""


@dataclass(frozen=True, slots=True)
class SessionsMoved:
    """How many sessions were moved, and whether more are left: then the same is asked again, with a new key."""

    count: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Move:
    scope: SessionScope
    to_state: SessionState
    reason: CloseReason


def close_sessions(
    market: Market, actor: Actor, scope: SessionScope, *, reason: CloseReason, idempotency_key: str
) -> SessionsMoved:
    """Close the open sessions of a scope, the next 500 of them; the caller goes on while there are more, and can stop
    and go on at any time: closed ones are not looked at again.

    Refuses: NotSignedIn, Forbidden; InvalidId; NotFound for a package or an organisation that is not the actor's to
    manage; Invalid for a scope that is not exactly one of the three, days in the wrong order or more than 92, or the
    reason SERIES. Of a cooperative or a region, what is not the actor's to manage is left out.
    Once: the same key gives the first answer. Guards: one update of those that are open, locked in id order.
    """
    return _move(market, actor, _Move(scope, SessionState.CLOSED, reason), idempotency_key=idempotency_key)


def reopen_sessions(
    market: Market, actor: Actor, scope: SessionScope, *, reason: CloseReason, idempotency_key: str
) -> SessionsMoved:
    """Open the sessions of a scope again that were closed for this reason, the next 500 of them: after the storm, those
    closed for WEATHER, and not what was closed for another reason before it.

    Refuses and guards as `close_sessions`. Sessions of frozen organisations, and of
    options that are not offered any more, stay closed.
    """
    return _move(market, actor, _Move(scope, SessionState.OPEN, reason), idempotency_key=idempotency_key)


def _move(market: Market, actor: Actor, move: _Move, *, idempotency_key: str) -> SessionsMoved:
    reach(actor, Permission.SESSION_MANAGE)
    _check(move)
    now = market.now()
    asked = IdempotencyKey.of(
        actor=actor.account_id or actor.kind, operation="sessions.move", key=idempotency_key, asked=move
    )
    with market.transaction() as session:

        def act() -> SessionsMoved:
            principal = _principal(session, actor, move.scope, now)
            found = session.execute(_candidates(actor, move, now)).all()
            moved = _change(session, sorted(row.id for row in found[:CHUNK]), move)
            kind = EVENT_OF[move.to_state]
            record_event(session, actor, sorted(moved), kind, now=now, reason=move.reason)
            keep_next(session, moved.values(), now)
            audit.record(
                session,
                actor,
                action=f"sessions.{kind.lower()}",
                subject=move.scope.subject,
                principal=principal,
                after={
                    "from": move.scope.first_day,
                    "to": move.scope.last_day,
                    "reason": move.reason,
                    "count": len(moved),
                },
                now=now,
            )
            return SessionsMoved(len(moved), len(found) > CHUNK)

        return once(
            session,
            asked,
            act,
            now=now,
            dump=lambda made: [made.count, made.has_more],
            load=lambda kept: SessionsMoved(*kept),
        )


def _principal(session: Session, actor: Actor, scope: SessionScope, now: datetime) -> str | None:
    """Whose sessions they are, when it is one organisation's, or refuses as for an unknown one."""
    today = business_day(now)
    if scope.package_id is not None:
        listing = session.get(Listing, scope.package_id)
        if listing is None:
            raise NotFound(field="package")
        act_for(
            session,
            actor,
            Permission.SESSION_MANAGE,
            producer_id=listing.producer_id,
            today=today,
            field="package",
        )
        return listing.producer_id
    if scope.organisation_id is not None:
        act_for(
            session,
            actor,
            Permission.SESSION_MANAGE,
            producer_id=scope.organisation_id,
            today=today,
            field="organisation",
        )
    return scope.organisation_id


def _change(session: Session, ids: list[str], move: _Move) -> dict[str, str]:
    """Move those that still can be; the package of each that was."""
    # NO KEY: a hold being added points at the session and need not wait.
    session.execute(
        sa.select(SESSION.c.id).where(SESSION.c.id.in_(ids)).order_by(SESSION.c.id).with_for_update(key_share=True)
    ).all()
    moved = session.execute(
        sa.update(SESSION)
        .where(SESSION.c.id.in_(ids), _movable(move))
        .values(state=move.to_state, closed_for=move.reason if move.to_state is SessionState.CLOSED else None)
        .returning(SESSION.c.id, SESSION.c.package_id)
    )
    return {row.id: row.package_id for row in moved}


def _movable(move: _Move) -> sa.ColumnElement[bool]:
    if move.to_state is SessionState.CLOSED:
        return SESSION.c.state == SessionState.OPEN
    return sa.and_(SESSION.c.state == SessionState.CLOSED, SESSION.c.closed_for == move.reason)


def _candidates(actor: Actor, move: _Move, now: datetime) -> sa.Select[Any]:
    """The next chunk of what can be moved, and one more to know whether that is all."""
    first, _ = day_bounds(move.scope.first_day)
    _, last = day_bounds(move.scope.last_day)
    joined = SESSION.join(_LISTING, _LISTING.c.id == SESSION.c.package_id)
    mine = acts_for(
        actor,
        Permission.SESSION_MANAGE,
        _LISTING.c.producer_id,
        today=business_day(now),
        region_code=_LISTING.c.region_code,
    )
    # By moments, not by days: there is an index of them.
    at = [SESSION.c.starts_at >= max(first, now), SESSION.c.starts_at < last]
    query = sa.select(SESSION.c.id).where(*at, _movable(move), _within(move.scope), mine)
    if move.to_state is SessionState.OPEN:
        joined = joined.join(_ORGANISATION, _ORGANISATION.c.id == _LISTING.c.producer_id)
        joined = joined.join(_OPTION, _OPTION.c.id == SESSION.c.option_id)
        query = query.where(_ORGANISATION.c.state == OrganisationState.ACTIVE, _OPTION.c.retired_at.is_(None))
    return query.select_from(joined).order_by(SESSION.c.starts_at, SESSION.c.package_id).limit(CHUNK + 1)


def _within(scope: SessionScope) -> sa.ColumnElement[bool]:
    if scope.package_id is not None:
        return SESSION.c.package_id == scope.package_id
    if scope.organisation_id is not None:
        of = scope.organisation_id
        return sa.or_(_LISTING.c.producer_id == of, _LISTING.c.cooperative_id == of)
    assert scope.region_code is not None, "the scope was checked"
    return _LISTING.c.region_code.startswith(subtree(scope.region_code), autoescape=True)


def _check(move: _Move) -> None:
    scope = move.scope
    said = [each for each in (scope.package_id, scope.organisation_id, scope.region_code) if each is not None]
    if len(said) != 1:
        raise Invalid(
            field="scope",
            allowed="one of a package, an organisation, or a region",
            allowed_zh="套餐、组织、地区须且只能填一项",
        )
    if not 0 <= (scope.last_day - scope.first_day).days < DAYS_MAX:
        raise Invalid(
            field="lastDay",
            allowed=f"at most {DAYS_MAX} days, and the last is not before the first",
            allowed_zh=f"最多 {DAYS_MAX} 天，且结束日期不早于起始日期",
        )
    check_reason(move.reason)
    if scope.package_id is not None:
        require_id(scope.package_id, "pkg", field="package")
    if scope.organisation_id is not None:
        prefix_of(scope.organisation_id, field="organisation")
    if scope.region_code is not None:
        subtree(scope.region_code)

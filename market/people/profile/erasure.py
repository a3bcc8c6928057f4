"""Erasing a person (PIPL art. 47): asked for, cooled off, and then done by the worker.

What is theirs and marked so goes or is cleared, whatever room it is in; signing in to it ends; what must be kept by law
is kept under an id that leads to nobody. Rooms with more to do hear `people.erased`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.kernel import audit, outbox
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.kernel.personal import OnErasure, personal_mark
from market.people.manage import close_account
from market.people.profile.belongings import Belonging, belongings
from market.people.profile.own import lock_account, require_own
from market.people.profile.requests import Claimed, add_request, claim, move, own_request
from market.people.profile.rules import (
    CONFIRMED_WITHIN,
    COOLING_OFF,
    ERASURE_RETRIED,
    HasObligations,
    Obligation,
    PrivacyKind,
    PrivacyState,
    SignInNotRecent,
    check_move,
)
from market.people.rules import AccountState
from market.people.tables import Account, Device, RoleHeld

ERASED = "people.erased"
"""The outbox topic that tells other rooms: `{"account_id": …}`, and nothing else is left to tell."""

ErasureCheck = Callable[[Session, str], Iterable[Obligation]]
"""A room's say before a person is erased: what still ties this account. The composition root lists them."""

_SYSTEM = Actor(ActorKind.SYSTEM)
_TABLES = SQLModel.metadata.tables
_REQUESTS, _PARTS, _ANSWERS = _TABLES["privacy_request"], _TABLES["privacy_export"], _TABLES["idempotency_key"]


def last_owner_of(active: sa.Select[Any]) -> ErasureCheck:
    """The check that nobody leaves an organisation without an owner. `active` selects the ids of those that need one,
    which the floor above knows."""

    def check(session: Session, account_id: str) -> Iterable[Obligation]:
        other = sa.orm.aliased(RoleHeld)
        # Somebody who is blocked cannot look after it.
        has_other = sa.exists().where(
            col(other.organisation_id) == RoleHeld.organisation_id,
            col(other.role) == Role.OWNER,
            col(other.account_id) != account_id,
            col(Account.id) == col(other.account_id),
            col(Account.state) == AccountState.ACTIVE,
        )
        alone = select(RoleHeld.organisation_id).where(
            RoleHeld.account_id == account_id,
            RoleHeld.role == Role.OWNER,
            col(RoleHeld.organisation_id).in_(active),
            ~has_other,
        )
        for organisation_id in session.exec(alone.order_by(col(RoleHeld.organisation_id))):
            yield Obligation(
                "LAST_OWNER",
                str(organisation_id),
                "您是该组织唯一的所有者，请先移交给他人、关闭组织或撤回入驻申请。",
                "You are the only owner of an organisation: hand it over, close it or withdraw its application first.",
            )

    return check


def request_erasure(market: Market, actor: Actor, *, device_id: str, key: str, checks: Sequence[ErasureCheck]) -> str:
    """Ask for the actor to be erased; the request's id. It is done after seven days, until which it can be taken back.

    `device_id` is the sign-in that asks: the person confirms who they are by signing in once more. Refuses: NotSignedIn;
    Forbidden; SignInNotRecent; HasObligations; AlreadyRequested; IdempotencyConflict.
    Once: the same key gives the same request. Guards: the lock on the account. Later: `erase_people`.
    """
    account_id, now = require_own(actor), market.now()
    once_only = IdempotencyKey.of(actor=account_id, operation="request_erasure", key=key, asked=None)

    def ask() -> str:
        lock_account(session, account_id)
        _require_recent_sign_in(session, account_id, device_id, now=now)
        obligations = _obligations(session, account_id, checks)
        if obligations:
            raise HasObligations(obligations)
        request_id = market.new_id("pvr")
        add_request(
            session,
            request_id=request_id,
            account_id=account_id,
            kind=PrivacyKind.ERASURE,
            now=now,
            due_at=now + COOLING_OFF,
        )
        audit.record(session, actor, action="privacy.request_erasure", subject=request_id, now=now)
        return request_id

    with market.transaction() as session:
        return once(session, once_only, ask, now=now, dump=str, load=str)


def withdraw_erasure(market: Market, actor: Actor, *, request_id: str) -> None:
    """Take one's erasure back, while it cools off.

    Refuses: NotSignedIn; Forbidden; InvalidId; NotFound; IllegalTransition when it is done or taken back already.
    Guards: the condition on its state: either this or the worker comes first.
    """
    account_id, now = require_own(actor), market.now()
    with market.transaction() as session:
        request = own_request(session, account_id, request_id, PrivacyKind.ERASURE)
        withdrawn = session.execute(
            sa.update(_REQUESTS)
            .where(_REQUESTS.c.id == request_id, _REQUESTS.c.state == PrivacyState.REQUESTED)
            .values(state=PrivacyState.WITHDRAWN, finished_at=now, leased_until=None)
            .returning(_REQUESTS.c.id)
        )
        if withdrawn.first() is None:
            session.refresh(request)
            check_move(PrivacyKind.ERASURE, request.state, PrivacyState.WITHDRAWN)
        audit.record(session, actor, action="privacy.withdraw_erasure", subject=request_id, now=now)


def erase_people(market: Market, metadata: sa.MetaData, checks: Sequence[ErasureCheck], *, limit: int = 10) -> int:
    """The worker's: erase whoever asked for it and has cooled off; says how many requests it looked at. `metadata` are
    the tables of all rooms.

    Whoever has come to be tied again is left for a day, with what ties them on the request. One erasure that fails does
    not keep others waiting: it is tried again when its lease ends, and is raised at the end.
    """
    with market.transaction() as session:
        taken = claim(session, PrivacyKind.ERASURE, now=market.now(), limit=limit)
    failed: list[Exception] = []
    for claimed in taken:
        try:
            with market.transaction() as session:
                erase_step(session, metadata, checks, claimed, now=market.now())
        except Exception as error:  # noqa: BLE001 - raised below, when the others are done
            failed.append(error)
    if failed:
        raise ExceptionGroup("people who could not be erased", failed)
    return len(taken)


def erase_step(
    session: Session, metadata: sa.MetaData, checks: Sequence[ErasureCheck], claimed: Claimed, *, now: datetime
) -> None:
    """Step: erase the person of a claimed request, all of them in one transaction, or put it off for a day.

    Guards: the lock on the account, which waits for an order that is just being placed, so that the checks see it; the
    condition on the request's state.
    """
    check_move(PrivacyKind.ERASURE, PrivacyState.REQUESTED, PrivacyState.ERASED)
    account_id = claimed.account_id
    lock_account(session, account_id, wholly=True)
    obligations = _obligations(session, account_id, checks)
    if obligations:
        _put_off(session, claimed, obligations, now=now)
        return
    if not move(session, claimed, PrivacyState.ERASED, now=now, obligations=None):
        return
    _end_exports(session, account_id, now=now)
    for belonging in reversed(belongings(metadata)):
        if belonging.is_own:
            _clear(session, belonging, account_id)
    close_account(session, account_id, now)
    # Answers to repeated requests hold what was answered; nobody is left to repeat one.
    session.execute(sa.delete(_ANSWERS).where(_ANSWERS.c.actor == account_id))
    outbox.publish(session, ERASED, aggregate=account_id, payload={"account_id": account_id}, now=now)
    audit.record(session, _SYSTEM, action="account.erase", subject=account_id, now=now)


def _require_recent_sign_in(session: Session, account_id: str, device_id: str, *, now: datetime) -> None:
    recent = select(Device.id).where(
        Device.id == device_id,
        Device.account_id == account_id,
        col(Device.revoked_at).is_(None),
        Device.created_at > now - CONFIRMED_WITHIN,
    )
    if session.exec(recent).first() is None:
        raise SignInNotRecent


def _obligations(session: Session, account_id: str, checks: Sequence[ErasureCheck]) -> tuple[Obligation, ...]:
    return tuple(each for check in checks for each in check(session, account_id))


def _put_off(session: Session, claimed: Claimed, obligations: Sequence[Obligation], *, now: datetime) -> None:
    told = [{"code": each.code, "subject": each.subject} for each in obligations]
    session.execute(
        sa.update(_REQUESTS)
        .where(_REQUESTS.c.id == claimed.id, _REQUESTS.c.state == PrivacyState.REQUESTED)
        .values(due_at=now + ERASURE_RETRIED, leased_until=None, obligations=told)
    )


def _end_exports(session: Session, account_id: str, *, now: datetime) -> None:
    """Copies go first: a worker that is making one holds its request until it has written a part, and then finds that
    there is nothing to write for."""
    kept = sa.and_(
        _REQUESTS.c.account_id == account_id,
        _REQUESTS.c.kind == PrivacyKind.EXPORT,
        _REQUESTS.c.state.in_([PrivacyState.REQUESTED, PrivacyState.READY]),
    )
    session.execute(sa.update(_REQUESTS).where(kept).values(state=PrivacyState.EXPIRED, finished_at=now))
    copies = sa.select(_REQUESTS.c.id).where(_REQUESTS.c.account_id == account_id)
    session.execute(sa.delete(_PARTS).where(_PARTS.c.request_id.in_(copies)))


def _clear(session: Session, belonging: Belonging, account_id: str) -> None:
    """Do to a table's rows of this person what its personal columns say."""
    table, mine = belonging.table, belonging.where(account_id)
    marks = {column.name: mark for column in table.columns if (mark := personal_mark(column)) is not None}
    if any(mark.on_erasure is OnErasure.DELETE for mark in marks.values()):
        session.execute(sa.delete(table).where(mine))
        return
    cleared = {name: mark.replacement for name, mark in marks.items() if mark.on_erasure is OnErasure.CLEAR}
    if cleared:
        session.execute(sa.update(table).where(mine).values(cleared))

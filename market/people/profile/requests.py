"""Privacy requests: listed by whoever made them, claimed by the worker that does them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.kernel.errors import NotFound
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.people.profile.own import require_own
from market.people.profile.rules import AlreadyRequested, PrivacyKind, PrivacyState
from market.people.profile.tables import PrivacyRequest

LEASE = timedelta(minutes=10)
"""How long a worker keeps a request to itself; one that fails is tried again after it."""

_REQUESTS = SQLModel.metadata.tables["privacy_request"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A request that this worker does now. `attempt` counts only while no other worker has taken it since."""

    id: str
    account_id: str
    attempt: int


class LeaseLost(RuntimeError):
    """A worker was so slow that another took its request over, or its person was erased meanwhile."""


def list_privacy_requests(market: Market, actor: Actor) -> Sequence[PrivacyRequest]:
    """What the actor asked about their data, the newest first. Refuses: NotSignedIn; Forbidden."""
    account_id = require_own(actor)
    with market.read() as session:
        mine = select(PrivacyRequest).where(PrivacyRequest.account_id == account_id)
        return session.exec(mine.order_by(col(PrivacyRequest.id).desc())).all()


def own_request(session: Session, account_id: str, request_id: str, kind: PrivacyKind) -> PrivacyRequest:
    """Step: a person's own request of this kind. Refuses: InvalidId; NotFound."""
    require_id(request_id, "pvr", field="request")
    found = session.exec(
        select(PrivacyRequest).where(
            PrivacyRequest.id == request_id, PrivacyRequest.account_id == account_id, PrivacyRequest.kind == kind
        )
    ).first()
    if found is None:
        raise NotFound(field="request")
    return found


def add_request(
    session: Session, *, request_id: str, account_id: str, kind: PrivacyKind, now: datetime, due_at: datetime
) -> None:
    """Step: take a request down. Refuses with AlreadyRequested while one of its kind is open.

    Guards: the lock on the account, which the caller holds, and the unique index of open requests beneath.
    """
    is_open = (_REQUESTS.c.account_id == account_id, _REQUESTS.c.kind == kind)
    earlier = session.execute(
        sa.select(_REQUESTS.c.id).where(*is_open, _REQUESTS.c.state == PrivacyState.REQUESTED)
    ).first()
    if earlier is not None:
        raise AlreadyRequested(request=earlier.id)
    session.execute(
        sa.insert(_REQUESTS),
        {
            "id": request_id,
            "account_id": account_id,
            "kind": kind,
            "state": PrivacyState.REQUESTED,
            "requested_at": now,
            "due_at": due_at,
            "attempt": 0,
        },
    )


def claim(session: Session, kind: PrivacyKind, *, now: datetime, limit: int) -> list[Claimed]:
    """Step: take requests that are due, the longest due first, for `LEASE`.

    Guards: the lease: of two workers that see the same request, one gets the row.
    """
    is_due = sa.and_(
        _REQUESTS.c.kind == kind,
        _REQUESTS.c.state == PrivacyState.REQUESTED,
        _REQUESTS.c.due_at <= now,
        sa.or_(_REQUESTS.c.leased_until.is_(None), _REQUESTS.c.leased_until <= now),
    )
    waiting = session.execute(sa.select(_REQUESTS.c.id).where(is_due).order_by(_REQUESTS.c.due_at).limit(limit))
    taken = session.execute(
        sa.update(_REQUESTS)
        .where(_REQUESTS.c.id.in_(sorted(row.id for row in waiting)), is_due)
        .values(leased_until=now + LEASE, attempt=_REQUESTS.c.attempt + 1)
        .returning(_REQUESTS.c.id, _REQUESTS.c.account_id, _REQUESTS.c.attempt)
    )
    return [Claimed(*row) for row in taken]


def move(session: Session, claimed: Claimed, to_state: PrivacyState, *, now: datetime, **changes: object) -> bool:
    """Step: the worker's move of a request it has claimed. False when it was taken back or taken over meanwhile.

    Guards: the condition on state and attempt, in the one statement.
    """
    moved = session.execute(
        sa.update(_REQUESTS)
        .where(_still_claimed(claimed))
        .values(state=to_state, finished_at=now, leased_until=None, **changes)
        .returning(_REQUESTS.c.id)
    )
    return moved.first() is not None


def require_claimed(session: Session, claimed: Claimed) -> None:
    """Step: until the commit, nobody moves this request. Raises LeaseLost when somebody has already."""
    held = sa.select(_REQUESTS.c.id).where(_still_claimed(claimed)).with_for_update(read=True)
    if session.execute(held).first() is None:
        raise LeaseLost(claimed.id)


def _still_claimed(claimed: Claimed) -> sa.ColumnElement[bool]:
    return sa.and_(
        _REQUESTS.c.id == claimed.id,
        _REQUESTS.c.state == PrivacyState.REQUESTED,
        _REQUESTS.c.attempt == claimed.attempt,
    )

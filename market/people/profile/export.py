"""A copy of everything kept of a person, for them to read or take elsewhere (PIPL art. 45).

The worker makes it, part by part, so that neither a long transaction nor much memory is needed; the parts are sealed.
"""

import json
from collections.abc import Generator
from contextlib import closing
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, func, select

from market.kernel import audit
from market.kernel.idempotency import IdempotencyKey, canonical_json, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.kernel.personal import PersonalKind, personal_mark
from market.kernel.sealing import Sealer
from market.people.profile.belongings import TECHNICAL, Belonging, belongings
from market.people.profile.own import lock_account, require_own
from market.people.profile.requests import Claimed, add_request, claim, move, own_request, require_claimed
from market.people.profile.rules import (
    EXPORT_KEPT,
    EXPORTS_A_DAY_MAX,
    ExportNotReady,
    PrivacyKind,
    PrivacyState,
    TooManyExports,
    check_move,
)
from market.people.profile.tables import EXPORT, PrivacyExport, PrivacyRequest

PART_CHARACTERS = 256 * 1024
"""About how long a part is before it is sealed."""
_ROWS_AT_ONCE = 500
_SYSTEM = Actor(ActorKind.SYSTEM)

_REQUESTS = SQLModel.metadata.tables["privacy_request"]
_PARTS = SQLModel.metadata.tables["privacy_export"]


def request_export(market: Market, actor: Actor, *, key: str) -> str:
    """Ask for a copy of everything kept of the actor; the request's id. The worker makes it within minutes.

    Refuses: NotSignedIn; Forbidden; AlreadyRequested while one is being made; TooManyExports within a day;
    IdempotencyConflict. Once: the same key gives the same request. Guards: the lock on the account.
    """
    account_id, now = require_own(actor), market.now()
    once_only = IdempotencyKey.of(actor=account_id, operation="request_export", key=key, asked=None)

    def ask() -> str:
        lock_account(session, account_id)
        lately = select(func.count()).where(
            col(PrivacyRequest.account_id) == account_id,
            col(PrivacyRequest.kind) == PrivacyKind.EXPORT,
            col(PrivacyRequest.requested_at) > now - timedelta(days=1),
        )
        if session.exec(lately).one() >= EXPORTS_A_DAY_MAX:
            raise TooManyExports
        request_id = market.new_id("pvr")
        add_request(session, request_id=request_id, account_id=account_id, kind=PrivacyKind.EXPORT, now=now, due_at=now)
        audit.record(session, actor, action="privacy.request_export", subject=request_id, now=now)
        return request_id

    with market.transaction() as session:
        return once(session, once_only, ask, now=now, dump=str, load=str)


def read_export(market: Market, actor: Actor, *, request_id: str) -> bytes:
    """The copy, as UTF-8 JSON, for seven days after it was made.

    Refuses: NotSignedIn; Forbidden; InvalidId; NotFound for a request that is not the actor's; ExportNotReady.
    """
    account_id, now = require_own(actor), market.now()
    with market.read() as session:
        request = own_request(session, account_id, request_id, PrivacyKind.EXPORT)
        is_kept = request.expires_at is not None and now < request.expires_at
        if request.state is not PrivacyState.READY or not is_kept:
            state = PrivacyState.EXPIRED if request.state is PrivacyState.READY else request.state
            raise ExportNotReady(state=state)
        parts = session.exec(
            select(PrivacyExport.content_sealed)
            .where(PrivacyExport.request_id == request.id, PrivacyExport.attempt == request.attempt)
            .order_by(col(PrivacyExport.position))
        )
        return "".join(market.sealer.open(part, purpose=EXPORT) for part in parts).encode()


def make_exports(market: Market, metadata: sa.MetaData, *, limit: int = 10) -> int:
    """The worker's: make the copies that were asked for; says how many. `metadata` are the tables of all rooms.

    One that fails does not keep others waiting: it is tried again when its lease ends, and is raised at the end.
    """
    with market.transaction() as session:
        taken = claim(session, PrivacyKind.EXPORT, now=market.now(), limit=limit)
    failed: list[Exception] = []
    for claimed in taken:
        try:
            _make(market, metadata, claimed)
        except Exception as error:  # noqa: BLE001 - raised below, when the others are made
            failed.append(error)
    if failed:
        raise ExceptionGroup("copies of personal data that could not be made", failed)
    return len(taken)


def expire_exports(market: Market, *, limit: int = 100) -> int:
    """The worker's: drop the copies that have been kept long enough; says how many."""
    check_move(PrivacyKind.EXPORT, PrivacyState.READY, PrivacyState.EXPIRED)
    now = market.now()
    with market.transaction() as session:
        is_over = sa.and_(_REQUESTS.c.state == PrivacyState.READY, _REQUESTS.c.expires_at <= now)
        oldest = sa.select(_REQUESTS.c.id).where(is_over).order_by(_REQUESTS.c.expires_at).limit(limit)
        gone = session.execute(
            sa.update(_REQUESTS)
            .where(_REQUESTS.c.id.in_(oldest), is_over)
            .values(state=PrivacyState.EXPIRED)
            .returning(_REQUESTS.c.id)
        ).all()
        session.execute(sa.delete(_PARTS).where(_PARTS.c.request_id.in_([row.id for row in gone])))
    return len(gone)


def _make(market: Market, metadata: sa.MetaData, claimed: Claimed) -> None:
    check_move(PrivacyKind.EXPORT, PrivacyState.REQUESTED, PrivacyState.READY)
    with market.transaction() as session:
        require_claimed(session, claimed)
        session.execute(sa.delete(_PARTS).where(_PARTS.c.request_id == claimed.id))  # of attempts that were cut off
    position, gathered, length = 0, list[str](), 0
    made_at = market.now().isoformat()
    with (
        market.read() as reading,
        closing(_document(reading, market.sealer, metadata, claimed.account_id, made_at=made_at)) as texts,
    ):
        for text in texts:
            gathered.append(text)
            length += len(text)
            if length >= PART_CHARACTERS:
                _keep(market, claimed, position, "".join(gathered))
                position, gathered, length = position + 1, [], 0
    _keep(market, claimed, position, "".join(gathered))
    now = market.now()
    with market.transaction() as session:
        if move(session, claimed, PrivacyState.READY, now=now, expires_at=now + EXPORT_KEPT):
            audit.record(session, _SYSTEM, action="privacy.make_export", subject=claimed.id, now=now)


def _keep(market: Market, claimed: Claimed, position: int, text: str) -> None:
    sealed = market.sealer.seal(text, purpose=EXPORT)
    row = {"request_id": claimed.id, "attempt": claimed.attempt, "position": position, "content_sealed": sealed}
    with market.transaction() as session:
        # Nothing is kept for a request that was taken over, or whose person was erased while their rows were read.
        require_claimed(session, claimed)
        session.execute(sa.insert(_PARTS), row)


def _document(
    session: Session, sealer: Sealer, metadata: sa.MetaData, account_id: str, *, made_at: str
) -> Generator[str, None, None]:
    """The copy's text, in pieces: `own` are the person's rows by table, `mentions` others' that name their account."""
    head = canonical_json({"format": "market.personal-data", "version": 1, "account": account_id, "made_at": made_at})
    yield head[:-1]
    found = belongings(metadata)
    for name, is_own in (("own", True), ("mentions", False)):
        yield f',\n"{name}":{{'
        comma = "\n"
        for each in found:
            if each.is_own is is_own and each.table.name not in TECHNICAL:
                yield f'{comma}"{each.table.name}":['
                yield from _rows(session, sealer, each, account_id)
                yield "]"
                comma = ",\n"
        yield "\n}"
    yield "}\n"


def _rows(session: Session, sealer: Sealer, belonging: Belonging, account_id: str) -> Generator[str, None, None]:
    table = belonging.table
    found = {column.name: _shown(column, is_own=belonging.is_own) for column in table.columns}
    shown = {name: purpose for name, purpose in found.items() if purpose is not None}
    asked = sa.select(*[table.c[name] for name in shown]).where(belonging.where(account_id))
    ordered = asked.order_by(*table.primary_key.columns).execution_options(yield_per=_ROWS_AT_ONCE)
    comma = "\n"
    with session.execute(ordered) as rows:
        for row in rows.mappings():
            opened = dict(_value(sealer, name, shown[name], row[name]) for name in shown)
            yield comma + json.dumps(json.loads(canonical_json(opened)), ensure_ascii=False)
            comma = ",\n"


def _shown(column: sa.Column[Any], *, is_own: bool) -> str | None:
    """How a column is shown: opened for this purpose of the sealer, as it is (""), or not at all (None).

    Of others' rows nothing personal is shown, and nobody gets what proves who they are, nor hashes and seals.
    """
    mark = personal_mark(column)
    if mark is None:
        return None if column.name.endswith(("digest", "hash", "_sealed")) else ""
    if mark.kind is PersonalKind.CREDENTIAL or not is_own:
        return None
    return mark.sealed_for or ""


def _value(sealer: Sealer, name: str, purpose: str, value: Any) -> tuple[str, Any]:
    if not purpose:
        return name, value
    return name.removesuffix("_sealed"), None if value is None else sealer.open(value, purpose=purpose)

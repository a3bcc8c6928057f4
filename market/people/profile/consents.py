"""Use cases: what a person consents to, and takes back just as easily (PIPL art. 15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select
from typeid import TypeID

from market.kernel import audit
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.people.profile.own import lock_account, require_own
from market.people.profile.rules import ConsentDecision, ConsentKind, ConsentSource, check_version
from market.people.profile.tables import Consent

_CONSENTS = SQLModel.metadata.tables["consent"]


@dataclass(frozen=True, slots=True)
class ConsentNow:
    """How one kind of consent stands: to which version it was given, and since when; or when it was taken back."""

    kind: ConsentKind
    is_given: bool
    version: str
    at: datetime


def give_consent(market: Market, actor: Actor, *, kind: ConsentKind, version: str, source: ConsentSource) -> ConsentNow:
    """Put on record that the actor consents to this version of a text. Once: a consent that stands is left alone.

    Refuses: NotSignedIn; Forbidden; Invalid for what names no version.
    Guards: the lock on the account, and the unique number beneath.
    """
    account_id = require_own(actor)
    check_version(version)
    with market.transaction() as session:
        lock_account(session, account_id)
        return record_consent(session, actor, account_id, kind=kind, version=version, source=source, now=market.now())


def withdraw_consent(market: Market, actor: Actor, *, kind: ConsentKind, source: ConsentSource) -> ConsentNow | None:
    """Put on record that the actor takes a consent back; what was done while it stood remains lawful (PIPL art. 15).
    None when it was never given. Once: what is taken back already is left alone.

    Refuses: NotSignedIn; Forbidden.
    """
    account_id, now = require_own(actor), market.now()
    with market.transaction() as session:
        lock_account(session, account_id)
        last = _last(session, account_id, kind)
        if last is None or last.decision is ConsentDecision.WITHDRAWN:
            return None if last is None else _now(last)
        return _append(
            session,
            actor,
            last,
            ConsentDecision.WITHDRAWN,
            account_id=account_id,
            kind=kind,
            version=last.version,
            source=source,
            now=now,
        )


def list_consents(market: Market, actor: Actor) -> Sequence[ConsentNow]:
    """How each kind of consent that the actor ever decided on stands now. Refuses: NotSignedIn; Forbidden."""
    newest = {each.kind: _now(each) for each in consent_history(market, actor)}
    return [newest[kind] for kind in ConsentKind if kind in newest]


def consent_history(market: Market, actor: Actor) -> Sequence[Consent]:
    """Everything the actor consented to and took back, of each kind the oldest first. Refuses: NotSignedIn; Forbidden."""
    account_id = require_own(actor)
    with market.read() as session:
        return session.exec(
            select(Consent).where(Consent.account_id == account_id).order_by(col(Consent.kind), col(Consent.number))
        ).all()


def has_consent(session: Session, account_id: str, kind: ConsentKind, *, version: str | None = None) -> bool:
    """Step: whether this person's consent stands; to that version of the text, when one is named."""
    last = _last(session, account_id, kind)
    is_given = last is not None and last.decision is ConsentDecision.GIVEN
    return is_given and (version is None or (last is not None and last.version == version))


def record_consent(
    session: Session,
    actor: Actor,
    account_id: str,
    *,
    kind: ConsentKind,
    version: str,
    source: ConsentSource,
    now: datetime,
) -> ConsentNow:
    """Step: put a consent on record, for the use case of the same purpose and for signing up, which makes the account
    in the same transaction. Nobody else may change this person's consents meanwhile."""
    last = _last(session, account_id, kind)
    if last is not None and last.decision is ConsentDecision.GIVEN and last.version == version:
        return _now(last)
    return _append(
        session,
        actor,
        last,
        ConsentDecision.GIVEN,
        account_id=account_id,
        kind=kind,
        version=version,
        source=source,
        now=now,
    )


def _append(
    session: Session,
    actor: Actor,
    last: Consent | None,
    decision: ConsentDecision,
    *,
    account_id: str,
    kind: ConsentKind,
    version: str,
    source: ConsentSource,
    now: datetime,
) -> ConsentNow:
    is_given = decision is ConsentDecision.GIVEN
    session.execute(
        sa.insert(_CONSENTS),
        {
            # Not a node of the API, so its prefix is not among those that node(id:) knows.
            "id": str(TypeID("cns")),
            "account_id": account_id,
            "kind": kind,
            "number": 1 if last is None else last.number + 1,
            "decision": decision,
            "version": version,
            "source": source,
            "at": now,
        },
    )
    action = "consent.give" if is_given else "consent.withdraw"
    audit.record(session, actor, action=action, subject=account_id, now=now, after={"kind": kind, "version": version})
    return ConsentNow(kind, is_given, version, now)


def _last(session: Session, account_id: str, kind: ConsentKind) -> Consent | None:
    return session.exec(
        select(Consent)
        .where(Consent.account_id == account_id, Consent.kind == kind)
        .order_by(col(Consent.number).desc())
        .limit(1)
    ).first()


def _now(consent: Consent) -> ConsentNow:
    return ConsentNow(consent.kind, consent.decision is ConsentDecision.GIVEN, consent.version, consent.at)

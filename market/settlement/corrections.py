"""Use cases: the ledger put right by hand. One person proposes, another decides, and nothing is ever rewritten: what
was wrong is reversed, and what is right is posted beside it.

What was sold or paid back is not corrected here: orders say that, and reports must equal the ledger. A refund is.
"""

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.ledger.post import post, reverse
from market.ledger.rules import AccountKey, AccountKind, Entry, TxnKind
from market.ledger.tables import LedgerAccount, LedgerEntry, LedgerTxn
from market.organisations.tables import Organisation
from market.settlement.errors import SamePerson
from market.settlement.keyed import key_of, keyed, require_managed, who, words
from market.settlement.rules import CORRECTION_MOVES, CorrectionState, illegal
from market.settlement.tables import Correction, Release

REVERSIBLE = frozenset({TxnKind.RELEASE, TxnKind.CORRECTION})
OF_PARTY = frozenset({AccountKind.SELLER_PENDING, AccountKind.SELLER_PAYABLE})
OF_PLATFORM = frozenset({AccountKind.COMMISSION, AccountKind.DELIVERY, AccountKind.BANK})
ENTRIES_MAX = 10
FEN_MAX = 100_000_000_00

_RELEASES = SQLModel.metadata.tables[str(Release.__tablename__)]
_ENTRIES = SQLModel.metadata.tables[str(LedgerEntry.__tablename__)]
_ACCOUNTS = SQLModel.metadata.tables[str(LedgerAccount.__tablename__)]


@dataclass(frozen=True, slots=True)
class CorrectionEntry:
    """So many fen to one of the party's accounts, or of the platform's: a debit above zero, a credit below."""

    account: AccountKind
    amount_fen: int


@dataclass(frozen=True, slots=True)
class CorrectionDraft:
    """What to put right about a party's accounts: a RELEASE or an earlier CORRECTION reversed, money moved, or both."""

    party: str
    reason: str
    reverses: str | None = None
    entries: tuple[CorrectionEntry, ...] = ()


def propose_correction(market: Market, actor: Actor, draft: CorrectionDraft, *, key: str) -> str:
    """Propose a correction; its id. Nothing moves yet.

    Refuses: Forbidden; NotFound for a party outside the actor's regions or a transaction that is not the party's;
    Invalid for entries that do not balance, or what cannot be corrected here; IdempotencyConflict. Once, by `key`.
    """
    reach(actor, Permission.SETTLEMENT_MANAGE)
    reason = words(draft.reason, field="reason")
    _check(draft)
    with market.transaction() as session:

        def act() -> str:
            owned = session.exec(select(Organisation).where(Organisation.id == draft.party)).first()
            if owned is None:
                raise NotFound(field="party")
            require_managed(actor, owned.region_code, field="party")
            if draft.reverses is not None:
                _check_reversible(session, draft.party, draft.reverses)
            correction = Correction(
                id=market.new_id("cor"),
                region_code=owned.region_code,
                party=draft.party,
                reverses=draft.reverses,
                entries=[[each.account.value, each.amount_fen] for each in draft.entries],
                reason=reason,
                made_by=who(actor),
                made_at=market.now(),
            )
            session.add(correction)
            session.flush()
            _record(session, market, actor, "correction.propose", correction)
            return correction.id

        return keyed(session, market, key_of(actor, "proposeCorrection", key, asdict(draft)), act)


def approve_correction(market: Market, actor: Actor, *, correction_id: str, key: str) -> str:
    """Post a correction that somebody else proposed. What is payable may go below zero: it is carried on.

    Refuses: Forbidden; NotFound; SamePerson; IllegalTransition; LedgerConflict when the transaction was reversed
    meanwhile; IdempotencyConflict. Once, by `key`. Guards: one conditional update, a CHECK beneath; UNIQUE in the ledger.
    """
    reach(actor, Permission.SETTLEMENT_MANAGE)
    with market.transaction() as session:

        def act() -> str:
            correction = _decide(session, market, actor, correction_id, CorrectionState.APPROVED)
            if correction.reverses is not None:
                _undo(session, market, correction, correction.reverses)
            if correction.entries:
                entries = [
                    Entry(_account(AccountKind(kind), correction.party), fen) for kind, fen in correction.entries
                ]
                post(session, TxnKind.CORRECTION, reference=correction_id, entries=entries, at=market.now())
            _record(session, market, actor, "correction.approve", correction)
            return correction_id

        return keyed(session, market, key_of(actor, "approveCorrection", key, correction_id), act)


def reject_correction(market: Market, actor: Actor, *, correction_id: str, key: str) -> str:
    """Decide that nothing is to be corrected. Refuses and guards as `approve_correction`."""
    reach(actor, Permission.SETTLEMENT_MANAGE)
    with market.transaction() as session:

        def act() -> str:
            correction = _decide(session, market, actor, correction_id, CorrectionState.REJECTED)
            _record(session, market, actor, "correction.reject", correction)
            return correction_id

        return keyed(session, market, key_of(actor, "rejectCorrection", key, correction_id), act)


def _check(draft: CorrectionDraft) -> None:
    """Refuses with Invalid what no correction can be."""
    allowed, allowed_zh = "", ""
    if draft.reverses is None and not draft.entries:
        allowed, allowed_zh = "a transaction to reverse, or entries", "须指定要冲销的凭证，或填写分录"
    elif len(draft.entries) > ENTRIES_MAX or len({each.account for each in draft.entries}) < len(draft.entries):
        allowed, allowed_zh = "each account once", "每个科目只能出现一次"
    elif any(each.account not in OF_PARTY | OF_PLATFORM for each in draft.entries):
        allowed = f"accounts: {', '.join(sorted(OF_PARTY | OF_PLATFORM))}"
        allowed_zh = f"科目限于：{'、'.join(sorted(OF_PARTY | OF_PLATFORM))}"
    elif any(not 0 < abs(each.amount_fen) <= FEN_MAX for each in draft.entries):
        allowed, allowed_zh = "amounts other than zero", "金额不能为零"
    elif sum(each.amount_fen for each in draft.entries) != 0:
        allowed, allowed_zh = "entries that balance: debits equal credits", "借贷必须相等"
    if allowed:
        raise Invalid(field="entries", allowed=allowed, allowed_zh=allowed_zh)


def _check_reversible(session: Session, party: str, txn_id: str) -> None:
    """Refuses NotFound when a transaction does not touch the party's accounts, Invalid when it is of another kind."""
    touched = (
        sa.select(_ENTRIES.c.txn_id)
        .join(_ACCOUNTS, _ACCOUNTS.c.id == _ENTRIES.c.account_id)
        .where(_ENTRIES.c.txn_id == txn_id, _ACCOUNTS.c.owner == party, _ACCOUNTS.c.kind.in_(OF_PARTY))
    )
    txn = session.exec(select(LedgerTxn).where(LedgerTxn.id == txn_id, sa.exists(touched))).first()
    if txn is None:
        raise NotFound(field="reverses")
    if txn.kind not in REVERSIBLE:
        allowed, allowed_zh = "a RELEASE or a CORRECTION can be reversed", "只能冲销“转可结算”或“更正”凭证"
        raise Invalid(field="reverses", allowed=allowed, allowed_zh=allowed_zh)


def _undo(session: Session, market: Market, correction: Correction, txn_id: str) -> None:
    """Reverse a transaction; a release is then no longer on record either, and its line is not released again."""
    now = market.now()
    reversal = reverse(session, txn_id, reference=correction.id, at=now)
    released = session.get(Release, txn_id)
    if released is None:
        return
    last = sa.select(sa.func.max(_RELEASES.c.seq)).where(_RELEASES.c.subject_id == released.subject_id)
    facts: dict[str, Any] = {
        name: getattr(released, name) for name in ("subject_id", "kind", "seller_order_id", "party", "producer_id")
    }
    for name in ("paid_fen", "voucher_fen", "commission_fen", "amount_fen"):
        facts[name] = -getattr(released, name)
    seq = session.execute(last).scalar_one() + 1
    session.add(Release(id=reversal, seq=seq, at=now, business_day=business_day(now), **facts))
    session.flush()


def _account(kind: AccountKind, party: str) -> AccountKey:
    return AccountKey(kind, party if kind in OF_PARTY else "")


def _decide(session: Session, market: Market, actor: Actor, correction_id: str, to: CorrectionState) -> Correction:
    """Move a correction by another person than its maker; or refuse, by what it is."""
    correction = session.exec(select(Correction).where(Correction.id == correction_id)).first()
    if correction is None:
        raise NotFound(field="correction")
    require_managed(actor, correction.region_code, field="correction")
    decided = session.execute(
        sa.update(Correction)
        .where(
            col(Correction.id) == correction_id,
            col(Correction.state) == CorrectionState.PROPOSED,
            col(Correction.made_by) != who(actor),
        )
        .values(state=to, checked_by=who(actor), checked_at=market.now())
    )
    session.refresh(correction)
    if decided.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        if correction.state == CorrectionState.PROPOSED:
            raise SamePerson
        raise illegal(CORRECTION_MOVES, CorrectionState(correction.state), to)
    return correction


def _record(session: Session, market: Market, actor: Actor, action: str, correction: Correction) -> None:
    after = {"reverses": correction.reverses, "entries": correction.entries, "state": correction.state}
    audit.record(
        session,
        actor,
        action=action,
        subject=correction.id,
        principal=correction.party,
        after=after,
        now=market.now(),
    )

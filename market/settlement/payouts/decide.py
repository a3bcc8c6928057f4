"""Use cases: somebody else approves or rejects a batch; then what became of each payout."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.ledger.post import post, reverse
from market.ledger.rules import AccountKey, AccountKind, Entry, TxnKind
from market.ledger.tables import LedgerTxn
from market.settlement.errors import SamePerson
from market.settlement.keyed import key_of, keyed, require_managed, who, words
from market.settlement.release import net_party, payable
from market.settlement.rules import BATCH_MOVES, PAYOUT_MOVES, BatchState, PayoutState, illegal
from market.settlement.tables import Payout, PayoutBatch

CLEARING = AccountKey(AccountKind.PAYOUT_CLEARING)
"""What is on its way to sellers."""
BANK = AccountKey(AccountKind.BANK)
NOT_PAYABLE = "NOT_PAYABLE"
REJECTED = "REJECTED"
REFERENCE_MAX = 64
REASON_MAX = 200


def approve_payouts(market: Market, actor: Actor, *, batch_id: str, key: str) -> str:
    """Approve a batch that somebody else proposed: each payout's money leaves its party's payable account. One whose
    party has less than that now, for refunds since, is DROPPED: it is paid as approved or not at all.

    Refuses: Forbidden; NotFound; SamePerson; IllegalTransition; IdempotencyConflict. Once, by `key`.
    Guards: one conditional update of the batch (state, and another person than the maker) with a CHECK beneath; each
    payable account is taken before its balance is judged, and refunds are netted first.
    """
    reach(actor, Permission.SETTLEMENT_MANAGE)
    with market.transaction() as session:

        def act() -> str:
            batch = _decide(session, market, actor, batch_id, BatchState.APPROVED)
            now = market.now()
            for payout in _payouts_of(session, batch_id):
                is_payable = net_party(session, payout.party, now=now) >= payout.amount_fen
                if is_payable:
                    entries = [Entry(payable(payout.party), payout.amount_fen), Entry(CLEARING, -payout.amount_fen)]
                    post(session, TxnKind.PAYOUT, reference=payout.id, entries=entries, at=now)
                    _move(session, payout, PayoutState.APPROVED)
                else:
                    _move(session, payout, PayoutState.DROPPED, reason=NOT_PAYABLE, ended_at=now)
            _complete(session, batch_id, now)
            _record(session, actor, "payout.approve", batch, now=now)
            return batch_id

        return keyed(session, market, key_of(actor, "approvePayouts", key, batch_id), act)


def reject_payouts(market: Market, actor: Actor, *, batch_id: str, reason: str, key: str) -> str:
    """Reject a batch that somebody else proposed; its parties can be proposed again. Refuses and guards as
    `approve_payouts`; Invalid without a reason."""
    reach(actor, Permission.SETTLEMENT_MANAGE)
    said = words(reason, field="reason")
    with market.transaction() as session:

        def act() -> str:
            batch = _decide(session, market, actor, batch_id, BatchState.REJECTED, note=said)
            for payout in _payouts_of(session, batch_id):
                _move(session, payout, PayoutState.DROPPED, reason=REJECTED, ended_at=market.now())
            _record(session, actor, "payout.reject", batch, now=market.now())
            return batch_id

        return keyed(session, market, key_of(actor, "rejectPayouts", key, [batch_id, said]), act)


def record_paid(market: Market, actor: Actor, *, payout_id: str, reference: str, key: str) -> str:
    """The bank has paid a payout, under this number. Refuses: Forbidden; NotFound; IllegalTransition; Invalid;
    IdempotencyConflict. Once, by `key`, and by the payout in the ledger. Guards: one conditional update."""
    reach(actor, Permission.SETTLEMENT_MANAGE)
    number = _short(reference, "reference", REFERENCE_MAX)
    with market.transaction() as session:

        def act() -> str:
            now = market.now()
            payout = _managed(session, actor, payout_id)
            _move(session, payout, PayoutState.PAID, reference=number, ended_at=now)
            entries = [Entry(CLEARING, payout.amount_fen), Entry(BANK, -payout.amount_fen)]
            post(session, TxnKind.PAYOUT_PAID, reference=payout.id, entries=entries, at=now)
            _end(session, actor, payout, "payout.paid", now=now)
            return payout_id

        return keyed(session, market, key_of(actor, "recordPaid", key, [payout_id, number]), act)


def record_failed(market: Market, actor: Actor, *, payout_id: str, reason: str, key: str) -> str:
    """The bank could not pay a payout: its money is payable again. Refuses and guards as `record_paid`."""
    reach(actor, Permission.SETTLEMENT_MANAGE)
    said = _short(reason, "reason", REASON_MAX)
    with market.transaction() as session:

        def act() -> str:
            now = market.now()
            payout = _managed(session, actor, payout_id)
            _move(session, payout, PayoutState.FAILED, reason=said, ended_at=now)
            txn_id = session.exec(
                select(LedgerTxn.id).where(LedgerTxn.kind == TxnKind.PAYOUT, LedgerTxn.reference == payout_id)
            ).one()
            reverse(session, txn_id, reference=payout_id, at=now)
            _end(session, actor, payout, "payout.failed", now=now)
            return payout_id

        return keyed(session, market, key_of(actor, "recordFailed", key, [payout_id, said]), act)


def _decide(
    session: Session, market: Market, actor: Actor, batch_id: str, to: BatchState, **values: Any
) -> PayoutBatch:
    """Move a batch by another person than its maker; or refuse, by what it is."""
    batch = session.exec(select(PayoutBatch).where(PayoutBatch.id == batch_id)).first()
    if batch is None:
        raise NotFound(field="batch")
    require_managed(actor, batch.region_code, field="batch")
    decided = session.execute(
        sa.update(PayoutBatch)
        .where(
            col(PayoutBatch.id) == batch_id,
            col(PayoutBatch.state) == BatchState.PROPOSED,
            col(PayoutBatch.made_by) != who(actor),
        )
        .values(state=to, checked_by=who(actor), checked_at=market.now(), **values)
    )
    session.refresh(batch)
    if decided.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        if batch.state == BatchState.PROPOSED:
            raise SamePerson
        raise illegal(BATCH_MOVES, BatchState(batch.state), to)
    return batch


def _payouts_of(session: Session, batch_id: str) -> list[Payout]:
    return list(session.exec(select(Payout).where(Payout.batch_id == batch_id).order_by(col(Payout.party))).all())


def _managed(session: Session, actor: Actor, payout_id: str) -> Payout:
    payout = session.exec(select(Payout).where(Payout.id == payout_id)).first()
    if payout is None:
        raise NotFound(field="payout")
    require_managed(actor, payout.region_code, field="payout")
    return payout


def _move(session: Session, payout: Payout, to: PayoutState, **values: Any) -> None:
    sources = [state for state in PayoutState if to in PAYOUT_MOVES[state]]
    moved = session.execute(
        sa.update(Payout).where(col(Payout.id) == payout.id, col(Payout.state).in_(sources)).values(state=to, **values)
    )
    if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        session.refresh(payout)
        raise illegal(PAYOUT_MOVES, PayoutState(payout.state), to)


def _end(session: Session, actor: Actor, payout: Payout, action: str, *, now: datetime) -> None:
    _complete(session, payout.batch_id, now)
    after = {"fen": payout.amount_fen}
    audit.record(session, actor, action=action, subject=payout.id, principal=payout.party, after=after, now=now)


def _complete(session: Session, batch_id: str, now: datetime) -> None:
    """A batch whose payouts have all ended is over. Its row is taken first, so that the last of two knows it."""
    session.execute(sa.select(PayoutBatch.id).where(col(PayoutBatch.id) == batch_id).with_for_update(key_share=True))  # type: ignore[call-overload]
    is_going_on = sa.exists().where(col(Payout.batch_id) == batch_id, col(Payout.state) == PayoutState.APPROVED)
    session.execute(
        sa.update(PayoutBatch)
        .where(col(PayoutBatch.id) == batch_id, col(PayoutBatch.state) == BatchState.APPROVED, ~is_going_on)
        .values(state=BatchState.COMPLETED, completed_at=now)
    )


def _record(session: Session, actor: Actor, action: str, batch: PayoutBatch, *, now: datetime) -> None:
    after = {"payouts": batch.payout_count, "totalFen": batch.total_fen, "madeBy": batch.made_by}
    audit.record(session, actor, action=action, subject=batch.id, after=after, now=now)


def _short(text: str, field: str, most: int) -> str:
    found = text.strip()
    if not 0 < len(found) <= most:
        raise Invalid(field=field, allowed=f"say it in 1 to {most} characters", allowed_zh=f"请填写 1 到 {most} 字")
    return found

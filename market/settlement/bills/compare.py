"""Use cases: a bill is kept and compared; differences are looked into."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import islice

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.clock import day_bounds
from market.kernel.errors import IllegalTransition, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.payments.bills import Bill, BillKind, BillLine
from market.payments.rules import PaymentState, RefundState
from market.payments.tables import Payment, Refund
from market.settlement.bills.rules import PAID_WORDS, Record, compare
from market.settlement.keyed import key_of, keyed, who, words
from market.settlement.tables import BillDifference, BillRow, Reconciliation

_AT_ONCE = 500
_SENT = (RefundState.PROCESSING, RefundState.SUCCEEDED, RefundState.ABNORMAL)


def keep_bill(market: Market, gateway: str, bill: Bill) -> str:
    """Keep a provider's bill of a day and write down where it differs from the records; the reconciliation's id.

    Once, by provider and day: kept again, its rows and open differences are made anew; what was looked into stays.
    Guards: UNIQUE (provider, day), whose row is taken first.
    """
    now = market.now()
    with market.transaction() as session:
        reconciliation = _taken(session, market, gateway, bill.day, now)
        session.execute(sa.delete(BillRow).where(col(BillRow.reconciliation_id) == reconciliation.id))
        session.add_all(_rows(reconciliation.id, bill.lines))
        session.flush()
        records = {(each.kind, each.number): each for each in _named(session, gateway, bill.lines)}
        paid = _paid(session, gateway, bill.day)
        expected = [*paid, *_refunds_never_billed(session, gateway, bill.day)]
        found = compare(bill.lines, records, expected=expected)
        known = _looked_into(session, reconciliation.id)
        session.add_all(
            BillDifference(
                id=market.new_id("rcd"),
                reconciliation_id=reconciliation.id,
                kind=each.kind,
                number=each.number,
                subject_id=each.subject_id,
                here_fen=each.here_fen,
                there_fen=each.there_fen,
                here_state=each.here_state,
                there_state=each.there_state,
                found_at=now,
            )
            for each in found
            if (each.kind, each.number) not in known
        )
        refunds = [each for each in records.values() if each.kind is BillKind.REFUND]
        reconciliation.paid_there_fen = _total(bill.lines, BillKind.PAYMENT)
        reconciliation.refunded_there_fen = _total(bill.lines, BillKind.REFUND)
        reconciliation.paid_here_fen = sum(each.amount_fen for each in paid)
        reconciliation.refunded_here_fen = sum(each.amount_fen for each in refunds)
        reconciliation.fee_fen = bill.fee_fen
        reconciliation.row_count, reconciliation.difference_count = len(bill.lines), len(found)
        reconciliation.compared_at = now
        session.flush()
        return reconciliation.id


def resolve_difference(market: Market, actor: Actor, *, difference_id: str, note: str, key: str) -> str:
    """Somebody has looked into a difference, and says what came of it. Bills are the platform's: for administrators.

    Refuses: Forbidden; NotFound; IllegalTransition when that was said before; Invalid without a note;
    IdempotencyConflict. Once, by `key`. Guards: one conditional update, a CHECK beneath.
    """
    require(actor, Permission.SETTLEMENT_MANAGE)
    said = words(note, field="note")
    with market.transaction() as session:

        def act() -> str:
            now = market.now()
            if session.get(BillDifference, difference_id) is None:
                raise NotFound(field="difference")
            resolved = session.execute(
                sa.update(BillDifference)
                .where(col(BillDifference.id) == difference_id, col(BillDifference.resolved_at).is_(None))
                .values(resolved_at=now, resolved_by=who(actor), note=said)
            )
            if resolved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
                raise IllegalTransition(from_state="RESOLVED", to_state="RESOLVED", allowed=())
            # The words stay with the difference: the trail keeps nothing that may be personal.
            audit.record(session, actor, action="bill.resolve", subject=difference_id, now=now)
            return difference_id

        return keyed(session, market, key_of(actor, "resolveDifference", key, [difference_id, said]), act)


def _taken(session: Session, market: Market, gateway: str, day: date, now: datetime) -> Reconciliation:
    """The day's row, taken; made when there is none."""
    mine = (
        select(Reconciliation)
        .where(Reconciliation.gateway == gateway, Reconciliation.day == day)
        .with_for_update(key_share=True)
    )
    found = session.exec(mine).first()
    if found is None:
        found = Reconciliation(
            id=market.new_id("rcn"),
            gateway=gateway,
            day=day,
            paid_there_fen=0,
            paid_here_fen=0,
            refunded_there_fen=0,
            refunded_here_fen=0,
            fee_fen=0,
            row_count=0,
            difference_count=0,
            compared_at=now,
        )
        session.add(found)
        session.flush()
    return found


def _rows(reconciliation_id: str, lines: Sequence[BillLine]) -> Iterable[BillRow]:
    for position, line in enumerate(lines):
        yield BillRow(
            reconciliation_id=reconciliation_id,
            position=position,
            kind=line.kind,
            number=line.number,
            provider_id=line.provider_id,
            state=line.state,
            amount_fen=line.amount_fen,
            fee_fen=line.fee_fen,
            at=line.at,
        )


def _named(session: Session, gateway: str, lines: Sequence[BillLine]) -> Iterable[Record]:
    """The payments and refunds here that a bill names."""
    numbers = iter(sorted({line.number for line in lines}))
    while some := list(islice(numbers, _AT_ONCE)):
        for payment in session.exec(
            select(Payment).where(Payment.gateway == gateway, col(Payment.out_trade_no).in_(some))
        ):
            yield _of_payment(payment)
        refunds = (
            select(Refund)
            .join(Payment, col(Payment.id) == col(Refund.payment_id))
            .where(Payment.gateway == gateway, col(Refund.out_refund_no).in_(some))
        )
        for refund in session.exec(refunds):
            yield _of_refund(refund)


def _paid(session: Session, gateway: str, day: date) -> list[Record]:
    """The payments that succeeded on a day, by the provider's own time."""
    start, end = day_bounds(day)
    rows = session.exec(
        select(Payment).where(
            Payment.gateway == gateway,
            Payment.state == PaymentState.SUCCEEDED,
            col(Payment.paid_at) >= start,
            col(Payment.paid_at) < end,
        )
    )
    return [_of_payment(row) for row in rows]


def _refunds_never_billed(session: Session, gateway: str, day: date) -> list[Record]:
    """Refunds of the day before that no bill has named by now. They may be asked for just before midnight and be in
    this day's bill, so one day is waited; without that day's bill, nothing can be said."""
    before = day - timedelta(days=1)
    billed = select(Reconciliation.id).where(Reconciliation.gateway == gateway, Reconciliation.day == before)
    if session.exec(billed).first() is None:
        return []
    start, end = day_bounds(before)
    is_billed = sa.exists().where(
        col(BillRow.number) == col(Refund.out_refund_no), col(BillRow.kind) == BillKind.REFUND
    )
    rows = session.exec(
        select(Refund)
        .join(Payment, col(Payment.id) == col(Refund.payment_id))
        .where(
            Payment.gateway == gateway,
            col(Refund.state).in_(_SENT),
            col(Refund.requested_at) >= start,
            col(Refund.requested_at) < end,
            ~is_billed,
        )
    )
    return [_of_refund(row) for row in rows]


def _looked_into(session: Session, reconciliation_id: str) -> set[tuple[str, str]]:
    """What was looked into; the rest is forgotten, to be found anew."""
    mine = col(BillDifference.reconciliation_id) == reconciliation_id
    session.execute(sa.delete(BillDifference).where(mine, col(BillDifference.resolved_at).is_(None)))
    rows = session.exec(select(BillDifference.kind, BillDifference.number).where(mine)).all()
    return {(kind, number) for kind, number in rows}


def _of_payment(payment: Payment) -> Record:
    return Record(BillKind.PAYMENT, payment.id, payment.out_trade_no, payment.amount_fen, payment.state)


def _of_refund(refund: Refund) -> Record:
    return Record(BillKind.REFUND, refund.id, refund.out_refund_no, refund.amount_fen, refund.state)


def _total(lines: Sequence[BillLine], kind: BillKind) -> int:
    return sum(
        line.amount_fen for line in lines if line.kind is kind and (kind is BillKind.REFUND or line.state in PAID_WORDS)
    )

"""When a seller's money becomes payable: a booking's after its session's day, produce's and a delivery's after the
after-sale window; none of a seller order's while a claim about it is open. What is refunded afterwards is taken back.

All amounts are reckoned from the lines as sold and what was refunded of them; the ledger's RELEASE moves them between
the party's pending and payable accounts, and a cooperative's member accounts with them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel.clock import business_day, day_bounds
from market.kernel.market import Market
from market.ledger.post import post, take_balance
from market.ledger.rules import AccountKey, AccountKind, Entry, TxnKind
from market.ledger.tables import LedgerTxn
from market.orders.rules import LineKind
from market.orders.tables import LineDiscount, OrderLine, SellerOrder
from market.settlement.earned import OVER, Subject, subjects_of
from market.settlement.rules import AFTER_SALE, Earned
from market.settlement.tables import RefundNetted, Release
from market.vouchers.rules import Funder

_PARTS = SQLModel.metadata.tables[str(SellerOrder.__tablename__)]
_LINES = SQLModel.metadata.tables[str(OrderLine.__tablename__)]
_DISCOUNTS = SQLModel.metadata.tables[str(LineDiscount.__tablename__)]
_BOOKINGS = SQLModel.metadata.tables["booking"]
_TXNS = SQLModel.metadata.tables[str(LedgerTxn.__tablename__)]
_NETTED = SQLModel.metadata.tables[str(RefundNetted.__tablename__)]
_RELEASES = SQLModel.metadata.tables[str(Release.__tablename__)]
ID_LENGTH = 30


def payable(party: str) -> AccountKey:
    """A party's account of what can be paid out to it."""
    return AccountKey(AccountKind.SELLER_PAYABLE, party)


def release_due(market: Market, *, limit: int = 200) -> int:
    """The worker's: make payable what has become due, of at most so many seller orders; says how many it looked at.

    Once, by line: the next release of it has the next number, and only says what changed.
    Guards: UNIQUE (line, number); the lines are taken in id order, so that a refund of the same line comes wholly before
    or wholly after; a party's payable account first of all, so that two workers never wait for each other in a circle.
    """
    now = market.now()
    with market.read() as session:
        due = session.execute(_due(now, limit)).all()
    for party, parts in _by_party(due):
        with market.transaction() as session:
            take_balance(session, payable(party), at=now)
            for seller_order_id in parts:
                _release(session, seller_order_id, now)
    return len(due)


def net_refunds(market: Market, *, limit: int = 200) -> int:
    """The worker's: take back what was released for things that were refunded since; says how many refunds it looked
    at. Payouts do this for their party themselves, so they never wait for it."""
    now = market.now()
    with market.read() as session:
        refunds = session.execute(_unnetted().limit(limit)).all()
    for party, _parts in _by_party(refunds):
        with market.transaction() as session:
            net_party(session, party, now=now)
    return len(refunds)


def net_party(session: Session, party: str, *, now: datetime) -> int:
    """Step: take back what was released to a party for things that were refunded since; the party's payable money in
    fen after that, below zero when it owes. Takes the account, so that nobody else decides by it meanwhile."""
    take_balance(session, payable(party), at=now)
    refunds = session.execute(_unnetted(party)).all()
    for seller_order_id in sorted({each.seller_order_id for each in refunds}):
        for subject in subjects_of(session, seller_order_id).values():
            # What staff have taken back by a correction is not released again by a refund.
            if subject.seq and (subject.earned - subject.released).amount_fen < 0:
                _post(session, subject, now)
    if refunds:
        session.execute(sa.insert(_NETTED), [{"txn_id": each.txn_id, "at": now} for each in refunds])
    return -take_balance(session, payable(party), at=now)


def _due(now: datetime, limit: int) -> sa.Select[Any]:
    """Seller orders of which something is to be released, or nothing is left to wait for. Each of them comes once for
    each of that: `_release` makes it so."""
    over = day_bounds(business_day(now))[0]
    is_waiting = sa.and_(_is_left(_LINES), ~_is_released(_LINES.c.id), _LINES.c.seller_order_id == _PARTS.c.id)
    lines = sa.select(_LINES.c.id).where(is_waiting)
    goods = sa.exists(lines.where(_LINES.c.kind == LineKind.PRODUCT))
    delivery = sa.and_(_PARTS.c.delivery_fen > _PARTS.c.delivery_refunded_fen, ~_is_released(_PARTS.c.id))
    ended = (
        sa.select(_LINES.c.id)
        .join(_BOOKINGS, _BOOKINGS.c.line_id == _LINES.c.id)
        .where(is_waiting, _BOOKINGS.c.ends_at < over, _BOOKINGS.c.state.in_(OVER))
    )
    return (
        sa.select(_PARTS.c.id.label("seller_order_id"), _PARTS.c.settlement_party.label("party"))
        .where(
            _PARTS.c.released_at.is_(None),
            _PARTS.c.paid_at.is_not(None),
            _PARTS.c.open_claims == 0,
            sa.or_(
                sa.and_(_PARTS.c.fulfilled_at <= now - AFTER_SALE, sa.or_(goods, delivery)),
                sa.exists(ended),
                sa.and_(~sa.exists(lines), ~delivery),
            ),
        )
        .order_by(_PARTS.c.paid_at, _PARTS.c.id)
        .limit(limit)
    )


def _is_left(line: Any) -> sa.ColumnElement[bool]:
    """Whether not all of a line's money was given back: the buyer's, or what others' vouchers paid."""
    vouchers = sa.exists().where(
        _DISCOUNTS.c.line_id == line.c.id,
        _DISCOUNTS.c.funder != Funder.SELLER,
        _DISCOUNTS.c.amount_fen > _DISCOUNTS.c.refunded_fen,
    )
    return sa.or_(line.c.payable_fen > line.c.refunded_fen, vouchers)


def _is_released(subject_id: Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(_RELEASES.c.subject_id == subject_id)


def _unnetted(party: str | None = None) -> sa.Select[Any]:
    """REFUNDs of the ledger that were not looked at; the seller order is what their reference begins with."""
    found = (
        sa.select(
            _TXNS.c.id.label("txn_id"),
            _PARTS.c.id.label("seller_order_id"),
            _PARTS.c.settlement_party.label("party"),
        )
        .join(_PARTS, _PARTS.c.id == sa.func.substr(_TXNS.c.reference, 1, ID_LENGTH))
        .outerjoin(_NETTED, _NETTED.c.txn_id == _TXNS.c.id)
        .where(_TXNS.c.kind == TxnKind.REFUND, _NETTED.c.txn_id.is_(None))
        .order_by(_TXNS.c.id)
    )
    return found if party is None else found.where(_PARTS.c.settlement_party == party)


def _by_party(rows: Sequence[Any]) -> Iterable[tuple[str, list[str]]]:
    ordered = sorted(rows, key=lambda each: (each.party, each.seller_order_id))
    for party, group in groupby(ordered, key=lambda each: each.party):
        yield party, [each.seller_order_id for each in group]


def _release(session: Session, seller_order_id: str, now: datetime) -> None:
    """Release what is due of one seller order, and mark it when nothing more can become due."""
    subjects = subjects_of(session, seller_order_id)
    is_done = True
    for subject in subjects.values():
        if subject.seq or not subject.earned:
            continue
        if subject.due_at is None or subject.due_at > now:
            is_done = False
            continue
        _post(session, subject, now)
    if is_done:
        session.execute(
            sa.update(_PARTS)
            .where(_PARTS.c.id == seller_order_id, _PARTS.c.released_at.is_(None))
            .values(released_at=now)
        )


def _post(session: Session, subject: Subject, now: datetime) -> None:
    """Release what a subject has earned less what was released of it before."""
    change = subject.earned - subject.released
    amount = change.amount_fen
    if not amount:
        return
    seq = subject.seq + 1
    txn_id = post(
        session,
        TxnKind.RELEASE,
        reference=f"{subject.id}/{seq}",
        entries=release_entries(subject.party, subject.producer_id, amount),
        at=now,
    )
    add_release(session, subject, change, txn_id=txn_id, now=now)


def add_release(session: Session, subject: Subject, change: Earned, *, txn_id: str, now: datetime) -> None:
    """Step: write down what a RELEASE of the ledger is made of."""
    session.add(
        Release(
            id=txn_id,
            subject_id=subject.id,
            seq=subject.seq + 1,
            kind=subject.kind,
            seller_order_id=subject.seller_order_id,
            party=subject.party,
            producer_id=subject.producer_id,
            paid_fen=change.paid_fen,
            voucher_fen=change.voucher_fen,
            commission_fen=change.commission_fen,
            amount_fen=change.amount_fen,
            at=now,
            business_day=business_day(now),
        )
    )
    session.flush()


def release_entries(party: str, producer_id: str, amount_fen: int) -> list[Entry]:
    """From pending to payable; for a cooperative's member on its account too, which the cooperative's own balances."""
    entries = [
        Entry(AccountKey(AccountKind.SELLER_PENDING, party), amount_fen),
        Entry(payable(party), -amount_fen),
    ]
    if party != producer_id:
        entries += [
            Entry(AccountKey(AccountKind.MEMBER, party), amount_fen),
            Entry(AccountKey(AccountKind.MEMBER, f"{party}/{producer_id}"), -amount_fen),
        ]
    return entries

"""Are sums, journal and ledger the same, to the fen? Finds what a crash, a bug or a hand in the database has left."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.ledger.rules import AccountKind, TxnKind
from market.ledger.sales.fold import in_month
from market.ledger.sales.tables import ENTRIES, FIGURES, SUMS, UNFOLDED
from market.ledger.tables import LedgerAccount, LedgerEntry, LedgerTxn

_TXNS = SQLModel.metadata.tables[str(LedgerTxn.__tablename__)]
_PARTS = SQLModel.metadata.tables[str(LedgerEntry.__tablename__)]
_ACCOUNTS = SQLModel.metadata.tables[str(LedgerAccount.__tablename__)]
FINDINGS_MAX = 100
"""Of each kind and month: more of them say no more."""

_SOLD = (TxnKind.SALE, TxnKind.REFUND)
_SELLERS = (AccountKind.SELLER_PENDING, AccountKind.SELLER_PAYABLE, AccountKind.MEMBER)
_MONEY_KINDS = (AccountKind.PROVIDER, AccountKind.BANK, AccountKind.REFUND_CLEARING)
_VOUCHERS = (AccountKind.VOUCHER_PLATFORM, AccountKind.VOUCHER_GOVERNMENT)


class Off(StrEnum):
    """What is not the same as what."""

    SUM_IS_NOT_JOURNAL = "SUM_IS_NOT_JOURNAL"
    JOURNAL_IS_NOT_LEDGER = "JOURNAL_IS_NOT_LEDGER"
    JOURNAL_IS_NOT_ORDER = "JOURNAL_IS_NOT_ORDER"


@dataclass(frozen=True, slots=True)
class SalesFinding:
    """Something that is off: of what, by what figure, by how much."""

    kind: Off
    subject: str
    figure: str
    off: int


def payable_of(table: Any) -> Any:
    """What sellers are owed for a row's sales, in fen: what buyers paid and vouchers gave, less what went back and less
    commission. The ledger's credits to sellers."""
    c = table.c
    return (
        c.gross_fen
        + c.delivery_fen
        - c.seller_fen
        - c.commission_fen
        - c.refunded_fen
        - c.refunded_platform_fen
        - c.refunded_government_fen
    )


def paid_of(table: Any) -> Any:
    """What buyers paid for a row's sales, in fen, before anything went back."""
    c = table.c
    return c.gross_fen + c.delivery_fen - c.platform_fen - c.seller_fen - c.government_fen


def sums_off(session: Session, month: date) -> list[SalesFinding]:
    """Step: where a month's sums, with what is not folded yet, are not its journal's. One statement for each sum."""
    found: list[SalesFinding] = []
    for table in SUMS:
        keys = [column.name for column in table.primary_key.columns]
        mine = in_month(table, month) if "business_day" in table.c else table.c.month == month
        waiting = ENTRIES.c.id.in_(sa.select(UNFOLDED.c.entry_id))
        sides = sa.union_all(
            sa.select(*[table.c[name] for name in (*keys, *FIGURES)]).where(mine),
            sa.select(*[ENTRIES.c[name] for name in keys], *[(-ENTRIES.c[name]).label(name) for name in FIGURES]).where(
                in_month(ENTRIES, month), ~waiting
            ),
        ).subquery()
        sums = [sa.func.sum(sides.c[name]).label(name) for name in FIGURES]
        rows = session.execute(
            sa.select(*[sides.c[name] for name in keys], *sums)
            .group_by(*[sides.c[name] for name in keys])
            .having(sa.or_(*[each.element != 0 for each in sums]))
            .order_by(*[sides.c[name] for name in keys])
            .limit(FINDINGS_MAX)
        ).mappings()
        for row in rows:
            subject = f"{table.name}/" + "/".join(str(row[name]) for name in keys)
            found += [
                SalesFinding(Off.SUM_IS_NOT_JOURNAL, subject, name, int(row[name])) for name in FIGURES if row[name]
            ]
    return found


def journal_off(session: Session, month: date) -> list[SalesFinding]:
    """Step: postings of a month whose lines in the journal are not what the ledger has: buyers' money, commission,
    vouchers and what sellers are owed, each to the fen. One statement."""
    amount, kind = _PARTS.c.amount_fen, _ACCOUNTS.c.kind
    figures = {
        "money": (_on(kind, _MONEY_KINDS, amount), paid_of(ENTRIES) - ENTRIES.c.refunded_fen),
        "commission": (_on(kind, (AccountKind.COMMISSION,), amount), -ENTRIES.c.commission_fen),
        "vouchers": (
            _on(kind, _VOUCHERS, amount),
            ENTRIES.c.platform_fen
            + ENTRIES.c.government_fen
            - ENTRIES.c.refunded_platform_fen
            - ENTRIES.c.refunded_government_fen,
        ),
        "sellers": (_on(kind, _SELLERS, amount), -payable_of(ENTRIES)),
    }
    sides = sa.union_all(
        sa.select(
            _TXNS.c.kind.label("txn_kind"),
            _TXNS.c.reference,
            *[ours.label(name) for name, (ours, _) in figures.items()],
        )
        .join_from(_TXNS, _PARTS, _PARTS.c.txn_id == _TXNS.c.id)
        .join(_ACCOUNTS, _ACCOUNTS.c.id == _PARTS.c.account_id)
        .where(in_month(_TXNS, month), _TXNS.c.kind.in_(_SOLD)),
        sa.select(
            ENTRIES.c.txn_kind, ENTRIES.c.reference, *[(-theirs).label(name) for name, (_, theirs) in figures.items()]
        ).where(in_month(ENTRIES, month)),
    ).subquery()
    sums = [sa.func.sum(sides.c[name]).label(name) for name in figures]
    rows = session.execute(
        sa.select(sides.c.txn_kind, sides.c.reference, *sums)
        .group_by(sides.c.txn_kind, sides.c.reference)
        .having(sa.or_(*[each.element != 0 for each in sums]))
        .order_by(sides.c.txn_kind, sides.c.reference)
        .limit(FINDINGS_MAX)
    ).mappings()
    return [
        SalesFinding(Off.JOURNAL_IS_NOT_LEDGER, f"{row['txn_kind']}/{row['reference']}", name, int(row[name]))
        for row in rows
        for name in figures
        if row[name]
    ]


def _on(kind: Any, kinds: tuple[AccountKind, ...], amount: Any) -> Any:
    return sa.case((kind.in_(kinds), amount), else_=0)

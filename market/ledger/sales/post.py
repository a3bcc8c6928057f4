"""Steps: a sale or a refund goes into the ledger and into the journal of sales, both or neither."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # the one INSERT … ON CONFLICT that both engines compile
from sqlmodel import Session
from typeid import TypeID

from market.kernel.clock import business_day
from market.ledger.post import post
from market.ledger.rules import Entry, TxnKind
from market.ledger.sales.rules import SalesLine, counted, month_of, week_of
from market.ledger.sales.tables import ENTRIES, UNFOLDED

# Built once: every payment runs them.
_ADD = insert(ENTRIES).on_conflict_do_nothing().returning(ENTRIES.c.id)
_ADD_UNFOLDED = sa.insert(UNFOLDED)


def post_sales(
    session: Session,
    kind: TxnKind,
    *,
    reference: str,
    entries: Sequence[Entry],
    lines: Sequence[SalesLine],
    at: datetime,
) -> None:
    """Step: post a SALE or a REFUND with what each line had in it. Without entries (it costs nothing) the journal alone
    has it. Late in a database transaction, as `post`.

    Refuses: as `post`. Once: by kind, reference and line.
    Guards: one transaction with the ledger; rows are only added, so buyers of one thing do not wait for each other here.
    """
    if entries:
        post(session, kind, reference=reference, entries=entries, at=at)
    if not lines:
        return
    day = business_day(at)
    days = {"at": at, "business_day": day, "week": week_of(day), "month": month_of(day)}
    rows = [
        {
            # Not a node of the API, so its prefix is not among those that node(id:) knows.
            "id": str(TypeID("sle")),
            "txn_kind": kind,
            "reference": reference,
            **days,
            **asdict(line.where),
            **asdict(line.figures),
        }
        for line in (counted(lines) if kind is TxnKind.SALE else lines)
    ]
    added = session.execute(_ADD, rows).scalars().all()
    if added:
        session.execute(_ADD_UNFOLDED, [{"entry_id": each} for each in added])

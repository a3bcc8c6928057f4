"""One of everything that settlement has, a seller's: for tests that look at rows and not at money."""

from datetime import UTC, date, datetime

from sqlmodel import Session

from market.kernel.ids import new_id
from market.orders.tables import CommissionRule
from market.settlement.bills.rules import DifferenceKind
from market.settlement.rules import SettlementPeriod, StatementState
from market.settlement.tables import BillDifference, Correction, Payout, PayoutBatch, Reconciliation, Statement

AT = datetime(2026, 6, 20, 1, tzinfo=UTC)
NOTHING = {f"{name}_fen": 0 for name in ("opening", "released", "refunded", "paid_out", "corrected", "closing")}


def add_settlement(session: Session, seller: str, region: str) -> None:
    """Step: add them."""
    statement = Statement(
        id=new_id("stm"),
        party=seller,
        region_code=region,
        period=SettlementPeriod.MONTH,
        first_day=date(2026, 5, 1),
        last_day=date(2026, 5, 31),
        state=StatementState.ISSUED,
        line_count=0,
        drafted_at=AT,
        **NOTHING,  # type: ignore[arg-type]  # amounts, all of them
    )
    batch = PayoutBatch(
        id=new_id("pob"), region_code=region, payout_count=1, total_fen=1, made_by="acc_maker", made_at=AT
    )
    totals = {f"{name}_fen": 0 for name in ("paid_there", "paid_here", "refunded_there", "refunded_here", "fee")}
    reconciliation = Reconciliation(
        id=new_id("rcn"),
        gateway="wechat",
        day=date(2026, 6, 19),
        row_count=0,
        difference_count=1,
        compared_at=AT,
        **totals,
    )
    session.add_all([statement, batch, reconciliation])
    session.flush()
    session.add_all(
        [
            Payout(
                id=new_id("pyo"),
                batch_id=batch.id,
                party=seller,
                region_code=region,
                statement_id=statement.id,
                amount_fen=1,
                made_at=AT,
            ),
            Correction(
                id=new_id("cor"),
                region_code=region,
                party=seller,
                entries=[],
                reason="更正",
                made_by="acc_maker",
                made_at=AT,
            ),
            CommissionRule(id=new_id("cmr"), organisation_id=seller, basis_points=500, valid_from=date(2026, 1, 1)),
            BillDifference(
                id=new_id("rcd"),
                reconciliation_id=reconciliation.id,
                kind=DifferenceKind.MISSING_HERE,
                number="T1",
                found_at=AT,
            ),
        ]
    )
    session.flush()

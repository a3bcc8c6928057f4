"""Tables of settlement, by what they are about."""

from market.settlement.tables.bills import BillDifference, BillRow, Reconciliation
from market.settlement.tables.payouts import Correction, Payout, PayoutBatch
from market.settlement.tables.release import RefundNetted, Release
from market.settlement.tables.statements import SettlementTerms, Statement, StatementLine, StatementMember

__all__ = [
    "BillDifference",
    "BillRow",
    "Correction",
    "Payout",
    "PayoutBatch",
    "Reconciliation",
    "RefundNetted",
    "Release",
    "SettlementTerms",
    "Statement",
    "StatementLine",
    "StatementMember",
]

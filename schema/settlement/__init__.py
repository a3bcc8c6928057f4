"""Settlement as sellers and staff see it: statements, members' accounts, payouts, corrections, commission, bills."""

from schema.settlement.bills import BillMutations
from schema.settlement.changes import SettlementMutations
from schema.settlement.decisions import PayoutMutations
from schema.settlement.lists import SETTLEMENT_QUERIES, SETTLEMENT_TARGETS
from schema.settlement.queries import SettlementQueries

__all__ = [
    "SETTLEMENT_QUERIES",
    "SETTLEMENT_TARGETS",
    "BillMutations",
    "PayoutMutations",
    "SettlementMutations",
    "SettlementQueries",
]

"""The root fields of settlement."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.settlement.balances import read_balances
from market.settlement.check import check_ledger
from schema.checkout.types import money_of
from schema.enums.settlement import BatchState, CorrectionState, DifferenceKind, Fault, PayoutState, StatementState
from schema.mutations import Info
from schema.node import Money
from schema.pagination import Connection, listed, single
from schema.permissions import ruled
from schema.settlement.types import (
    BillDifference,
    CommissionRule,
    LedgerCorrection,
    Payout,
    PayoutBatch,
    Reconciliation,
    Statement,
    StatementMember,
)

FINDINGS_SHOWN = 100


@strawberry.input(description="Which statements.")
class StatementWhere:
    party: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this cooperative or producer.")
    states: list[StatementState] | None = strawberry.field(default=UNSET, description="In one of these states.")
    region: str | None = strawberry.field(default=UNSET, description="Of parties in this region: a 12-digit code.")


@strawberry.input(description="Which members' accounts.")
class MemberAccountWhere:
    producer: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this producer.")


@strawberry.input(description="Which batches of payouts.")
class PayoutBatchWhere:
    states: list[BatchState] | None = strawberry.field(default=UNSET, description="In one of these states.")


@strawberry.input(description="Which payouts.")
class PayoutWhere:
    party: strawberry.ID | None = strawberry.field(default=UNSET, description="To this cooperative or producer.")
    states: list[PayoutState] | None = strawberry.field(default=UNSET, description="In one of these states.")


@strawberry.input(description="Which corrections.")
class LedgerCorrectionWhere:
    party: strawberry.ID | None = strawberry.field(default=UNSET, description="About this cooperative or producer.")
    states: list[CorrectionState] | None = strawberry.field(default=UNSET, description="In one of these states.")


@strawberry.input(description="Which commission rules.")
class CommissionRuleWhere:
    organisation: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this organisation's sales.")
    category: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this category.")


@strawberry.input(description="Which bills.")
class ReconciliationWhere:
    gateway: str | None = strawberry.field(default=UNSET, description="Of this provider.")


@strawberry.input(description="Which differences.")
class BillDifferenceWhere:
    kinds: list[DifferenceKind] | None = strawberry.field(default=UNSET, description="Of one of these kinds.")
    is_resolved: bool | None = strawberry.field(default=UNSET, description="Whether they were looked into.")


@strawberry.type(description="A party's money now.")
@ruled(Permission.LEDGER_READ)
class SettlementBalance:
    pending: Money = strawberry.field(description="Sold, and not payable yet.")
    payable: Money = strawberry.field(description="Can be paid out; below zero, what the party owes.")
    on_its_way: Money = strawberry.field(description="Approved, and not at the party's bank yet.")


@strawberry.type(description="Something wrong with the books.")
@ruled(Permission.SETTLEMENT_MANAGE)
class LedgerFinding:
    kind: Fault = strawberry.field(description="What is wrong.")
    subject: str = strawberry.field(description="With what: a transaction, an account, a statement, a payout.")
    off: Money = strawberry.field(description="By how much.")


@strawberry.type(description="Whether the books agree, asked of all of them now.")
@ruled(Permission.SETTLEMENT_MANAGE)
class LedgerCheck:
    is_right: bool = strawberry.field(description="Whether nothing was found.")
    finding_count: int = strawberry.field(description="How much was found.")
    findings: list[LedgerFinding] = strawberry.field(description=f"The first {FINDINGS_SHOWN} of it.")


@strawberry.type(description="Reads of settlement.")
class SettlementQueries:
    statement: Statement | None = single("A statement by its id.", Statement | None, id=strawberry.ID)
    statements: Connection[Statement] = listed(
        "Statements that the caller may see, newest first.", Connection[Statement], where=StatementWhere
    )
    member_accounts: Connection[StatementMember] = listed(
        "What of statements is single producers': their own to see, and their cooperative's. Newest first.",
        Connection[StatementMember],
        where=MemberAccountWhere,
    )
    payout_batch: PayoutBatch | None = single("A batch of payouts by its id.", PayoutBatch | None, id=strawberry.ID)
    payout_batches: Connection[PayoutBatch] = listed(
        "Batches of payouts in the caller's regions, newest first.", Connection[PayoutBatch], where=PayoutBatchWhere
    )
    payouts: Connection[Payout] = listed(
        "Payouts that the caller may see, newest first.", Connection[Payout], where=PayoutWhere
    )
    ledger_corrections: Connection[LedgerCorrection] = listed(
        "Corrections in the caller's regions, newest first.", Connection[LedgerCorrection], where=LedgerCorrectionWhere
    )
    commission_rules: Connection[CommissionRule] = listed(
        "Everybody's commission rules, and those of organisations that the caller may see, newest first.",
        Connection[CommissionRule],
        where=CommissionRuleWhere,
    )
    reconciliations: Connection[Reconciliation] = listed(
        "Bills that were compared, newest first: for administrators.",
        Connection[Reconciliation],
        where=ReconciliationWhere,
    )
    bill_differences: Connection[BillDifference] = listed(
        "Differences between bills and the records, newest first: for administrators.",
        Connection[BillDifference],
        where=BillDifferenceWhere,
    )

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
        description="A party's money now; null for one whose money the caller may not see."
    )
    async def settlement_balance(
        self,
        info: Info,
        party: Annotated[strawberry.ID, strawberry.argument(description="A cooperative or a producer.")],
    ) -> SettlementBalance | None:
        found = await info.context.look(read_balances, party=str(party))
        if found is None:
            return None
        return SettlementBalance(
            pending=money_of(found.pending_fen),
            payable=money_of(found.payable_fen),
            on_its_way=money_of(found.on_its_way_fen),
        )

    @strawberry.field(  # type: ignore[untyped-decorator]  # the same
        description="Do the books agree: the ledger, what became payable, statements, payouts? It walks all of them."
    )
    async def ledger_check(self, info: Info) -> LedgerCheck:
        found = await info.context.look(check_ledger)
        shown = [
            LedgerFinding(kind=each.kind, subject=each.subject, off=money_of(each.off_fen))
            for each in found[:FINDINGS_SHOWN]
        ]
        return LedgerCheck(is_right=not found, finding_count=len(found), findings=shown)

"""The types of settlement."""

from datetime import date, datetime

import strawberry
from strawberry.scalars import JSON

from market.kernel.permissions import Permission
from schema.catalogue.categories import Category
from schema.enums.settlement import (
    BatchState,
    CorrectionState,
    DifferenceKind,
    PayoutState,
    SettlementPeriod,
    StatementState,
    TxnKind,
)
from schema.node import Money, Node
from schema.orders import SellerOrder
from schema.organisations import Organisation, Producer
from schema.pagination import Connection, field, listed
from schema.permissions import ruled

_SEEN = ruled(Permission.LEDGER_READ)
_MANAGED = ruled(Permission.SETTLEMENT_MANAGE)


@strawberry.type(description="One entry of the ledger on the party's payable account, and what it was for.")
@_SEEN
class StatementLine:
    kind: TxnKind = field("Why it moved.")
    business_day: date = field("On which day, Shanghai's.")
    reference: str = field("What moved it: an order line or a seller order with a number, a payout, a correction.")
    transaction_id: strawberry.ID = field("The ledger's transaction: corrections name it.")
    producer: Producer | None = field("Whose produce or visit it was.")
    seller_order: SellerOrder | None = field("The seller order that it belongs to.")
    paid: Money = field("What the buyer paid of it.")
    voucher: Money = field("What the platform's and authorities' vouchers paid of it.")
    commission: Money = field("What the platform keeps of it.")
    amount: Money = field("What it gave the party; below zero, what it took.")


@strawberry.type(
    description="What of a statement is one producer's: of a cooperative's, a member's account (成员账户)."
)
@_SEEN
class StatementMember:
    statement_id: strawberry.ID = field("The statement.")
    first_day: date = field("The period's first day.")
    last_day: date = field("The period's last day, included.")
    producer: Producer | None = field("Whose.")
    is_member: bool = field("Whether it was a member of the cooperative on the period's last day.")
    line_count: int = field("How many lines.")
    paid: Money = field("What buyers paid.")
    voucher: Money = field("What the platform's and authorities' vouchers paid.")
    commission: Money = field("What the platform keeps.")
    amount: Money = field("What is the producer's (成员交易额).")


@strawberry.type(
    description="What the ledger says of a party's payable money in a period. Amounts are what the platform owes; below "
    "zero, what the party owes."
)
@_SEEN
class Statement(Node):
    party: Organisation | None = field("Whose: a cooperative, or a producer that sells on its own.")
    period: SettlementPeriod = field("How long it is.")
    first_day: date = field("Its first day, Shanghai's.")
    last_day: date = field("Its last day, included.")
    state: StatementState = field("Where it stands.")
    next_states: list[StatementState] = field("Where it can go.")
    opening: Money = field("Owed before it.")
    released: Money = field("Became payable.")
    refunded: Money = field("Taken back for refunds of what was payable already: zero or below.")
    paid_out: Money = field("Paid out, less what failed: zero or below.")
    corrected: Money = field("Put right by hand.")
    closing: Money = field("Owed after it.")
    line_count: int = field("How many entries it has.")
    dispute: str | None = field("What the party says is wrong.")
    answer: str | None = field("What staff say to it.")
    drafted_at: datetime = field("When it was made.")
    issued_at: datetime | None = field("When its party first saw it.")
    confirmed_at: datetime | None = field("When its party agreed.")
    lines: Connection[StatementLine] = listed("Its entries, oldest first.", Connection[StatementLine])
    members: Connection[StatementMember] = listed("By producer.", Connection[StatementMember])


@strawberry.type(description="Money to one party.")
@_SEEN
class Payout(Node):
    party: Organisation | None = field("To whom.")
    amount: Money = field("So much.")
    state: PayoutState = field("Where it stands.")
    statement: Statement | None = field("The last statement that it pays.")
    reference: str | None = field("The bank's number.")
    reason: str | None = field("Why it failed or was dropped: the bank's words, NOT_PAYABLE or REJECTED.")
    made_at: datetime = field("When it was proposed.")
    ended_at: datetime | None = field("When it was paid, failed or dropped.")


@strawberry.type(description="Payouts that are approved together, by another person than who proposed them.")
@_MANAGED
class PayoutBatch(Node):
    region_code: str = field("The region whose parties it pays.")
    state: BatchState = field("Where it stands.")
    next_states: list[BatchState] = field("Where it can go.")
    payout_count: int = field("How many payouts it was proposed with.")
    total: Money = field("What it was proposed with.")
    note: str | None = field("A note; of a rejected one, why.")
    made_by: strawberry.ID = field("Who proposed it: an account.")
    made_at: datetime = field("When.")
    checked_by: strawberry.ID | None = field("Who decided: another account.")
    checked_at: datetime | None = field("When.")
    completed_at: datetime | None = field("When the last of it ended.")
    payouts: Connection[Payout] = listed("Its payouts.", Connection[Payout])


@strawberry.type(description="Something in the ledger put right by hand, by two people.")
@_MANAGED
class LedgerCorrection(Node):
    party: Organisation | None = field("Whose accounts it is about.")
    reverses: strawberry.ID | None = field("The transaction that it undoes.")
    entries: JSON = field("What it moves: [account kind, fen] each, debits above zero.")
    reason: str = field("Why.")
    state: CorrectionState = field("Where it stands.")
    next_states: list[CorrectionState] = field("Where it can go.")
    made_by: strawberry.ID = field("Who proposed it: an account.")
    made_at: datetime = field("When.")
    checked_by: strawberry.ID | None = field("Who decided: another account.")
    checked_at: datetime | None = field("When.")


@strawberry.type(
    description="What the platform takes of a sale. Of those that hold on its day the most particular counts: the "
    "organisation's, then the nearest category's. Orders keep the share as sold."
)
@_SEEN
class CommissionRule(Node):
    organisation: Organisation | None = field("Whose sales; null: everybody's.")
    category: Category | None = field("Of what, with all beneath it; null: of everything.")
    basis_points: int = field("Hundredths of a percent of what the seller earns.")
    valid_from: date = field("Its first day.")
    valid_to: date | None = field("Its last day; null while it has no end.")


@strawberry.type(description="A payment provider's bill of one day, compared with the records here.")
@_MANAGED
class Reconciliation(Node):
    gateway: str = field("The provider.")
    day: date = field("The bill's day, Shanghai's.")
    paid_there: Money = field("What the bill says was paid.")
    paid_here: Money = field("What is on record.")
    refunded_there: Money = field("What the bill says was paid back.")
    refunded_here: Money = field("What is on record.")
    fee: Money = field("What the provider kept.")
    row_count: int = field("How many rows the bill has.")
    difference_count: int = field("How many differences were found.")
    compared_at: datetime = field("When it was last compared.")
    differences: "Connection[BillDifference]" = listed("What they do not agree about.", "Connection[BillDifference]")


@strawberry.type(description="Something that a bill and the records here do not agree about.")
@_MANAGED
class BillDifference(Node):
    kind: DifferenceKind = field("How they differ.")
    number: str = field("Our number at the provider, of the payment or the refund.")
    subject_id: strawberry.ID | None = field("The payment or refund here.")
    here: Money | None = field("The amount here.")
    there: Money | None = field("The amount in the bill.")
    here_state: str | None = field("What became of it here.")
    there_state: str | None = field("What the bill says became of it, in the provider's word.")
    found_at: datetime = field("When it was found.")
    resolved_at: datetime | None = field("When it was looked into.")
    resolved_by: strawberry.ID | None = field("By whom: an account.")
    note: str | None = field("What came of that.")

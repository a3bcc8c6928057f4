"""Enums of settlement: statements, payouts, corrections, bills."""

from market.ledger.rules import AccountKind, TxnKind
from market.payments.bills import BillKind
from market.settlement.bills.rules import DifferenceKind
from market.settlement.check import Fault
from market.settlement.rules import BatchState, CorrectionState, PayoutState, SettlementPeriod, StatementState
from schema.scalars import described

__all__ = [
    "AccountKind",
    "BatchState",
    "BillKind",
    "CorrectionState",
    "DifferenceKind",
    "Fault",
    "PayoutState",
    "SettlementPeriod",
    "StatementState",
    "TxnKind",
]

described(
    AccountKind,
    "What an account of the ledger is of. Debits are above zero, credits below.",
    PROVIDER="Money that a payment provider has.",
    BANK="Money in the platform's bank account.",
    SELLER_PENDING="A party's money that is not payable yet.",
    SELLER_PAYABLE="A party's money that can be paid out.",
    MEMBER="A member's account with its cooperative.",
    COMMISSION="What the platform has earned.",
    DELIVERY="What the platform gets for delivering.",
    VOUCHER_PLATFORM="What the platform gives for its own vouchers, by campaign.",
    VOUCHER_GOVERNMENT="What an authority owes for consumption vouchers, by batch.",
    LATE_MONEY="What is owed back to buyers whose money came too late.",
    REFUND_CLEARING="What is on its way back to buyers.",
    PAYOUT_CLEARING="What is on its way to sellers.",
)
described(
    TxnKind,
    "Why money moved.",
    SALE="A seller's part of an order was paid.",
    REFUND="Lines or delivery were paid back.",
    REFUND_PAID="The buyer has a refund.",
    LATE_PAYMENT="Money came for an order that could not be had any more.",
    LATE_REFUND="Such money goes back.",
    RELEASE="A seller's money became payable; below zero, it was taken back for a refund.",
    PAYOUT="Money is sent to a seller.",
    PAYOUT_PAID="The seller has it.",
    CORRECTION="Put right by hand, by two people.",
    REVERSAL="Another transaction is undone.",
)
described(
    SettlementPeriod,
    "How often a party gets a statement.",
    HALF_MONTH="Twice a month: up to the 15th, and the rest.",
    MONTH="Once a month.",
)
described(
    StatementState,
    "Where a statement stands.",
    DRAFT="Made; its party does not see it yet.",
    ISSUED="Its party is asked to confirm it.",
    CONFIRMED="Its party agrees: it can be paid out.",
    DISPUTED="Its party says that something is wrong.",
)
described(
    BatchState,
    "Where a batch of payouts stands.",
    PROPOSED="It waits for somebody else than its maker.",
    APPROVED="Its payouts are on their way.",
    REJECTED="Nothing of it is paid.",
    COMPLETED="All its payouts have ended.",
)
described(
    PayoutState,
    "Where a payout stands.",
    PROPOSED="It waits for its batch to be approved.",
    APPROVED="It is on its way.",
    PAID="The party has it.",
    FAILED="The bank could not pay it: it is payable again.",
    DROPPED="Its batch was rejected, or its party had less payable when it was approved.",
)
described(
    CorrectionState,
    "Where a correction stands.",
    PROPOSED="It waits for somebody else than its maker.",
    APPROVED="It is posted.",
    REJECTED="It is not.",
)
described(
    DifferenceKind,
    "How a provider's bill and the records here differ.",
    MISSING_HERE="The bill has it, we do not.",
    MISSING_THERE="We have it, the bill does not.",
    AMOUNT="A payment's amounts differ.",
    REFUND="A refund's amounts differ.",
    STATUS="What became of it differs.",
)
described(BillKind, "What a row of a bill is of.", PAYMENT="A payment.", REFUND="A refund.")
described(
    Fault,
    "What can be wrong with the books.",
    UNPOSTED="A transaction was never posted.",
    UNBALANCED="A transaction does not balance.",
    EMPTY="A transaction moves nothing.",
    BALANCE="An account's balance is not the sum of its entries.",
    REVERSAL="A reversal is not its original's opposite.",
    RELEASE="What became payable is not what the ledger has.",
    STATEMENT="A statement is not what the ledger has.",
    PAYOUT="A payout's money did not move as its state says.",
)

"""Accounts, kinds of transaction, and what every transaction must be."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from market.kernel.errors import Conflict


class AccountKind(StrEnum):
    """What an account is of. Debits are positive: what is owned grows by them, what is owed by credits."""

    PROVIDER = "PROVIDER"
    BANK = "BANK"
    SELLER_PENDING = "SELLER_PENDING"
    SELLER_PAYABLE = "SELLER_PAYABLE"
    MEMBER = "MEMBER"
    COMMISSION = "COMMISSION"
    DELIVERY = "DELIVERY"
    VOUCHER_PLATFORM = "VOUCHER_PLATFORM"
    VOUCHER_GOVERNMENT = "VOUCHER_GOVERNMENT"
    LATE_MONEY = "LATE_MONEY"
    REFUND_CLEARING = "REFUND_CLEARING"
    PAYOUT_CLEARING = "PAYOUT_CLEARING"


class TxnKind(StrEnum):
    """Why money moved. With its reference, unique: the same thing is never posted twice."""

    SALE = "SALE"
    REFUND = "REFUND"
    REFUND_PAID = "REFUND_PAID"
    LATE_PAYMENT = "LATE_PAYMENT"
    LATE_REFUND = "LATE_REFUND"
    RELEASE = "RELEASE"
    PAYOUT = "PAYOUT"
    PAYOUT_PAID = "PAYOUT_PAID"
    CORRECTION = "CORRECTION"
    REVERSAL = "REVERSAL"


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """An account by what it is of and whose it is: an organisation's id, a campaign's, a gateway's name, or nobody's."""

    kind: AccountKind
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """So many fen to an account: a debit above zero, a credit below."""

    account: AccountKey
    amount_fen: int


class LedgerConflict(Conflict):
    """This was posted before, with other entries: a bug or meddling, never to be tried again. Facts: `reference`."""

    code = "LEDGER_CONFLICT"
    zh = "账务“{reference}”已按不同金额入账，请联系财务核对。"
    en = "“{reference}” was posted before with other amounts: ask finance to look at it."

    def __init__(self, *, reference: str) -> None:
        super().__init__(reference=reference)


def merged(entries: Sequence[Entry]) -> dict[AccountKey, int]:
    """What each account gets in all, in the order of the keys; those that get nothing are left out.

    Refuses with ValueError what does not balance, or moves nothing: a bug of whoever posts.

    >>> seller, provider = AccountKey(AccountKind.SELLER_PENDING, "pdr_a"), AccountKey(AccountKind.PROVIDER, "wechat")
    >>> list(merged([Entry(seller, -90), Entry(provider, 90)]).values())
    [90, -90]
    """
    sums: dict[AccountKey, int] = {}
    for entry in entries:
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount_fen
    if sum(sums.values()) != 0:
        raise ValueError(f"a transaction balances, this is off by {sum(sums.values())} fen")
    found = {key: amount for key, amount in sorted(sums.items()) if amount}
    if not found:
        raise ValueError("a transaction moves something")
    return found

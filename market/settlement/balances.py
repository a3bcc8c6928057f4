"""Use case: what a party has: pending, payable, on its way."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col, select

from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission
from market.ledger.post import balance
from market.ledger.rules import AccountKey, AccountKind
from market.organisations.acting import find_acting_for
from market.settlement.release import payable
from market.settlement.rules import PayoutState
from market.settlement.tables import Payout


@dataclass(frozen=True, slots=True)
class Balances:
    """A party's money, in fen. `payable_fen` is below zero when it owes."""

    pending_fen: int
    payable_fen: int
    on_its_way_fen: int


def read_balances(market: Market, actor: Actor, *, party: str) -> Balances | None:
    """A party's money now; None for one that is unknown, or whose money the actor may not see. Refuses: NotSignedIn;
    Forbidden."""
    with market.read() as session:
        today = business_day(market.now())
        if find_acting_for(session, actor, Permission.LEDGER_READ, producer_id=party, today=today) is None:
            return None
        on_its_way = session.exec(
            select(sa.func.coalesce(sa.func.sum(col(Payout.amount_fen)), 0)).where(
                Payout.party == party, Payout.state == PayoutState.APPROVED
            )
        ).one()
        return Balances(
            pending_fen=-balance(session, AccountKey(AccountKind.SELLER_PENDING, party)),
            payable_fen=-balance(session, payable(party)),
            on_its_way_fen=int(on_its_way),
        )

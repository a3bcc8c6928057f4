"""What fetches providers' bills: asked outside any transaction, then kept and compared."""

from collections.abc import Sequence
from datetime import date, time, timedelta

from sqlmodel import col, select

from market.kernel.clock import business_day, shanghai
from market.kernel.errors import Unavailable
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.payments.bills import Bill
from market.payments.flow import Till
from market.settlement.bills.compare import keep_bill
from market.settlement.errors import BillNotReady
from market.settlement.tables import Reconciliation

READY, GIVEN_UP = time(10), time(12)
"""WeChat makes bills from 9:00 on and says to come after 10:00; no bill at noon means that nothing was traded."""
DAYS_BACK = 7
"""How many days of bills are made up for after the worker was away."""


async def reconcile_bills(till: Till, market: Market, *, limit: int = 10) -> int:
    """The worker's: fetch and compare bills of the last days that were not yet, oldest first; says how many. One that
    cannot be had now is left for the next time."""
    kept = 0
    billing = sorted(name for name, gateway in till.gateways.items() if gateway.has_bills)
    for gateway, day in await market.look(_missing, market, billing):
        if kept == limit:
            break
        try:
            bill = await till.gateway(gateway).bill(day)
        except Unavailable:
            continue
        if bill is None:
            if market.now() < shanghai(day + timedelta(days=1), GIVEN_UP):
                continue
            bill = Bill(day)
        await market.run(keep_bill, market, gateway, bill)
        kept += 1
    return kept


async def compare_bill(till: Till, market: Market, actor: Actor, *, gateway: str, day: date) -> str:
    """Fetch a provider's bill of a day and compare it now, again if need be; the reconciliation's id.

    Refuses: Forbidden for all but administrators; GatewayUnavailable; BillNotReady.
    """
    require(actor, Permission.SETTLEMENT_MANAGE)
    found = till.gateway(gateway)
    bill = await found.bill(day) if found.has_bills and day < business_day(market.now()) else None
    if bill is None:
        raise BillNotReady(day=day)
    return await market.run(keep_bill, market, gateway, bill)


def _missing(market: Market, gateways: Sequence[str]) -> list[tuple[str, date]]:
    now = market.now()
    today = business_day(now)
    days = [today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
    ready = [day for day in days if now >= shanghai(day + timedelta(days=1), READY)]
    with market.read() as session:
        rows = session.exec(select(Reconciliation).where(col(Reconciliation.day).in_(days))).all()
    known = {(row.gateway, row.day) for row in rows}
    return [(name, day) for day in ready for name in gateways if (name, day) not in known]

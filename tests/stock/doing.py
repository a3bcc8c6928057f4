"""What is done to stock, said shortly."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

from market.kernel.errors import MarketError
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.stock.drafts import ConformityDraft, LotDraft
from market.stock.holds import consume_step, extend_step, hold_step, release_step
from market.stock.levels import Level
from market.stock.manage import adjust_stock, count_stock, receive_stock
from market.stock.rules import AdjustReason, ConformityBasis, IssuerKind
from tests.stock.farms import ADMIN, a_key

FIFTEEN = timedelta(minutes=15)
UNKNOWN_LOT = "lot_00000000000000000000000000"
CERTIFICATE = ConformityDraft(date(2026, 6, 1), IssuerKind.FARMER, ConformityBasis.QUALITY_CONTROL)


def hold(market: Market, demands: dict[str, int], *, holder: str = "order", until: datetime | None = None) -> None:
    now = market.now()
    with market.transaction() as session:
        hold_step(session, demands, until=until or now + FIFTEEN, holder=holder, now=now)


def extend(market: Market, demands: dict[str, int], *, holder: str = "order", until: datetime | None = None) -> None:
    with market.transaction() as session:
        extend_step(session, demands, until=until, holder=holder, now=market.now())


def release(market: Market, demands: dict[str, int] | None = None, *, holder: str = "order") -> None:
    with market.transaction() as session:
        release_step(session, holder=holder, demands=demands, now=market.now())


def consume(market: Market, demands: dict[str, int], *, holder: str = "order") -> dict[str, list[tuple[str, int]]]:
    with market.transaction() as session:
        return consume_step(session, ADMIN, demands, holder=holder, reference="ord_1", now=market.now())


def adjust(
    market: Market,
    variant: str,
    by: int,
    reason: AdjustReason = AdjustReason.SPOILED,
    *,
    note: str = "",
    lot: str | None = None,
    key: str = "adjust",
    actor: Actor = ADMIN,
) -> Level:
    return adjust_stock(
        market, actor, variant_id=variant, by=by, reason=reason, note=note, lot_id=lot, idempotency_key=a_key(key)
    )


def count(
    market: Market, variant: str, counted: int, version: int, *, lot: str | None = None, key: str = "count"
) -> Level:
    return count_stock(
        market, ADMIN, variant_id=variant, counted=counted, version=version, lot_id=lot, idempotency_key=a_key(key)
    )


def lot_of(market: Market, variant: str, quantity: int, picked: date | None) -> str:
    return receive_stock(
        market, ADMIN, LotDraft(variant, quantity, picked), idempotency_key=a_key(f"{variant}{picked}")
    )


def at_once(market: Market, acts: Sequence[Callable[[], object]]) -> list[object]:
    """Do all of it, as many at a time as there are threads; what each gave, or refused with."""
    # More than can write, so that they wait for connections too; not so many that some wait for seconds.
    start = threading.Barrier(min(3 * market.database.engine.writers, len(acts)))
    begun = threading.local()

    def one(act: Callable[[], object]) -> object:
        if not hasattr(begun, "is_true"):
            begun.is_true = True
            start.wait(10)
        try:
            return act()
        except MarketError as refusal:
            return refusal

    with ThreadPoolExecutor(start.parties) as threads:
        return list(threads.map(one, acts))


def kinds(outcomes: Sequence[object]) -> Counter[str]:
    return Counter(type(each).__name__ for each in outcomes)

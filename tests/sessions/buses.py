"""Pools for tests: a bus, what is drawn from it, what is left in its slots."""

from sqlmodel import col, select

from market.kernel.market import Market
from market.sessions.pools.draws import DrawDraft, OptionDraws, draw_from_pools
from market.sessions.pools.manage import PoolDraft, create_pool
from market.sessions.rules import DrawPer, PoolKind, PoolPeriod
from market.sessions.tables import PoolSlot
from tests.schema.stalls import ADMIN
from tests.sessions.farm import Farm

KEYS = iter(f"key-of-this-bus-{number}" for number in range(10_000))


def pool(
    market: Market, farm: Farm, capacity: int, *, period: PoolPeriod = PoolPeriod.DAY, minutes: int = 1440,
    name: str = "大巴",
) -> str:  # fmt: skip
    """Set up a pool of the farm."""
    draft = PoolDraft(farm.producer, PoolKind.BUS_SEAT, name, period, capacity, minutes)
    return create_pool(market, ADMIN, draft, idempotency_key=next(KEYS))


def draw(market: Market, option: str, *draws: tuple[str, int, DrawPer]) -> tuple[int, tuple[str, ...]]:
    """Let an option draw from pools; how many sessions changed, and which were left."""
    wanted = OptionDraws(option, tuple(DrawDraft(*each) for each in draws))
    done = draw_from_pools(market, ADMIN, wanted, idempotency_key=next(KEYS))
    return done.changed, done.left


def slots(market: Market) -> list[tuple[int, int]]:
    """Taken and capacity of each slot, in order of time."""
    with market.read() as session:
        rows = session.exec(select(PoolSlot).order_by(col(PoolSlot.pool_id), col(PoolSlot.starts_at)))
        return [(row.taken, row.capacity) for row in rows]


PERSON, BOOKING = DrawPer.PERSON, DrawPer.BOOKING

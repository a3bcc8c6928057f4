"""Whatever is done in whatever order: the books add up, and say what a plain model says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.kernel.ids import new_id
from market.kernel.market import Market
from market.stock.corrections import adjust, cause_of, count, transfer
from market.stock.drafts import LotDraft
from market.stock.errors import HoldExpired, LotShort, SoldOut, StockPromised
from market.stock.holds import consume_step, extend_step, hold_step, release_step
from market.stock.queries import free_of
from market.stock.rules import AdjustReason, OpenLot, draw
from market.stock.steps import receive_lot
from market.stock.whose import stocked
from tests.clock import FakeClock
from tests.stock.farms import ADMIN, a_variant, assert_adds_up, holds, level, lots

TODAY = date(2026, 6, 2)
QUANTITY = st.integers(1, 9)
HOLDERS = st.sampled_from(["one", "two", "three"])
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("receive"), QUANTITY, st.none() | st.dates(date(2026, 5, 20), TODAY)),
        st.tuples(st.just("adjust"), st.integers(1, 9) | st.integers(-9, -1)),
        st.tuples(st.just("spoil lot"), QUANTITY, st.integers(0, 9)),
        st.tuples(st.just("count"), st.integers(0, 20)),
        st.tuples(st.just("transfer"), QUANTITY, st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("hold"), QUANTITY, HOLDERS, st.integers(1, 30)),
        st.tuples(st.just("pay"), HOLDERS),
        st.tuples(st.just("release"), HOLDERS),
        st.tuples(st.just("ship"), QUANTITY, HOLDERS),
        st.tuples(st.just("wait"), st.integers(1, 20)),
    ),
    min_size=5,
    max_size=30,
)


@dataclass
class Model:
    """What should be, in plain lists."""

    lots: dict[str, int] = field(default_factory=dict)
    best: dict[str, date | None] = field(default_factory=dict)
    held: dict[str, tuple[int, datetime | None]] = field(default_factory=dict)
    unlotted: str | None = None

    @property
    def on_hand(self) -> int:
        return sum(self.lots.values())

    def live(self, now: datetime) -> dict[str, int]:
        return {who: n for who, (n, until) in self.held.items() if until is None or until > now}

    def free(self, now: datetime) -> int:
        return self.on_hand - sum(self.live(now).values())

    def draw(self, quantity: int, *, fresh_on: date | None) -> None:
        opened = [OpenLot(lot, left, self.best[lot]) for lot, left in self.lots.items() if left]
        for lot, part in draw(opened, quantity, fresh_on=fresh_on):
            self.lots[lot] -= part


class Doing:
    """One variant through a sequence of operations, in the market and in the model."""

    def __init__(self, market: Market, clock: FakeClock) -> None:
        self.market, self.clock = market, clock
        self.variant = a_variant(market, shelf_life_days=7)
        self.model = Model()
        self.prefix = new_id("mov")

    def _act(self, step: Callable[..., Any], expected: type[Exception] | None) -> Any:
        try:
            with self.market.transaction() as session:
                done = step(session)
        except (SoldOut, StockPromised, LotShort, HoldExpired) as refusal:
            assert type(refusal) is expected  # noqa: PT017 - whether it refuses is what the model says
            return None
        assert expected is None
        return done

    def _cause(self, reason: AdjustReason) -> Any:
        return cause_of(reason, ADMIN, self.clock())

    def _whose(self, session: Any) -> Any:
        return stocked(session, ADMIN, now=self.clock(), variant_id=self.variant)

    def _lot(self, number: int) -> str | None:
        return sorted(self.model.lots)[number % len(self.model.lots)] if self.model.lots else None

    def _in_the_way(self) -> None:
        """Whoever corrects takes back what ended."""
        live = self.model.live(self.clock())
        self.model.held = {who: hold for who, hold in self.model.held.items() if who in live}

    def receive(self, quantity: int, picked: date | None) -> None:
        draft = LotDraft(self.variant, quantity, picked)
        lot = self._act(lambda session: receive_lot(session, self.market, ADMIN, draft, self.clock()), None)
        if picked is None:
            assert self.model.unlotted in {None, lot}
            self.model.unlotted = lot
        else:
            assert lot not in self.model.lots
        self.model.lots[lot] = self.model.lots.get(lot, 0) + quantity
        self.model.best[lot] = picked and picked + timedelta(days=7)

    def adjust(self, by: int) -> None:
        reason = AdjustReason.COUNTED
        expected = StockPromised if self.model.free(self.clock()) + by < 0 else None
        self._act(lambda session: adjust(session, self._whose(session), self._cause(reason), by=by), expected)
        if expected is None:
            self._changed(by)

    def _changed(self, by: int) -> None:
        self._in_the_way()
        if by < 0:
            self.model.draw(-by, fresh_on=None)
            return
        if not self.model.lots:
            [made] = lots(self.market, self.variant)
            self.model.lots[made.id], self.model.best[made.id], self.model.unlotted = 0, None, made.id
        self.model.lots[max(self.model.lots)] += by

    def spoil_lot(self, quantity: int, number: int) -> None:
        lot = self._lot(number)
        if lot is None:
            return
        cause = self._cause(AdjustReason.SPOILED)
        expected: type[Exception] | None = None
        if self.model.free(self.clock()) < quantity:
            expected = StockPromised
        elif self.model.lots[lot] < quantity:
            expected = LotShort
        self._act(lambda session: adjust(session, self._whose(session), cause, by=-quantity, lot_id=lot), expected)
        if expected is None:
            self._in_the_way()
            self.model.lots[lot] -= quantity

    def count(self, counted: int) -> None:
        by = counted - self.model.on_hand
        expected = StockPromised if self.model.free(self.clock()) + by < 0 else None
        cause = self._cause(AdjustReason.COUNTED)
        self._act(lambda session: count(session, self._whose(session), cause, counted=counted), expected)
        if expected is None:
            if by:
                self._changed(by)
            self._in_the_way()

    def transfer(self, quantity: int, first: int, second: int) -> None:
        one, two = self._lot(first), self._lot(second)
        if one is None or two is None or one == two:
            return
        expected = LotShort if self.model.lots[one] < quantity else None
        self._act(
            lambda session: transfer(
                session, ADMIN, self._whose(session), from_lot=one, to_lot=two, quantity=quantity, now=self.clock()
            ),
            expected,
        )
        if expected is None:
            self._in_the_way()
            self.model.lots[one] -= quantity
            self.model.lots[two] += quantity

    def hold(self, quantity: int, who: str, minutes: int) -> None:
        now = self.clock()
        if who in self.model.live(now):
            return
        expected = SoldOut if self.model.free(now) < quantity else None
        until, demands = now + timedelta(minutes=minutes), {self.variant: quantity}
        self._act(lambda session: hold_step(session, demands, until=until, holder=self.prefix + who, now=now), expected)
        if expected is None:
            reserved = sum(n for n, _until in self.model.held.values())
            if who in self.model.held or self.model.on_hand - reserved < quantity:
                self._in_the_way()
            self.model.held[who] = (quantity, until)

    def pay(self, who: str) -> None:
        now = self.clock()
        quantity = self.model.live(now).get(who)
        demands = {self.variant: quantity or 1}
        expected = HoldExpired if quantity is None else None
        self._act(
            lambda session: extend_step(session, demands, until=None, holder=self.prefix + who, now=now), expected
        )
        if quantity is not None:
            self.model.held[who] = (quantity, None)

    def release(self, who: str) -> None:
        self._act(lambda session: release_step(session, holder=self.prefix + who, now=self.clock()), None)
        self.model.held.pop(who, None)

    def ship(self, quantity: int, who: str) -> None:
        now, demands = self.clock(), {self.variant: quantity}
        held = self.model.live(now).get(who, 0)
        expected = HoldExpired if held < quantity else None
        self._act(
            lambda session: consume_step(session, ADMIN, demands, holder=self.prefix + who, reference="ord_1", now=now),
            expected,
        )
        if expected is None:
            until = self.model.held.pop(who)[1]
            if held > quantity:
                self.model.held[who] = (held - quantity, until)
            self.model.draw(quantity, fresh_on=TODAY)

    def wait(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    def check(self) -> None:
        """The market is what the model says."""
        if not self.model.lots:
            return
        assert {lot.id: lot.remaining for lot in lots(self.market, self.variant)} == self.model.lots
        now = level(self.market, self.variant)
        assert now.on_hand == self.model.on_hand
        assert now.reserved == sum(quantity for quantity, _until in self.model.held.values())
        with self.market.read() as session:
            assert free_of(session, [self.variant], now=self.clock())[self.variant] == self.model.free(self.clock())
        mine = {
            who.removeprefix(self.prefix): n
            for (who, variant), n in holds(self.market).items()
            if variant == self.variant
        }
        assert mine == {who: quantity for who, (quantity, _until) in self.model.held.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True)
@given(operations=OPERATIONS)
def test_any_sequence_of_operations_adds_up(
    market: Market, clock: FakeClock, operations: list[tuple[Any, ...]]
) -> None:
    clock.now = FakeClock().now
    doing = Doing(market, clock)
    for name, *facts in operations:
        getattr(doing, name.replace(" ", "_"))(*facts)
        doing.check()
    assert_adds_up(market)

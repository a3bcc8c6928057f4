"""The year itself: each thing happens at its time, by the use case that does it. Read `seed_year` first."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from heapq import heappop, heappush
from itertools import count
from random import Random

from sqlmodel import col, select

from market.catalogue.tables import PackageOption
from market.kernel.clock import business_day, shanghai
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.orders.tables import CustomerOrder, SellerOrder
from market.people.manage import open_account
from market.people.profile.addresses import AddressDraft, add_address
from market.places.tables import Village
from market.sessions.manage import SeriesDraft, schedule_sessions
from market.stock.drafts import LotDraft
from market.stock.manage import receive_stock
from seeds.ground import SEEDER
from seeds.report import Progress, SeedReport, silent
from seeds.stock import certificate_for
from seeds.year import buying, fate
from seeds.year.calendar import visit_days
from seeds.year.duties import month_end, round_of_duties
from seeds.year.wanted import Wish, demand, wishes

DAYS = 365
ORDERS, BUYERS = 1_200, 260
FAMILY_NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN_NAMES = ("先生", "女士", "阿姨", "师傅", "老师")
SEAT_ROOM, VISITS_A_DAY = 12, 2
"""So that departures are neither empty nor always full: two orders in five have a visit, of two or three people."""
_AT = clock_time()


@dataclass
class Year:
    """The marketplace while its past is made: its clock is where the next thing happens."""

    market: Market
    now: datetime
    end: datetime
    chance: Random
    progress: Progress
    people: list[tuple[Actor, str]] = field(default_factory=list)
    """Buyers, each with an address."""
    owners: dict[str, Actor] = field(default_factory=dict)
    """Who signs for a settlement party."""
    ahead: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    def at(self, moment: datetime, act: Callable[[], object]) -> None:
        """This happens then; not, if that is after the end."""
        if moment < self.end:
            heappush(self.ahead, (moment, next(self.numbers), act))

    def after(self, act: Callable[[], object], *, days: float = 0, minutes: float = 0) -> None:
        """This happens so much later."""
        self.at(self.now + timedelta(days=days, minutes=minutes), act)

    def key(self) -> str:
        """A key for what is done once."""
        return f"seed-year-{next(self.numbers):08}"

    def live(self) -> None:
        """Let everything happen, in its order."""
        while self.ahead:
            self.now, _number, act = heappop(self.ahead)
            act()


def seed_year(
    market: Market,
    *,
    today: date | None = None,
    orders: int = ORDERS,
    progress: Progress = silent,
) -> SeedReport:
    """Make a year of orders, bookings, deliveries, refunds, reviews and statements in the demo marketplace, up to
    yesterday; a marketplace that has orders is left alone.

    The same day gives the same year. Everything is done by the use cases, at a clock of its own.
    Refuses: LookupError without the demo's listings.
    """
    began = time.monotonic()
    last = (today or business_day(market.now())) - timedelta(days=1)
    days = [last - timedelta(days=number) for number in reversed(range(DAYS))]
    is_new = not _has_orders(market)
    if is_new:
        year = Year(market, shanghai(days[0], _AT), shanghai(last, _AT) + timedelta(days=1), Random(2026), progress)
        year.market = market.at(lambda: year.now)
        with market.database.hurried():
            _prepare(year, days)
            with year.market.read() as session:
                wanted = wishes(session, days, orders=orders, buyers=len(year.people), chance=year.chance)
            _plan(year, wanted, days)
            year.live()
    with market.read() as session:
        counts = {
            "orders": len(session.exec(select(CustomerOrder.id)).all()),
            "seller orders": len(session.exec(select(SellerOrder.id)).all()),
        }
    return SeedReport(is_new, round(time.monotonic() - began, 2), counts, {})


def _has_orders(market: Market) -> bool:
    with market.read() as session:
        return session.exec(select(CustomerOrder.id).limit(1)).first() is not None


def _prepare(year: Year, days: list[date]) -> None:
    """People who buy, and visits that take place."""
    with year.market.read() as session:
        first = dict(
            session.exec(
                select(PackageOption.package_id, PackageOption.id).order_by(
                    col(PackageOption.package_id), col(PackageOption.position).desc()
                )
            ).all()
        )
        options = list(first.values())
        villages = session.exec(select(Village.region_code).order_by(col(Village.region_code))).all()
    if not options or not villages:
        raise LookupError("there is no demo to make a year of: run `market seed` first")
    on, at = visit_days(days), clock_time(9, 30)
    every = max(1, len(options) // VISITS_A_DAY)  # each package in its turn
    series = [SeriesDraft(option, on[turn % every :: every], (at,), SEAT_ROOM) for turn, option in enumerate(options)]
    schedule_sessions(year.market, SEEDER, [each for each in series if each.days])
    for number in range(BUYERS):
        name = FAMILY_NAMES[number % len(FAMILY_NAMES)] + GIVEN_NAMES[number // len(FAMILY_NAMES) % len(GIVEN_NAMES)]
        phone = f"1990001{number:04}"
        account_id = open_account(year.market, SEEDER, name=name, phone=phone)
        buyer = Actor(ActorKind.CUSTOMER, account_id)
        draft = AddressDraft(year.chance.choice(villages), f"{number % 90 + 1} 号", name, phone)
        year.people.append((buyer, add_address(year.market, buyer, draft, key=year.key())))
        year.progress("buyer", number + 1, BUYERS)


def _plan(year: Year, wanted: list[Wish], days: list[date]) -> None:
    """Put everything that is certain ahead: stock each month, every order, the worker's rounds."""
    for (_year, _month), pieces in demand(wanted).items():
        first = max(date(_year, _month, 1), days[0])
        year.at(shanghai(first, _AT), lambda pieces=pieces: _receive(year, pieces))  # type: ignore[misc]  # bound now
    for number, wish in enumerate(wanted, start=1):

        def order(wish: Wish = wish, number: int = number) -> None:
            buying.order(year, wish)
            year.progress("order", number, len(wanted))

        year.at(wish.at, order)
    for day in days:
        if day.isoweekday() == 1 or day == days[-1]:
            year.at(shanghai(day, _AT) + timedelta(hours=23), lambda: round_of_duties(year))
        if day.day == 3:
            year.at(shanghai(day, _AT) + timedelta(hours=4), lambda: month_end(year))
    fate.typhoons(year, days)


def _receive(year: Year, pieces: dict[str, int]) -> None:
    """The month's harvest: what will be ordered, a lot of each."""
    harvested_on = business_day(year.now)
    for variant_id, quantity in sorted(pieces.items()):
        with year.market.read() as session:
            certificate = certificate_for(session, variant_id, harvested_on)
        draft = LotDraft(variant_id, quantity, harvested_on, certificate=certificate)
        receive_stock(year.market, SEEDER, draft, idempotency_key=year.key())

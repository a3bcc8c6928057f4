"""Invented orders in their millions, on top of the load data: a year of them, with refunds, and the journal of sales.

Whatever reports read is as true as if sold; no money moves, so `market reports check` misses it in the ledger alone.
"""

from bisect import bisect
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from time import monotonic
from typing import Any

from sqlmodel import Session, SQLModel, select

from market.kernel.clock import business_day, shanghai
from market.kernel.market import Market
from market.ledger.rules import TxnKind
from market.ledger.sales.fold import months_of_sales, rebuild_month
from market.ledger.sales.rules import month_of, week_of
from market.ledger.sales.tables import SUMS, SalesEntry
from market.orders.rules import Channel, DeliveryMethod, LineKind, OrderState, SellerOrderState, commission_of
from market.orders.tables import CustomerOrder, LineDiscount, OrderLine, SellerOrder
from market.people.tables import Account
from market.vouchers.rules import Funder
from seeds.load.bulk import Ids, bulk_insert, bulk_transaction, settle
from seeds.load.copies import COPIES_MAX, copy_rows
from seeds.load.offers import OrderSeller, read_sellers
from seeds.load.rowset import blank_of, table_of
from seeds.report import Progress, SeedReport, counts, examples, silent

_SEED = 20_260_602
_BATCH = 20_000
_DAYS = 365
MADE_MAX = 250_000
"""Order lines that are made one by one; more of them are copies of these on other days, made by the database."""
_CAMPAIGN = "vch_load"
_COMMISSION_BP = 500
_LINES_OF_PERSON = 20
_CHANNELS = (Channel.MINI_PROGRAM,) * 6 + (Channel.WEB, Channel.APP, Channel.APP, Channel.LIVESTREAM)
_TABLES: tuple[type[SQLModel], ...] = (Account, CustomerOrder, SellerOrder, OrderLine, LineDiscount, SalesEntry)


def seed_orders(market: Market, lines: int, *, progress: Progress = silent, made_max: int = MADE_MAX) -> SeedReport:
    """Insert so many order lines (beyond `made_max`, in multiples of that), in one transaction, over the 365 days that
    end today. A database that has load orders is left alone; one without load listings has none to sell."""
    began = monotonic()
    with market.read() as session:
        is_new = session.exec(select(SalesEntry.id).limit(1)).first() is None
        sellers = read_sellers(session) if is_new else []
    if is_new:
        copies = min(COPIES_MAX, max(1, lines // made_max))
        with bulk_transaction(market, [table_of(model).name for model in _TABLES]) as session:
            orders = _Orders(session, sellers, market.now(), lines // copies, progress)
            orders.write_all()
            for number in range(1, copies):
                progress("copy", number, copies - 1)
                copy_rows(session, _TABLES[1:], number, first_day=orders.first_day)
        settle(market)  # the sums want the journal's indexes, which are there again now, and that the planner knows it
        with bulk_transaction(market, [table.name for table in SUMS]) as session:
            months = months_of_sales(session)
            for number, month in enumerate(months):
                progress("sums", number, len(months))
                rebuild_month(session, month)
            progress("sums", len(months), len(months))
        settle(market)
    with market.read() as session:
        seconds = round(monotonic() - began, 2)
        return SeedReport(is_new, seconds, counts(session), examples(session))


class _Orders:
    """Makes orders, day by day, and writes them in batches."""

    def __init__(
        self, session: Session, sellers: list[OrderSeller], now: datetime, lines: int, progress: Progress
    ) -> None:
        self._session, self._sellers, self._lines, self._progress = session, sellers, lines, progress
        self._chance = Random(_SEED)
        self._now = now.replace(microsecond=0)
        self._today = business_day(now)
        self.first_day = self._today - timedelta(days=_DAYS - 1)
        self._ids = Ids(self._chance, int((now - timedelta(days=_DAYS)).timestamp() * 1000))
        # A few sell much, most of them little.
        self._weights = list(accumulate(1 / (at + 5) for at in range(len(sellers))))
        self._blanks = {model: blank_of(model) for model in _TABLES}
        self._rows: dict[type[SQLModel], list[tuple[Any, ...]]] = {model: [] for model in _TABLES}
        self._people: list[str] = []

    def write_all(self) -> None:
        """All of it."""
        for number in range(max(10, self._lines // _LINES_OF_PERSON)):
            person = self._ids.new("acc")
            self._people.append(person)
            self._add(Account, id=person, name=f"顾客{number}", created_at=self._now)
        done = 0
        for day, share in self._days():
            wanted = min(self._lines, round(share * self._lines))
            while done < wanted:
                done += self._order(day, wanted - done)
                if len(self._rows[OrderLine]) >= _BATCH:
                    self._write()
                    self._progress("order line", done, self._lines)
        self._write()
        self._progress("order line", done, self._lines)

    def _days(self) -> list[tuple[date, float]]:
        """The days, and what share of all is sold by the end of each: weekends more, summer and new year most."""
        days = [self.first_day + timedelta(days=at) for at in range(_DAYS)]
        sizes = [(1.5 if day.weekday() >= 5 else 1.0) * (1.8 if day.month in {1, 6, 7, 11} else 1.0) for day in days]
        whole = sum(sizes)
        return [(day, size / whole) for day, size in zip(days, accumulate(sizes), strict=True)]

    def _add(self, model: type[SQLModel], **values: object) -> None:
        self._rows[model].append(tuple((self._blanks[model] | values).values()))

    def _write(self) -> None:
        for model in _TABLES:
            if self._rows[model]:
                bulk_insert(self._session, table_of(model), list(self._blanks[model]), self._rows[model])
                self._rows[model] = []

    def _order(self, day: date, most: int) -> int:
        """One order of one seller's things; how many lines."""
        chance = self._chance
        seller = self._sellers[bisect(self._weights, chance.random() * self._weights[-1])]
        size = min(most, chance.choice((1, 1, 2, 2, 3, 4)))
        at = min(self._now, shanghai(day, time(12)))
        order_id, part_id = self._ids.new("ord"), self._ids.new("sor")
        delivery = 800 if chance.random() < 0.7 else 0
        where = {
            "order_id": order_id,
            "seller_order_id": part_id,
            "producer_id": seller.producer_id,
            "settlement_party": seller.cooperative_id or seller.producer_id,
            "village_id": seller.village_id,
            "region_code": seller.region_code,
            "channel": chance.choice(_CHANNELS),
        }
        drafts = [self._line(seller, position, at, where) for position in range(1, size + 1)]
        goods, off = sum(each["amount_fen"] for each in drafts), sum(each["discount_fen"] for each in drafts)
        back = sum(each["refunded_fen"] for each in drafts)
        money = {
            "goods_fen": goods,
            "delivery_fen": delivery,
            "discount_fen": off,
            "payable_fen": goods + delivery - off,
            "refunded_fen": back,
        }
        self._add_order(seller, drafts, where, money, at)
        self._journal(drafts, where, day, at, delivery)
        return size

    def _add_order(
        self,
        seller: OrderSeller,
        drafts: list[dict[str, Any]],
        where: dict[str, Any],
        money: dict[str, int],
        at: datetime,
    ) -> None:
        self._add(
            CustomerOrder,
            id=where["order_id"],
            number=where["order_id"][-20:],
            account_id=self._chance.choice(self._people),
            state=OrderState.PAID,
            channel=where["channel"],
            **money,
            placed_at=at,
            business_day=business_day(at),
            pay_by=at,
            paid_at=at,
            paid_day=business_day(at),
        )
        self._add(
            SellerOrder,
            id=where["seller_order_id"],
            order_id=where["order_id"],
            producer_id=seller.producer_id,
            cooperative_id=seller.cooperative_id,
            settlement_party=where["settlement_party"],
            village_id=seller.village_id,
            region_code=seller.region_code,
            state=SellerOrderState.COMPLETED,
            commission_fen=sum(each["commission_fen"] for each in drafts),
            delivery_method=DeliveryMethod.EXPRESS,
            delivery={},
            weight_grams=sum(each["weight_grams"] for each in drafts),
            **money,
            placed_at=at,
            paid_at=at,
            fulfilled_at=at + timedelta(hours=30),
            completed_at=at + timedelta(days=9),
        )

    def _line(self, seller: OrderSeller, position: int, at: datetime, where: dict[str, Any]) -> dict[str, Any]:
        chance = self._chance
        offer = seller.offers[int(chance.random() ** 2 * len(seller.offers))]
        quantity = 1 if offer.is_tour else chance.randint(1, 3)
        amount = quantity * offer.price_fen
        discount = amount // 20 if chance.random() < 0.12 else 0
        back = amount - discount if chance.random() < 0.03 else 0
        commission = commission_of(amount, _COMMISSION_BP)
        line = {
            "id": self._ids.new("lin"),
            "position": position,
            "kind": LineKind.BOOKING if offer.is_tour else LineKind.PRODUCT,
            "listing_id": offer.listing_id,
            "category_id": offer.category_id,
            "quantity": quantity,
            "amount_fen": amount,
            "discount_fen": discount,
            "commission_fen": commission,
            "refunded_quantity": quantity if back else 0,
            "refunded_fen": back,
            "commission_refunded_fen": commission if back else 0,
            "seats": chance.randint(1, 4) if offer.is_tour else 0,
            "weight_grams": offer.weight_grams * quantity,
        }
        self._add(
            OrderLine,
            **line,
            order_id=where["order_id"],
            seller_order_id=where["seller_order_id"],
            variant_id=offer.variant_id,
            unit_price_fen=offer.price_fen,
            payable_fen=amount - discount,
            commission_bp=_COMMISSION_BP,
            fulfilled_quantity=0 if back else quantity,
            title=offer.title,
            snapshot={},
            placed_at=at,
        )
        if discount:
            off = {"amount_fen": discount, "refunded_fen": discount if back else 0}
            self._add(LineDiscount, line_id=line["id"], campaign_id=_CAMPAIGN, funder=Funder.GOVERNMENT, **off)
        return line

    def _journal(
        self, drafts: list[dict[str, Any]], where: dict[str, Any], day: date, at: datetime, delivery: int
    ) -> None:
        kinds: set[str] = set()
        categories: set[str] = set()
        listings: set[str] = set()
        for number, line in enumerate(drafts):
            what = {
                **where,
                "line_id": line["id"],
                "listing_id": line["listing_id"],
                "category_id": line["category_id"],
                "kind": line["kind"],
            }
            self._entry(
                TxnKind.SALE,
                where["seller_order_id"],
                day,
                at,
                **what,
                orders=int(number == 0),
                kind_orders=int(line["kind"] not in kinds),
                category_orders=int(line["category_id"] not in categories),
                listing_orders=int(line["listing_id"] not in listings),
                units=line["quantity"],
                seats=line["seats"],
                weight_grams=line["weight_grams"],
                gross_fen=line["amount_fen"],
                delivery_fen=delivery if number == 0 else 0,
                government_fen=line["discount_fen"],
                commission_fen=line["commission_fen"],
            )
            kinds.add(line["kind"])
            categories.add(line["category_id"])
            listings.add(line["listing_id"])
            if line["refunded_quantity"]:
                later = min(self._today, day + timedelta(days=self._chance.randint(1, 20)))
                self._entry(
                    TxnKind.REFUND,
                    f"{where['seller_order_id']}/{number}",
                    later,
                    max(at, shanghai(later, time(12))),
                    **what,
                    commission_fen=-line["commission_fen"],
                    refunds=1,
                    refunded_units=line["quantity"],
                    refunded_fen=line["refunded_fen"],
                    refunded_government_fen=line["discount_fen"],
                )

    def _entry(self, txn_kind: TxnKind, reference: str, day: date, at: datetime, **values: object) -> None:
        self._add(
            SalesEntry,
            id=self._ids.new("sle"),
            txn_kind=txn_kind,
            reference=reference,
            at=at,
            business_day=day,
            week=week_of(day),
            month=month_of(day),
            **values,
        )

"""Two sellers in two counties, one through a cooperative; people buy, and things go back, at random."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import sqlalchemy as sa
from sqlmodel import col, select

from market.aftersales.reckon import refund_pieces, refund_share
from market.aftersales.refunds import refund_lines, sold_lines
from market.catalogue.publish import ListingDraft, ProductDraft, VariantDraft, publish_product
from market.catalogue.rules import Storage
from market.catalogue.tables import Variant
from market.checkout.carts import LineChoice
from market.checkout.till import on_paid
from market.kernel.database import open_database
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.orders.commission import CommissionDraft, set_commission
from market.orders.tables import OrderLine, SellerOrder
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.manage.memberships import join_cooperative
from market.organisations.rules import OrganisationKind
from market.payments.intents import open_payment, record_trade
from market.payments.port import Trade, TradeState
from market.payments.rules import PayMethod, RefundReason
from market.places.manage import RegionRow, VillageDraft, add_regions, add_village
from market.stock.drafts import LotDraft
from market.stock.manage import receive_stock
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from market.vouchers.rules import CampaignState, DiscountKind, Funder
from tests.checkout.shop import VISIT_DAY, Shop, buyers, home, key, open_shop, peaches, placed, put, visit
from tests.clock import FakeClock
from tests.databases import Databases
from tests.schema.stalls import ADMIN

CODES = ("PLAT", "GOVT")


@dataclass
class Fair:
    """The ids of what there is, and who buys."""

    market: Market
    clock: FakeClock
    shop: Shop
    cooperative: str
    member: str
    pears: str
    """A variant of the member's, in another county."""
    people: list[Actor] = field(default_factory=list)
    homes: dict[str, str] = field(default_factory=dict)
    orders: list[str] = field(default_factory=list)

    def buy(self, person: int, *choices: LineChoice, codes: tuple[str, ...] = ()) -> str:
        """Somebody orders and pays; the order's id."""
        buyer = self.people[person % len(self.people)]
        put(self.market, buyer, *choices)
        order_id = placed(self.market, buyer, self.homes[buyer.account_id or ""], codes=codes)
        opened = open_payment(self.market, buyer, order_id=order_id, method=PayMethod.SANDBOX).intent
        trade = Trade(
            opened.out_trade_no,
            TradeState.PAID,
            f"st_{opened.out_trade_no}",
            opened.amount_fen,
            "CNY",
            self.market.now(),
        )
        record_trade(self.market, on_paid, "sandbox", trade)
        self.orders.append(order_id)
        return order_id

    def pears_of(self, quantity: int) -> LineChoice:
        """So many boxes of pears."""
        return LineChoice(variant_id=self.pears, quantity=quantity)

    def give_back(self, order_id: str, chance: Random) -> None:
        """Something of an order goes back: pieces, or a share of what was paid, and perhaps some of the delivery fee."""
        with self.market.transaction() as session:
            part = chance.choice(
                session.exec(
                    select(SellerOrder).where(SellerOrder.order_id == order_id).order_by(col(SellerOrder.id))
                ).all()
            )
            ids = session.exec(
                select(OrderLine.id)
                .where(OrderLine.seller_order_id == part.id, col(OrderLine.refunded_quantity) < OrderLine.quantity)
                .order_by(col(OrderLine.id))
            ).all()
            if not ids:
                return
            line = sold_lines(session, [chance.choice(ids)]).popitem()[1]
            left = line.quantity - line.refunded_quantity
            back = (
                refund_pieces(line, chance.randint(1, left))
                if chance.random() < 0.6
                else refund_share(line, chance.randint(1, 99))
            )
            fee = part.delivery_fen - part.delivery_refunded_fen
            refund_lines(
                session,
                part.id,
                [back],
                delivery_fen=chance.randint(0, fee),
                reason=RefundReason.OTHER,
                reference=key(),
                actor="acc_test",
                now=self.market.now(),
            )


def open_fair(market: Market, clock: FakeClock, *, people: int = 3) -> Fair:
    """The fair, with vouchers of everybody's, and nobody has bought yet."""
    set_commission(market, ADMIN, CommissionDraft(500, market.now().date()))
    shop = open_shop(market, pieces=5_000, seats=300)
    add_regions(
        market,
        ADMIN,
        [
            RegionRow("330282000000", "慈溪市", "330200000000"),
            RegionRow("330282114000", "横河镇", "330282000000"),
            RegionRow("330282114220", "梅园村", "330282114000"),
        ],
    )
    village = add_village(
        market, ADMIN, VillageDraft("330282114220", "梅园村", "Meiyuan", "", None, 30.09, 121.27, is_place_checked=True)
    )
    cooperative = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.COOPERATIVE, "梅园合作社", "Meiyuan", "", None, village)
    )
    member = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, village)
    )
    join_cooperative(market, ADMIN, cooperative_id=cooperative, producer_id=member, joined_on=market.now().date())
    listing = ListingDraft("蜜梨", None, "", None, "", None, shop.stalls.fruit, member, cooperative, village)
    variant = VariantDraft("SKU-PEAR", "盒装", None, 2500, 1, "盒", None, 3999)
    product = publish_product(market, ADMIN, ProductDraft(listing, Storage.AMBIENT, None, "", None, (variant,)))
    with market.read() as session:
        pears = session.exec(select(Variant.id).where(Variant.listing_id == product)).one()
    receive_stock(market, ADMIN, LotDraft(pears, 5_000), idempotency_key=key())
    fair = Fair(market, clock, shop, cooperative, member, pears, buyers(market, people))
    fair.homes = {each.account_id or "": home(market, each) for each in fair.people}
    _vouchers(market, shop)
    return fair


@contextmanager
def kept_fair(databases: Databases) -> Iterator[Fair]:
    """A fair in a database of its own, for tests of one file that only read."""
    url, clock = databases.create(), FakeClock()
    with closing(Market(open_database(url), clock=clock)) as market:
        yield open_fair(market, clock)
    databases.drop(url)


def _vouchers(market: Market, shop: Shop) -> None:
    starts, ends = market.now() - timedelta(days=1), market.now() + timedelta(days=300)
    drafts = [
        CampaignDraft("平台券", Funder.PLATFORM, DiscountKind.PERCENT, starts, ends, code="PLAT", percent=7),
        CampaignDraft(
            "消费券",
            Funder.GOVERNMENT,
            DiscountKind.FIXED,
            starts,
            ends,
            code="GOVT",
            authority_region="330213000000",
            amount_fen=3_333,
            budget_fen=10_000_000,
        ),
        CampaignDraft(
            "满减",
            Funder.SELLER,
            DiscountKind.THRESHOLD,
            starts,
            ends,
            seller_id=shop.stalls.producer,
            amount_fen=1_111,
            minimum_fen=15_000,
        ),
    ]
    for draft in drafts:
        campaign = create_campaign(market, ADMIN, draft, key=key())
        move_campaign(market, ADMIN, campaign_id=campaign, to=CampaignState.ACTIVE)


def live(fair: Fair, chance: Random, *, steps: int) -> None:
    """So many things happen, over some months: orders of this and that with and without vouchers, and refunds."""
    for _step in range(steps):
        fair.clock.advance(hours=chance.choice([1, 5, 30, 100]), minutes=chance.randint(0, 59))
        if fair.orders and chance.random() < 0.4:
            fair.give_back(chance.choice(fair.orders), chance)
            continue
        choices = [peaches(fair.shop, chance.randint(1, 3))] if chance.random() < 0.7 else []
        if chance.random() < 0.5 or not choices:
            choices.append(fair.pears_of(chance.randint(1, 4)))
        if fair.clock.now.date() < VISIT_DAY - timedelta(days=3) and chance.random() < 0.6:
            choices.append(visit(fair.shop, chance.randint(1, 2)))
        codes = tuple(code for code in CODES if chance.random() < 0.4)
        fair.buy(chance.randrange(len(fair.people)), *choices, codes=codes)


def ledger(fair: Fair, where: str = "1 = 1") -> dict[str, int]:
    """What the ledger itself says of sales and refunds, by kind of account: asked in plain SQL."""
    query = (
        "SELECT a.kind, sum(e.amount_fen) AS fen FROM ledger_entry e JOIN ledger_txn t ON t.id = e.txn_id"
        f" JOIN ledger_account a ON a.id = e.account_id WHERE t.kind IN ('SALE', 'REFUND') AND {where} GROUP BY a.kind"
    )
    with fair.market.read() as session:
        return {kind: int(fen) for kind, fen in session.execute(sa.text(query))}

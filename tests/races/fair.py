"""A shop where everything is scarce: few pieces, few seats, vouchers that run out. Made once, copied for each run."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.tables import PackageOption
from market.checkout.place import HOLD_LONGER
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.orders.rules import LineKind, OrderState
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder
from market.payments.rules import RefundReason
from market.payments.tables import Refund
from market.sessions.manage import SeriesDraft, schedule_sessions
from market.sessions.tables import TourSession
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from market.vouchers.rules import CampaignState, DiscountKind, Funder
from tests.checkout.shop import VISIT_DAY, Shop, buyers, home, key, open_shop
from tests.schema.stalls import ADMIN

PIECES, SEATS, SEATS_LATER = 9, 6, 3
CODES = {"TWICE": {"total_limit": 2}, "ONCEEACH": {"person_limit": 1}, "BUDGET": {"budget_fen": 1_200}}
"""Vouchers of ¥5.00: two uses in all, one for each person, and money for two and a bit."""


@dataclass(frozen=True)
class Fair:
    """Where everything is scarce."""

    shop: Shop
    later: str
    """Another session of the visit, three days later."""
    starts_at: datetime
    """When the visit starts."""
    people: tuple[tuple[Actor, str], ...]
    """Buyers, each with an address."""


def open_fair(market: Market) -> Fair:
    """The shop, three buyers, three vouchers."""
    shop = open_shop(market, pieces=PIECES, seats=SEATS)
    for code, limits in CODES.items():
        draft = CampaignDraft(
            name=code,
            funder=Funder.PLATFORM,
            kind=DiscountKind.FIXED,
            amount_fen=500,
            code=code,
            starts_at=market.now() - timedelta(days=1),
            ends_at=market.now() + timedelta(days=90),
            **limits,  # type: ignore[arg-type]
        )
        made = create_campaign(market, ADMIN, draft, key=key())
        move_campaign(market, ADMIN, campaign_id=made, to=CampaignState.ACTIVE)
    with market.read() as session:
        starts_at, option = session.exec(
            select(TourSession.starts_at, PackageOption.id)
            .join(PackageOption, col(TourSession.option_id) == col(PackageOption.id))
            .where(TourSession.id == shop.visit)
        ).one()
    day = VISIT_DAY + timedelta(days=3)
    schedule_sessions(market, ADMIN, [SeriesDraft(option, (day,), (time(9),), SEATS_LATER)])
    with market.read() as session:
        later = session.exec(select(TourSession.id).where(TourSession.local_date == day)).one()
    people = tuple((buyer, home(market, buyer)) for buyer in buyers(market, 3))
    return Fair(shop, later, starts_at, people)


def no_refunds_from_now_on(market: Market) -> None:
    """The seller changes the policy: whoever books from now on gets nothing back."""
    with market.transaction() as session:
        session.execute(sa.text("UPDATE cancellation_tier SET refund_percent = 0"))


@dataclass(frozen=True)
class Standing:
    """Where an order stands."""

    state: str
    pay_by: datetime
    payable_fen: int
    refunded_fen: int
    account_id: str
    seller_order: str

    def is_over(self, now: datetime) -> bool:
        """Whether its time to pay is over."""
        return self.pay_by <= now

    def is_held(self, now: datetime) -> bool:
        """Whether what it is of is surely still held for it."""
        return self.state == OrderState.PENDING_PAYMENT and now < self.pay_by + HOLD_LONGER


def standing(session: Session, order_id: str) -> Standing:
    """Where an order of one seller stands now."""
    order = session.get_one(CustomerOrder, order_id)
    part = session.exec(select(SellerOrder.id).where(SellerOrder.order_id == order_id)).one()
    return Standing(order.state, order.pay_by, order.payable_fen, order.refunded_fen, order.account_id, part)


def line_of(session: Session, order_id: str, kind: LineKind) -> OrderLine | None:
    """An order's line of a kind, as it is now."""
    return session.exec(select(OrderLine).where(OrderLine.order_id == order_id, OrderLine.kind == kind)).first()


def owed(session: Session, order_id: str) -> int:
    """What was sent back, or is to be, because it could not be had any more."""
    late = select(Refund.amount_fen).where(Refund.order_id == order_id, Refund.reason == RefundReason.LATE_MONEY)
    return sum(session.exec(late).all())

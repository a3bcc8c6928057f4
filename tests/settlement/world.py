"""Sellers with money: a producer on its own, a cooperative with two members, and orders that are paid and delivered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import count
from threading import Thread

import sqlalchemy as sa
from sqlmodel import col, select

from market.aftersales.reckon import refund_pieces, refund_share
from market.aftersales.refunds import refund_lines, sold_lines
from market.catalogue.publish import ListingDraft, ProductDraft, VariantDraft, publish_product
from market.catalogue.rules import Storage
from market.catalogue.tables import Variant
from market.checkout.carts import LineChoice
from market.checkout.till import on_paid
from market.kernel.errors import MarketError, Unavailable
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.ledger.post import balance
from market.ledger.rules import AccountKey, AccountKind
from market.ledger.tables import LedgerAccount
from market.orders.commission import CommissionDraft, set_commission
from market.orders.moves import move_seller_order
from market.orders.rules import LineKind, SellerOrderState
from market.orders.tables import OrderLine, SellerOrder
from market.organisations.manage import OrganisationDraft, join_cooperative, register_organisation
from market.organisations.rules import OrganisationKind
from market.payments.intents import open_payment, record_trade
from market.payments.port import Trade, TradeState
from market.payments.rules import PayMethod, RefundReason
from market.people.manage import give_role, open_account
from market.settlement.check import check_books
from market.settlement.payouts.propose import BatchDraft
from market.settlement.release import release_due
from market.settlement.rules import StatementState
from market.settlement.statements.draft import draft_statements
from market.settlement.tables import Payout, Statement
from market.stock.drafts import LotDraft
from market.stock.manage import receive_stock
from tests.checkout.shop import Shop, buyers, home, key, open_shop, peaches, placed, put, visit
from tests.clock import FakeClock
from tests.schema.stalls import ADMIN

NUMBERS = count()
HERE = BatchDraft("330213000000")


@dataclass(frozen=True)
class World:
    """Who sells what."""

    shop: Shop
    cooperative: str
    members: tuple[str, str]
    """Producers that sell through the cooperative."""
    teas: tuple[str, str]
    """A variant of each member's, at ¥50.00."""


def staff(number: int = 0, region: str = "330213000000") -> Actor:
    """Somebody of finance in a district."""
    return Actor(
        ActorKind.STAFF,
        f"acc_finance_{number}",
        staff_roles=frozenset({Role.STAFF_FINANCE}),
        region_codes=frozenset({region}),
    )


MAKER, CHECKER = staff(1), staff(2)


def people_of(organisation: str, role: Role = Role.FINANCE) -> Actor:
    """Somebody of an organisation."""
    return Actor(ActorKind.MEMBER, "acc_of_party", organisations={organisation: frozenset({role})})


def hired(market: Market, organisation: str, role: Role = Role.FINANCE) -> Actor:
    """Somebody of an organisation whose role is on record, as changes ask it."""
    account_id = open_account(market, ADMIN, name="会计")
    give_role(market, ADMIN, account_id=account_id, role=role, within=organisation)
    return Actor(ActorKind.MEMBER, account_id, organisations={organisation: frozenset({role})})


def build(market: Market) -> World:
    """The world, with 5 % commission for everybody."""
    set_commission(market, ADMIN, CommissionDraft(500, date(2026, 1, 1)))
    shop = open_shop(market)
    stalls = shop.stalls

    def organisation(kind: OrganisationKind, name: str) -> str:
        return register_organisation(market, ADMIN, OrganisationDraft(kind, name, None, "", None, stalls.village))

    cooperative = organisation(OrganisationKind.COOPERATIVE, "茶叶合作社")
    members = (organisation(OrganisationKind.HOUSEHOLD, "老陈家"), organisation(OrganisationKind.HOUSEHOLD, "老周家"))
    teas = []
    for producer in members:
        join_cooperative(market, ADMIN, cooperative_id=cooperative, producer_id=producer, joined_on=date(2026, 1, 1))
        draft = ProductDraft(
            ListingDraft("春茶", None, "", None, "", None, stalls.tea, producer, cooperative, stalls.village),
            Storage.AMBIENT,
            None,
            "",
            None,
            (VariantDraft(f"TEA-{producer}", "罐装", None, 250, 1, "罐", None, 5_000),),
        )
        listing = publish_product(market, ADMIN, draft)
        with market.read() as session:
            variant = session.exec(select(Variant.id).where(Variant.listing_id == listing)).one()
        receive_stock(market, ADMIN, LotDraft(variant, 100), idempotency_key=key())
        teas.append(variant)
    return World(shop, cooperative, members, (teas[0], teas[1]))


def bought(
    market: Market,
    world: World,
    *,
    boxes: int = 0,
    adults: int = 0,
    teas: tuple[int, int] = (0, 0),
    codes: tuple[str, ...] = (),
) -> str:
    """An order of somebody new, paid; its id."""
    (buyer,) = buyers(market, 1)
    choices = [peaches(world.shop, boxes)] if boxes else []
    choices += [visit(world.shop, adults)] if adults else []
    choices += [
        LineChoice(variant_id=variant, quantity=many) for variant, many in zip(world.teas, teas, strict=True) if many
    ]
    put(market, buyer, *choices)
    order_id = placed(market, buyer, home(market, buyer), codes=codes)
    intent = open_payment(market, buyer, order_id=order_id, method=PayMethod.SANDBOX).intent
    number = intent.out_trade_no
    trade = Trade(number, TradeState.PAID, f"st_{number}", intent.amount_fen, "CNY", market.now())
    assert record_trade(market, on_paid, "sandbox", trade) == "SUCCEEDED"
    return order_id


def parts(market: Market, order_id: str) -> dict[str, str]:
    """An order's parts, by their settlement party."""
    with market.read() as session:
        rows = session.exec(select(SellerOrder).where(SellerOrder.order_id == order_id)).all()
    return {
        row.settlement_party if row.settlement_party != row.producer_id else row.producer_id: row.id for row in rows
    }


def deliver(market: Market, order_id: str) -> None:
    """Everything of an order has been handed over, now."""
    with market.transaction() as session:
        for part in session.exec(select(SellerOrder.id).where(SellerOrder.order_id == order_id)).all():
            move_seller_order(session, part, SellerOrderState.FULFILLED, actor="test", now=market.now())


def line_of(market: Market, order_id: str, kind: LineKind = LineKind.PRODUCT) -> OrderLine:
    """An order's first line of a kind."""
    with market.read() as session:
        return session.exec(
            select(OrderLine)
            .where(OrderLine.order_id == order_id, OrderLine.kind == kind)
            .order_by(col(OrderLine.position))
        ).all()[0]


def refund(market: Market, line: OrderLine, *, pieces: int = 0, percent: int = 0) -> None:
    """Give back so many pieces of a line, or a share of its money."""
    with market.transaction() as session:
        sold = sold_lines(session, [line.id])[line.id]
        share = refund_pieces(sold, pieces) if pieces else refund_share(sold, percent)
        refund_lines(
            session,
            line.seller_order_id,
            [share],
            reason=RefundReason.CLAIM,
            reference=f"claim-{next(NUMBERS)}",
            actor="test",
            now=market.now(),
        )


def fen(market: Market, kind: AccountKind, owner: str) -> int:
    """What the platform owes on an account: credits above zero."""
    with market.read() as session:
        return -balance(session, AccountKey(kind, owner))


def pending(market: Market, party: str) -> int:
    """What a party has that is not payable yet."""
    return fen(market, AccountKind.SELLER_PENDING, party)


def payable(market: Market, party: str) -> int:
    """What a party can be paid."""
    return fen(market, AccountKind.SELLER_PAYABLE, party)


def is_right(market: Market) -> bool:
    """Whether all books agree, and the ledger comes to zero; says what not."""
    with market.read() as session:
        assert check_books(session) == []
        return not session.execute(sa.select(sa.func.sum(col(LedgerAccount.balance_fen)))).scalar_one()


def at_once(*acts: Callable[[], object]) -> list[MarketError]:
    """Do all of these at once; what was refused. What the database could not do for now is tried again, as a client
    would: on a busy machine a row may be waited for too long."""
    refused: list[MarketError] = []

    def run(act: Callable[[], object]) -> None:
        for _ in range(100):
            try:
                act()
            except Unavailable:
                continue
            except MarketError as error:
                refused.append(error)
            return
        raise AssertionError("never available")

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def confirmed(market: Market, clock: FakeClock, world: World, *, boxes: int = 3, teas: tuple[int, int] = (0, 0)) -> str:
    """An order that was sold, delivered, released, stated and confirmed; its id."""
    order_id = bought(market, world, boxes=boxes, teas=teas)
    deliver(market, order_id)
    clock.advance(days=8)
    release_due(market)
    clock.advance(days=31)
    draft_statements(market)
    agree(market)
    return order_id


def agree(market: Market) -> None:
    """Every statement is confirmed: how is another test's business."""
    with market.transaction() as session:
        session.execute(sa.update(Statement).values(state=StatementState.CONFIRMED))


def payouts(market: Market) -> list[Payout]:
    """All of them, oldest first."""
    with market.read() as session:
        return list(session.exec(select(Payout).order_by(col(Payout.id))).all())

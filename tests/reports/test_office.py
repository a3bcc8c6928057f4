"""Reports of what happens after the sale: parcels and their loss, pick-up points, refunds, payouts, providers' bills."""

from datetime import date, timedelta

import sqlalchemy as sa

from market.aftersales.claims.answer import Answer, AnswerKind, answer_claim
from market.aftersales.tables import Claim
from market.checkout.till import on_refunded
from market.fulfilment.deliver import confirm_pickup
from market.fulfilment.ship import ShipDraft, ship_order
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.ledger.rules import AccountKind
from market.orders.rules import DeliveryMethod
from market.payments.bills import Bill, BillKind, BillLine
from market.payments.port import RefundAnswer, RefundAnswerState
from market.payments.refunds import due_refunds, record_refund
from market.reports.declare import ReportAsked, Value
from market.reports.run import run_report
from market.settlement.bills.compare import keep_bill, resolve_difference
from market.settlement.payouts.decide import approve_payouts, record_paid
from market.settlement.payouts.propose import propose_payouts
from market.settlement.tables import BillDifference
from tests.aftersales.claiming import spoilt, wrong
from tests.aftersales.sales import bought, send
from tests.checkout.shop import key, open_shop
from tests.clock import FakeClock
from tests.fulfilment.parcels import add_point, code_of, sold_by
from tests.schema.stalls import ADMIN
from tests.settlement.world import CHECKER, HERE, MAKER, build, confirmed, fen, line_of, payouts, pending, refund

WHOLE_YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def rows(
    market: Market, report: str, actor: Actor = ADMIN, days: tuple[date, date] | None = None
) -> list[dict[str, Value]]:
    """A report's rows by their columns' keys, of the hundred days up to now unless said; the last one is the totals."""
    today = market.now().date()
    found = run_report(market, actor, ReportAsked(report, *(days or (today - timedelta(days=98), today))))
    keys = [column.key for column in found.columns]
    return [dict(zip(keys, row, strict=True)) for row in (*found.rows, found.totals)]


def test_parcels_that_came_spoiled_are_loss_by_weight(market: Market, clock: FakeClock) -> None:
    shop = open_shop(market)
    (_fine, kept), (buyer, part), (other, refused) = (bought(market, shop, boxes) for boxes in (5, 3, 2))
    for each in (kept, part, refused):
        clock.advance(hours=1)
        send(market, each)
    spoilt(market, buyer, part, quantity=2, percent=40)
    claim = wrong(market, other, refused)
    answer_claim(market, ADMIN, Answer(claim, AnswerKind.REJECT, "个头以标签为准"), key=key())

    (row, _totals) = rows(market, "orders.shipping")

    assert (row["shipments"], row["delivered"], row["weight"]) == (3, 3, 10_000)
    assert (row["claims"], row["spoiled"], row["spoilage"]) == (1, 800, 800)  # two boxes of a kilogram by 40 %: 8 %


def test_what_was_laid_out_is_fetched_bag_by_bag(market: Market) -> None:
    shop = open_shop(market)
    add_point(market, shop)
    bags = [
        ship_order(market, ADMIN, ShipDraft(sold_by(market, shop, DeliveryMethod.PICKUP).part), key=key())
        for _ in range(3)
    ]
    confirm_pickup(market, ADMIN, shipment_id=bags[1], code=code_of(market, bags[1]))

    (row, _totals) = rows(market, "orders.pickup")

    assert (row["point"], row["orders"], row["items"]) == ("老王家自提点", 3, 6)
    assert (row["fetched"], row["waiting"], row["fetchedShare"]) == (1, 2, 3_333)
    assert rows(market, "orders.pickup", stranger())[:-1] == []


def stranger() -> Actor:
    """Somebody of another seller."""
    organisation = "pdr_00000000000000000000000000"
    return Actor(ActorKind.MEMBER, "acc_x", organisations={organisation: frozenset({Role.OWNER})})


def test_handling_is_from_the_claim_to_the_moneys_arrival(market: Market, clock: FakeClock) -> None:
    shop = open_shop(market)
    (buyer, part), (_other, cancelled) = bought(market, shop, 3), bought(market, shop, 1)
    send(market, part)
    claim = spoilt(market, buyer, part)
    clock.advance(hours=30)
    answer_claim(market, ADMIN, Answer(claim, AnswerKind.REFUND), key=key())
    clock.advance(hours=6)
    (due,) = due_refunds(market)
    sent = RefundAnswer(due.intent.out_refund_no, RefundAnswerState.SUCCEEDED, "st_1", due.intent.amount_fen)
    record_refund(market, on_refunded, due.gateway, sent)
    refund(market, line_of(market, _order(market, cancelled)), pieces=1)

    (row, _totals) = rows(market, "office.refunds")

    with market.read() as session:
        back = session.execute(sa.select(sa.inspect(Claim).local_table.c.refunded_fen)).scalar_one()
    assert (row["reason"], row["refunds"], row["waiting"], row["handling"]) == ("售后理赔", 2, 1, 36)
    assert row["refunded"] == back + 8_800 + 800  # nothing of the second was sent: its delivery goes back, too
    assert row["refundShare"] == 10_000


def _order(market: Market, part: str) -> str:
    with market.read() as session:
        return str(session.execute(sa.text("SELECT order_id FROM seller_order WHERE id = :id"), {"id": part}).scalar())


def test_what_was_paid_out_is_settled_and_what_is_left_is_outstanding(market: Market, clock: FakeClock) -> None:
    world = build(market)
    order_id = confirmed(market, clock, world, boxes=3, teas=(1, 2))
    parties = (world.shop.stalls.producer, world.cooperative)

    before = rows(market, "orders.suppliers", days=WHOLE_YEAR)
    batch = propose_payouts(market, MAKER, HERE, key=key())
    approve_payouts(market, CHECKER, batch_id=batch, key=key())
    for each in payouts(market):
        record_paid(market, MAKER, payout_id=each.id, reference=f"ICBC-{each.party}", key=key())
    after = rows(market, "orders.suppliers", days=WHOLE_YEAR)

    assert len(before) == 4  # a producer, two members, the totals
    assert all((row["settled"], row["outstanding"]) == (0, row["payable"]) for row in before)
    assert all((row["settled"], row["outstanding"]) == (row["payable"], 0) for row in after)
    assert after[-1]["settled"] == sum(each.amount_fen for each in payouts(market))

    refund(market, line_of(market, order_id), pieces=1)  # what goes back now is owed by the seller
    totals = rows(market, "orders.suppliers", days=WHOLE_YEAR)[-1]
    assert totals["outstanding"] == sum(pending(market, party) for party in parties) < 0
    assert sum(fen(market, AccountKind.SELLER_PAYABLE, party) for party in parties) == 0


def test_a_providers_bill_is_set_against_the_records_for_the_platforms_own_finance(market: Market) -> None:
    day, at = date(2026, 6, 2), market.now()
    lines = tuple(
        BillLine(BillKind.PAYMENT, f"unknown-{number}", f"wx_{number}", "SUCCESS", 1_000, at, 6) for number in range(3)
    )
    keep_bill(market, "wechat", Bill(day, lines, paid_fen=3_000, fee_fen=18))
    with market.read() as session:
        difference = session.execute(sa.select(sa.inspect(BillDifference).local_table.c.id)).scalars().first()
    resolve_difference(market, ADMIN, difference_id=str(difference), note="测试单", key=key())

    (row, totals) = rows(market, "office.reconciliation", days=WHOLE_YEAR)

    assert (row["day"], row["gateway"], row["billed"], row["fee"]) == (day, "wechat", 3, 18)
    assert (row["paidThere"], row["paidHere"], row["gap"]) == (3_000, 0, 3_000)
    assert (row["missingHere"], row["missingThere"], row["open"]) == (3, 0, 2)
    assert totals["gap"] == 3_000
    assert rows(market, "office.reconciliation", MAKER, WHOLE_YEAR)[:-1] == []

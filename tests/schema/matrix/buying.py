"""What a buyer bought, at every point of an order's life."""

from dataclasses import replace

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from market.aftersales.claims.answer import Answer, AnswerKind, answer_claim
from market.aftersales.claims.own import escalate_claim
from market.aftersales.claims.rules import ClaimWish
from market.bookings.codes import PURPOSE
from market.bookings.manifest import issue_manifest
from market.bookings.no_show import mark_no_show
from market.bookings.tables import Booking, Ticket
from market.checkout.carts import LineChoice, open_cart, set_cart_line
from market.checkout.place import PlaceDraft, place_order
from market.checkout.reckon import Choices
from market.fulfilment.rules import Carrier
from market.fulfilment.ship import ShipDraft, ship_order
from market.fulfilment.tables import Shipment
from market.kernel.permissions import VISITOR
from market.orders.rules import DeliveryMethod
from market.orders.tables import OrderLine, SellerOrder
from market.payments.intents import open_payment
from market.payments.rules import PayMethod
from market.payments.tables import Payment
from market.reviews.respond import hide_review
from market.reviews.rules import HiddenFor
from market.reviews.write import ReviewDraft, write_review
from tests.aftersales.claiming import photo, wrong
from tests.aftersales.sales import pay, send
from tests.checkout.shop import home, key, peaches, placed, put, reckoned, visit
from tests.fulfilment.parcels import parcel
from tests.schema.matrix.rows import add_row, id_for
from tests.schema.matrix.things import Side
from tests.schema.stalls import ADMIN


def book_early(side: Side) -> None:
    """Places of departures, booked while one still could: of yesterday, of today, of a day to come."""
    side.own(address=home(side.market, side.buyer))
    for name in ("past", "gone", "today", "later"):
        session = "past_session" if name == "gone" else "session" if name == "today" else f"{name}_session"
        shop = replace(side.shop, visit=side.things[session].id)
        booking = _booking(side, _bought(side, visit(shop)))
        ticket = _ticket(side, booking)
        side.bought(**{f"{name}_booking": booking, f"{name}_ticket": ticket.id})
        if name == "today":
            side.facts["ticket_code"] = side.market.sealer.open(ticket.code_sealed, purpose=PURPOSE)


def fill_orders(side: Side) -> None:
    """Orders to pay, to send, on the way, waiting at a pick-up point, delivered."""
    market, owner = side.market, side.owner
    paid, sent, fetched, came = (_part(side, _bought(side, peaches(side.shop, 3))) for _ in range(4))
    waiting = parcel(market, owner, sent)
    handed = ship_order(market, owner, ShipDraft(fetched, carrier=Carrier.OTHER, number="ABC1234567"), key=key())
    send(market, came)
    pickup = _by_pickup(side)
    side.facts["pickup_code"] = _code(side, pickup)
    mark_no_show(market, owner, booking_id=side.things["gone_booking"].id, key=key())
    manifest = issue_manifest(market, owner, session_id=side.things["session"].id, key=key())
    put(market, side.buyer, peaches(side.shop, 1))
    unpaid = placed(market, side.buyer, side.things["address"].id)
    side.bought(
        unpaid_order=unpaid,
        part=paid,
        line=_line(side, paid),
        sent_part=sent,
        shipment=waiting,
        other_shipment=handed,
        pickup_shipment=pickup,
        delivered_part=came,
        delivered_line=_line(side, came),
        manifest=manifest.id,
    )


def fill_carts(side: Side) -> None:
    """The buyer's, last: whoever orders, orders all that is in it; and a visitor's, to be taken over."""
    put(side.market, side.buyer, peaches(side.shop, 1))
    total = reckoned(side.market, side.buyer, Choices("330213005208")).priced.payable_fen
    side.facts["total"] = f"{total // 100}.{total % 100:02}"
    token = open_cart(side.market, VISITOR).token
    set_cart_line(side.market, VISITOR, peaches(side.shop, 1), token=token)
    side.facts["cart_token"] = token


def fill_payments(side: Side) -> None:
    """A bank transfer that is on its way, and refunds that went wrong."""
    market = side.market
    put(market, side.buyer, peaches(side.shop, 1))
    order = placed(market, side.buyer, side.things["address"].id)
    intent = open_payment(market, side.buyer, order_id=order, method=PayMethod.BANK_TRANSFER).intent
    side.facts["transferred"] = f"{intent.amount_fen // 100}.{intent.amount_fen % 100:02}"
    with market.transaction() as session:
        part = side.things["part"].id
        paid = session.exec(
            select(Payment)
            .join(SellerOrder, col(SellerOrder.order_id) == Payment.order_id)
            .where(SellerOrder.id == part)
        ).one()
        payment = session.exec(select(Payment.id).where(Payment.order_id == order)).one()
        links = {"payment": paid.id, "customer_order": paid.order_id}
        table = SQLModel.metadata.tables["refund"]
        stuck, failed = (
            add_row(session, table, links, id=id_for("rfd"), state=state, reason="CLAIM")["id"]
            for state in ("ABNORMAL", "FAILED")
        )
        paid.refunded_fen = 1  # the one that is stuck: what failed is not on its way
    side.bought(payment=payment, stuck_refund=str(stuck), failed_refund=str(failed))


def fill_claims(side: Side) -> None:
    """A claim in each state in which somebody can do something."""
    market, owner, buyer = side.market, side.owner, side.buyer

    def opened(wish: ClaimWish = ClaimWish.REFUND) -> str:
        part = _part(side, _bought(side, peaches(side.shop, 1)))
        send(market, part)
        with market.transaction() as session:
            session.execute(
                sa.text("UPDATE order_line SET return_basis = 'SEVEN_DAYS' WHERE seller_order_id = :part"),
                {"part": part},
            )
        return wrong(market, buyer, part, wish)

    def answered(claim: str, kind: AnswerKind) -> str:
        return answer_claim(market, owner, Answer(claim, kind, "好的"), key=key())

    refused, escalated = (answered(opened(), AnswerKind.REJECT) for _ in range(2))
    escalate_claim(market, buyer, claim_id=escalated, text="请平台看看", key=key())
    side.bought(
        claim=opened(),
        refused_claim=refused,
        escalated_claim=escalated,
        return_claim=answered(opened(ClaimWish.RETURN), AnswerKind.RETURN),
        reship_claim=answered(opened(ClaimWish.RESHIP), AnswerKind.RESHIP),
    )
    side.own(claim_photo=photo(market, buyer, side.seller[-1]))


def fill_reviews(side: Side) -> None:
    """One shown, one hidden."""
    written = []
    for _ in range(2):
        part = _part(side, _bought(side, peaches(side.shop, 1)))
        send(side.market, part)
        written.append(
            write_review(side.market, side.buyer, _line(side, part), ReviewDraft(5, "很甜，下次还买"), key=key())
        )
    hide_review(side.market, ADMIN, review_id=written[1], reason=HiddenFor.ABUSE)
    side.bought(review=written[0], hidden_review=written[1])


def _bought(side: Side, *choices: LineChoice) -> str:
    put(side.market, side.buyer, *choices)
    order = placed(side.market, side.buyer, side.things["address"].id)
    pay(side.market, side.buyer, order)
    return order


def _by_pickup(side: Side) -> str:
    """A bag that waits at the pick-up point."""
    market, buyer = side.market, side.buyer
    put(market, buyer, peaches(side.shop, 1))
    (seller,) = reckoned(market, buyer).offers
    (offer,) = [each for each in reckoned(market, buyer).offers[seller] if each.method is DeliveryMethod.PICKUP]
    choices = Choices("330213005208", delivery={seller: offer.id})
    draft = PlaceDraft(
        expected_fen=reckoned(market, buyer, choices).priced.payable_fen,
        address_id=side.things["address"].id,
        delivery={seller: offer.id},
        confirms_no_return=True,
    )
    order = place_order(market, buyer, draft, key=key())
    pay(market, buyer, order)
    return ship_order(market, side.owner, ShipDraft(_part(side, order)), key=key())


def _code(side: Side, shipment_id: str) -> str:
    with side.market.read() as session:
        sealed = session.get_one(Shipment, shipment_id).code_sealed
    assert sealed is not None
    return side.market.sealer.open(sealed, purpose="shipment.code")


def _part(side: Side, order: str) -> str:
    with side.market.read() as session:
        return session.exec(select(SellerOrder.id).where(SellerOrder.order_id == order)).one()


def _line(side: Side, part: str) -> str:
    with side.market.read() as session:
        mine = select(OrderLine.id).where(OrderLine.seller_order_id == part).order_by(col(OrderLine.id))
        return session.exec(mine).first() or ""


def _booking(side: Side, order: str) -> str:
    with side.market.read() as session:
        return session.exec(select(Booking.id).where(Booking.order_id == order)).one()


def _ticket(side: Side, booking: str) -> Ticket:
    with side.market.read() as session:
        return session.exec(select(Ticket).where(Ticket.booking_id == booking)).one()

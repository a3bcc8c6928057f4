"""Use cases: what was handed over has come. The carrier says so (see `tracking`), a pick-up code does, or its buyer; of what
no carrier follows, its seller."""

import hmac
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, UTCDateTime, col, select

from market.fulfilment.codes import digest_of, pickup_code
from market.fulfilment.errors import DeliveryNotYours, NothingToConfirm, PickupCodeWrong, PickupLocked
from market.fulfilment.rules import (
    CODE_TRIES_MAX,
    SHIPMENT_MOVES,
    Carrier,
    ShipmentState,
    TrackingState,
    illegal_shipment_move,
    tracking_number,
)
from market.fulfilment.ship import BY_CARRIER, carried
from market.fulfilment.tables import Shipment
from market.kernel import audit, outbox
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.create import add_event
from market.orders.rules import DeliveryMethod
from market.orders.tables import CustomerOrder, SellerOrder
from market.organisations.acting import act_for

_SHIPMENTS = SQLModel.metadata.tables[str(Shipment.__tablename__)]
_WAITING = (ShipmentState.READY, ShipmentState.SENT)


def move_shipment(
    session: Session, shipment_id: str, to: ShipmentState, *, actor: str, at: datetime, now: datetime
) -> bool:
    """Step: a shipment has come, or gone back, at a moment; False when it had ended before: news come late and twice.

    `at` is what a carrier or a person says; it counts as no earlier than the sending, and no later than now.
    Guards: one conditional update. Records the event, tells the outbox.
    """
    sources = [state for state in ShipmentState if to in SHIPMENT_MOVES[state]]
    row = _SHIPMENTS.c
    said = sa.literal(min(at, now), UTCDateTime())
    when = sa.case((row.sent_at > said, row.sent_at), else_=said)
    column = "delivered_at" if to is ShipmentState.DELIVERED else "returned_at"
    moved = session.execute(
        sa.update(_SHIPMENTS)
        .where(row.id == shipment_id, row.state.in_(sources))
        .values({"state": to, column: when, "ask_at": None, "tracking": _ended()})
        .returning(row.order_id, row.seller_order_id)
    ).one_or_none()
    if moved is None:
        return False
    name = f"shipment.{to.value.lower()}"
    facts = {"shipment": shipment_id}
    add_event(session, moved.order_id, name, actor=actor, now=now, seller_order_id=moved.seller_order_id, facts=facts)
    told = {"order": moved.order_id, "sellerOrder": moved.seller_order_id, "shipment": shipment_id}
    outbox.publish(session, name, aggregate=moved.order_id, payload=told, now=now)
    return True


def mark_delivered(market: Market, actor: Actor, *, shipment_id: str) -> None:
    """A seller says that what it brought, or sent with somebody whose parcels cannot be followed, has come.

    Refuses: NotSignedIn; Forbidden; NotFound, also for another's; DeliveryNotYours for parcels that are followed and for
    what waits at a pick-up point; IllegalTransition for what went back. Once: what has come stays so.
    """
    reach(actor, Permission.ORDER_FULFIL)
    with market.transaction() as session:
        now = market.now()
        shipment = _sellers_shipment(session, actor, shipment_id, now)
        if shipment.state == ShipmentState.DELIVERED:
            return
        if shipment.state == ShipmentState.RETURNED:
            raise illegal_shipment_move(ShipmentState.RETURNED, ShipmentState.DELIVERED)
        if shipment.method == DeliveryMethod.PICKUP or shipment.tracking != TrackingState.NONE:
            raise DeliveryNotYours
        who = actor.account_id or actor.kind.value
        if move_shipment(session, shipment_id, ShipmentState.DELIVERED, actor=who, at=now, now=now):
            _record(session, actor, "shipment.deliver", shipment, now=now)


def confirm_pickup(market: Market, actor: Actor, *, shipment_id: str, code: str) -> None:
    """A seller gives out what waits at a pick-up point, to whoever has its code.

    Refuses: NotSignedIn; Forbidden; NotFound, also for another's; Invalid for what is no code, or no pick-up;
    PickupCodeWrong; PickupLocked after five wrong ones. Once: the right code again changes nothing.
    Guards: each try is counted, by a conditional update, before the code is looked at, and stays counted.
    """
    reach(actor, Permission.ORDER_FULFIL)
    given = digest_of(market.sealer, pickup_code(code))
    refusal: Exception | None = None
    with market.transaction() as session:
        now = market.now()
        shipment = _sellers_shipment(session, actor, shipment_id, now)
        if shipment.code_digest is None:
            raise Invalid(field="shipment", allowed="one that is picked up", allowed_zh="该包裹不是自提")
        tries = session.execute(
            sa.update(_SHIPMENTS)
            .where(_SHIPMENTS.c.id == shipment_id, _SHIPMENTS.c.code_tries < CODE_TRIES_MAX)
            .values(code_tries=_SHIPMENTS.c.code_tries + 1)
            .returning(_SHIPMENTS.c.code_tries)
        ).scalar_one_or_none()
        if tries is None:
            refusal = PickupLocked()
        elif not hmac.compare_digest(given, shipment.code_digest):
            refusal = PickupCodeWrong(tries_left=CODE_TRIES_MAX - tries)
        else:
            session.execute(sa.update(_SHIPMENTS).where(_SHIPMENTS.c.id == shipment_id).values(code_tries=0))
            who = actor.account_id or actor.kind.value
            if move_shipment(session, shipment_id, ShipmentState.DELIVERED, actor=who, at=now, now=now):
                _record(session, actor, "shipment.pick_up", shipment, now=now)
    if refusal is not None:  # only now: the try is on record
        raise refusal


def confirm_receipt(market: Market, actor: Actor, *, seller_order_id: str) -> None:
    """A buyer says that all that was sent of a seller's part has come. The time for claims runs from then.

    Refuses: NotSignedIn; NotFound, also for somebody else's; NothingToConfirm when nothing was sent.
    Once: what has come stays so.
    """
    mine = reach(actor, Permission.ORDER_PLACE)
    with market.transaction() as session:
        now = market.now()
        owner = session.exec(
            select(CustomerOrder.account_id)
            .join(SellerOrder, col(SellerOrder.order_id) == col(CustomerOrder.id))
            .where(SellerOrder.id == seller_order_id)
        ).first()
        if owner is None or not mine.covers(owner_id=owner):
            raise NotFound(field="sellerOrder")
        sent = session.exec(
            select(Shipment.id, Shipment.state)
            .where(Shipment.seller_order_id == seller_order_id)
            .order_by(col(Shipment.id))
        ).all()
        if not sent:
            raise NothingToConfirm
        who = actor.account_id or actor.kind.value
        for shipment_id, state in sent:
            if state in _WAITING:
                move_shipment(session, shipment_id, ShipmentState.DELIVERED, actor=who, at=now, now=now)


def correct_shipment(market: Market, actor: Actor, *, shipment_id: str, carrier: Carrier, number: str) -> None:
    """Put a parcel's carrier and number right; it is followed anew, and what was said of the wrong one is not its own.

    Refuses: NotSignedIn; Forbidden; NotFound, also for another's; Invalid for one that no carrier has;
    IllegalTransition for one that has ended.
    Guards: one conditional update.
    """
    reach(actor, Permission.ORDER_FULFIL)
    plain = tracking_number(number)
    with market.transaction() as session:
        now = market.now()
        shipment = _sellers_shipment(session, actor, shipment_id, now)
        if shipment.method not in BY_CARRIER:
            raise Invalid(field="shipment", allowed="a shipment by express", allowed_zh="仅快递与冷链可修改单号")
        before = {"carrier": shipment.carrier, "number": shipment.tracking_number}
        moved = session.execute(
            sa.update(_SHIPMENTS)
            .where(_SHIPMENTS.c.id == shipment_id, _SHIPMENTS.c.state == ShipmentState.SENT)
            .values(
                tracking_status=None,
                tracking_at=None,
                **carried(carrier, plain, now),
            )
        )
        if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
            raise illegal_shipment_move(ShipmentState(shipment.state), ShipmentState.SENT)
        facts = {"shipment": shipment_id}
        add_event(
            session,
            shipment.order_id,
            "shipment.corrected",
            actor=actor.account_id or actor.kind.value,
            now=now,
            seller_order_id=shipment.seller_order_id,
            facts=facts,
        )
        after = {"carrier": carrier, "number": plain}
        _record(session, actor, "shipment.correct", shipment, before=before, after=after, now=now)


def _ended() -> Any:
    """Nobody asks about it any more; one that was never followed stays so."""
    tracking = _SHIPMENTS.c.tracking
    return sa.case((tracking == TrackingState.NONE, tracking), else_=TrackingState.ENDED.value)


def _sellers_shipment(session: Session, actor: Actor, shipment_id: str, now: datetime) -> Shipment:
    shipment = session.exec(select(Shipment).where(Shipment.id == shipment_id).with_for_update(key_share=True)).first()
    if shipment is None:
        raise NotFound(field="shipment")
    act_for(
        session,
        actor,
        Permission.ORDER_FULFIL,
        producer_id=shipment.producer_id,
        today=business_day(now),
        field="shipment",
    )
    return shipment


def _record(
    session: Session,
    actor: Actor,
    action: str,
    shipment: Shipment,
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        actor,
        action=action,
        subject=shipment.id,
        principal=shipment.producer_id,
        before=before,
        after=after or {"state": ShipmentState.DELIVERED},
        now=now,
    )

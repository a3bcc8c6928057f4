"""Use cases: a seller's price list of delivery, and its pick-up points."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.fulfilment.drafts import PointDraft, PointPatch, RateDraft, check_pickup_point, check_rate, check_words
from market.fulfilment.tables import DeliveryRate, PickupPoint
from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, LimitReached, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.kernel.topics import touch
from market.orders.rules import DeliveryMethod
from market.organisations.acting import act_for
from market.organisations.tables import Organisation

TOPIC = "fulfilment"
"""What changes with pick-up points."""
RATES_MAX = 200
POINTS_MAX = 50


def add_delivery_rate(market: Market, actor: Actor, draft: RateDraft, *, key: str) -> str:
    """Add a line to a price list; its id. Orders already placed keep what they paid. To change one, add another and
    retire it. Pick-up points bring their own.

    Refuses: NotSignedIn; Forbidden, also for the platform's list from anybody but administrators; NotFound; Invalid;
    LimitReached beyond 200 lines; IdempotencyConflict. Once, by `key`.
    """
    opened = reach(actor, Permission.ORDER_FULFIL)
    check_rate(draft)
    if draft.producer_id is None and not opened.is_all:
        raise NotFound(field="producer")

    def act(session: Session) -> str:
        now = market.now()
        if draft.producer_id is not None:
            _act_for(session, actor, draft.producer_id, now, field="producer")
        whose, retired = col(DeliveryRate.producer_id), col(DeliveryRate.retired_at)
        mine = whose.is_(None) if draft.producer_id is None else whose == draft.producer_id
        _require_room(session, mine, retired.is_(None), limit=RATES_MAX, what="delivery rates")
        rate = DeliveryRate(id=market.new_id("dlr"), **asdict(draft))
        session.add(rate)
        session.flush()
        after = {"rate": rate.id, **asdict(draft)}
        audit.record(
            session,
            actor,
            action="delivery_rate.add",
            subject=rate.id,
            principal=draft.producer_id,
            after=after,
            now=now,
        )
        return rate.id

    return _once(market, _key(actor, "addDeliveryRate", key, draft), act)


def retire_delivery_rate(market: Market, actor: Actor, *, rate_id: str) -> None:
    """Take a line off a price list. Refuses: NotSignedIn; Forbidden; NotFound, also for another's; Invalid for a pick-up
    point's, which goes with its point. Once: a retired one stays so."""
    opened = reach(actor, Permission.ORDER_FULFIL)
    with market.transaction() as session:
        now = market.now()
        rate = session.exec(select(DeliveryRate).where(DeliveryRate.id == rate_id)).first()
        if rate is None or (rate.producer_id is None and not opened.is_all):
            raise NotFound(field="rate")
        if rate.producer_id is not None:
            _act_for(session, actor, rate.producer_id, now, field="rate")
        if rate.pickup_point_id is not None:
            raise Invalid(field="rate", allowed="close its pick-up point", allowed_zh="请停用对应的自提点")
        if _retire(session, col(DeliveryRate.id) == rate_id, now):
            audit.record(
                session,
                actor,
                action="delivery_rate.retire",
                subject=rate_id,
                principal=rate.producer_id,
                now=now,
            )


def add_pickup_point(market: Market, actor: Actor, draft: PointDraft, *, key: str) -> str:
    """Open a pick-up point, with what it costs to fetch something there; its id.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid; LimitReached beyond 50 points; IdempotencyConflict.
    Once, by `key`.
    """
    reach(actor, Permission.ORDER_FULFIL)
    check_pickup_point(draft)

    def act(session: Session) -> str:
        now = market.now()
        producer = _act_for(session, actor, draft.producer_id, now, field="producer")
        mine, closed = col(PickupPoint.producer_id) == producer.id, col(PickupPoint.closed_at)
        _require_room(session, mine, closed.is_(None), limit=POINTS_MAX, what="pick-up points")
        point = PickupPoint(
            id=market.new_id("ppt"),
            producer_id=producer.id,
            region_code=draft.region_code or producer.region_code,
            name=draft.name.strip(),
            name_en=draft.name_en,
            place=draft.place.strip(),
            opening=draft.opening.strip(),
            latitude=draft.latitude,
            longitude=draft.longitude,
        )
        session.add(point)
        session.flush()
        rate = RateDraft(producer.id, DeliveryMethod.PICKUP, draft.fee_fen, draft.ready_hours)
        session.add(DeliveryRate(id=market.new_id("dlr"), pickup_point_id=point.id, **asdict(rate)))
        session.flush()
        touch(session, TOPIC)
        after = {"name": point.name, "region": point.region_code, "fee": draft.fee_fen}
        audit.record(
            session,
            actor,
            action="pickup_point.add",
            subject=point.id,
            principal=producer.id,
            after=after,
            now=now,
        )
        return point.id

    return _once(market, _key(actor, "addPickupPoint", key, draft), act)


def change_pickup_point(market: Market, actor: Actor, *, point_id: str, patch: PointPatch) -> None:
    """Say otherwise what a pick-up point is called, where it is, when it is open. Refuses: NotSignedIn; Forbidden;
    NotFound, also for another's or a closed one; Invalid."""
    reach(actor, Permission.ORDER_FULFIL)
    with market.transaction() as session:
        now = market.now()
        point = _open_point(session, actor, point_id, now)
        before = {name: getattr(point, name) for name, value in asdict(patch).items() if value is not None}
        after = {name: value.strip() for name, value in asdict(patch).items() if value is not None}
        check_words({"name": point.name, "place": point.place, **after})
        for name, value in after.items():
            setattr(point, name, value)
        session.flush()
        touch(session, TOPIC)
        audit.record(
            session,
            actor,
            action="pickup_point.change",
            subject=point_id,
            principal=point.producer_id,
            before=before,
            after=after,
            now=now,
        )


def close_pickup_point(market: Market, actor: Actor, *, point_id: str) -> None:
    """Offer a pick-up point to nobody any more; what was ordered there is still fetched there. Refuses: NotSignedIn;
    Forbidden; NotFound, also for another's or a closed one."""
    reach(actor, Permission.ORDER_FULFIL)
    with market.transaction() as session:
        now = market.now()
        point = _open_point(session, actor, point_id, now)
        point.closed_at = now
        session.flush()
        _retire(session, col(DeliveryRate.pickup_point_id) == point_id, now)
        touch(session, TOPIC)
        audit.record(
            session,
            actor,
            action="pickup_point.close",
            subject=point_id,
            principal=point.producer_id,
            now=now,
        )


def _key(actor: Actor, operation: str, key: str, draft: RateDraft | PointDraft) -> IdempotencyKey:
    who = actor.account_id or actor.kind.value
    return IdempotencyKey.of(actor=who, operation=operation, key=key, asked=asdict(draft))


def _once(market: Market, mine: IdempotencyKey, act: Callable[[Session], str]) -> str:
    with market.transaction() as session:
        return once(session, mine, lambda: act(session), now=market.now(), dump=str, load=str)


def _act_for(session: Session, actor: Actor, producer_id: str, now: datetime, *, field: str) -> Organisation:
    today = business_day(now)
    return act_for(session, actor, Permission.ORDER_FULFIL, producer_id=producer_id, today=today, field=field)


def _open_point(session: Session, actor: Actor, point_id: str, now: datetime) -> PickupPoint:
    wanted = select(PickupPoint).where(PickupPoint.id == point_id, col(PickupPoint.closed_at).is_(None))
    point = session.exec(wanted.with_for_update(key_share=True)).first()
    if point is None:
        raise NotFound(field="pickupPoint")
    _act_for(session, actor, point.producer_id, now, field="pickupPoint")
    return point


def _retire(session: Session, which: sa.ColumnElement[bool], now: datetime) -> int:
    done = session.execute(
        sa.update(DeliveryRate).where(which, col(DeliveryRate.retired_at).is_(None)).values(retired_at=now)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def _require_room(session: Session, *which: sa.ColumnElement[bool], limit: int, what: str) -> None:
    if session.exec(select(sa.func.count()).where(*which)).one() >= limit:
        raise LimitReached(what=what, limit=limit)

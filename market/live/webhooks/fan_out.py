"""What happened, written down for every endpoint that asked for it. The outbox calls this; `send.py` sends it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, col, select

from market.catalogue.tables import Listing
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.live.heard import Part, parts_of
from market.live.webhooks.rules import TOPICS, WebhookDeliveryState, WebhookState
from market.live.webhooks.tables import WebhookDelivery, WebhookEndpoint
from market.sessions.tables import TourSession

_ADD = insert(SQLModel.metadata.tables[str(WebhookDelivery.__tablename__)]).on_conflict_do_nothing(
    index_elements=["endpoint_id", "message_id"]
)
_SHOWN = {"bkg": "bookingId", "shp": "shipmentId", "clm": "claimId", "ses": "sessionId"}
"""What of a message's payload is told, by the prefixes of ids. Nothing else is: least of all who somebody is."""


def fan_out(market: Market, message: Claimed) -> int:
    """Write one delivery for each endpoint that wants this message; how many are new. Once for each, by UNIQUE."""
    if message.topic not in TOPICS:
        return 0
    with market.transaction() as session:
        told = _recipients(session, message)
        if not told:
            return 0
        endpoints = session.exec(
            select(WebhookEndpoint)
            .where(col(WebhookEndpoint.organisation_id).in_(sorted(told)), WebhookEndpoint.state == WebhookState.ACTIVE)
            .order_by(col(WebhookEndpoint.id))
        ).all()
        rows = [
            _row(message, each.id, told[each.organisation_id], now=market.now())
            for each in endpoints
            if message.topic in each.topics
        ]
        # One by one: SQLite's driver does not say how many a batch has added.
        return sum(session.execute(_ADD, row).rowcount for row in rows)  # type: ignore[attr-defined]  # an INSERT has one


def _recipients(session: Session, message: Claimed) -> dict[str, dict[str, Any]]:
    """The organisations that are told, each with what it is told: never of another seller's part."""
    named = _named(message)
    if "sessionId" in named:
        return dict.fromkeys(_operators(session, str(named["sessionId"])), named)
    told: dict[str, list[Part]] = {}
    for part in parts_of(session, {message.id: (message.aggregate, message.payload)})[message.id]:
        for seller in part.sellers:
            told.setdefault(seller, []).append(part)
    return {
        seller: {"orderId": parts[0].order_id, "sellerOrderIds": [each.id for each in parts], **named}
        for seller, parts in told.items()
    }


def _named(message: Claimed) -> dict[str, Any]:
    texts = [message.aggregate, *[each for each in message.payload.values() if isinstance(each, str)]]
    return {_SHOWN[text[:3]]: text for text in texts if text[:3] in _SHOWN and text[3:4] == "_"}


def _operators(session: Session, session_id: str) -> Sequence[str]:
    """Who runs a session, and the cooperative that sells it."""
    found = session.exec(
        select(Listing.producer_id, Listing.cooperative_id)
        .join(TourSession, col(TourSession.package_id) == col(Listing.id))
        .where(TourSession.id == session_id)
    ).first()
    return [] if found is None else [each for each in found if each is not None]


def _row(message: Claimed, endpoint_id: str, data: Mapping[str, Any], *, now: Any) -> dict[str, Any]:
    body = {"type": message.topic, "timestamp": message.created_at.isoformat(), "data": dict(data)}
    return {
        "id": new_id("whd"),
        "endpoint_id": endpoint_id,
        "message_id": message.id,
        "topic": message.topic,
        "aggregate": message.aggregate,
        "seq": message.seq,
        "body": body,
        "state": WebhookDeliveryState.PENDING,
        "attempts": 0,
        "available_at": now,
        "created_at": now,
    }

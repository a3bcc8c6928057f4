"""Step: write down an order. Prebuilt statements: placing is the busiest thing that writes."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel
from typeid import TypeID

from market.kernel.clock import business_day
from market.kernel.database.prebuilt import Prebuilt
from market.orders.rules import Channel, DeliveryMethod, LineKind, OrderState, ReturnBasis, SellerOrderState
from market.orders.tables import CustomerOrder, LineDiscount, OrderEvent, OrderLine, SellerOrder
from market.vouchers.rules import Funder

NUMBER_DIGITS = 14

_TABLES = SQLModel.metadata.tables
_ADD_ORDER = Prebuilt(sa.insert(_TABLES[str(CustomerOrder.__tablename__)]))
_ADD_SELLER_ORDERS = Prebuilt(sa.insert(_TABLES[str(SellerOrder.__tablename__)]))
_ADD_LINES = Prebuilt(sa.insert(_TABLES[str(OrderLine.__tablename__)]))
_ADD_DISCOUNTS = Prebuilt(sa.insert(_TABLES[str(LineDiscount.__tablename__)]))
_ADD_EVENT = Prebuilt(sa.insert(_TABLES[str(OrderEvent.__tablename__)]))


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line to write down, priced. Its id is made by the caller, who needs it for bookings too."""

    id: str
    kind: LineKind
    listing_id: str
    category_id: str
    quantity: int
    unit_price_fen: int
    discount_fen: int
    commission_bp: int
    commission_fen: int
    title: str
    title_en: str | None
    snapshot: dict[str, Any]
    variant_id: str | None = None
    session_id: str | None = None
    seats: int = 0
    weight_grams: int = 0
    return_basis: ReturnBasis | None = None
    discounts: tuple[tuple[str, Funder, int], ...] = ()
    """(campaign, who pays, fen)."""


_COPIED = tuple(each.name for each in fields(LineDraft) if each.name != "discounts")


@dataclass(frozen=True, slots=True)
class SellerDraft:
    """One seller's part."""

    id: str
    producer_id: str
    cooperative_id: str | None
    village_id: str
    region_code: str
    delivery_fen: int
    delivery_method: DeliveryMethod
    delivery: dict[str, Any]
    lines: tuple[LineDraft, ...]


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order to write down. What is personal is sealed already."""

    id: str
    account_id: str
    channel: Channel
    sellers: tuple[SellerDraft, ...]
    pay_by: datetime
    contact_sealed: str | None = None
    phone_digest: str | None = None
    phone_tail: str | None = None
    region_code: str | None = None
    note_sealed: str | None = None


def create_order(session: Session, draft: OrderDraft, *, now: datetime) -> str:
    """Step: write the order with all its parts, waiting to be paid; its number. Holds are the caller's.

    Guards: CHECKs that every part adds up to its whole, and the unique number (one in 10^14 is not tried twice).
    """
    number, now = _number(), now.replace(microsecond=0)  # cursors of lists say whole seconds
    sellers = [_seller_row(draft, seller, now) for seller in draft.sellers]
    totals = {
        name: sum(row[name] for row in sellers) for name in ("goods_fen", "delivery_fen", "discount_fen", "payable_fen")
    }
    _ADD_ORDER.run(
        session,
        {
            "id": draft.id,
            "number": number,
            "account_id": draft.account_id,
            "state": OrderState.PENDING_PAYMENT,
            "channel": draft.channel,
            **totals,
            "refunded_fen": 0,
            "contact_sealed": draft.contact_sealed,
            "phone_digest": draft.phone_digest,
            "phone_tail": draft.phone_tail,
            "region_code": draft.region_code,
            "note_sealed": draft.note_sealed,
            "placed_at": now,
            "business_day": business_day(now),
            "pay_by": draft.pay_by,
        },
    )
    _ADD_SELLER_ORDERS.run_each(session, sellers)
    _ADD_LINES.run_each(session, _line_rows(draft, now))
    discounts = [
        {"line_id": line.id, "campaign_id": campaign, "funder": funder, "amount_fen": amount, "refunded_fen": 0}
        for seller in draft.sellers
        for line in seller.lines
        for campaign, funder, amount in line.discounts
    ]
    _ADD_DISCOUNTS.run_each(session, discounts)
    add_event(session, draft.id, "order.placed", actor=draft.account_id, to_state=OrderState.PENDING_PAYMENT, now=now)
    return number


def add_event(
    session: Session,
    order_id: str,
    what: str,
    *,
    actor: str,
    now: datetime,
    seller_order_id: str | None = None,
    from_state: str | None = None,
    to_state: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Step: put on the order's record what happened. Nothing personal: it cannot be erased."""
    _ADD_EVENT.run(
        session,
        {
            "id": str(TypeID("oev")),
            "order_id": order_id,
            "seller_order_id": seller_order_id,
            "at": now,
            "actor": actor,
            "what": what,
            "from_state": from_state,
            "to_state": to_state,
            "facts": facts or {},
        },
    )


def _number() -> str:
    """What people see: random, so that it tells neither how many there are nor the next one."""
    return str(secrets.randbelow(9 * 10 ** (NUMBER_DIGITS - 1)) + 10 ** (NUMBER_DIGITS - 1))


def _seller_row(draft: OrderDraft, seller: SellerDraft, now: datetime) -> dict[str, Any]:
    goods = sum(line.quantity * line.unit_price_fen for line in seller.lines)
    off = sum(line.discount_fen for line in seller.lines)
    return {
        "id": seller.id,
        "order_id": draft.id,
        "producer_id": seller.producer_id,
        "cooperative_id": seller.cooperative_id,
        "settlement_party": seller.cooperative_id or seller.producer_id,
        "village_id": seller.village_id,
        "region_code": seller.region_code,
        "state": SellerOrderState.PENDING,
        "goods_fen": goods,
        "delivery_fen": seller.delivery_fen,
        "discount_fen": off,
        "payable_fen": goods + seller.delivery_fen - off,
        "commission_fen": sum(line.commission_fen for line in seller.lines),
        "refunded_fen": 0,
        "delivery_refunded_fen": 0,
        "delivery_method": seller.delivery_method,
        "delivery": seller.delivery,
        "weight_grams": sum(line.weight_grams for line in seller.lines),
        "placed_at": now,
    }


def _line_rows(draft: OrderDraft, now: datetime) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    each: Sequence[tuple[SellerDraft, LineDraft]] = [
        (seller, line) for seller in draft.sellers for line in seller.lines
    ]
    for position, (seller, line) in enumerate(each, start=1):
        row = {name: getattr(line, name) for name in _COPIED}
        amount = line.quantity * line.unit_price_fen
        rows.append(
            {
                **row,
                "order_id": draft.id,
                "seller_order_id": seller.id,
                "position": position,
                "amount_fen": amount,
                "payable_fen": amount - line.discount_fen,
                "fulfilled_quantity": 0,
                "refunded_quantity": 0,
                "refunded_fen": 0,
                "commission_refunded_fen": 0,
                "placed_at": now,
            }
        )
    return rows

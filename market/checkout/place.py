"""Use case: place an order. Everything it promises is held in the one transaction that writes it down, or nothing is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.bookings.steps import BookingDraft, create_bookings
from market.checkout.carts import cart_of
from market.checkout.errors import CartEmpty, OrderRefused, Problem, ProblemKind, short
from market.checkout.facts import VariantFacts, variants_now
from market.checkout.paid import settle_free
from market.checkout.reckon import Choices, Reckoned, ReckonedLine, gifts_of, needs_confirmation, reckon, wishes_of
from market.checkout.tables import CartLine
from market.checkout.written import line_drafts
from market.kernel import outbox
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.kernel.phones import mobile
from market.orders.create import OrderDraft, SellerDraft, create_order
from market.orders.rules import Channel, DeliveryMethod
from market.orders.tables import CONTACT, NOTE
from market.people.profile.addresses import address_of
from market.sessions.errors import PastCutoff, SessionClosed, SessionFull
from market.sessions.holds.steps import hold_seats
from market.stock.errors import SoldOut
from market.stock.holds import hold_step
from market.vouchers.errors import VoucherUnusable
from market.vouchers.uses import Use, hold_uses

PAY_WITHIN = timedelta(minutes=15)
HOLD_LONGER = timedelta(minutes=10)
"""Holds outlive the time to pay, so that the provider's order is closed before what it pays for is let go."""
NOTE_MAX = 200

_CART_LINES = SQLModel.metadata.tables[str(CartLine.__tablename__)]
_EMPTY = Prebuilt(
    sa.delete(_CART_LINES).where(
        _CART_LINES.c.cart_id == sa.bindparam("cart"), _CART_LINES.c.id.in_(sa.bindparam("lines", expanding=True))
    )
)


@dataclass(frozen=True, slots=True)
class PlaceDraft:
    """What is to be ordered, and how."""

    expected_fen: int
    """The total that the buyer saw and agreed to."""
    line_ids: tuple[str, ...] = ()
    """Lines of the cart; all of them when none is named."""
    delivery: Mapping[str, str] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    address_id: str | None = None
    """Where it is sent; needed when something is."""
    contact_name: str = ""
    contact_phone: str = ""
    """Who to call, when nothing is sent."""
    note: str = ""
    channel: Channel = Channel.WEB
    confirms_no_return: bool = False
    """The buyer was told which lines cannot be sent back without a reason, and agreed."""


@dataclass(frozen=True, slots=True)
class _Contact:
    name: str
    phone: str
    region_code: str | None
    street: str


def place_order(market: Market, actor: Actor, draft: PlaceDraft, *, key: str) -> str:
    """Place an order of what is in the actor's cart; its id. Stock, seats and vouchers are held until some time after it
    must be paid. The ordered lines leave the cart.

    Refuses: NotSignedIn; CartEmpty; NotFound for the address; Invalid for a contact that is missing; OrderRefused,
    naming each line that is sold out, full, closed, off sale or dearer, and each voucher that is used up;
    IdempotencyConflict. Nothing is held then.
    Once, by `key`: ten taps are one order.
    Guards: conditional updates of stock, seats and budgets, each in id order.
    """
    require(actor, Permission.ORDER_PLACE, owner_id=actor.account_id)
    assert actor.account_id is not None, "who may place orders is a person"
    asked = {each.name: getattr(draft, each.name) for each in fields(draft)}
    mine = IdempotencyKey.of(actor=actor.account_id, operation="placeOrder", key=key, asked=asked)
    with market.transaction() as session:
        return once(session, mine, lambda: _place(session, market, actor, draft), now=market.now(), dump=str, load=str)


def _place(session: Session, market: Market, actor: Actor, draft: PlaceDraft) -> str:
    now = market.now()
    assert actor.account_id is not None, "who may place orders is a person"
    cart_id = cart_of(session, market, actor, None)
    wishes = [
        wish for wish in wishes_of(session, market.sealer, cart_id) if not draft.line_ids or wish.key in draft.line_ids
    ]
    if not wishes:
        raise CartEmpty
    contact = _contact(session, market, actor.account_id, draft)
    choices = Choices(contact.region_code, draft.delivery, draft.codes)
    found = reckon(session, wishes, choices, account_id=actor.account_id, now=now)
    pay_by = _pay_by(found, now)
    problems = [*found.problems, *_more_problems(found, draft, pay_by, now)]
    if problems:
        raise OrderRefused(tuple(problems))
    order_id = market.new_id("ord")
    placing = _Placing(market, order_id, actor.account_id, draft, found, contact, pay_by)
    _write(session, placing)
    _EMPTY.run(session, {"cart": cart_id, "lines": [wish.key for wish in wishes]})
    outbox.publish(session, "order.placed", aggregate=order_id, payload={"order": order_id}, now=now)
    # Last: what others wait for is held no longer than it takes to commit.
    _hold(session, order_id, actor.account_id, found, until=pay_by + HOLD_LONGER, now=now)
    if found.priced.payable_fen == 0:
        settle_free(session, market, order_id=order_id)
    return order_id


def _contact(session: Session, market: Market, account_id: str, draft: PlaceDraft) -> _Contact:
    if draft.address_id is not None:
        address = address_of(session, market.sealer, account_id=account_id, address_id=draft.address_id)
        return _Contact(address.recipient, address.phone, address.region_code, address.street)
    name = draft.contact_name.strip()
    if not 0 < len(name) <= 50:
        raise Invalid(
            field="contactName", allowed="who to call, or an address", allowed_zh="请填写联系人，或选择收货地址"
        )
    return _Contact(name, mobile(draft.contact_phone, field="contactPhone"), None, "")


def _pay_by(found: Reckoned, now: datetime) -> datetime:
    """The last moment to pay: in a quarter of an hour, or so early that seats can still be confirmed."""
    cutoffs = [line.session.cutoff_at - HOLD_LONGER for line in found.lines if line.session is not None]
    return min([now + PAY_WITHIN, *cutoffs])


def _more_problems(found: Reckoned, draft: PlaceDraft, pay_by: datetime, now: datetime) -> list[Problem]:
    """What only matters when an order is placed."""
    problems = [
        Problem(ProblemKind.CONFIRMATION_MISSING, line.wish.key)
        for line in found.lines
        if needs_confirmation(line) and not draft.confirms_no_return
    ]
    if pay_by - now < timedelta(minutes=1):
        problems += [Problem(ProblemKind.PAST_CUTOFF, line.wish.key) for line in found.lines if line.session]
    if found.priced.payable_fen != draft.expected_fen:
        changed = found.changed or ("order",)
        problems += [Problem(ProblemKind.PRICE_CHANGED, key) for key in changed]
    return problems


@dataclass(frozen=True, slots=True)
class _Placing:
    """An order that is all right, about to be written down."""

    market: Market
    order_id: str
    account_id: str
    draft: PlaceDraft
    found: Reckoned
    contact: _Contact
    pay_by: datetime


def _write(session: Session, placing: _Placing) -> None:
    found, market, contact, draft = placing.found, placing.market, placing.contact, placing.draft
    now, sealer = market.now(), market.sealer
    gifts = variants_now(session, {variant for line in found.lines for variant, _n in gifts_of(line)}, now)
    sellers = tuple(_seller(market, seller, found, gifts) for seller in dict.fromkeys(x.seller for x in found.lines))
    written = {"name": contact.name, "phone": contact.phone, "region": contact.region_code, "street": contact.street}
    create_order(
        session,
        OrderDraft(
            id=placing.order_id,
            account_id=placing.account_id,
            channel=draft.channel,
            sellers=sellers,
            pay_by=placing.pay_by,
            contact_sealed=sealer.seal(json.dumps(written, ensure_ascii=False), purpose=CONTACT),
            phone_digest=sealer.digest(contact.phone, purpose="order.phone"),
            phone_tail=contact.phone[-4:],
            region_code=contact.region_code,
            note_sealed=sealer.seal(draft.note.strip()[:NOTE_MAX], purpose=NOTE) if draft.note.strip() else None,
        ),
        now=now,
    )
    ids = {line.snapshot["wish"]: line.id for seller in sellers for line in seller.lines if "wish" in line.snapshot}
    tours = [line for line in found.lines if line.session is not None]
    bookings = [_booking(line, ids[line.wish.key], placing.account_id) for line in tours]
    until = placing.pay_by + HOLD_LONGER
    create_bookings(session, sealer, bookings, order_id=placing.order_id, until=until, now=now)


def _seller(market: Market, seller: str, found: Reckoned, gifts: Mapping[str, VariantFacts]) -> SellerDraft:
    lines = [line for line in found.lines if line.seller == seller]
    offer, delivery = lines[0].offer, found.chosen.get(seller)
    return SellerDraft(
        id=market.new_id("sor"),
        producer_id=offer.producer_id,
        cooperative_id=offer.cooperative_id,
        village_id=offer.village_id,
        region_code=offer.region_code,
        delivery_fen=delivery.fee_fen if delivery else 0,
        delivery_method=delivery.method if delivery else DeliveryMethod.NONE,
        delivery=_delivery(delivery),
        lines=tuple(draft for line in lines for draft in line_drafts(market, line, found, gifts)),
    )


def _delivery(offer: Any) -> dict[str, Any]:
    if offer is None:
        return {}
    return {"rate": offer.id, "promiseHours": offer.promise_hours, "pickupPoint": offer.pickup_point_id}


def _booking(line: ReckonedLine, line_id: str, account_id: str) -> BookingDraft:
    tour, party = line.session, line.party
    assert tour is not None, "a booking is of a session"
    assert party is not None, "a booking has a party"
    units = {unit.id: unit for unit in tour.units}
    return BookingDraft(
        line_id=line_id,
        account_id=account_id,
        producer_id=tour.offer.producer_id,
        region_code=tour.offer.region_code,
        package_id=tour.offer.listing_id,
        option_id=tour.option_id,
        session_id=tour.id,
        starts_at=tour.starts_at,
        ends_at=tour.ends_at,
        cutoff_at=tour.cutoff_at,
        local_date=tour.local_date,
        units=tuple((units[unit_id], count) for unit_id, count in sorted(line.wish.units.items())),
        seats=party.seats,
        amount_fen=party.amount_fen,
        tiers=tour.tiers,
        participants=line.wish.participants,
    )


def _hold(session: Session, order_id: str, account_id: str, found: Reckoned, *, until: datetime, now: datetime) -> None:
    """Take what is promised: budgets, then pieces, then seats. Whoever came first has it: the refusal names the lines."""
    try:
        uses = [Use(campaign_id, amount) for campaign_id, amount in found.vouchers.by_campaign().items()]
        hold_uses(session, uses, account_id=account_id, holder=order_id, until=until, now=now)
        if found.demand():
            hold_step(session, found.demand(), until=until, holder=order_id, now=now)
        if found.seats():
            hold_seats(session, found.seats(), until=until, holder=order_id, now=now)
    except VoucherUnusable as error:
        refused = Problem(ProblemKind.VOUCHER_UNUSABLE, error.facts["voucher"], why=error.facts["why"])
        raise OrderRefused((refused,)) from error
    except SoldOut as error:
        left = {short.variant_id: short.free for short in error.facts["lines"]}
        raise OrderRefused(_short(found, left)) from error
    except SessionFull as error:
        full = {each.session_id: each.vacancies for each in error.facts["lines"]}
        raise OrderRefused(_full(found, full, ProblemKind.SESSION_FULL)) from error
    except (SessionClosed, PastCutoff) as error:
        closed = dict.fromkeys(found.seats(), 0)
        kind = ProblemKind.PAST_CUTOFF if isinstance(error, PastCutoff) else ProblemKind.SESSION_CLOSED
        raise OrderRefused(_full(found, closed, kind)) from error
    except NotFound as error:
        raise OrderRefused(tuple(Problem(ProblemKind.NOT_ON_SALE, line.wish.key) for line in found.lines)) from error


def _short(found: Reckoned, left: Mapping[str, int]) -> tuple[Problem, ...]:
    return tuple(
        short(line.wish.key, left[variant_id])
        for line in found.lines
        for variant_id in [*([line.variant.id] if line.variant else []), *(gift for gift, _n in gifts_of(line))]
        if variant_id in left
    )


def _full(found: Reckoned, left: Mapping[str, int], kind: ProblemKind) -> tuple[Problem, ...]:
    return tuple(
        Problem(kind, line.wish.key, left=left[line.session.id])
        for line in found.lines
        if line.session is not None and line.session.id in left
    )

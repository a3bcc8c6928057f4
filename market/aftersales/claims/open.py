"""Use case: a buyer opens a claim on a line of an order, or sends it back."""

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, col, select

from market.aftersales.claims.moves import tell
from market.aftersales.claims.rules import (
    PHOTOS_MAX,
    TEXT_MAX,
    UNSETTLED,
    ClaimReason,
    ClaimState,
    ClaimWish,
    can_claim,
    claim_until,
    due_at,
)
from market.aftersales.errors import ClaimOpen, ClaimTooLate, NotDelivered, NotReturnable
from market.aftersales.reckon import SoldLine, claimed, refund_pieces
from market.aftersales.refunds import sold_lines
from market.aftersales.tables import Claim, ClaimPhoto
from market.bookings.rules import BookingState
from market.bookings.tables import Booking
from market.fulfilment.parts import delivered_pieces
from market.kernel import audit
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.media.keep import use_media
from market.media.rules import MediaKind
from market.orders.moves import count_open_claims
from market.orders.rules import LineKind, ReturnBasis, SellerOrderState
from market.orders.tables import CustomerOrder, OrderLine, SellerOrder

_CLAIMS = SQLModel.metadata.tables[str(Claim.__tablename__)]
_UNSETTLED = sa.text("state IN (" + ", ".join(f"'{each.value}'" for each in UNSETTLED) + ")")
"""As the unique index over open claims says it."""
_SHOWN = frozenset({ClaimReason.SPOILED, ClaimReason.DAMAGED, ClaimReason.WRONG_ITEM})
"""What can be seen in a picture, which must come with it."""


@dataclass(frozen=True, slots=True)
class ClaimDraft:
    """What is wrong, with how much, and what is asked for. `photo_ids` are the buyer's own uploads, of kind CLAIM."""

    line_id: str
    reason: ClaimReason
    wish: ClaimWish
    quantity: int = 1
    spoilage_percent: int | None = None
    """How much of each piece is worthless, when it is SPOILED; else all of it is meant."""
    text: str = ""
    photo_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Bought:
    row: OrderLine
    part: SellerOrder
    account_id: str


def open_claim(market: Market, actor: Actor, draft: ClaimDraft, *, key: str) -> str:
    """A buyer says what is wrong with a line of an order, or sends it back without a reason; the claim's id. The seller
    has two days to answer; silence means yes.

    Refuses: NotSignedIn; NotFound for a line or picture, also for somebody else's; Invalid for what cannot be claimed of
    such a line; NotDelivered; ClaimTooLate after the time as sold; NotReturnable for what the law excepts from returns
    without a reason; ClaimOpen; IdempotencyConflict. Once, by `key`.
    Guards: a unique index over unsettled claims of a line; the line's row, from which the money is reckoned; the seller
    order's row, which counts open claims: it is completed only while there are none.
    """
    reach(actor, Permission.ORDER_PLACE)
    _check(draft)
    mine = IdempotencyKey.of(actor=actor.account_id or "", operation="openClaim", key=key, asked=asdict(draft))
    with market.transaction() as session:
        return once(session, mine, lambda: _open(session, market, actor, draft), now=market.now(), dump=str, load=str)


def _check(draft: ClaimDraft) -> None:
    if len(draft.text) > TEXT_MAX:
        raise Invalid(field="text", allowed=f"at most {TEXT_MAX} characters", allowed_zh=f"最多 {TEXT_MAX} 个字")
    if len(draft.photo_ids) > PHOTOS_MAX or len(set(draft.photo_ids)) != len(draft.photo_ids):
        raise Invalid(
            field="photoIds",
            allowed=f"at most {PHOTOS_MAX} pictures, each once",
            allowed_zh=f"最多 {PHOTOS_MAX} 张照片",
        )
    if draft.reason in _SHOWN and not draft.photo_ids:
        raise Invalid(field="photoIds", allowed="a picture that shows it", allowed_zh="请上传能看清问题的照片")
    if (draft.reason is ClaimReason.SPOILED) != (draft.spoilage_percent is not None):
        raise Invalid(
            field="spoilagePercent",
            allowed="how much is spoilt, when that is the reason",
            allowed_zh="变质时填写变质比例，其他原因不填",
        )
    if draft.spoilage_percent is not None and not 1 <= draft.spoilage_percent <= 100:
        raise Invalid(field="spoilagePercent", allowed="1 to 100", allowed_zh="1 到 100")


def _open(session: Session, market: Market, actor: Actor, draft: ClaimDraft) -> str:
    now = market.now()
    line = sold_lines(session, [draft.line_id]).get(draft.line_id)
    found = _bought(session, actor, draft.line_id)
    if line is None or found is None:
        raise NotFound(field="line")
    _check_line(session, found, draft, now)
    claim_id = market.new_id("clm")
    claim = Claim(
        id=claim_id,
        line_id=draft.line_id,
        order_id=found.row.order_id,
        seller_order_id=found.part.id,
        account_id=found.account_id,
        producer_id=found.part.producer_id,
        cooperative_id=found.part.cooperative_id,
        region_code=found.part.region_code,
        reason=draft.reason,
        wish=draft.wish,
        quantity=draft.quantity,
        spoilage_percent=draft.spoilage_percent or 100,
        asked_fen=_asked(found.row, line, draft),
        text=draft.text.strip(),
        opened_at=now.replace(microsecond=0),  # cursors of lists say whole seconds
        due_at=due_at(ClaimState.OPEN, now),
    )
    _add(session, claim)
    for position, media_id in enumerate(draft.photo_ids, start=1):
        use_media(session, media_id, owner_ids=[found.account_id], kind=MediaKind.CLAIM, field="photoIds")
        session.add(ClaimPhoto(claim_id=claim_id, position=position, media_id=media_id))
    session.flush()
    count_open_claims(session, found.part.id, 1)
    session.refresh(found.part)  # its row is this transaction's now: it may have been completed meanwhile
    if found.part.state == SellerOrderState.COMPLETED:
        raise ClaimTooLate
    tell(session, claim, "claim.opened", actor=found.account_id, now=now, to=ClaimState.OPEN)
    after = {"line": draft.line_id, "reason": draft.reason, "wish": draft.wish, "fen": claim.asked_fen}
    audit.record(session, actor, action="claim.open", subject=claim_id, after=after, now=now)
    return claim_id


def _add(session: Session, claim: Claim) -> None:
    added = insert(_CLAIMS).values(claim.model_dump())
    once_open = added.on_conflict_do_nothing(index_elements=[_CLAIMS.c.line_id], index_where=_UNSETTLED)
    if session.execute(once_open.returning(_CLAIMS.c.id)).first() is None:
        raise ClaimOpen


def _bought(session: Session, actor: Actor, line_id: str) -> _Bought | None:
    mine = reach(actor, Permission.ORDER_PLACE)
    found = session.exec(
        select(OrderLine, SellerOrder, CustomerOrder.account_id)
        .join(SellerOrder, col(SellerOrder.id) == col(OrderLine.seller_order_id))
        .join(CustomerOrder, col(CustomerOrder.id) == col(OrderLine.order_id))
        .where(OrderLine.id == line_id)
    ).first()
    if found is None or not mine.covers(owner_id=found[2]):
        return None
    return _Bought(*found)


def _check_line(session: Session, found: _Bought, draft: ClaimDraft, now: datetime) -> None:
    row, part = found.row, found.part
    kind = LineKind(row.kind)
    if not can_claim(kind, draft.reason, draft.wish):
        raise Invalid(
            field="reason",
            allowed="a reason and a wish that go with what was bought",
            allowed_zh="与所购商品相符的原因和诉求",
        )
    if not 0 < draft.quantity <= row.quantity:
        raise Invalid(field="quantity", allowed=f"1 to {row.quantity}", allowed_zh=f"1 到 {row.quantity}")
    if draft.reason is ClaimReason.NO_REASON and row.return_basis != ReturnBasis.SEVEN_DAYS:
        raise NotReturnable(basis=str(row.return_basis))
    if part.state == SellerOrderState.COMPLETED:
        raise ClaimTooLate
    delivered_at = _visited_at(session, row, now) if kind is LineKind.BOOKING else _delivered_at(session, row, draft)
    if delivered_at is not None and now > claim_until(kind, delivered_at):
        raise ClaimTooLate(until=claim_until(kind, delivered_at).isoformat())


def _visited_at(session: Session, row: OrderLine, now: datetime) -> datetime:
    booking = session.exec(select(Booking).where(Booking.line_id == row.id)).one()
    came = {BookingState.CONFIRMED, BookingState.REDEEMED, BookingState.NO_SHOW}
    if booking.state not in came or now < booking.starts_at:
        raise NotDelivered
    return booking.ends_at


def _delivered_at(session: Session, row: OrderLine, draft: ClaimDraft) -> datetime | None:
    """When the last of a line's pieces arrived; None while some are under way."""
    if draft.quantity > row.fulfilled_quantity:
        raise NotDelivered
    pieces, at = delivered_pieces(session, [row.id]).get(row.id, (0, None))
    return at if pieces >= row.fulfilled_quantity else None


def _asked(row: OrderLine, line: SoldLine, draft: ClaimDraft) -> int:
    """What it comes to: of whole pieces that came, what a refund of them would, so that the last takes the remainder."""
    percent = draft.spoilage_percent or 100
    came = row.kind == LineKind.PRODUCT and row.fulfilled_quantity + row.refunded_quantity >= row.quantity
    if percent == 100 and came and draft.quantity <= line.quantity - line.refunded_quantity:
        return refund_pieces(line, draft.quantity).amount_fen
    return claimed(line, draft.quantity, percent)

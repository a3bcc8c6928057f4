"""Use cases: a seller sees what a refund would come to, and pays it back. `plan` is what both reckon with."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, select
from typeid import TypeID

from market.aftersales.reckon import LineRefund, SoldLine, refund_amount, refund_pieces
from market.aftersales.refunds import refund_lines, sold_lines
from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.orders.errors import MoreThanLeft
from market.orders.rules import LineKind
from market.orders.tables import OrderLine, SellerOrder
from market.organisations.acting import act_for
from market.payments.rules import RefundReason
from market.stock.holds import release_step

LINES_MAX = 100


@dataclass(frozen=True, slots=True)
class LineShare:
    """What to pay back of a line: whole pieces, or so many fen, the pieces staying with the buyer. Exactly one."""

    line_id: str
    quantity: int | None = None
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class RefundDraft:
    """What to pay back of a seller's part of an order."""

    seller_order_id: str
    lines: tuple[LineShare, ...]
    delivery_fen: int = 0


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """What a refund comes to. `vouchers_fen` goes back to who funded discounts, `commission_fen` to the seller."""

    lines: tuple[LineRefund, ...]
    delivery_fen: int
    unsent: dict[str, int]
    """Pieces, by variant, that were still to be handed over and now are not."""

    @property
    def amount_fen(self) -> int:
        """What the buyer gets."""
        return sum(each.amount_fen for each in self.lines) + self.delivery_fen

    @property
    def vouchers_fen(self) -> int:
        """What goes back to budgets and campaigns."""
        return sum(fen for each in self.lines for _campaign, _funder, fen in each.vouchers)

    @property
    def commission_fen(self) -> int:
        """What the platform gives up."""
        return sum(each.commission_fen for each in self.lines)


def preview_refund(market: Market, actor: Actor, draft: RefundDraft) -> RefundPlan:
    """What a refund would come to now, from the lines as they were sold. Nothing is changed.

    Refuses as `refund_order_lines` does.
    """
    reach(actor, Permission.REFUND_APPROVE)
    with market.read() as session:
        part = part_for(session, actor, draft.seller_order_id, now=market.now())
        return plan(session, part, draft.lines, delivery_fen=draft.delivery_fen, is_locked=False)


def refund_order_lines(market: Market, actor: Actor, draft: RefundDraft, *, key: str) -> str | None:
    """A seller's people pay back pieces of lines, an amount, or some of the delivery fee; the refund's id, None when no
    money goes back. Pieces that were not handed over will not be, and are in stock again.

    Refuses: NotSignedIn; Forbidden; NotFound, also for another seller's order or line; Invalid for a share that is no
    share; MoreThanLeft; IdempotencyConflict. Once, by `key`.
    Guards: the lines' rows, conditional updates, and the CHECKs beneath.
    """
    reach(actor, Permission.REFUND_APPROVE)
    mine = IdempotencyKey.of(actor=actor.account_id or "", operation="refundLines", key=key, asked=asdict(draft))
    with market.transaction() as session:
        return once(session, mine, lambda: _refund(session, market, actor, draft), now=market.now(), dump=str, load=_id)


def _id(text: str) -> str | None:
    return None if text == "None" else text


def _refund(session: Session, market: Market, actor: Actor, draft: RefundDraft) -> str | None:
    now = market.now()
    part = part_for(session, actor, draft.seller_order_id, now=now)
    found = plan(session, part, draft.lines, delivery_fen=draft.delivery_fen)
    refund_id = pay_back(session, part, found, reason=RefundReason.OTHER, actor=actor, now=now)
    audit.record(
        session,
        actor,
        action="order.refund_lines",
        subject=part.id,
        principal=part.producer_id,
        after={"fen": found.amount_fen, "lines": [each.line_id for each in found.lines], "refund": refund_id},
        now=now,
    )
    return refund_id


def part_for(session: Session, actor: Actor, seller_order_id: str, *, now: datetime) -> SellerOrder:
    """Step: a seller's part for whose seller the actor approves refunds. Refuses: Forbidden; NotFound."""
    part = session.exec(select(SellerOrder).where(SellerOrder.id == seller_order_id)).first()
    if part is None:
        raise NotFound(field="sellerOrder")
    today = business_day(now)
    act_for(
        session,
        actor,
        Permission.REFUND_APPROVE,
        producer_id=part.producer_id,
        today=today,
        field="sellerOrder",
    )
    return part


def plan(
    session: Session,
    part: SellerOrder,
    shares: Sequence[LineShare],
    *,
    delivery_fen: int = 0,
    is_locked: bool = True,
) -> RefundPlan:
    """Step: what these shares of a part come to; its lines' rows are this transaction's afterwards (`is_locked`).

    Refuses: Invalid for no share, one told twice or both ways, and for pieces of a booking (cancel it); NotFound for a
    line of another part; MoreThanLeft.
    """
    asked = {each.line_id: each for each in shares}
    if part.paid_at is None or not 0 <= delivery_fen <= part.delivery_fen - part.delivery_refunded_fen:
        raise MoreThanLeft(what="refund")
    if len(asked) != len(shares) or len(shares) > LINES_MAX or (not shares and not delivery_fen):
        raise Invalid(
            field="lines", allowed=f"1 to {LINES_MAX} lines, each once", allowed_zh=f"1 到 {LINES_MAX} 行，每行一次"
        )
    sold = sold_lines(session, sorted(asked), is_locked=is_locked)
    rows = {
        row.id: row
        for row in session.exec(select(OrderLine).where(OrderLine.seller_order_id == part.id)).all()
        if row.id in asked
    }
    if rows.keys() != asked.keys():
        raise NotFound(field="lines")
    found, unsent = [], dict[str, int]()
    for line_id in sorted(asked):
        found.append(_of(rows[line_id], sold[line_id], asked[line_id]))
        _count_unsent(unsent, rows[line_id], found[-1].quantity)
    return RefundPlan(tuple(found), delivery_fen, unsent)


def pay_back(
    session: Session, part: SellerOrder, found: RefundPlan, *, reason: RefundReason, actor: Actor, now: datetime
) -> str | None:
    """Step: carry out a plan: the money, then the stock; the refund's id. Each call pays back once more."""
    refund_id = refund_lines(
        session,
        part.id,
        found.lines,
        delivery_fen=found.delivery_fen,
        reason=reason,
        reference=str(TypeID("rfq")),  # not a node of the API: whoever asks again is stopped by their key
        actor=actor.account_id or actor.kind.value,
        now=now,
    )
    if found.unsent:
        release_step(session, holder=part.order_id, demands=found.unsent, now=now)
    return refund_id


def unsent_of(row: OrderLine) -> int:
    """Pieces of a line that are still to be handed over: those paid back are not."""
    return max(0, row.quantity - row.fulfilled_quantity - row.refunded_quantity)


def _of(row: OrderLine, line: SoldLine, share: LineShare) -> LineRefund:
    if (share.quantity is None) == (share.amount_fen is None) or row.kind == LineKind.GIFT:
        raise Invalid(
            field="lines", allowed="a quantity or an amount of what was paid for", allowed_zh="填写数量或金额"
        )
    if share.amount_fen is not None:
        if share.amount_fen > line.payable_fen - line.refunded_fen:
            raise MoreThanLeft(what="refund")
        if share.amount_fen <= 0:
            raise Invalid(field="lines", allowed="an amount above 0", allowed_zh="大于 0 的金额")
        return refund_amount(line, share.amount_fen)
    assert share.quantity is not None, "one of the two is given"
    if row.kind == LineKind.BOOKING or share.quantity < 1:
        raise Invalid(
            field="lines",
            allowed="at least one piece of produce: bookings are cancelled",
            allowed_zh="至少一件商品；预订请使用取消预订",
        )
    if share.quantity > line.quantity - line.refunded_quantity:
        raise MoreThanLeft(what="refund")
    return refund_pieces(line, share.quantity)


def _count_unsent(unsent: dict[str, int], row: OrderLine, quantity: int) -> None:
    """Pieces that were not handed over go back first."""
    pieces = min(quantity, unsent_of(row))
    if pieces and row.variant_id is not None:
        unsent[row.variant_id] = unsent.get(row.variant_id, 0) + pieces

"""People's privacy, as the floors above them complete it: what each room has to say before somebody is erased, and what
it does when they were."""

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.aftersales.claims.rules import UNSETTLED
from market.aftersales.tables import Claim
from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.kernel.topics import touch
from market.media.keep import remove_media_of
from market.media.rules import MediaKind
from market.orders.rules import OrderState
from market.orders.tables import CustomerOrder
from market.organisations.rules import APPLYING, REGISTERED
from market.organisations.tables import Organisation
from market.payments.rules import LIVE, RefundState
from market.payments.tables import Payment, Refund
from market.people.profile.erasure import ERASED, ErasureCheck, last_owner_of
from market.people.profile.rules import Obligation
from market.reviews.tables import Review

EVIDENCE = (MediaKind.LICENCE, MediaKind.CLAIM)
"""Pictures that stay while something shows them: an organisation's papers (E-commerce Law art. 27), and what a claim
about a trade was decided by (art. 31)."""


def _tied(code: str, which: sa.Select[Any], zh: str, en: str) -> ErasureCheck:
    """What ties a person, as far as `which` finds the ids of it by the bound `account_id`."""

    def check(session: Session, account_id: str) -> Iterable[Obligation]:
        for subject in session.execute(which, {"account_id": account_id}).scalars():
            yield Obligation(code, str(subject), zh, en)

    return check


_MINE = col(CustomerOrder.account_id) == sa.bindparam("account_id")
_UNDER_WAY = (OrderState.PENDING_PAYMENT, OrderState.PAID)

ERASURE_CHECKS: tuple[ErasureCheck, ...] = (
    last_owner_of(
        sa.select(col(Organisation.id)).where(col(Organisation.state).in_(sorted(REGISTERED.union(APPLYING))))
    ),
    _tied(
        "ORDER_OPEN",
        select(CustomerOrder.id).where(_MINE, col(CustomerOrder.state).in_(_UNDER_WAY)).order_by(col(CustomerOrder.id)),
        "请先完成或取消进行中的订单。",
        "Finish or cancel the order under way.",
    ),
    _tied(
        "PAYMENT_OPEN",
        select(Payment.id)
        .join(CustomerOrder, col(CustomerOrder.id) == Payment.order_id)
        .where(_MINE, col(Payment.state).in_(LIVE), col(CustomerOrder.state).not_in(_UNDER_WAY))
        .order_by(col(Payment.id)),
        "有一笔支付尚未结束，请稍后再试。",
        "A payment has not ended yet: try again later.",
    ),
    _tied(
        "REFUND_OPEN",
        select(Refund.id)
        .join(CustomerOrder, col(CustomerOrder.id) == Refund.order_id)
        .where(_MINE, Refund.state != RefundState.SUCCEEDED)
        .order_by(col(Refund.id)),
        "有一笔退款尚未到账，请待退款完成后再试。",
        "A refund has not reached you yet: wait for it.",
    ),
    _tied(
        "CLAIM_OPEN",
        select(Claim.id)
        .where(Claim.account_id == sa.bindparam("account_id"), col(Claim.state).in_(UNSETTLED))
        .order_by(col(Claim.id)),
        "请先处理完进行中的售后申请。",
        "Settle or withdraw the claim under way.",
    ),
)
"""Asked when an erasure is asked for, and again when it is due."""


def forget_person(market: Market, message: Claimed) -> None:
    """Take away the pictures of somebody who was erased, and let nobody be told from memory what they wrote. Their
    ratings stay, which are about the goods. May run again for the same message."""
    account_id, now = message.payload["account_id"], market.now()
    with market.transaction() as session:
        remove_media_of(session, account_id, now=now, but_used=EVIDENCE)
        reviewed = session.exec(select(Review.listing_id).where(Review.account_id == account_id)).all()
        touch(session, "reviews", *reviewed)


def privacy_handlers(market: Market) -> dict[str, Callable[[Claimed], None]]:
    """What is done about people who were erased, by the outbox's topic."""

    def forget(message: Claimed) -> None:
        forget_person(market, message)

    return {ERASED: forget}

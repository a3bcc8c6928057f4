"""What checkout says no with."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from market.kernel.clock import SHANGHAI
from market.kernel.errors import Conflict
from market.vouchers.errors import WORDS as VOUCHER_WORDS
from market.vouchers.rules import WhyNot


class ProblemKind(StrEnum):
    """What is wrong with a line, or with the order, so that it cannot be placed as it is."""

    NOT_ON_SALE = "NOT_ON_SALE"
    SOLD_OUT = "SOLD_OUT"
    QUANTITY_REDUCED = "QUANTITY_REDUCED"
    SESSION_CLOSED = "SESSION_CLOSED"
    SESSION_FULL = "SESSION_FULL"
    PAST_CUTOFF = "PAST_CUTOFF"
    PARTY_IMPOSSIBLE = "PARTY_IMPOSSIBLE"
    PRICE_CHANGED = "PRICE_CHANGED"
    DELIVERY_UNAVAILABLE = "DELIVERY_UNAVAILABLE"
    VOUCHER_UNUSABLE = "VOUCHER_UNUSABLE"
    CONFIRMATION_MISSING = "CONFIRMATION_MISSING"


WORDS: dict[ProblemKind, tuple[str, str]] = {
    ProblemKind.NOT_ON_SALE: ("已下架，请移除", "It is no longer on sale: take it out."),
    ProblemKind.SOLD_OUT: ("已售罄，请移除", "It is sold out: take it out."),
    ProblemKind.QUANTITY_REDUCED: ("仅剩 {left} 件，请减少数量", "Only {left} are left: take fewer."),
    ProblemKind.SESSION_CLOSED: ("该场次已停止预订，请改选其他场次", "The session is closed: choose another."),
    ProblemKind.SESSION_FULL: ("该场次余位不足，请改选其他场次", "Too few seats are left: choose another session."),
    ProblemKind.PAST_CUTOFF: ("已过预订截止时间，请改选其他场次", "It is too late for this session: choose another."),
    ProblemKind.PARTY_IMPOSSIBLE: ("票型或人数不符合要求，请重新选择", "These tickets cannot be: choose again."),
    ProblemKind.PRICE_CHANGED: ("价格已变动，请确认新价格", "The price has changed: look at the new one."),
    ProblemKind.DELIVERY_UNAVAILABLE: (
        "该收货方式不可用，请重新选择",
        "It cannot be delivered that way: choose another.",
    ),
    ProblemKind.VOUCHER_UNUSABLE: ("优惠不可用：{why}。请移除", "The voucher cannot be used, {why}: leave it out."),
    ProblemKind.CONFIRMATION_MISSING: (
        "请确认该商品不支持七天无理由退货",
        "Confirm that this cannot be sent back without a reason.",
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` is the cart line's id, the seller's for delivery, or a voucher's code."""

    kind: ProblemKind
    line: str
    left: int | None = None
    """How many there are, where that is the trouble."""
    why: WhyNot | None = None
    """Why a voucher gives nothing."""

    def words(self, language: str) -> str:
        """For people."""
        chosen = 1 if language == "en" else 0
        why = VOUCHER_WORDS[self.why][chosen] if self.why else ""
        return WORDS[self.kind][chosen].format(left=self.left, why=why)


def short(line: str, left: int) -> Problem:
    """Fewer can be had than wanted: some, or none."""
    kind = ProblemKind.QUANTITY_REDUCED if left > 0 else ProblemKind.SOLD_OUT
    return Problem(kind, line, left=max(0, left))


class OrderRefused(Conflict):
    """The order cannot be placed as it is; nothing was held. Facts: `problems`, each naming its line."""

    code = "ORDER_REFUSED"
    zh = "订单有 {count} 处需要处理，未提交：请逐项调整后再试。"
    en = "The order was not placed: {count} things have to be put right first."
    retryable = False

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems=problems, count=len(problems))


class CartEmpty(Conflict):
    """There is nothing to buy."""

    code = "CART_EMPTY"
    zh = "购物车是空的。"
    en = "The cart is empty."


class NoMoreTime(Conflict):
    """The order has as much time to be paid as it can have. Facts: `until` (a moment)."""

    code = "NO_MORE_TIME"
    zh = "付款时间不能再延长，请在 {until_text}（北京时间）前付款。"
    en = "The time to pay cannot be made longer: pay by {until_text}, Shanghai time."

    def __init__(self, *, until: datetime) -> None:
        super().__init__(until=until, until_text=f"{until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")

"""What orders say no with."""

from datetime import date

from market.kernel.errors import Conflict


class MoreThanLeft(Conflict):
    """More than is left: to hand over, or to pay back. Facts: `what` ("fulfil", "refund")."""

    code = "MORE_THAN_LEFT"
    zh = "超出该订单行的剩余数量或金额，请刷新后核对。"
    en = "That is more than is left of this order line: read it again and check."

    def __init__(self, *, what: str) -> None:
        super().__init__(what=what)


class CommissionOverlap(Conflict):
    """Another rule for the same organisation and category holds on some of these days. Facts: `valid_from`."""

    code = "COMMISSION_OVERLAP"
    zh = "同一商家和品类已有自 {valid_from} 起生效的佣金规则，请先结束它。"
    en = "A rule for the same organisation and category holds from {valid_from} on: end that one first."

    def __init__(self, *, valid_from: date) -> None:
        super().__init__(valid_from=valid_from.isoformat())

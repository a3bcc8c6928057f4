"""What orders say no with."""

from market.kernel.errors import Conflict


class MoreThanLeft(Conflict):
    """More than is left: to hand over, or to pay back. Facts: `what` ("fulfil", "refund")."""

    code = "MORE_THAN_LEFT"
    zh = "超出该订单行的剩余数量或金额，请刷新后核对。"
    en = "That is more than is left of this order line: read it again and check."

    def __init__(self, *, what: str) -> None:
        super().__init__(what=what)

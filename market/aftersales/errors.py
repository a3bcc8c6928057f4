"""What after-sales say no with.

Conflict
├── AlreadyHandedOver   pieces that are on their way are not cancelled: claim, or send them back
├── ClaimOpen           the line has a claim that is not settled yet
├── ClaimTooLate        the time to claim, or to ask staff, is over
├── NotDelivered        there is nothing to claim yet
└── NotReturnable       the law lets it be kept sold
"""

from market.kernel.errors import Conflict


class AlreadyHandedOver(Conflict):
    """So many pieces are not waiting to be handed over any more. Facts: `left`, those that are."""

    code = "ALREADY_HANDED_OVER"
    zh = "可取消的未发货数量为 {left} 件；已发出的商品请申请售后。"
    en = "{left} pieces can still be cancelled: for what was handed over, open a claim."

    def __init__(self, *, left: int) -> None:
        super().__init__(left=left)


class ClaimOpen(Conflict):
    """The line has a claim that is not settled."""

    code = "CLAIM_OPEN"
    zh = "该商品已有处理中的售后申请，请先完成或撤回。"
    en = "There is an open claim on this line: settle or withdraw it first."


class ClaimTooLate(Conflict):
    """The time for it is over. Facts: `until`, ISO 8601, or empty when the order is completed."""

    code = "CLAIM_TOO_LATE"
    zh = "已超过申请时限，如有疑问请联系平台客服。"
    en = "The time to ask for this is over: call the marketplace if you think otherwise."

    def __init__(self, *, until: str = "") -> None:
        super().__init__(until=until)


class NotDelivered(Conflict):
    """Nothing of the line was handed over, or the visit is still to come."""

    code = "NOT_DELIVERED"
    zh = "商品尚未签收或行程尚未开始：未发货可直接取消，未收到货请选择“未收到货”。"
    en = "It has not arrived or begun: cancel what is not sent, or claim that it did not arrive."


class NotReturnable(Conflict):
    """It is not sent back without a reason: the law or the buyer's confirmation excepts it. Facts: `basis`."""

    code = "NOT_RETURNABLE"
    zh = "该商品不适用七天无理由退货；如有质量问题，请按实际原因申请售后。"
    en = "It is excepted from returns without a reason: if something is wrong with it, claim that."

    def __init__(self, *, basis: str) -> None:
        super().__init__(basis=basis)

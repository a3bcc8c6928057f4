"""What vouchers say no with."""

from market.kernel.errors import Conflict
from market.vouchers.rules import WhyNot

WORDS = {
    WhyNot.UNKNOWN: ("没有这个优惠码", "there is no such code"),
    WhyNot.NOT_RUNNING: ("活动未开始、已暂停或已结束", "it has not begun, is paused, or is over"),
    WhyNot.NOT_APPLICABLE: ("不适用于所选商品", "it is for other things than these"),
    WhyNot.BELOW_MINIMUM: ("未达到使用门槛", "too little is bought for it"),
    WhyNot.NOT_TOGETHER: ("不能与已选的同类优惠同时使用", "it does not go together with another one chosen"),
    WhyNot.USED_UP: ("已领完", "it is used up"),
    WhyNot.PERSON_LIMIT: ("您已达到使用次数上限", "you have used it as often as one person may"),
}
"""Why a voucher gives nothing, in Chinese and English."""


class VoucherUnusable(Conflict):
    """A voucher cannot be used (any more). Facts: `code` (the campaign's, or its name), `why`."""

    code = "VOUCHER_UNUSABLE"
    zh = "优惠“{voucher}”不可用：{why_zh}。请移除后重新结算。"
    en = "The voucher “{voucher}” cannot be used: {why_en}. Leave it out and reckon again."

    def __init__(self, *, voucher: str, why: WhyNot) -> None:
        zh, en = WORDS[why]
        super().__init__(voucher=voucher, why=why, why_zh=zh, why_en=en)


class CodeTaken(Conflict):
    """Another campaign has this code. Facts: `voucher`."""

    code = "CODE_TAKEN"
    zh = "优惠码“{voucher}”已被使用，请换一个。"
    en = "The code “{voucher}” is taken: choose another."

    def __init__(self, *, voucher: str) -> None:
        super().__init__(voucher=voucher)

"""What settlement says no with."""

from datetime import date

from market.kernel.errors import Conflict


class SamePerson(Conflict):
    """Whoever proposed it cannot decide it: that takes somebody else."""

    code = "SAME_PERSON"
    zh = "制单人不能复核自己提交的内容，请由另一位财务人员处理。"
    en = "You proposed this yourself: somebody else must decide it."


class NothingPayable(Conflict):
    """None of these parties has money that it confirmed and that can be paid out now."""

    code = "NOTHING_PAYABLE"
    zh = "没有可付款的商家：需要已确认的结算单、可结算余额大于零，且没有未完成的付款。"
    en = "Nobody can be paid: it takes a confirmed statement, payable money, and no payout that is still open."


class BillNotReady(Conflict):
    """The provider has no bill of that day yet, or none at all. Facts: `day`."""

    code = "BILL_NOT_READY"
    zh = "支付渠道尚未出具 {day} 的账单（一般次日 10 点后可取）。"
    en = "The provider has no bill of {day} yet: usually it is there after 10:00 of the next day."

    def __init__(self, *, day: date) -> None:
        super().__init__(day=day.isoformat())

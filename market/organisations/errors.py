"""Refusals of this room that are worth telling apart."""

from market.kernel.errors import Conflict


class NotSelling(Conflict):
    """The organisation is not ACTIVE, so nothing of it goes on sale. Facts: `state`."""

    code = "ORGANISATION_NOT_ACTIVE"
    zh = "该组织当前状态为“{state}”，暂不能上架；审核通过或解除冻结后再试。"
    en = "The organisation is {state}, so nothing of it can go on sale: wait until it is ACTIVE."


class NotEditable(Conflict):
    """In this state its people cannot change that of it. Facts: `state`."""

    code = "NOT_EDITABLE"
    zh = "该组织当前状态为“{state}”，此项内容不能修改；审核中的申请请等待结果，已通过的请联系工作人员更正。"
    en = "The organisation is {state}, so this cannot be changed: wait for the review, or ask staff to correct it."


class LastOwner(Conflict):
    """An organisation keeps an owner."""

    code = "LAST_OWNER"
    zh = "组织至少要有一位负责人：请先邀请或指定另一位负责人。"
    en = "An organisation keeps at least one owner: make somebody else an owner first."


class LicenceMissing(Conflict):
    """The application does not show the licence that its kind needs. Facts: `needed` (kinds, one of which will do)."""

    code = "LICENCE_MISSING"
    zh = "缺少有效的证照，需要以下之一：{needed_text}。"
    en = "A licence that holds today is missing, one of: {needed_text}."

    def __init__(self, *, needed: tuple[str, ...]) -> None:
        super().__init__(needed=needed, needed_text=", ".join(needed))


class CreditCodeTaken(Conflict):
    """Another organisation is registered under this credit code."""

    code = "CREDIT_CODE_TAKEN"
    zh = "该统一社会信用代码已被另一组织使用。"
    en = "Another organisation is registered under this unified social credit code."


class AlreadyMember(Conflict):
    """The producer is in the cooperative, or one of the two has already asked."""

    code = "ALREADY_MEMBER"
    zh = "该生产者已是社员，或双方已有待答复的申请。"
    en = "The producer is a member already, or a request between the two is still open."


class InvitationOver(Conflict):
    """The invitation was answered, cancelled or is past its time. Facts: `state`."""

    code = "INVITATION_OVER"
    zh = "该邀请已失效（{state}），请联系组织重新邀请。"
    en = "The invitation is over ({state}): ask the organisation for another one."


class AlreadyInvited(Conflict):
    """There is an open invitation for this number."""

    code = "ALREADY_INVITED"
    zh = "该号码已有待接受的邀请，可重新发送或取消后再邀请。"
    en = "There is an open invitation for this number: send it again, or cancel it first."

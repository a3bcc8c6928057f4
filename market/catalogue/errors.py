"""Refusals of this room that are worth telling apart.

NotReady            the draft is not complete or not allowed: every problem at once
EditedMeanwhile     somebody else saved or decided since you read it
NoOpenRevision      there is no draft to hand in, withdraw or decide about
NotApproved         a listing that was never approved cannot go on sale
StillSuspended      a cause for which it is off sale still holds
AgencyLicenceNeeded a package that only a travel agency may run, of a seller that is none
OwnListing          nobody decides about what is theirs
"""

from collections.abc import Sequence

from market.catalogue.rules.problems import Problem
from market.kernel.errors import Conflict, Forbidden


class NotReady(Conflict):
    """The draft is not complete, or says what a listing may not. Facts: `problems` (every one, in order)."""

    code = "LISTING_NOT_READY"
    zh = "商品信息还不能提交，请先处理：{listed_zh}。"
    en = "The listing is not ready, first put right: {listed_en}."

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            problems=tuple(problems),
            listed_zh="；".join(f"{each.path}：{each.zh}" for each in problems),
            listed_en="; ".join(f"{each.path}: {each.en}" for each in problems),
        )


class EditedMeanwhile(Conflict):
    """Somebody else saved or decided since it was read. Facts: `version`, the current one."""

    code = "EDITED_MEANWHILE"
    zh = "其他人刚刚修改过（当前版本 {version}），请刷新后在新内容上修改。"
    en = "Somebody else changed it meanwhile (it is at version {version}): read it again and edit that."

    def __init__(self, *, version: int) -> None:
        super().__init__(version=version)


class NoOpenRevision(Conflict):
    """There is nothing to hand in, withdraw or decide about."""

    code = "NO_OPEN_REVISION"
    zh = "没有待处理的修改，请先保存草稿。"
    en = "There is no open revision: save a draft first."


class NotApproved(Conflict):
    """It was never approved, so it cannot go on sale by itself."""

    code = "LISTING_NOT_APPROVED"
    zh = "该商品尚未通过审核，请先提交审核。"
    en = "The listing was never approved: submit it for review."


class StillSuspended(Conflict):
    """A cause for which the listing is off sale still holds. Facts: `causes` (a tuple)."""

    code = "LISTING_STILL_SUSPENDED"
    zh = "下架原因仍未消除：{causes_text}。处理后再重新上架。"
    en = "It is still off sale for: {causes_text}. See to that first."

    def __init__(self, *, causes: Sequence[str]) -> None:
        super().__init__(causes=tuple(causes), causes_text=", ".join(causes))


class AgencyLicenceNeeded(Conflict):
    """The package bundles transport, lodging or meals, and its seller has no accepted travel agency licence."""

    code = "TRAVEL_AGENCY_LICENCE_NEEDED"
    zh = "该套餐属于包价旅游，但销售方没有有效的旅行社业务经营许可证；如确认合规，请明确确认后再批准。"
    en = (
        "Only a licensed travel agency may run this package and its seller shows no such licence: "
        "approve it with an explicit confirmation, or not at all."
    )


class OwnListing(Forbidden):
    """Whoever holds a role in the seller's organisation, or wrote the revision, does not decide about it."""

    code = "OWN_LISTING"
    zh = "不能审核自己所在组织或自己提交的商品，请由其他审核人员处理。"
    en = "You cannot decide about a listing of your own organisation or writing: leave it to another reviewer."

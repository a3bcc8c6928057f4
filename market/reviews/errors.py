"""What reviews say no with."""

from market.kernel.errors import Conflict


class NotReviewable(Conflict):
    """It has not been delivered or visited yet, or so long ago that it is over."""

    code = "NOT_REVIEWABLE"
    zh = "签收商品或完成行程后 180 天内可以评价。"
    en = "It can be reviewed for 180 days after it was delivered or visited."


class ReviewedBefore(Conflict):
    """There is a review of this line. Facts: `review`, its id."""

    code = "REVIEWED_BEFORE"
    zh = "该商品已评价过，可在 30 天内修改原评价。"
    en = "It was reviewed before: change that review within 30 days."

    def __init__(self, *, review: str) -> None:
        super().__init__(review=review)


class EditTooLate(Conflict):
    """The time to change it is over, or staff have hidden it."""

    code = "EDIT_TOO_LATE"
    zh = "评价发布 30 天后或被隐藏后不能修改。"
    en = "A review cannot be changed after 30 days, or once it is hidden."

"""Refusals of reports: each says what to narrow."""

from market.kernel.errors import Forbidden, Invalid, LimitReached


class ReportTooLong(Invalid):
    """More days than a report may have. Facts: `days`, `days_max`."""

    code = "REPORT_TOO_LONG"
    zh = "时间范围共 {days} 天，最多 {days_max} 天：请缩短范围，或按月分组分次查询。"
    en = "The range has {days} days, at most {days_max} are allowed: ask for a shorter one."

    def __init__(self, *, days: int, days_max: int) -> None:
        super().__init__(field="range", allowed=f"at most {days_max} days", days=days, days_max=days_max)


class TooManyGroups(LimitReached):
    """A grouping has more rows than a report may show. Facts: `limit`, `groups`, `narrow`, `narrow_zh`: what would make
    them fewer."""

    code = "REPORT_TOO_WIDE"
    zh = "按“{groups}”分组的结果超过 {limit} 行：{narrow_zh}。"
    en = "Grouped by {groups} there are more than {limit} rows: {narrow}."
    retryable = False

    def __init__(self, *, limit: int, groups: tuple[str, ...], narrow: str, narrow_zh: str) -> None:
        super().__init__(limit=limit, what="rows", groups=" × ".join(groups), narrow=narrow, narrow_zh=narrow_zh)


class TooManyOrders(LimitReached):
    """Counting people looks at each order, and there are too many in the range. Facts: `limit`, `orders`."""

    code = "REPORT_TOO_WIDE"
    zh = "统计购买人数需逐单计算，范围内有 {orders} 单，超过 {limit} 单：请缩短时间范围、加筛选条件，或不选购买人数。"
    en = (
        "Counting buyers looks at each order; there are {orders}, more than {limit}: ask for a shorter range, narrow it,"
        " or leave buyers out."
    )
    retryable = False

    def __init__(self, *, limit: int, orders: int) -> None:
        super().__init__(limit=limit, orders=orders, what="orders")


class OutOfReach(Forbidden):
    """The region asked for is not within the caller's own. Facts: `region`, `reach`: the regions that are."""

    code = "FORBIDDEN"
    zh = "地区 {region} 不在您的管辖范围内，您可以查询：{reach}。"
    en = "Region {region} is not within yours; you may ask for: {reach}."

    def __init__(self, *, region: str, reach: str) -> None:
        super().__init__(region=region, reach=reach)

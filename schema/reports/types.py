"""The sales report as types: groups with their figures, now and before."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.reports.sales.ask import SalesAnswer
from market.reports.sales.ask import SalesRow as Row
from market.reports.sales.figures import SalesFigures as Figures
from market.reports.sales.figures import growth_bp
from market.reports.sales.rules import SalesWhere as Where
from market.reports.sales.rules import Span
from schema.checkout.types import money_of
from schema.enums.orders import Channel, LineKind
from schema.enums.reports import SalesDimension
from schema.node import Money
from schema.permissions import ruled

DEFINITION_ZH = (
    "销售按付款日、退款按入账日计入（上海时间），金额与总账一致到分。订单为卖家子订单，每组各计一次；购买人数每人在每组计一次，合计不是各组之和；"
    "运费按行金额分摊；上座率按场次日期计。"
)
DEFINITION_EN = (
    "Sales count on the Shanghai day they were paid, refunds on the day they were posted; money is the ledger's, to the "
    "fen. Orders are sellers' parts, each once in a group, and people too: totals are not their sums. Delivery is divided "
    "among the lines by what they cost. Occupancy is by the departures' own days."
)


@strawberry.input(description="Days in Shanghai, both included.")
class DateRange:
    start: date = strawberry.field(name="from", description="The first.")
    end: date = strawberry.field(name="to", description="The last. At most 1,100 days in all.")


@strawberry.input(description="Which sales: all that is said must hold, of each list any one.")
class SalesWhere:
    regions: list[str] | None = strawberry.field(
        default=UNSET, description="Of sellers within these regions, 12-digit codes."
    )
    villages: list[strawberry.ID] | None = strawberry.field(default=UNSET, description="Of these villages.")
    cooperatives: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Sold through these cooperatives."
    )
    producers: list[strawberry.ID] | None = strawberry.field(default=UNSET, description="Of these producers.")
    categories: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Of these categories and what is beneath them."
    )
    listings: list[strawberry.ID] | None = strawberry.field(default=UNSET, description="Of these listings.")
    kinds: list[LineKind] | None = strawberry.field(default=UNSET, description="Of these kinds.")
    channels: list[Channel] | None = strawberry.field(default=UNSET, description="Bought through these channels.")

    def asked(self) -> Where:
        """As the use case takes it."""
        given = {name: tuple(map(str, values)) for name, values in vars(self).items() if values not in (UNSET, None)}
        return Where(**given)


@strawberry.type(description="What was sold and given back in a group.")
@ruled(Permission.REPORT_READ)
class SalesFigures:
    orders: int = strawberry.field(description="Sellers' parts of orders, each once.")
    units: int = strawberry.field(description="Pieces sold; of a booking, 1.")
    seats: int = strawberry.field(description="People booked.")
    weight_grams: str = strawberry.field(description="Net weight sold, in grams, as text: it may be beyond an Int.")
    gross: Money = strawberry.field(description="Goods at their price, before discounts, without delivery.")
    delivery: Money = strawberry.field(description="Delivery fees.")
    discount_by_platform: Money = strawberry.field(description="Discounts that the platform pays for.")
    discount_by_seller: Money = strawberry.field(description="Discounts that sellers pay for.")
    discount_by_government: Money = strawberry.field(description="Discounts that public money pays for (消费券).")
    paid: Money = strawberry.field(description="What buyers paid: gross and delivery less all discounts.")
    refunds: int = strawberry.field(description="Lines of orders of which something went back.")
    refunded: Money = strawberry.field(description="What went back to buyers, delivery included.")
    net: Money = strawberry.field(description="Paid less refunded.")
    commission: Money = strawberry.field(description="The platform's, less what was given back.")
    payable: Money = strawberry.field(description="What the ledger owes sellers for it.")
    buyers: int | None = strawberry.field(
        description="People who paid, each once; null unless it was selected in rows."
    )
    average_order: Money | None = strawberry.field(description="Paid by orders; null without orders.")
    occupancy: int | None = strawberry.field(
        description="Seats taken of seats there on departures in the period, in basis points; null without departures."
    )

    @classmethod
    def of(cls, figures: Figures, *, with_buyers: bool) -> Self:
        """From the room's own."""
        average = figures.average_order_fen
        return cls(
            orders=figures.orders,
            units=figures.units,
            seats=figures.seats,
            weight_grams=str(figures.weight_grams),
            gross=money_of(figures.gross_fen),
            delivery=money_of(figures.delivery_fen),
            discount_by_platform=money_of(figures.platform_fen),
            discount_by_seller=money_of(figures.seller_fen),
            discount_by_government=money_of(figures.government_fen),
            paid=money_of(figures.paid_fen),
            refunds=figures.refunds,
            refunded=money_of(figures.refunded_fen),
            net=money_of(figures.net_fen),
            commission=money_of(figures.commission_fen),
            payable=money_of(figures.payable_fen),
            buyers=figures.buyers if with_buyers else None,
            average_order=None if average is None else money_of(average),
            occupancy=figures.occupancy_bp,
        )


@strawberry.type(description="What a row is of, in one dimension.")
@ruled(Permission.REPORT_READ)
class SalesGroup:
    dimension: SalesDimension = strawberry.field(description="The dimension.")
    key: str | None = strawberry.field(
        description="A day, a region's code, an id or a word: `where` takes it to go deeper. Null: none."
    )
    label: str | None = strawberry.field(description="Its name, in the request's language; of days and words, null.")


@strawberry.type(description="A group of sales.")
@ruled(Permission.REPORT_READ)
class SalesReportRow:
    groups: list[SalesGroup] = strawberry.field(description="What it is of, in the order asked for.")
    figures: SalesFigures = strawberry.field(description="Its figures.")
    before: SalesFigures | None = strawberry.field(description="Its figures in the period compared with.")
    net_growth: int | None = strawberry.field(
        description="By how much net grew against it, in basis points; null when there was none."
    )

    @classmethod
    def of(cls, row: Row, groups: Sequence[SalesDimension], *, language: str, with_buyers: bool) -> Self:
        """From the room's own."""
        made = [
            SalesGroup(
                dimension=dimension,
                key=key.isoformat() if isinstance(key, date) else key,
                label=(label_en or label) if language == "en" else label,
            )
            for dimension, key, label, label_en in zip(groups, row.key, row.labels, row.labels_en, strict=True)
        ]
        return cls(
            groups=made,
            figures=SalesFigures.of(row.now, with_buyers=with_buyers),
            before=None if row.before is None else SalesFigures.of(row.before, with_buyers=with_buyers),
            net_growth=None if row.before is None else growth_bp(row.now.net_fen, row.before.net_fen),
        )


@strawberry.type(description="What was sold and given back: one moment's figures, equal to the ledger's to the fen.")
@ruled(Permission.REPORT_READ)
class SalesReport:
    as_of: datetime = strawberry.field(description="When it was asked.")
    definition: str = strawberry.field(description="How the figures are reckoned, in the request's language.")
    start: date = strawberry.field(name="from", description="The first day.")
    end: date = strawberry.field(name="to", description="The last day.")
    before_start: date | None = strawberry.field(name="beforeFrom", description="Of the period compared with.")
    before_end: date | None = strawberry.field(name="beforeTo", description="Of the period compared with.")
    rows: list[SalesReportRow] = strawberry.field(
        description="At most 10,000 groups: by time first when that is asked for, then the most sold first."
    )
    totals: SalesFigures = strawberry.field(description="Of all rows. Orders and people in several rows count once.")
    totals_before: SalesFigures | None = strawberry.field(description="The totals of the period compared with.")

    @classmethod
    def of(cls, found: SalesAnswer, *, language: str) -> Self:
        """From the room's own."""
        asked = found.asked
        options = {"with_buyers": asked.with_buyers}
        before = found.before_span or Span(found.span.start, found.span.end)
        is_compared = found.before_span is not None
        return cls(
            as_of=found.as_of,
            definition=DEFINITION_EN if language == "en" else DEFINITION_ZH,
            start=found.span.start,
            end=found.span.end,
            before_start=before.start if is_compared else None,
            before_end=before.end if is_compared else None,
            rows=[SalesReportRow.of(row, asked.group_by, language=language, **options) for row in found.rows],
            totals=SalesFigures.of(found.total, **options),
            totals_before=None if found.total_before is None else SalesFigures.of(found.total_before, **options),
        )

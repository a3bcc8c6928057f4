"""Sales by day and listing, as several reports start from them; and the words of producers."""

from typing import Any

import sqlalchemy as sa

from market.ledger.sales.check import paid_of
from market.ledger.sales.tables import DAY, FRESH, SalesEntry
from market.organisations.rules import OrganisationKind
from market.reports.catalogue.base import among, mine, table
from market.reports.declare import Reading

_FIGURES = tuple(column.name for column in table(SalesEntry).columns if column.name in DAY.c)
KINDS = {
    OrganisationKind.COOPERATIVE: "合作社",
    OrganisationKind.FAMILY_FARM: "家庭农场",
    OrganisationKind.HOUSEHOLD: "农户",
    OrganisationKind.ENTERPRISE: "企业",
    OrganisationKind.VILLAGE_COLLECTIVE: "村集体",
    OrganisationKind.HOMESTAY: "民宿",
}
SMALLHOLDERS = (OrganisationKind.HOUSEHOLD, OrganisationKind.FAMILY_FARM)


def sold(reading: Reading) -> sa.Subquery:
    """Sales by day and listing in the range, those not folded yet too, of what the reader may see and asked for."""

    def part(rows: sa.FromClause) -> sa.Select[Any]:
        c = rows.c
        return sa.select(*[c[name] for name in _FIGURES]).where(
            c.business_day.between(reading.asked.start, reading.asked.end),
            mine(reading, c),
            *among(
                reading,
                region=c.region_code,
                village=c.village_id,
                cooperative=c.settlement_party,
                producer=c.producer_id,
                category=c.category_id,
                kind=c.kind,
            ),
        )

    return sa.union_all(part(DAY), part(FRESH)).subquery("sold")


def net_of(rows: Any) -> Any:
    """Paid less refunded, of a row."""
    return paid_of(rows) - rows.c.refunded_fen

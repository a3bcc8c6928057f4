"""The reports, each declared once. `REPORTS` is all of them."""

from collections.abc import Mapping
from types import MappingProxyType

from market.reports.catalogue.bills import BILLS
from market.reports.catalogue.coverage import COVERAGE
from market.reports.catalogue.delivery import DELIVERY
from market.reports.catalogue.fusion import FUSION
from market.reports.catalogue.goods import GOODS
from market.reports.catalogue.members import MEMBERS
from market.reports.catalogue.office import OFFICE_REPORTS
from market.reports.catalogue.orders import ORDERS
from market.reports.catalogue.payables import PAYABLES
from market.reports.catalogue.refunds import REFUNDS
from market.reports.catalogue.sales import SALES
from market.reports.catalogue.season import SEASON
from market.reports.catalogue.visits import VISITS
from market.reports.declare import Report

_ALL = (
    *SALES,
    *GOODS,
    *MEMBERS,
    *PAYABLES,
    *ORDERS,
    *DELIVERY,
    *VISITS,
    *FUSION,
    *REFUNDS,
    *BILLS,
    *OFFICE_REPORTS,
    *COVERAGE,
    *SEASON,
)
REPORTS: Mapping[str, Report] = MappingProxyType({report.key: report for report in _ALL})
"""By key."""

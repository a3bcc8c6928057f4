"""Reports for those who look after the marketplace: moderation, papers that end."""

from collections import defaultdict
from datetime import datetime
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.catalogue.rules.states import RevisionState
from market.catalogue.tables import ListingRevision
from market.organisations.rules import CertificateKind, DocumentState, LicenceKind
from market.organisations.tables import Certificate, Licence, Organisation
from market.places.tables import Region
from market.reports.catalogue.base import (
    Whose,
    among,
    between_days,
    code,
    count,
    county_of,
    day,
    hours,
    mine,
    table,
    text,
    words,
)
from market.reports.declare import EVERYBODY, OFFICE, ChartKind, ChartSpec, Found, Reading, Report, Row

_SELLER, _REVISION = table(Organisation), table(ListingRevision)
_CERTIFICATE, _LICENCE = table(Certificate), table(Licence)
_REGION = table(Region)

# -- moderation --------------------------------------------------------------------------------------------------------

_REVISIONS = {
    RevisionState.SUBMITTED: "待审核",
    RevisionState.CHANGES_REQUESTED: "退回修改",
    RevisionState.APPROVED: "已通过",
    RevisionState.REJECTED: "已拒绝",
}


def _moderation(session: Session, reading: Reading) -> Found:
    """Revisions handed in during the range, by where they stand and where they come from; how long they took."""
    statement = (
        sa.select(_REVISION.c.state, _REGION.c.name, _REGION.c.code, _REVISION.c.submitted_at, _REVISION.c.decided_at)
        .join_from(_REVISION, _REGION, _REGION.c.code == county_of(_REVISION.c.region_code))
        .where(
            *between_days(reading, _REVISION.c.submitted_at),
            _REVISION.c.state.in_(list(_REVISIONS)),
            mine(reading, Whose(_REVISION.c.producer_id, _REVISION.c.producer_id, _REVISION.c.region_code)),
            *among(reading, region=_REVISION.c.region_code),
        )
    )
    found: defaultdict[tuple[str, str, str], list[float]] = defaultdict(list)
    for state, county, county_code, submitted, decided in session.execute(statement):
        took: datetime = decided or reading.now
        found[_REVISIONS[state], county, county_code].append((took - submitted).total_seconds() / 3600)
    rows: list[Row] = [(*key, len(took), round(median(took)), round(max(took))) for key, took in sorted(found.items())]
    return Found(_MODERATION_COLUMNS, rows)


_MODERATION_COLUMNS = (
    text("state", "状态", "State"),
    text("county", "区县", "County"),
    code("countyId", "区县编码", "County code"),
    count("revisions", "件数", "Revisions", "期间内提交的商品版本", "Handed in during the range"),
    hours("median", "时长中位数", "Median", "提交到决定；未决定的算到现在", "From handed in to decided, or to now"),
    hours("longest", "最长时长", "Longest"),
)


# -- papers ------------------------------------------------------------------------------------------------------------

_PAPERS = {
    CertificateKind.GREEN_FOOD: "绿色食品",
    CertificateKind.ORGANIC: "有机产品",
    CertificateKind.GEOGRAPHICAL_INDICATION: "农产品地理标志",
    CertificateKind.GI_TRADEMARK: "地理标志证明商标",
    CertificateKind.GOOD_AGRICULTURAL_PRACTICE: "良好农业规范",
    LicenceKind.BUSINESS_LICENCE: "营业执照",
    LicenceKind.FOOD_PRODUCTION: "食品生产许可",
    LicenceKind.FOOD_OPERATION: "食品经营许可",
    LicenceKind.LODGING: "特种行业（旅馆）许可",
    LicenceKind.TRAVEL_AGENCY: "旅行社许可",
}


def _papers(session: Session, reading: Reading) -> Found:
    """Certificates and licences whose last day is in the range."""

    def of(papers: sa.Table) -> sa.Select[Any]:
        return (
            sa.select(
                papers.c.valid_to,
                words(papers.c.kind, _PAPERS).label("kind"),
                _SELLER.c.name,
                papers.c.organisation_id,
                papers.c.id,
            )
            .join_from(papers, _SELLER, _SELLER.c.id == papers.c.organisation_id)
            .where(
                papers.c.valid_to.between(reading.asked.start, reading.asked.end),
                papers.c.state == DocumentState.ACCEPTED,
                mine(reading, Whose(_SELLER.c.id, _SELLER.c.id, _SELLER.c.region_code)),
                *among(reading, region=_SELLER.c.region_code),
            )
        )

    found = sa.union_all(of(_CERTIFICATE), of(_LICENCE)).subquery()
    rows = session.execute(sa.select(found).order_by(found.c.valid_to, found.c.id))
    return Found(_PAPER_COLUMNS, [(*row, 1, (row[0] - reading.today).days) for row in rows])


_PAPER_COLUMNS = (
    day("day", "到期日", "Ends on"),
    text("kind", "证照", "Paper"),
    text("organisation", "主体", "Organisation"),
    code("organisationId", "主体编码", "Organisation id"),
    code("paperId", "证照编码", "Paper id"),
    count("papers", "件数", "Papers"),
    count("daysLeft", "剩余天数", "Days left", "已过期为负", "Below zero once it has ended", is_summed=False),
)

OFFICE_REPORTS = (
    Report(
        "office.moderation",
        "审核时效",
        "Moderation ageing",
        "期间内提交的商品版本，按状态与区县；时长单位小时。",
        "Revisions handed in during the range, by state and county, and how long they took.",
        _MODERATION_COLUMNS[:3],
        _MODERATION_COLUMNS[3:],
        ("region",),
        OFFICE,
        _moderation,
        ChartSpec(ChartKind.BAR, "county", ("revisions",)),
    ),
    Report(
        "office.papers",
        "证照到期",
        "Certificates and licences that end",
        "有效期止于期间内的证书与许可。",
        "Certificates and licences whose last day is in the range.",
        _PAPER_COLUMNS[:5],
        _PAPER_COLUMNS[5:],
        ("region",),
        EVERYBODY,
        _papers,
    ),
)

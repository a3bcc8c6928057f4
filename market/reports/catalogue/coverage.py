"""Reports of how far the marketplace reaches: conformity, vouchers, inclusion."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.catalogue.tables import Category, Listing, Variant
from market.orders.tables import LineDiscount, OrderLine, SellerOrder
from market.organisations.rules import OrganisationState
from market.organisations.tables import Organisation
from market.places.tables import Region, Village
from market.reports.catalogue.base import (
    Whose,
    among,
    between_days,
    code,
    count,
    county_of,
    mine,
    money,
    plainly,
    ratio,
    share,
    table,
    text,
    whose_listing,
    words,
)
from market.reports.catalogue.sold import SMALLHOLDERS, sold
from market.reports.declare import EVERYBODY, OFFICE, ChartKind, ChartSpec, Found, Reading, Report
from market.stock.rules import ConformityState
from market.stock.tables import StockLot
from market.vouchers.rules import Funder
from market.vouchers.tables import VoucherCampaign

_PART, _LINE, _OFF = table(SellerOrder), table(OrderLine), table(LineDiscount)
_SELLER, _LISTING, _VARIANT = table(Organisation), table(Listing), table(Variant)
_LOT, _CATEGORY = table(StockLot), table(Category)
_CAMPAIGN, _REGION, _VILLAGE = table(VoucherCampaign), table(Region), table(Village)


# -- conformity --------------------------------------------------------------------------------------------------------


def _conformity(reading: Reading) -> sa.Executable:
    needing = _LOT.c.conformity != ConformityState.NOT_REQUIRED
    holding = _LOT.c.conformity == ConformityState.ISSUED

    def lots(condition: Any) -> Any:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    return (
        sa.select(
            _REGION.c.name,
            _REGION.c.code,
            _CATEGORY.c.name,
            _LISTING.c.category_id,
            sa.func.count(),
            lots(needing),
            lots(sa.and_(needing, holding)),
        )
        .join_from(_LOT, _VARIANT, _VARIANT.c.id == _LOT.c.variant_id)
        .join(_LISTING, _LISTING.c.id == _VARIANT.c.listing_id)
        .join(_CATEGORY, _CATEGORY.c.id == _LISTING.c.category_id)
        .join(_REGION, _REGION.c.code == _LISTING.c.county_code)
        .where(
            *between_days(reading, _LOT.c.received_at),
            mine(reading, whose_listing()),
            *among(reading, region=_LISTING.c.region_code, category=_LISTING.c.category_id),
        )
        .group_by(_REGION.c.name, _REGION.c.code, _CATEGORY.c.name, _LISTING.c.category_id)
        .order_by(_REGION.c.code, _LISTING.c.category_id)
    )


_CONFORMITY_COLUMNS = (
    text("county", "区县", "County"),
    code("countyId", "区县编码", "County code"),
    text("category", "类目", "Category"),
    code("categoryId", "类目编码", "Category id"),
    count("lots", "入库批次", "Lots"),
    count("needing", "应附合格证", "Needing one"),
    count("holding", "已附合格证", "Holding one"),
    share("coverage", "覆盖率", "Coverage", "已附 ÷ 应附", "Holding by needing", ratio("holding", "needing")),
)


# -- vouchers ----------------------------------------------------------------------------------------------------------

_FUNDERS = {Funder.PLATFORM: "平台", Funder.SELLER: "卖家", Funder.GOVERNMENT: "财政"}


def _vouchers(reading: Reading) -> sa.Executable:
    """Campaigns that lines sold in the range had a discount of. What went back is not counted."""
    kept = _OFF.c.amount_fen - _OFF.c.refunded_fen
    spend = _LINE.c.payable_fen - _LINE.c.refunded_fen
    given = sa.func.sum(kept)
    return (
        sa.select(
            _CAMPAIGN.c.name,
            _CAMPAIGN.c.id,
            words(_CAMPAIGN.c.funder, _FUNDERS),
            _REGION.c.name,
            _REGION.c.code,
            sa.func.max(_CAMPAIGN.c.budget_fen),
            sa.func.count(sa.distinct(_LINE.c.order_id)),
            sa.func.count(sa.distinct(_PART.c.producer_id)),
            given,
            sa.func.sum(spend),
        )
        .join_from(_OFF, _LINE, _LINE.c.id == _OFF.c.line_id)
        .join(_PART, _PART.c.id == _LINE.c.seller_order_id)
        .join(_CAMPAIGN, _CAMPAIGN.c.id == _OFF.c.campaign_id)
        .join(_REGION, _REGION.c.code == county_of(_PART.c.region_code))
        .where(
            *between_days(reading, _PART.c.paid_at),
            mine(reading, _PART.c),
            *among(reading, region=_PART.c.region_code, campaign=_CAMPAIGN.c.id, funder=_CAMPAIGN.c.funder),
        )
        .group_by(_CAMPAIGN.c.name, _CAMPAIGN.c.id, _CAMPAIGN.c.funder, _REGION.c.name, _REGION.c.code)
        .order_by(given.desc(), _CAMPAIGN.c.id, _REGION.c.code)
    )


_VOUCHER_COLUMNS = (
    text("campaign", "活动", "Campaign"),
    code("campaignId", "活动编码", "Campaign id"),
    text("funder", "出资方", "Funder"),
    text("county", "区县", "County"),
    code("countyId", "区县编码", "County code"),
    money("budget", "预算", "Budget", "", "", is_summed=False),
    count("orders", "用券订单", "Orders"),
    count("sellers", "受益卖家", "Sellers", "", "", is_summed=False),
    money("subsidy", "补贴额", "Subsidy", "券面承担额，已扣除退回", "What vouchers paid, less what went back"),
    money("spend", "带动消费", "Spend", "用券商品行的买家净额", "What buyers paid for the lines, less refunds"),
    share("leverage", "杠杆（万分比）", "Leverage", "带动消费 ÷ 补贴额", "Spend by subsidy", ratio("spend", "subsidy")),
)


# -- inclusion ---------------------------------------------------------------------------------------------------------


def _inclusion(session: Session, reading: Reading) -> Found:
    """Who takes part, by county: sellers and smallholders with sales, new organisations, villages that sell."""
    rows = sold(reading)
    small = sa.case((_SELLER.c.kind.in_(SMALLHOLDERS), rows.c.producer_id))
    county = sa.func.substr(rows.c.region_code, 1, 6, type_=sa.String)
    selling = (
        sa.select(
            county,
            sa.func.count(sa.distinct(rows.c.producer_id)),
            sa.func.count(sa.distinct(small)),
            sa.func.count(sa.distinct(rows.c.village_id)),
        )
        .join_from(rows, _SELLER, _SELLER.c.id == rows.c.producer_id)
        .group_by(county)
    )
    at = sa.func.substr(_SELLER.c.region_code, 1, 6, type_=sa.String)
    new = (
        sa.select(at, sa.func.count())
        .where(
            *between_days(reading, _SELLER.c.created_at),
            _SELLER.c.state == OrganisationState.ACTIVE,
            mine(reading, Whose(_SELLER.c.id, _SELLER.c.id, _SELLER.c.region_code)),
            *among(reading, region=_SELLER.c.region_code),
        )
        .group_by(at)
    )
    there = sa.func.substr(_VILLAGE.c.region_code, 1, 6, type_=sa.String)
    villages = sa.select(there, sa.func.count()).group_by(there)
    names: dict[str, str] = {
        code_[:6]: name
        for code_, name in session.execute(sa.select(_REGION.c.code, _REGION.c.name).where(_REGION.c.level == "COUNTY"))
    }
    figures: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for key, sellers, smallholders, selling_villages in session.execute(selling):
        figures[key][:3] = [sellers, smallholders, selling_villages]
    for key, number in session.execute(new):
        figures[key][3] = number
    for key, number in session.execute(villages):
        if key in figures:
            figures[key][4] = number
    return Found(
        _INCLUSION_COLUMNS,
        [(names.get(key, key), f"{key}000000", *found) for key, found in sorted(figures.items())],
    )


_INCLUSION_COLUMNS = (
    text("county", "区县", "County"),
    code("countyId", "区县编码", "County code"),
    count("sellers", "动销主体", "Sellers", "期间内有销售的生产者", "Producers of which something was sold"),
    count("smallholders", "其中小农户", "Smallholders", "农户与家庭农场", "Households and family farms"),
    count("villages", "动销村", "Villages selling"),
    count("newShops", "新增主体", "New organisations", "期间内登记并启用", "Registered in the range, and active"),
    count("villagesInAll", "入驻村", "Villages taking part"),
    share(
        "coverage",
        "村覆盖率",
        "Village coverage",
        "动销村 ÷ 入驻村",
        "Villages selling by those taking part",
        ratio("villages", "villagesInAll"),
    ),
)

COVERAGE = (
    Report(
        "office.conformity",
        "合格证覆盖",
        "Conformity certificates",
        "期间内入库批次的承诺达标合格证覆盖率（农业农村部令 2025 年第 4 号）。",
        "Lots received in the range that need a 承诺达标合格证, and those that have it.",
        _CONFORMITY_COLUMNS[:4],
        _CONFORMITY_COLUMNS[4:],
        ("region", "category"),
        EVERYBODY,
        plainly(_conformity, _CONFORMITY_COLUMNS),
        ChartSpec(ChartKind.BAR, "county", ("needing", "holding")),
    ),
    Report(
        "office.vouchers",
        "消费券与优惠",
        "Voucher batches",
        "期间内付款订单所用的券：补贴额、带动消费与杠杆，按活动与区县。",
        "Vouchers of orders paid in the range: subsidy, what buyers spent with them, and the leverage.",
        _VOUCHER_COLUMNS[:5],
        _VOUCHER_COLUMNS[5:],
        ("region", "campaign", "funder"),
        EVERYBODY,
        plainly(_vouchers, _VOUCHER_COLUMNS),
        ChartSpec(ChartKind.BAR, "campaign", ("subsidy", "spend")),
        days_max=400,
    ),
    Report(
        "office.inclusion",
        "参与与覆盖",
        "Inclusion",
        "按区县统计动销主体、小农户、新增主体与村覆盖率；仅为本平台数据。",
        "Who takes part, by county: of this platform only.",
        _INCLUSION_COLUMNS[:2],
        _INCLUSION_COLUMNS[2:],
        ("region",),
        OFFICE,
        _inclusion,
        ChartSpec(ChartKind.BAR, "county", ("sellers", "smallholders", "newShops")),
    ),
)

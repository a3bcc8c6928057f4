"""Reports of what is grown and who grows it: categories with their certificates, producers."""

import sqlalchemy as sa

from market.catalogue.tables import Category, ListingCertificate
from market.organisations.rules import CertificateKind
from market.organisations.tables import Certificate, Organisation
from market.reports.catalogue.base import (
    code,
    count,
    money,
    of_total,
    plainly,
    ratio,
    share,
    table,
    text,
    weight,
    words,
)
from market.reports.catalogue.sold import KINDS, SMALLHOLDERS, net_of, sold
from market.reports.declare import EVERYBODY, ChartKind, ChartSpec, Reading, Report

_CATEGORY, _ORGANISATION = table(Category), table(Organisation)
_CERTIFICATE, _COVERED = table(Certificate), table(ListingCertificate)
_GI = (CertificateKind.GEOGRAPHICAL_INDICATION, CertificateKind.GI_TRADEMARK)


def _categories(reading: Reading) -> sa.Executable:
    rows = sold(reading)
    gi = sa.exists().where(
        _COVERED.c.listing_id == rows.c.listing_id,
        _COVERED.c.certificate_id == _CERTIFICATE.c.id,
        _CERTIFICATE.c.kind.in_(_GI),
        sa.or_(_CERTIFICATE.c.valid_to.is_(None), _CERTIFICATE.c.valid_to >= rows.c.business_day),
    )
    net = sa.func.sum(net_of(rows))
    return (
        sa.select(
            _CATEGORY.c.name,
            rows.c.category_id,
            sa.func.sum(rows.c.units),
            sa.func.sum(rows.c.weight_grams),
            net,
            sa.func.sum(sa.case((gi, net_of(rows)), else_=0)),
        )
        .join_from(rows, _CATEGORY, _CATEGORY.c.id == rows.c.category_id)
        .where(rows.c.kind == "PRODUCT")
        .group_by(rows.c.category_id, _CATEGORY.c.name)
        .order_by(net.desc(), rows.c.category_id)
    )


_CATEGORY_COLUMNS = (
    text("category", "类目", "Category"),
    code("categoryId", "类目编码", "Category id"),
    count("units", "件数", "Units"),
    weight("weight", "重量", "Weight"),
    money("net", "净额", "Net", "实付额 − 退款额", "Paid less refunded"),
    money("giNet", "地标产品净额", "GI net", "地理标志产品的净额", "Net of listings with a geographical indication"),
    share("giShare", "地标占比", "GI share", "地标产品净额 ÷ 净额", "GI net by net", ratio("giNet", "net")),
    money(
        "perKilogram",
        "每公斤均价",
        "Per kilogram",
        "净额 ÷ 重量",
        "Net by weight",
        derive=ratio("net", "weight", scale=1_000),
    ),
)


def _producers(reading: Reading) -> sa.Executable:
    rows = sold(reading)
    net = sa.func.sum(net_of(rows))
    return (
        sa.select(
            _ORGANISATION.c.name,
            rows.c.producer_id,
            words(_ORGANISATION.c.kind, KINDS),
            net,
            sa.func.sum(rows.c.orders),
            sa.func.count(sa.distinct(rows.c.listing_id)),
            sa.func.sum(sa.case((_ORGANISATION.c.kind.in_(SMALLHOLDERS), net_of(rows)), else_=0)),
        )
        .join_from(rows, _ORGANISATION, _ORGANISATION.c.id == rows.c.producer_id)
        .group_by(rows.c.producer_id, _ORGANISATION.c.name, _ORGANISATION.c.kind)
        .order_by(net.desc(), rows.c.producer_id)
    )


_PRODUCER_COLUMNS = (
    text("producer", "生产者", "Producer"),
    code("producerId", "生产者编码", "Producer id"),
    text("kind", "主体类型", "Kind"),
    money("net", "净额", "Net", "实付额 − 退款额", "Paid less refunded"),
    count("orders", "订单数", "Orders", "付款的子订单数", "Sellers' parts of orders paid"),
    count("listings", "动销商品数", "Listings sold", "期间内有销售的商品数", "Listings of which something was sold"),
    money(
        "smallholderNet", "小农户净额", "Smallholders' net", "农户与家庭农场的净额", "Of households and family farms"
    ),
    share("netShare", "净额占比", "Share", "占合计净额的比例", "Of the total net", of_total("net")),
    share(
        "smallholderShare",
        "小农户占比",
        "Smallholders' share",
        "小农户净额 ÷ 净额",
        "Smallholders' net by net",
        ratio("smallholderNet", "net"),
    ),
)


_FILTERS = ("region", "village", "cooperative", "producer", "category", "kind")

GOODS = (
    Report(
        "goods.categories",
        "类目与地标产品",
        "Categories and GI products",
        "农产品净额、重量与地理标志产品占比；证书按销售日是否有效判断。",
        "Produce by category: net, weight, and the share of listings with a geographical indication valid on the day.",
        _CATEGORY_COLUMNS[:2],
        _CATEGORY_COLUMNS[2:],
        _FILTERS,
        EVERYBODY,
        plainly(_categories, _CATEGORY_COLUMNS),
        ChartSpec(ChartKind.BAR, "category", ("net", "giNet")),
    ),
    Report(
        "goods.producers",
        "生产者排行",
        "Producer ranking",
        "按净额排列的生产者，含小农户占比。",
        "Producers by net, with the smallholders' share.",
        _PRODUCER_COLUMNS[:3],
        _PRODUCER_COLUMNS[3:],
        _FILTERS,
        EVERYBODY,
        plainly(_producers, _PRODUCER_COLUMNS),
        ChartSpec(ChartKind.BAR, "producer", ("net",)),
    ),
)

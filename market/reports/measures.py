"""Figures of the platform for the plan's indicators: one whole number for a region and a period."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from sqlmodel import Session

from market.kernel.errors import NotFound
from market.orders.rules import Channel, LineKind
from market.organisations.rules import OrganisationKind
from market.reports import measuring
from market.reports.declare import ColumnKind
from market.reports.measuring import Act, Areas


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that an indicator can take by itself. `report` is the report, and `column` its column, that shows how it
    came about. A stock says how things stand at the end of the period; flows add up over it."""

    key: str
    label_zh: str
    label_en: str
    kind: ColumnKind
    definition_zh: str
    definition_en: str
    is_stock: bool
    act: Act
    report: str | None = None
    column: str | None = None


def measure(session: Session, key: str, *, region_prefix: str, start: date, end: date) -> int:
    """Step: the figure for a region's subtree (the beginning of its codes) from one Shanghai day to another, both
    included: fen, grams, basis points or a number, as its kind says. Refuses: NotFound for a key that is not there."""
    found = MEASURES.get(key)
    if found is None:
        raise NotFound(field="measure")
    return found.act(session, Areas(region_prefix, len(region_prefix)), start, end).get(region_prefix, 0)


Shown = tuple[str, str] | tuple[None, None]
_NOWHERE: Shown = (None, None)


def _flow(  # noqa: PLR0917 - a row of the table below
    key: str, zh: str, en: str, kind: ColumnKind, definitions: tuple[str, str], act: Act, shown: Shown = _NOWHERE
) -> Measure:
    report, column = shown
    return Measure(key, zh, en, kind, *definitions, is_stock=False, act=act, report=report, column=column)


def _stock(key: str, zh: str, en: str, definitions: tuple[str, str], act: Act) -> Measure:
    return Measure(key, zh, en, ColumnKind.COUNT, *definitions, is_stock=True, act=act)


_FEN, _COUNT = ColumnKind.MONEY, ColumnKind.COUNT
_ALL = (
    _flow(
        "sales.net",
        "平台净销售额",
        "Net sales",
        _FEN,
        ("实付额减退款，本平台", "Paid less refunded, on this platform"),
        measuring.net(),
        ("sales", "net"),
    ),
    _flow(
        "sales.produce",
        "农产品网络零售额",
        "Online retail of produce",
        _FEN,
        ("农产品净额，本平台", "Net of produce, on this platform"),
        measuring.net(kind=LineKind.PRODUCT),
        ("sales", "net"),
    ),
    _flow(
        "sales.tourism",
        "农旅销售额",
        "Tourism sales",
        _FEN,
        ("农旅净额，本平台", "Net of bookings, on this platform"),
        measuring.net(kind=LineKind.BOOKING),
        ("sales", "net"),
    ),
    _flow(
        "sales.livestream",
        "直播销售额",
        "Livestream sales",
        _FEN,
        ("直播渠道净额", "Net of what was bought through livestreams"),
        measuring.net(channel=Channel.LIVESTREAM),
        ("sales.channels", "net"),
    ),
    _flow(
        "sales.gi",
        "地标产品销售额",
        "GI sales",
        _FEN,
        ("持有效地理标志证书的商品净额", "Net of listings with a valid geographical indication"),
        measuring.gi_net,
        ("goods.categories", "giNet"),
    ),
    _flow(
        "sales.subsidy",
        "消费券补贴额",
        "Public vouchers",
        _FEN,
        ("财政承担的优惠", "Discounts that public money paid for"),
        measuring.voucher_subsidy,
        ("sales", "government"),
    ),
    _flow(
        "sellers.active",
        "动销主体",
        "Active sellers",
        _COUNT,
        ("期间内有销售的生产者，去重", "Producers of which something was sold, each once"),
        measuring.sellers(),
        ("goods.producers", "net"),
    ),
    _flow(
        "sellers.smallholders",
        "动销小农户",
        "Active smallholders",
        _COUNT,
        ("期间内有销售的农户与家庭农场，去重", "Households and family farms of which something was sold, each once"),
        measuring.sellers(OrganisationKind.HOUSEHOLD, OrganisationKind.FAMILY_FARM),
        ("office.inclusion", "smallholders"),
    ),
    _flow(
        "sellers.new",
        "新增涉农网店",
        "New shops",
        _COUNT,
        ("期间内登记并启用的主体", "Organisations registered in the period, and active"),
        measuring.new_shops,
        ("office.inclusion", "newShops"),
    ),
    _stock(
        "sellers.producers",
        "入驻生产者",
        "Producers",
        ("期末在册的生产者", "Producers at the end of the period"),
        measuring.producers,
    ),
    _stock(
        "cooperatives.members",
        "合作社成员",
        "Cooperative members",
        ("期末为合作社成员的生产者，去重", "Producers that are members at the end of the period, each once"),
        measuring.members,
    ),
    _stock(
        "villages.ecommerce",
        "电商专业村",
        "E-commerce villages",
        ("近一年本平台净额超过一千万元的村", "Villages with more than ¥10 million net on this platform in a year"),
        measuring.e_commerce_villages,
    ),
    _stock(
        "villages.selling",
        "有在售商品的村",
        "Villages that sell",
        ("当前有在售商品的村", "Villages with something on sale now"),
        measuring.villages_selling,
    ),
    _flow(
        "visits.guests",
        "接待人次",
        "Guests",
        _COUNT,
        ("核销预订的人数", "People of bookings that were redeemed"),
        measuring.guests,
        ("visits.revenue", "guests"),
    ),
    _flow(
        "lots.needing",
        "应附合格证批次",
        "Lots that need a certificate",
        _COUNT,
        ("期间内入库、应附合格证的批次", "Received in the period, of what needs a 合格证"),
        measuring.lots(holding=False),
        ("office.conformity", "needing"),
    ),
    _flow(
        "lots.holding",
        "已附合格证批次",
        "Lots with a certificate",
        _COUNT,
        ("其中已附合格证的批次", "Those of them that have it"),
        measuring.lots(holding=True),
        ("office.conformity", "holding"),
    ),
    _flow(
        "orders.sent",
        "已发出子订单",
        "Orders sent",
        _COUNT,
        ("期间内全部发出、有发货承诺的子订单", "Handed over in the period, of those with a promise"),
        measuring.sent(in_time=False),
    ),
    _flow(
        "orders.inTime",
        "按时发出子订单",
        "Orders sent in time",
        _COUNT,
        ("其中不晚于承诺时间的", "Those of them no later than promised"),
        measuring.sent(in_time=True),
    ),
)
MEASURES: Mapping[str, Measure] = MappingProxyType({each.key: each for each in _ALL})
"""By key."""

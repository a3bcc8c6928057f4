"""Reports that are the sales report, asked in the ways that people ask: overview, regions, producers, channels."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from sqlmodel import Session

from market.orders.rules import Channel, LineKind
from market.reports.catalogue.base import code, day, money, of_total, share, text
from market.reports.catalogue.figures import BUYERS, FIGURES
from market.reports.declare import (
    EVERYBODY,
    OFFICE,
    ChartKind,
    ChartSpec,
    Column,
    Found,
    ReaderKind,
    Reading,
    Report,
    Row,
    Value,
)
from market.reports.sales.ask import SalesAnswer, SalesAsked, SalesRow, answer
from market.reports.sales.figures import SalesFigures, growth_bp
from market.reports.sales.rules import GROUPS_MAX, SalesDimension, SalesWhere

WORDS: Mapping[str, str] = MappingProxyType(
    {
        LineKind.PRODUCT: "农产品",
        LineKind.BOOKING: "农旅",
        LineKind.GIFT: "赠品",
        Channel.MINI_PROGRAM: "小程序",
        Channel.WEB: "网页",
        Channel.APP: "App",
        Channel.LIVESTREAM: "直播",
        Channel.STAFF: "工作人员代下单",
    }
)
_TIMES = {SalesDimension.DAY: ("日", "Day"), SalesDimension.WEEK: ("周", "Week"), SalesDimension.MONTH: ("月", "Month")}
_NAMED = {
    SalesDimension.CITY: ("市", "City"),
    SalesDimension.COUNTY: ("区县", "County"),
    SalesDimension.TOWNSHIP: ("乡镇街道", "Township"),
    SalesDimension.VILLAGE: ("村", "Village"),
    SalesDimension.COOPERATIVE: ("合作社", "Cooperative"),
    SalesDimension.PRODUCER: ("生产者", "Producer"),
    SalesDimension.CATEGORY: ("类目", "Category"),
    SalesDimension.LISTING: ("商品", "Listing"),
    SalesDimension.KIND: ("类型", "Kind"),
    SalesDimension.CHANNEL: ("渠道", "Channel"),
}
FILTERS = ("region", "village", "cooperative", "producer", "category", "listing", "kind", "channel")


def columns_of(dimension: SalesDimension) -> tuple[Column, ...]:
    """A dimension's columns: a day; or a name, and beside it what it is called in the system."""
    key = dimension.value.lower()
    if dimension in _TIMES:
        return (day(key, *_TIMES[dimension]),)
    zh, en = _NAMED[dimension]
    return (text(key, zh, en), code(f"{key}Id", f"{zh}编码", f"{en} id"))


_BEFORE = money("netBefore", "对比期净额", "Net before", "对比期间的净额", "The net of the period compared with")
_GROWTH = share(
    "growth",
    "净额增长",
    "Growth",
    "（净额 − 对比期净额）÷ 对比期净额",
    "By how much the net grew",
    lambda row, _totals: growth_bp(row.get("net", 0), row.get("netBefore")),
)
_SHARE = share("netShare", "净额占比", "Share", "占合计净额的比例", "Of the total net", of_total("net"))


def where_of(reading: Reading) -> SalesWhere:
    """The report's filters as sales knows them."""
    said = reading.asked.where
    return SalesWhere(
        regions=tuple(said.get("region", ())),
        villages=tuple(said.get("village", ())),
        cooperatives=tuple(said.get("cooperative", ())),
        producers=tuple(said.get("producer", ())),
        categories=tuple(said.get("category", ())),
        listings=tuple(said.get("listing", ())),
        kinds=tuple(said.get("kind", ())),
        channels=tuple(said.get("channel", ())),
    )


def _dimensions(reading: Reading) -> tuple[SalesDimension, ...]:
    return tuple(SalesDimension(key.upper()) for key in reading.asked.group_by)


def _runner(figures: tuple[str, ...], *, with_share: bool) -> Callable[[Session, Reading], Found]:
    def run(session: Session, reading: Reading) -> Found:
        groups, asked = _dimensions(reading), reading.asked
        with_buyers = "buyers" in figures
        found = answer(
            session,
            reading.actor,
            SalesAsked(asked.start, asked.end, groups, where_of(reading), asked.compare_with, with_buyers),
            now=reading.now,
        )
        return _found(found, groups, [key for key in figures if key != "buyers"], with_buyers, with_share)

    return run


def _found(
    found: SalesAnswer, groups: tuple[SalesDimension, ...], figures: list[str], with_buyers: bool, with_share: bool
) -> Found:
    columns = [column for each in groups for column in columns_of(each)]
    columns += [FIGURES[key].column for key in figures]
    columns += [BUYERS] if with_buyers else []
    columns += [_SHARE] if with_share else []
    columns += [_BEFORE, _GROWTH] if found.before_span is not None else []

    def values(now: SalesFigures, before: SalesFigures | None) -> Iterator[int | None]:
        yield from (FIGURES[key].of(now) for key in figures)
        if with_buyers:
            yield now.buyers
        if before is not None:
            yield before.net_fen

    keys = [each.key for each in columns[sum(len(columns_of(each)) for each in groups) :] if each.derive is None]
    totals = dict(zip(keys, values(found.total, found.total_before), strict=True))
    return Found(
        columns,
        [(*_names(row, groups), *values(row.now, row.before)) for row in found.rows],
        {key: value for key, value in totals.items() if value is not None},
    )


def _names(row: SalesRow, groups: tuple[SalesDimension, ...]) -> Row:
    found: list[Value] = []
    for dimension, key, label in zip(groups, row.key, row.labels, strict=True):
        if dimension in _TIMES:
            found.append(key)
        elif key is None:
            found += ["（不经合作社）", None]
        else:
            found += [label or WORDS.get(str(key), str(key)), key]
    return tuple(found)


ALL = tuple(SalesDimension)
MONEY_OF_SALES = ("orders", "units", "gross", "delivery", "platform", "seller", "government", "paid", "refunded", "net")


def _report(
    key: str,
    titles: tuple[str, str],
    definitions: tuple[str, str],
    *,
    groups: tuple[SalesDimension, ...],
    figures: tuple[str, ...],
    readers: frozenset[ReaderKind],
    chart: ChartSpec,
    with_share: bool = False,
) -> Report:
    order = [*groups, *[each for each in ALL if each not in groups]]
    columns = tuple(columns_of(each)[0] for each in order)
    measures = tuple(BUYERS if name == "buyers" else FIGURES[name].column for name in figures)
    return Report(
        key,
        *titles,
        *definitions,
        dimensions=columns,
        measures=(*measures, _SHARE) if with_share else measures,
        filters=FILTERS,
        readers=readers,
        run=_runner(figures, with_share=with_share),
        chart=chart,
        groups_max=GROUPS_MAX,
        default_groups=tuple(each.value.lower() for each in groups),
    )


_BASIS = (
    "按付款日（上海时间）计入销售、按退款入账日计入退款，金额与总账一致到分。",
    "Sales on the Shanghai day they were paid, refunds on the day they were posted; the ledger's money, to the fen.",
)

SALES = (
    _report(
        "sales",
        ("销售总览", "Sales overview"),
        _BASIS,
        groups=(SalesDimension.MONTH, SalesDimension.KIND),
        figures=(*MONEY_OF_SALES, "commission", "payable", "averageOrder", "buyers"),
        readers=EVERYBODY,
        chart=ChartSpec(ChartKind.STACKED, "month", ("net",)),
    ),
    _report(
        "sales.regions",
        ("区域销售", "Sales by region"),
        _BASIS,
        groups=(SalesDimension.COUNTY,),
        figures=("orders", "paid", "refunded", "net", "averageOrder"),
        readers=OFFICE,
        chart=ChartSpec(ChartKind.BAR, "county", ("net",)),
        with_share=True,
    ),
    _report(
        "sales.channels",
        ("渠道销售", "Sales by channel"),
        _BASIS,
        groups=(SalesDimension.CHANNEL, SalesDimension.MONTH),
        figures=("orders", "paid", "refunded", "net", "averageOrder"),
        readers=EVERYBODY,
        chart=ChartSpec(ChartKind.STACKED, "month", ("net",)),
        with_share=True,
    ),
    _report(
        "sales.listings",
        ("商品销售", "Sales by listing"),
        _BASIS,
        groups=(SalesDimension.LISTING,),
        figures=("orders", "units", "weight", "gross", "net"),
        readers=EVERYBODY,
        chart=ChartSpec(ChartKind.BAR, "listing", ("net",)),
        with_share=True,
    ),
)

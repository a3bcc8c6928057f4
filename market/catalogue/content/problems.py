"""What is wrong with a draft by itself, in the order of the form."""

from collections import Counter
from collections.abc import Iterable, Iterator

from market.catalogue.content.drafts import (
    Draft,
    OptionDraft,
    PackageDraft,
    ProductDraft,
    UnitDraft,
    VariantDraft,
    WindowDraft,
)
from market.catalogue.rules import WindowKind, season_of
from market.catalogue.rules.problems import Problem
from market.catalogue.rules.seasons import window
from market.kernel.errors import Invalid


def problems_of(draft: Draft) -> tuple[Problem, ...]:
    """All that keeps a draft from going on sale, whatever it points to. Parts are counted from 1."""
    return tuple(_problems(draft))


def _problems(draft: Draft) -> Iterator[Problem]:
    if not draft.listing.title.strip():
        yield Problem("title", "请填写标题", "give it a title")
    yield from _product(draft) if isinstance(draft, ProductDraft) else _package(draft)


def _product(draft: ProductDraft) -> Iterator[Problem]:
    if draft.storage is None:
        yield Problem("storage", "请选择储存方式", "say how it is stored")
    if draft.shelf_life_days is not None and draft.shelf_life_days <= 0:
        yield Problem("shelf_life_days", "保质期须大于零，不适用时留空", "more than no days, or nothing")
    if not draft.variants:
        yield Problem("variants", "至少需要一个规格", "add a variant")
    skus = Counter(each.sku for each in draft.variants)
    for number, each in enumerate(draft.variants, start=1):
        if skus[each.sku] > 1:
            yield Problem(f"variants.{number}.sku", "货号重复", "each variant has a SKU of its own")
        yield from _variant(f"variants.{number}", each)
    yield from window_problems(draft.windows)


def _variant(path: str, variant: VariantDraft) -> Iterator[Problem]:
    for name, text, zh, en in (
        ("sku", variant.sku, "请填写货号", "give it a SKU"),
        ("name", variant.name, "请填写规格名称", "give it a name"),
        ("unit", variant.unit, "请填写单位，例如“箱”", "say what one is called: a box"),
    ):
        if not text.strip():
            yield Problem(f"{path}.{name}", zh, en)
    for name, value, zh in (
        ("net_weight_grams", variant.net_weight_grams, "净重"),
        ("pack_count", variant.pack_count, "件数"),
        ("price_fen", variant.price_fen, "价格"),
    ):
        if value <= 0:
            yield Problem(f"{path}.{name}", f"{zh}须大于零", "more than zero")


def window_problems(windows: Iterable[WindowDraft]) -> Iterator[Problem]:
    """What is wrong with season windows."""
    sale = []
    for number, each in enumerate(windows, start=1):
        try:
            days = window(each.start, each.end)
        except Invalid as refused:
            yield Problem(f"windows.{number}", refused.facts["allowed_zh"], refused.facts["allowed"])
            continue
        if each.kind is WindowKind.SALE:
            sale.append(days)
    try:
        season_of(sale)
    except Invalid as refused:
        yield Problem("windows", refused.facts["allowed_zh"], refused.facts["allowed"])


def _package(draft: PackageDraft) -> Iterator[Problem]:
    if not draft.meeting_point.strip():
        yield Problem("meeting_point", "请填写集合地点", "say where to meet")
    if draft.duration_minutes <= 0:
        yield Problem("duration_minutes", "时长须大于零", "more than no minutes")
    if not 0 <= draft.cutoff_minutes <= draft.notice_minutes:
        yield Problem("cutoff_minutes", "截止时间不长于提前预订时间", "no longer than the notice")
    if not draft.options:
        yield Problem("options", "至少需要一个方案", "add an option")
    for number, option in enumerate(draft.options, start=1):
        yield from _option(f"options.{number}", option)
    yield from _tiers(draft)
    for number, gift in enumerate(draft.gifts, start=1):
        if gift.quantity <= 0:
            yield Problem(f"gifts.{number}.quantity", "数量须大于零", "more than zero")


def _option(path: str, option: OptionDraft) -> Iterator[Problem]:
    if not option.name.strip():
        yield Problem(f"{path}.name", "请填写方案名称", "give it a name")
    if not option.units:
        yield Problem(f"{path}.units", "至少需要一种票型", "add a ticket type")
    for number, unit in enumerate(option.units, start=1):
        yield from _unit(f"{path}.units.{number}", unit)


def _unit(path: str, unit: UnitDraft) -> Iterator[Problem]:
    if not unit.name.strip():
        yield Problem(f"{path}.name", "请填写票型名称", "give it a name")
    if unit.price_fen < 0:
        yield Problem(f"{path}.price_fen", "价格不能为负", "not below zero")
    if unit.pax_count < 0:
        yield Problem(f"{path}.pax_count", "占位数不能为负", "not below zero")
    if unit.min_age is not None and unit.max_age is not None and unit.max_age < unit.min_age:
        yield Problem(f"{path}.max_age", "年龄上限不低于下限", "not below the minimum age")


def _tiers(draft: PackageDraft) -> Iterator[Problem]:
    tiers = sorted(draft.tiers, key=lambda tier: tier.hours_before)
    percents = [tier.refund_percent for tier in tiers]
    if percents != sorted(percents) or not all(0 <= percent <= 100 for percent in percents):
        yield Problem(
            "tiers",
            "退款比例为 0 到 100，提前越久退款不少于之后",
            "refunds are 0 to 100 percent, and more notice never gives back less",
        )
    if len({tier.hours_before for tier in tiers}) < len(tiers) or any(tier.hours_before < 0 for tier in tiers):
        yield Problem("tiers", "每档的提前时间各不相同且不为负", "each so many hours before the start, once")

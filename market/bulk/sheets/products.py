"""Products: a row for each variant, the rows of one product under one code."""

import re
import unicodedata
from dataclasses import dataclass

from market.bulk.rules import SheetKind
from market.bulk.sheets.cells import Cell, Choice, Code, Text, Whole
from market.bulk.sheets.columns import Column, Sheet
from market.bulk.sheets.prices import PRICE, SKU
from market.catalogue.content.bounds import COUNTS_MAX, NUMBER_MAX, TEXT_MAX, TEXTS_MAX
from market.catalogue.rules import Storage
from market.catalogue.rules.seasons import window
from market.kernel.errors import Invalid

STORAGES = {
    Storage.AMBIENT: ("常温", "Ambient"),
    Storage.CHILLED: ("冷藏", "Chilled"),
    Storage.FROZEN: ("冷冻", "Frozen"),
}
_SPAN = re.compile(r"(\d{1,2})[-/.月](\d{1,2})日?\s*[~至]\s*(\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)

_OPTIONAL = ("可留空。", "May be empty.")

OF_VARIANT = frozenset({"sku", "variant", "variant_en", "net_weight_grams", "pack_count", "unit", "unit_en", "price"})
"""Columns in which the rows of one product differ. All others say the same in each."""

Spans = tuple[tuple[str, str], ...]
"""Days of the year, as pairs of `MM-DD`."""


@dataclass(frozen=True, slots=True)
class Windows(Cell):
    """Spans of the year that come again each year."""

    zh = "每年的时段，例如 06-20~08-31，多个时段用分号隔开"
    en = "days of the year such as 06-20~08-31, several with semicolons between them"

    def read(self, text: str) -> Spans:
        """As the base class says."""
        parts = [part.strip() for part in unicodedata.normalize("NFKC", text).split(";") if part.strip()]
        spans = [_SPAN.fullmatch(part) for part in parts]
        if not spans or len(spans) > COUNTS_MAX["windows"]:
            raise self._refuse()
        read: list[tuple[str, str]] = []
        for span in spans:
            if span is None:
                raise self._refuse()
            first, last = (f"{int(span[at]):02}-{int(span[at + 1]):02}" for at in (1, 3))
            try:
                window(first, last)
            except Invalid:
                raise self._refuse() from None
            read.append((first, last))
        return tuple(read)

    def show(self, value: Spans) -> str:
        """As the base class says."""
        return "; ".join(f"{first}~{last}" for first, last in value)


def _text(
    key: str, zh: str, en: str, *, words: tuple[str, str], example: str = "", is_required: bool = False
) -> Column:
    """A column of text as long as the catalogue allows; `words` are its help."""
    return Column(key, zh, en, Text(TEXTS_MAX.get(key, TEXT_MAX)), example, *words, is_required=is_required)


PRODUCTS = Sheet(
    SheetKind.PRODUCTS,
    "商品",
    "Products",
    columns=(
        Column(
            "code",
            "商品编码",
            "Product code",
            Code(64),
            "XM-TAO",
            "您自编的商品编码；同一编码的各行是同一商品的不同规格，重复导入时按编码更新。",
            "Your own code. Rows of one code are the variants of one product; importing it again updates it.",
            is_required=True,
            aliases=("编码", "external code"),
            fields=("external_code", "externalCode"),
        ),
        _text(
            "title",
            "商品名称",
            "Title",
            words=("展示给买家的名称。", "What buyers see."),
            example="奉化水蜜桃",
            is_required=True,
        ),
        _text("title_en", "英文名称", "English title", words=_OPTIONAL, example="Fenghua peaches"),
        Column(
            "producer",
            "生产者",
            "Producer",
            Text(TEXT_MAX),
            "",
            "社员的名称或以 pdr_ 开头的编号；留空为本组织。",
            "A member's name or its id, which begins with pdr_; empty for the organisation itself.",
            fields=("producer_id",),
        ),
        Column(
            "category",
            "类目",
            "Category",
            Text(TEXT_MAX),
            "水果/桃",
            "类目路径或类目标识，可从列表中选择。",
            "The category's path or its slug; the template has a list.",
            is_required=True,
            fields=("category_id",),
        ),
        Column(
            "village",
            "村",
            "Village",
            Text(TEXT_MAX),
            "",
            "村名或 12 位区划代码；留空为生产者所在村。",
            "A village's name or its 12-digit code; empty for the producer's.",
            fields=("village_id",),
        ),
        _text("summary", "简介", "Summary", words=("一句话介绍。", "One sentence."), example="皮薄多汁，现摘现发"),
        _text("summary_en", "英文简介", "English summary", words=_OPTIONAL),
        _text(
            "description",
            "详情",
            "Description",
            words=("详细介绍，可换行。", "The long text, several lines if need be."),
        ),
        _text("origin", "产地", "Origin", words=("产自哪里。", "Where it comes from."), example="宁波奉化"),
        _text("origin_en", "英文产地", "English origin", words=_OPTIONAL),
        Column(
            "storage",
            "储存方式",
            "Storage",
            Choice(STORAGES),
            "冷藏",
            "常温、冷藏或冷冻。",
            "Ambient, chilled or frozen.",
            is_required=True,
        ),
        Column(
            "shelf_life_days",
            "保质期（天）",
            "Shelf life (days)",
            Whole(1, 36_500),
            "5",
            "采收或生产后的保质天数；不适用时留空。",
            "Days from harvest or making; empty where it does not apply.",
            aliases=("保质期天",),
        ),
        Column(
            "sale",
            "销售时段",
            "On sale",
            Windows(),
            "06-20~08-31",
            "每年的销售时段，至多两个；留空为全年。",
            "When it is sold each year, at most two spans; empty for all year.",
            fields=("windows",),
        ),
        Column("harvest", "采收时段", "Harvest", Windows(), "", "每年的采收时段。", "When it is harvested each year."),
        Column("shipping", "发货时段", "Shipping", Windows(), "", "每年的发货时段。", "When it is shipped each year."),
        SKU,
        Column(
            "variant",
            "规格名称",
            "Variant",
            Text(TEXT_MAX),
            "12 只礼盒",
            "规格的名称。",
            "The name of the variant.",
            is_required=True,
            aliases=("规格",),
            fields=("name",),
        ),
        Column(
            "variant_en",
            "英文规格名称",
            "English variant",
            Text(TEXT_MAX),
            "",
            *_OPTIONAL,
            fields=("name_en",),
        ),
        Column(
            "net_weight_grams",
            "净重（克）",
            "Net weight (g)",
            Whole(1, NUMBER_MAX),
            "2500",
            "每件的净重，单位克。",
            "Of one piece, in grams.",
            is_required=True,
            aliases=("净重克",),
        ),
        Column(
            "pack_count",
            "每件数量",
            "Pieces in a pack",
            Whole(1, NUMBER_MAX),
            "12",
            "一件内有几个；散装填 1。",
            "How many are in one; 1 when it is loose.",
            is_required=True,
            aliases=("件数", "装箱数"),
        ),
        Column(
            "unit",
            "单位",
            "Unit",
            Text(TEXT_MAX),
            "盒",
            "销售单位：盒、箱、袋。",
            "What one is called: a box, a bag.",
            is_required=True,
        ),
        Column("unit_en", "英文单位", "English unit", Text(TEXT_MAX), "", *_OPTIONAL),
        PRICE,
    ),
    named_by=("sku",),
    grouped_by=("producer", "code"),
)

"""Prices by SKU."""

from market.bulk.rules import SheetKind
from market.bulk.sheets.cells import Code, Price, Text
from market.bulk.sheets.columns import Column, Sheet

SKU = Column(
    "sku",
    "规格编码",
    "SKU",
    Code(64),
    "XM-TAO-12",
    "规格（SKU）的编码，全平台唯一。",
    "The code of the variant (SKU), unique in the whole marketplace.",
    is_required=True,
    aliases=("货号", "sku编码"),
    fields=("variant",),
)
PRODUCT_NOTE = Column(
    "product_note",
    "#商品名称",
    "#Product",
    Text(200),
    "奉化水蜜桃",
    "仅供核对，不会导入。",
    "To recognise it by; it is not imported.",
    is_note=True,
)
VARIANT_NOTE = Column(
    "variant_note",
    "#规格名称",
    "#Variant",
    Text(200),
    "12 只礼盒",
    "仅供核对，不会导入。",
    "To recognise it by; it is not imported.",
    is_note=True,
)
PRICE = Column(
    "price",
    "价格（元）",
    "Price (CNY)",
    Price(1, 100_000_000),
    "88.00",
    "含税售价，至多两位小数。",
    "What buyers pay, with at most two decimals.",
    is_required=True,
    aliases=("售价", "单价"),
    fields=("price_fen",),
)

PRICES = Sheet(
    SheetKind.PRICES,
    "价格",
    "Prices",
    columns=(SKU, PRODUCT_NOTE, VARIANT_NOTE, PRICE),
    named_by=("sku",),
)

"""Stock by SKU: what was counted, or a lot that came in."""

from market.bulk.errors import RowRefused
from market.bulk.rules import SheetKind
from market.bulk.sheets.cells import Choice, Code, Day, Text, Whole
from market.bulk.sheets.columns import Column, Sheet, Values
from market.bulk.sheets.prices import PRODUCT_NOTE, SKU, VARIANT_NOTE
from market.stock.rules import QUANTITY_MAX, ConformityBasis, IssuerKind

ISSUERS = {
    IssuerKind.ENTERPRISE: ("企业", "Enterprise"),
    IssuerKind.COOPERATIVE: ("合作社", "Cooperative"),
    IssuerKind.FARMER: ("农户", "Farmer"),
    IssuerKind.PURCHASER: ("收购者", "Purchaser"),
}
BASES = {
    ConformityBasis.QUALITY_CONTROL: ("质量安全控制符合要求", "Quality control"),
    ConformityBasis.OWN_TEST: ("自行检测合格", "Own test"),
    ConformityBasis.COMMISSIONED_TEST: ("委托检测合格", "Commissioned test"),
}
_OF_LOT = ("lot", "harvested_on", "plot", "certificate_on", "certificate_issuer", "certificate_basis", "certificate")
_OF_CERTIFICATE = ("certificate_on", "certificate_issuer", "certificate_basis")


def _check(values: Values) -> None:
    """A row says one of the two. A lot has a code, by which the same file again receives nothing twice."""
    counted, received = values.get("counted"), values.get("received")
    if (counted is None) == (received is None):
        raise RowRefused(
            "fill in either the counted or the received quantity, not both", "盘点数量与入库数量须且只能填写一项"
        )
    if counted is not None and any(values.get(key) is not None for key in _OF_LOT):
        raise RowRefused("a count has no lot: empty those columns", "盘点行不能填写批次信息，请清空", column="lot")
    for key, zh in (("lot", "批次号"), ("harvested_on", "采收日期")):
        if received is not None and values.get(key) is None:
            raise RowRefused(
                "what is received has a lot code and a harvest date, so that it is received once",
                f"入库须填写{zh}，重复导入时不会重复入库",
                column=key,
            )
    given = [key for key in _OF_CERTIFICATE if values.get(key) is not None]
    if (given or values.get("certificate") is not None) and len(given) < len(_OF_CERTIFICATE):
        missing = next(key for key in _OF_CERTIFICATE if key not in given)
        raise RowRefused(
            "a certificate has an issue date, an issuer and a basis",
            "合格证须填写开具日期、开具主体与依据",
            column=missing,
        )


STOCK = Sheet(
    SheetKind.STOCK,
    "库存",
    "Stock",
    columns=(
        SKU,
        PRODUCT_NOTE,
        VARIANT_NOTE,
        Column(
            "counted",
            "盘点数量",
            "Counted",
            Whole(0, QUANTITY_MAX),
            "120",
            "盘点后的实有件数。与入库数量二选一。",
            "Pieces that are really there. Either this or the received quantity.",
        ),
        Column(
            "received",
            "入库数量",
            "Received",
            Whole(1, QUANTITY_MAX),
            "",
            "新入库的件数，须同时填写批次号与采收日期。",
            "Pieces that came in; with a lot code and a harvest date.",
            fields=("quantity",),
        ),
        Column(
            "lot",
            "批次号",
            "Lot code",
            Code(64),
            "",
            "生产者自编的批次号，同一批次号只入库一次。",
            "The producer's own code of the lot; each is received once.",
            fields=("code",),
        ),
        Column(
            "harvested_on",
            "采收日期",
            "Harvested on",
            Day(),
            "",
            "采收或生产日期，例如 2026-06-18。",
            "When it was harvested or made, such as 2026-06-18.",
            aliases=("生产日期",),
        ),
        Column("plot", "地块", "Plot", Text(200), "", "产自哪块地。", "Where on the farm it comes from."),
        Column(
            "certificate_on",
            "合格证开具日期",
            "Certificate date",
            Day(),
            "",
            "承诺达标合格证的开具日期。",
            "When the conformity certificate was issued.",
            fields=("certificate.issued_on",),
        ),
        Column(
            "certificate_issuer",
            "合格证开具主体",
            "Certificate issuer",
            Choice(ISSUERS),
            "",
            "由谁开具。",
            "Who issued it.",
        ),
        Column(
            "certificate_basis",
            "合格证依据",
            "Certificate basis",
            Choice(BASES),
            "",
            "承诺的依据。",
            "What the promise rests on.",
        ),
        Column(
            "certificate",
            "合格证编号",
            "Certificate number",
            Code(64),
            "",
            "没有编号时留空。",
            "Empty when it has none.",
            fields=("certificate.number",),
        ),
    ),
    named_by=("sku", "lot"),
    check=_check,
)

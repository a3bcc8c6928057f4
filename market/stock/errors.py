"""What stock says no with.

Conflict
├── SoldOut             fewer are free than asked for
├── StockPromised       it would take what is promised to buyers
├── StockMoved          it changed since it was counted
├── LotShort            the lot has fewer left
├── LotCodeTaken        the lot's code names another lot
├── HoldExpired         the hold ended
└── ConformityRequired  the law wants a certificate first
"""

from dataclasses import dataclass

from market.kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class ShortLine:
    """A variant of which fewer are free than asked for."""

    variant_id: str
    asked: int
    free: int


class SoldOut(Conflict):
    """Fewer are free than asked for; nothing was held. Facts: `lines`, a ShortLine for each such variant."""

    code = "SOLD_OUT"
    zh = "有 {count} 种规格库存不足，请减少数量或移除后再试。"
    en = "Too few are left of {count} of the variants asked for: take fewer, or leave them out."

    def __init__(self, lines: tuple[ShortLine, ...]) -> None:
        super().__init__(lines=lines, count=len(lines))


class StockPromised(Conflict):
    """It would take what is promised to buyers. Facts: `on_hand`, `promised`, `wanted` (what would be left)."""

    code = "STOCK_PROMISED"
    zh = "现有 {on_hand} 件，其中 {promised} 件已被订单占用，不能减至 {wanted} 件。请先处理相关订单。"
    en = "Of {on_hand} on hand, {promised} are promised to orders, so {wanted} cannot be left: deal with those first."

    def __init__(self, *, on_hand: int, promised: int, wanted: int) -> None:
        super().__init__(on_hand=on_hand, promised=promised, wanted=wanted)


class StockMoved(Conflict):
    """It changed since it was counted. Facts: `on_hand`, `version` (as they are now)."""

    code = "STOCK_MOVED"
    zh = "盘点后库存又有变动（现有 {on_hand} 件），请核对后重新提交。"
    en = "The stock changed since it was counted ({on_hand} on hand now): check, then send the count again."

    def __init__(self, *, on_hand: int, version: int) -> None:
        super().__init__(on_hand=on_hand, version=version)


class LotShort(Conflict):
    """The lot has fewer left than are to be taken. Facts: `remaining`, `asked`."""

    code = "LOT_SHORT"
    zh = "该批次只剩 {remaining} 件，不能减少 {asked} 件。"
    en = "The lot has {remaining} left, so {asked} cannot be taken from it."

    def __init__(self, *, remaining: int, asked: int) -> None:
        super().__init__(remaining=remaining, asked=asked)


class LotCodeTaken(Conflict):
    """The producer's code names a lot that was received with other facts. Facts: `lot_code`."""

    code = "LOT_CODE_TAKEN"
    zh = "批次号“{lot_code}”已用于另一批次，请换一个批次号；数量有误请做库存调整。"
    en = "The lot code “{lot_code}” names another lot: take another, or adjust the stock if its quantity was wrong."

    def __init__(self, *, lot_code: str) -> None:
        super().__init__(lot_code=lot_code)


class HoldExpired(Conflict):
    """The pieces are no longer held: the hold ended, or there was none. Facts: `variant_id`."""

    code = "HOLD_EXPIRED"
    zh = "库存占用已过期，请重新下单。"
    en = "The pieces are no longer held: order again."

    def __init__(self, *, variant_id: str) -> None:
        super().__init__(variant_id=variant_id)


class ConformityRequired(Conflict):
    """Covered produce of who must certify it, without a conformity certificate. Facts: `rule` (what asks for it)."""

    code = "CONFORMITY_REQUIRED"
    zh = "依据《{rule}》，该产品须附承诺达标合格证方可入库，请填写合格证信息。"
    en = "{rule} asks for a conformity certificate with this produce: say who issued it, when, and on what basis."

    def __init__(self, *, rule: str) -> None:
        super().__init__(rule=rule)

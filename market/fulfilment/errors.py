"""What fulfilment says no with.

Conflict
├── PickupCodeWrong      not this shipment's code
├── PickupLocked         too many wrong codes
├── DeliveryNotYours     the carrier or the buyer says when it is delivered
└── NothingToConfirm     nothing was sent yet
Unavailable
└── TrackingUnavailable  the tracking service cannot be asked now
"""

from market.kernel.errors import Conflict, Unavailable


class PickupCodeWrong(Conflict):
    """Not this shipment's code. Facts: `tries_left`."""

    code = "PICKUP_CODE_WRONG"
    zh = "取货码不正确，还可再试 {tries_left} 次。"
    en = "That is not the pick-up code: {tries_left} more tries."

    def __init__(self, *, tries_left: int) -> None:
        super().__init__(tries_left=tries_left)


class PickupLocked(Conflict):
    """Too many wrong codes: its buyer confirms the receipt instead."""

    code = "PICKUP_LOCKED"
    zh = "取货码错误次数过多，已锁定。请买家在订单中确认收货。"
    en = "There were too many wrong codes: ask the buyer to confirm the receipt in their order."


class DeliveryNotYours(Conflict):
    """Its seller cannot say that it is delivered."""

    code = "DELIVERY_NOT_YOURS"
    zh = "该包裹须由承运商签收信息、取货码或买家确认收货来完成。"
    en = "Its carrier, its pick-up code or its buyer says when this is delivered."


class NothingToConfirm(Conflict):
    """Nothing was sent yet."""

    code = "NOTHING_TO_CONFIRM"
    zh = "卖家尚未发货，暂时不能确认收货。"
    en = "Nothing was sent yet: confirm when it has come."


class TrackingUnavailable(Unavailable):
    """The tracking service cannot be asked now."""

"""States of shipments, carriers, what carriers say, and how long after a delivery everything is over."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import IllegalTransition, Invalid


class ShipmentState(StrEnum):
    """Where a shipment stands. READY: it waits at its pick-up point."""

    READY = "READY"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    RETURNED = "RETURNED"


class Carrier(StrEnum):
    """Who carries it. OTHER: somebody whose parcels cannot be followed."""

    SF = "SF"
    JD = "JD"
    EMS = "EMS"
    CHINA_POST = "CHINA_POST"
    ZTO = "ZTO"
    YTO = "YTO"
    STO = "STO"
    YUNDA = "YUNDA"
    JT = "JT"
    DEPPON = "DEPPON"
    OTHER = "OTHER"


class TrackingStatus(StrEnum):
    """What a carrier says of a parcel."""

    COLLECTED = "COLLECTED"
    IN_TRANSIT = "IN_TRANSIT"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    DELIVERED = "DELIVERED"
    PROBLEM = "PROBLEM"
    REFUSED = "REFUSED"
    RETURNING = "RETURNING"
    RETURNED = "RETURNED"


class TrackingState(StrEnum):
    """Whether a parcel is followed. FAILED: its carrier does not know it, so its number is probably wrong."""

    NONE = "NONE"
    WANTED = "WANTED"
    FOLLOWED = "FOLLOWED"
    ENDED = "ENDED"
    FAILED = "FAILED"


SHIPMENT_MOVES: Mapping[ShipmentState, frozenset[ShipmentState]] = MappingProxyType(
    {
        ShipmentState.READY: frozenset({ShipmentState.DELIVERED}),
        ShipmentState.SENT: frozenset({ShipmentState.DELIVERED, ShipmentState.RETURNED}),
        # What a carrier says later changes nothing any more: news come late, twice and in any order.
        ShipmentState.DELIVERED: frozenset(),
        ShipmentState.RETURNED: frozenset(),
    }
)

TROUBLE = frozenset({TrackingStatus.PROBLEM, TrackingStatus.REFUSED, TrackingStatus.RETURNING, TrackingStatus.RETURNED})
"""A parcel of which this was said last is not taken for received because time has passed."""

RECEIVED_AFTER = timedelta(days=10)
"""So long after it was sent, a parcel counts as received when nobody has said anything: the custom of Chinese platforms
(自动确认收货)."""
AFTER_SALE = timedelta(days=7)
"""So long after the delivery a buyer may send goods back or claim: the seven days of 消费者权益保护法 art. 25, counted
from receipt, for all goods alike, since claims for spoilage are open for them too."""
AFTER_VISIT = timedelta(days=2)
"""So long after its end a visit is over: the gate's lists are in, and whoever was not let in has said so (Sharetribe's
default: end + P2D)."""

CODE_TRIES_MAX = 5
"""Wrong pick-up codes until a shipment can only be confirmed by its buyer."""

_NUMBER = re.compile(r"[A-Z0-9]{6,32}")


def tracking_number(text: str) -> str:
    """A parcel's number in its one form, or refuses with Invalid what cannot be one.

    >>> tracking_number(" sf-1234 567890 ")
    'SF1234567890'
    """
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text[:100])).upper()
    if not _NUMBER.fullmatch(plain):
        raise Invalid(
            field="trackingNumber",
            allowed="a tracking number has 6 to 32 letters and digits",
            allowed_zh="快递单号为 6 至 32 位字母和数字",
        )
    return plain


def next_shipment_states(state: ShipmentState) -> tuple[ShipmentState, ...]:
    """Where a shipment can go from here, in the order of the states."""
    return tuple(each for each in ShipmentState if each in SHIPMENT_MOVES[state])


def illegal_shipment_move(state: ShipmentState, to: ShipmentState) -> IllegalTransition:
    """The refusal of a move that the table does not have."""
    return IllegalTransition(from_state=state, to_state=to, allowed=next_shipment_states(state))

"""Enums of fulfilment: shipments, carriers, what these say."""

from market.fulfilment.rules import Carrier, ShipmentState, TrackingState, TrackingStatus
from schema.scalars import described

__all__ = ["Carrier", "ShipmentState", "TrackingState", "TrackingStatus"]

described(
    ShipmentState,
    "Where a shipment stands.",
    READY="It waits at its pick-up point.",
    SENT="It is on its way.",
    DELIVERED="It has come.",
    RETURNED="It went back to its seller.",
)

described(
    Carrier,
    "Who carries a parcel.",
    SF="SF Express (顺丰).",
    JD="JD Logistics (京东).",
    EMS="EMS (邮政特快).",
    CHINA_POST="China Post (邮政国内).",
    ZTO="ZTO (中通).",
    YTO="YTO (圆通).",
    STO="STO (申通).",
    YUNDA="Yunda (韵达).",
    JT="J&T (极兔).",
    DEPPON="Deppon (德邦).",
    OTHER="Somebody else: its parcels are not followed.",
)

described(
    TrackingState,
    "Whether a parcel is followed.",
    NONE="It is not.",
    WANTED="It will be.",
    FOLLOWED="Its carrier tells what happens to it.",
    ENDED="It has come, or went back.",
    FAILED="Its carrier does not know it: its number is probably wrong.",
)

described(
    TrackingStatus,
    "What a carrier says of a parcel.",
    COLLECTED="It was collected (揽收).",
    IN_TRANSIT="It is on its way (在途).",
    OUT_FOR_DELIVERY="It is being brought (派件).",
    DELIVERED="It was signed for (签收).",
    PROBLEM="Something is wrong (疑难).",
    REFUSED="Its recipient did not take it (拒签).",
    RETURNING="It goes back (退回).",
    RETURNED="It is back (退签).",
)

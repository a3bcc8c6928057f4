"""Where parcels are: the port to whoever knows (`port`), 快递100 behind it (`kuaidi100`), what is written down of what it
says (`record`), and the worker's asking (`follow`)."""

from market.fulfilment.tracking.follow import follow_parcels
from market.fulfilment.tracking.kuaidi100 import Kuaidi100, read_callback
from market.fulfilment.tracking.port import ForgedCallback, Happening, Parcel, Track, Tracker
from market.fulfilment.tracking.record import record_track, salt_of

__all__ = [
    "ForgedCallback",
    "Happening",
    "Kuaidi100",
    "Parcel",
    "Track",
    "Tracker",
    "follow_parcels",
    "read_callback",
    "record_track",
    "salt_of",
]

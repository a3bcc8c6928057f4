"""What a tracking service can do: the port that it is behind. Async: never inside a transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from market.fulfilment.rules import Carrier, TrackingStatus


class ForgedCallback(Exception):
    """A callback that the service did not sign, or that says nothing that can be read."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel to be followed."""

    shipment_id: str
    carrier: Carrier
    number: str
    phone_tail: str | None
    """The last four digits of the recipient's number: some carriers tell nothing without them."""
    salt: str
    """What callbacks about it are signed with."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something the carrier said."""

    at: datetime
    status: TrackingStatus
    text: str


@dataclass(frozen=True, slots=True)
class Track:
    """All that is known of a parcel. `is_lost`: the service has given it up, so its number is probably wrong."""

    carrier: Carrier | None
    number: str
    happenings: tuple[Happening, ...] = ()
    status: TrackingStatus | None = None
    """Where it is now; None when nothing is known."""
    is_lost: bool = False


class Tracker(Protocol):
    """A service. Each call may raise TrackingUnavailable: then nothing is known, and it is asked again later."""

    async def follow(self, parcel: Parcel) -> bool:
        """Ask it to tell whatever happens to a parcel; False when it cannot be followed. Asking twice does no harm."""

    async def ask(self, parcel: Parcel) -> Track:
        """What has happened to a parcel: for what the service did not tell by itself."""

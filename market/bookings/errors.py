"""What bookings say no with."""

from market.kernel.errors import Conflict


class BookingLapsed(Conflict):
    """The seats are no longer held. Facts: none."""

    code = "BOOKING_LAPSED"
    zh = "座位保留时间已过，请重新预订。"
    en = "The seats are no longer held: book again."


class NotChangeable(Conflict):
    """It can no longer be changed: too late, or people have come already. Facts: `why`."""

    code = "NOT_CHANGEABLE"
    zh = "该预订已不能变更：已过截止时间或已核销。"
    en = "The booking can no longer be changed: its cutoff has passed, or tickets were redeemed."

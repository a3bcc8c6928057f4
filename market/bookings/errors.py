"""What bookings say no with."""

from datetime import datetime

from market.kernel.clock import SHANGHAI
from market.kernel.errors import Conflict
from market.kernel.money import Money


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


class GateClosed(Conflict):
    """Tickets of the session are not taken now. Facts: `opens_at`, `closes_at` (moments)."""

    code = "GATE_CLOSED"
    zh = "该场次的核销时间为 {opens_text} 至 {closes_text}（北京时间）。"
    en = "Tickets of this session are taken from {opens_text} to {closes_text}, Shanghai time."

    def __init__(self, *, opens_at: datetime, closes_at: datetime) -> None:
        opens, closes = (moment.astimezone(SHANGHAI) for moment in (opens_at, closes_at))
        super().__init__(
            opens_at=opens_at,
            closes_at=closes_at,
            opens_text=f"{opens:%Y-%m-%d %H:%M}",
            closes_text=f"{closes:%Y-%m-%d %H:%M}",
        )


class ManifestEnded(Conflict):
    """What was checked in offline comes too late to count. Facts: `until` (a moment)."""

    code = "MANIFEST_ENDED"
    zh = "离线核销记录须在 {until_text}（北京时间）前上传，请联系平台处理。"
    en = "What was checked in offline had to be uploaded by {until_text}, Shanghai time: ask the platform."

    def __init__(self, *, until: datetime) -> None:
        super().__init__(until=until, until_text=f"{until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")


class ChangeTooLate(Conflict):
    """A booking could be moved to another session until then. Facts: `until` (a moment)."""

    code = "CHANGE_TOO_LATE"
    zh = "该预订须在 {until_text}（北京时间）前改期。"
    en = "The booking could be moved until {until_text}, Shanghai time."

    def __init__(self, *, until: datetime) -> None:
        super().__init__(until=until, until_text=f"{until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")


class PriceHigher(Conflict):
    """The other session costs more. Facts: `difference_fen`."""

    code = "PRICE_HIGHER"
    zh = "所选场次需补差价 {difference} 元，暂不支持改期补款；请取消后重新预订，或选择其他场次。"
    en = "The other session costs ¥{difference} more, which cannot be paid afterwards: cancel and book again, or choose another."

    def __init__(self, *, difference_fen: int) -> None:
        super().__init__(difference_fen=difference_fen, difference=Money(difference_fen).text())

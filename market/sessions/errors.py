"""What sessions say no with.

Conflict
├── SessionFull         fewer seats are left than asked for
├── SessionClosed       it takes no bookings: closed or cancelled
├── PastCutoff          its cutoff has passed
├── AlreadyHeld         the holder has seats in it already
├── HoldExpired         the hold ended
├── CapacityBelowTaken  so many seats are held or confirmed
├── SeatsTaken          somebody has seats in it
├── DrawsChanged        what it draws from pools was changed meanwhile
├── PoolNameTaken       the organisation has a pool of this name
└── OptionRetired       its option is no longer offered
"""

from dataclasses import dataclass
from datetime import datetime

from market.kernel.errors import Conflict


@dataclass(frozen=True, slots=True)
class FullLine:
    """A session with fewer seats left than asked for, its own or those of a pool that it draws from."""

    session_id: str
    wanted: int
    vacancies: int


class SessionFull(Conflict):
    """Fewer seats are left than asked for; nothing was held. Facts: `lines`, a FullLine for each such session. Where
    sessions share a pool, each may have room alone and all together not."""

    code = "SESSION_FULL"
    zh = "有 {count} 个场次余位不足，请减少人数或改选其他场次。"
    en = "Too few seats are left in {count} of the sessions: take fewer, or choose others."

    def __init__(self, lines: tuple[FullLine, ...]) -> None:
        super().__init__(lines=lines, count=len(lines))


class SessionClosed(Conflict):
    """It takes no bookings: closed or cancelled by its operator. Facts: `session_id`, `state`."""

    code = "SESSION_CLOSED"
    zh = "该场次已停止预订，请改选其他场次。"
    en = "The session takes no bookings: choose another."

    def __init__(self, *, session_id: str, state: str) -> None:
        super().__init__(session_id=session_id, state=state)


class PastCutoff(Conflict):
    """Bookings have ended. Facts: `session_id`, `cutoff_at`."""

    code = "PAST_CUTOFF"
    zh = "该场次已过预订截止时间，请改选其他场次。"
    en = "Bookings for the session have ended: choose another."

    def __init__(self, *, session_id: str, cutoff_at: datetime) -> None:
        super().__init__(session_id=session_id, cutoff_at=cutoff_at)


class AlreadyHeld(Conflict):
    """The holder has seats in the session already: release or confirm those first. Facts: `session_id`."""

    code = "ALREADY_HELD"
    zh = "该订单已占用此场次的席位。"
    en = "This order already holds seats in the session."

    def __init__(self, *, session_id: str) -> None:
        super().__init__(session_id=session_id)


class HoldExpired(Conflict):
    """The seats are no longer held: the hold ended, or there was none. Facts: `session_id`."""

    code = "HOLD_EXPIRED"
    zh = "席位占用已过期，请重新预订。"
    en = "The seats are no longer held: book again."

    def __init__(self, *, session_id: str) -> None:
        super().__init__(session_id=session_id)


class CapacityBelowTaken(Conflict):
    """More is held or confirmed than would fit. Facts: `taken`, `wanted` (the capacity asked for)."""

    code = "CAPACITY_BELOW_TAKEN"
    zh = "已有 {taken} 个席位被占用或确认，容量不能低于此数（要求 {wanted}）。"
    en = "{taken} are held or confirmed, so the capacity cannot be {wanted}: choose at least {taken}."

    def __init__(self, *, taken: int, wanted: int) -> None:
        super().__init__(taken=taken, wanted=wanted)


class SeatsTaken(Conflict):
    """Somebody has seats in it, so it is not simply cancelled. Facts: `session_id`, `taken`."""

    code = "SEATS_TAKEN"
    zh = "已有 {taken} 个席位被占用或确认，不能直接取消；请使用“取消场次并退款”。"
    en = "{taken} seats are held or confirmed: use the operator cancellation, which gives buyers their money back."

    def __init__(self, *, session_id: str, taken: int) -> None:
        super().__init__(session_id=session_id, taken=taken)


class DrawsChanged(Conflict):
    """What the session draws from pools was changed while it was being taken from. Facts: `session_id`."""

    code = "DRAWS_CHANGED"
    zh = "该场次的共享资源刚刚调整，请重试。"
    en = "What the session shares with others has just been changed: try again."
    retryable = True

    def __init__(self, *, session_id: str) -> None:
        super().__init__(session_id=session_id)


class PoolNameTaken(Conflict):
    """The organisation has a pool of this name. Facts: `name`."""

    code = "POOL_NAME_TAKEN"
    zh = "已有名为“{name}”的资源，请换一个名称。"
    en = "There is a pool named “{name}” already: choose another name."

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


class OptionRetired(Conflict):
    """The option is no longer offered, so it gets no new sessions. Facts: `option_id`."""

    code = "OPTION_RETIRED"
    zh = "该方案已下架，不能再安排场次。"
    en = "The option is no longer offered: schedule another."

    def __init__(self, *, option_id: str) -> None:
        super().__init__(option_id=option_id)

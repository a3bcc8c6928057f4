"""Where sessions, their series and their holds stand, and where they may go from there."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import IllegalTransition, Invalid


class SessionState(StrEnum):
    """What its operator says about a session."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class CloseReason(StrEnum):
    """Why a session was closed. SERIES: its series was changed or ended, and nobody had a seat in it; or its option is
    offered no more."""

    WEATHER = "WEATHER"
    STAFF = "STAFF"
    VENUE = "VENUE"
    SERIES = "SERIES"
    OTHER = "OTHER"


class SessionEventKind(StrEnum):
    """What happened to a session."""

    CLOSED = "CLOSED"
    REOPENED = "REOPENED"
    CANCELLED = "CANCELLED"
    CAPACITY_CHANGED = "CAPACITY_CHANGED"


class SeriesState(StrEnum):
    """Whether a series still makes sessions."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


MOVES: Mapping[SessionState, tuple[SessionState, ...]] = MappingProxyType(
    {
        SessionState.OPEN: (SessionState.CLOSED, SessionState.CANCELLED),
        SessionState.CLOSED: (SessionState.OPEN, SessionState.CANCELLED),
        SessionState.CANCELLED: (),
    }
)
"""Where a session may go. A cancelled one does not take place any more, whatever happens."""

SERIES_MOVES: Mapping[SeriesState, tuple[SeriesState, ...]] = MappingProxyType(
    {SeriesState.ACTIVE: (SeriesState.ENDED,), SeriesState.ENDED: ()}
)


def sources(to_state: SessionState) -> tuple[SessionState, ...]:
    """The states from which a session may go to this one.

    >>> sources(SessionState.CANCELLED)
    (<SessionState.OPEN: 'OPEN'>, <SessionState.CLOSED: 'CLOSED'>)
    """
    return tuple(state for state, moves in MOVES.items() if to_state in moves)


def check_reason(reason: CloseReason | None) -> None:
    """Refuses with Invalid a reason that only series give, so that what they closed is known when they change again."""
    if reason is CloseReason.SERIES:
        raise Invalid(
            field="reason",
            allowed="SERIES is said by series alone: change or end the series",
            allowed_zh="“系列”原因仅由系列自身使用：请修改或结束该系列",
        )


def illegal_move(from_state: SessionState, to_state: SessionState) -> IllegalTransition:
    """The refusal of a move that `MOVES` does not name."""
    return IllegalTransition(from_state=from_state, to_state=to_state, allowed=MOVES[from_state])

"""Steps: seats held, confirmed, given back, for whoever books. Nothing here asks who may: the caller has."""

from market.sessions.holds.lapse import release_lapsed
from market.sessions.holds.steps import confirm_seats, extend_seats, hold_seats, release_seats

__all__ = ["confirm_seats", "extend_seats", "hold_seats", "release_lapsed", "release_seats"]

"""Words of vouchers, and the moves of a campaign."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import IllegalTransition


class Funder(StrEnum):
    """Who pays for a discount."""

    PLATFORM = "PLATFORM"
    SELLER = "SELLER"
    GOVERNMENT = "GOVERNMENT"


class DiscountKind(StrEnum):
    """How a discount is reckoned: a share of the price; an amount; an amount once enough is bought (满减)."""

    PERCENT = "PERCENT"
    FIXED = "FIXED"
    THRESHOLD = "THRESHOLD"


class CampaignState(StrEnum):
    """Where a campaign stands. Only ACTIVE ones give anything, between their dates."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ENDED = "ENDED"


class UseState(StrEnum):
    """What became of a use: held while somebody pays, used, or given back."""

    HELD = "HELD"
    USED = "USED"
    RETURNED = "RETURNED"


class WhyNot(StrEnum):
    """Why a voucher does not apply."""

    UNKNOWN = "UNKNOWN"
    NOT_RUNNING = "NOT_RUNNING"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    NOT_TOGETHER = "NOT_TOGETHER"
    USED_UP = "USED_UP"
    PERSON_LIMIT = "PERSON_LIMIT"


CAMPAIGN_MOVES: Mapping[CampaignState, frozenset[CampaignState]] = MappingProxyType(
    {
        CampaignState.DRAFT: frozenset({CampaignState.ACTIVE, CampaignState.ENDED}),
        CampaignState.ACTIVE: frozenset({CampaignState.PAUSED, CampaignState.ENDED}),
        CampaignState.PAUSED: frozenset({CampaignState.ACTIVE, CampaignState.ENDED}),
        CampaignState.ENDED: frozenset(),
    }
)


def illegal_campaign_move(state: CampaignState, to: CampaignState) -> IllegalTransition:
    """The refusal of a move that the table does not have."""
    allowed = tuple(each for each in CampaignState if each in CAMPAIGN_MOVES[state])
    return IllegalTransition(from_state=state, to_state=to, allowed=allowed)


def is_running(state: str, *, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether a campaign gives anything now."""
    return state == CampaignState.ACTIVE and starts_at <= now < ends_at

"""Step: what happened to a listing, for those who look at it later."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from market.catalogue.access import who
from market.catalogue.rules.states import ListingEventKind
from market.catalogue.tables import ListingEvent
from market.kernel.permissions import Actor, ActorKind

SYSTEM = Actor(ActorKind.SYSTEM)
"""Who suspends by date and approves by rule."""


def note(
    session: Session,
    actor: Actor,
    kind: ListingEventKind,
    listing_id: str,
    *,
    now: datetime,
    revision_id: str | None = None,
    **details: Any,
) -> None:
    """Step: add to a listing's history. `details` hold nothing personal."""
    session.add(
        ListingEvent(
            listing_id=listing_id, revision_id=revision_id, kind=kind, actor=who(actor), at=now, details=details
        )
    )
    session.flush()

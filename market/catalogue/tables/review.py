"""What sellers would like their listings to say, what reviewers answered, and what became of it."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.catalogue.rules.states import ListingEventKind, RevisionState, SuspensionCause
from market.kernel.columns import enum_field, fen_field

_OPEN = sa.text("state IN ('DRAFT', 'SUBMITTED', 'CHANGES_REQUESTED')")
_SUBMITTED = sa.text("state = 'SUBMITTED'")


def _queue_index(name: str, *columns: str) -> sa.Index:
    """An index over what waits for review."""
    return sa.Index(
        f"listing_revision_{name}", *columns, "listing_id", postgresql_where=_SUBMITTED, sqlite_where=_SUBMITTED
    )


class ListingRevision(SQLModel, table=True):
    """The whole content of a listing as its seller wants it, from the first draft to the decision.

    Its content changes only while a seller may edit it (DRAFT, CHANGES_REQUESTED). Each change of content or state
    raises the listing's version, so that a reviewer decides about exactly what they have read. `producer_id` is the
    listing's, which never changes; `region_code` is that of the content's village: whose staff may review it.
    """

    __tablename__ = "listing_revision"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "number", name="listing_revision_number"),
        sa.Index("listing_revision_open", "listing_id", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
        _queue_index("queue", "submitted_at", "id", "region_code"),
        _queue_index("queue_region", "region_code", "submitted_at", "id"),
        sa.Index("listing_revision_record", "producer_id", "state", "decided_at"),
        sa.CheckConstraint(
            "state NOT IN ('SUBMITTED', 'APPROVED', 'REJECTED') OR submitted_at IS NOT NULL",
            name="listing_revision_submitted",
        ),
        sa.CheckConstraint(
            "state NOT IN ('APPROVED', 'REJECTED') OR (decided_at IS NOT NULL AND decided_by IS NOT NULL)",
            name="listing_revision_decided",
        ),
    )

    id: str = Field(primary_key=True, max_length=30)
    listing_id: str = Field(foreign_key="listing.id", max_length=30)
    number: int = Field(description="1 for the listing's first")
    state: RevisionState = enum_field(RevisionState, default=RevisionState.DRAFT)
    content: dict[str, Any] = Field(sa_type=sa.JSON, description="See market.catalogue.content.codec")
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    region_code: str = Field(max_length=12)
    author: str = Field(max_length=64, description="The account that saved it last")
    created_at: datetime
    saved_at: datetime
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = Field(default=None, max_length=64, description="An account, or SYSTEM")
    rule: str | None = Field(default=None, max_length=64, description="By which the system approved it")
    reasons: list[dict[str, str]] = Field(default_factory=list, sa_type=sa.JSON, description="Of the last decision")


class ListingSuspension(SQLModel, table=True):
    """One cause for which a listing is off sale now, made when it begins to hold and deleted when it is lifted.

    A SUSPENDED listing has at least one, a LIVE one none; a WITHDRAWN one may keep some, and returns only without.
    """

    __tablename__ = "listing_suspension"
    __table_args__ = (sa.Index("listing_suspension_cause", "cause", "listing_id"),)

    listing_id: str = Field(primary_key=True, foreign_key="listing.id", max_length=30)
    cause: SuspensionCause = enum_field(SuspensionCause, primary_key=True)
    since: datetime
    by: str = Field(max_length=64, description="An account, or SYSTEM")
    reasons: list[dict[str, str]] = Field(default_factory=list, sa_type=sa.JSON)


class ListingEvent(SQLModel, table=True):
    """One thing that happened to a listing. Only added, which triggers enforce; `details` hold nothing personal."""

    __tablename__ = "listing_event"
    __table_args__ = (sa.Index("listing_event_listing", "listing_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    listing_id: str = Field(foreign_key="listing.id", max_length=30)
    revision_id: str | None = Field(default=None, foreign_key="listing_revision.id", max_length=30)
    kind: ListingEventKind = enum_field(ListingEventKind)
    actor: str = Field(max_length=64, description="An account, or SYSTEM")
    at: datetime
    details: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)


class PriceChange(SQLModel, table=True):
    """A price of a variant or ticket type (the prefix of `item_id` says which) that was changed, and why.

    Only added, which triggers enforce. The first price is that of the approved revision.
    """

    __tablename__ = "price_change"
    __table_args__ = (
        sa.Index("price_change_item", "item_id", "id"),
        sa.Index("price_change_listing", "listing_id", "id"),
        sa.CheckConstraint("before_fen >= 0 AND after_fen >= 0 AND before_fen <> after_fen", name="price_change_fen"),
    )

    id: int | None = Field(default=None, primary_key=True)
    listing_id: str = Field(foreign_key="listing.id", max_length=30)
    item_id: str = Field(max_length=30)
    before_fen: int = fen_field()
    after_fen: int = fen_field()
    reason: str
    actor: str = Field(max_length=64)
    at: datetime


class ExpiryWarning(SQLModel, table=True):
    """That a certificate's or licence's holder was told so many days before its end; a new end is warned of anew."""

    __tablename__ = "expiry_warning"

    ends_on: date = Field(primary_key=True)
    days: int = Field(primary_key=True)
    subject_id: str = Field(primary_key=True, max_length=30)
    warned_at: datetime

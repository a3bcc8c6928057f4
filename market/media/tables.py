"""Pictures, and how much room they take."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.media.rules import MediaKind, MediaState

_THERE = sa.text("state != 'REMOVED'")


class Media(SQLModel, table=True):
    """A picture that somebody uploaded, in all its sizes. Its files were there before it, and go before it does."""

    __tablename__ = "media"
    __table_args__ = (
        sa.Index("media_once", "owner_id", "kind", "sha256", unique=True, postgresql_where=_THERE, sqlite_where=_THERE),
        sa.Index("media_newest", "owner_id", "created_at", "id"),
        sa.Index("media_expiring", "expires_at"),
        sa.Index("media_key", "key"),
        sa.CheckConstraint("width > 0 AND height > 0 AND size_bytes > 0", name="media_size"),
        sa.CheckConstraint("(state = 'USED') = (expires_at IS NULL)", name="media_expiry"),
    )

    id: str = Field(primary_key=True, max_length=30)
    owner_id: str = Field(max_length=30, description="An organisation or an account")
    kind: MediaKind = enum_field(MediaKind)
    state: MediaState = enum_field(MediaState, default=MediaState.NEW)
    key: str = Field(max_length=64, description="Where it is kept, see `rules.key_of`")
    sha256: str = Field(max_length=64, description="Of the file as it was uploaded")
    width: int = Field(description="Pixels of the large size")
    height: int
    size_bytes: int = Field(sa_type=sa.BigInteger, description="Of all sizes together")
    created_at: datetime
    expires_at: datetime | None = Field(
        default=None, description="NEW: when it is removed unless something shows it; REMOVED: when its files go"
    )


class MediaUsage(SQLModel, table=True):
    """How many bytes an owner's pictures are charged for. Only `keep` changes it, by conditional updates."""

    __tablename__ = "media_usage"
    __table_args__ = (sa.CheckConstraint("size_bytes >= 0", name="media_usage_size"),)

    owner_id: str = Field(primary_key=True, max_length=30)
    size_bytes: int = Field(default=0, sa_type=sa.BigInteger)

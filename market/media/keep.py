"""Steps: the rows of pictures, joined to the transactions of those who upload, show and remove them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, col, select

from market.kernel.errors import NotFound
from market.kernel.ids import new_id
from market.kernel.topics import touch
from market.media.errors import QuotaReached
from market.media.rules import (
    NEW_KEPT,
    PRIVATE_KINDS,
    PUBLIC_KINDS,
    QUOTA_BYTES,
    REMOVED_KEPT,
    MediaKind,
    MediaState,
    charge,
)
from market.media.tables import Media

TOPIC = "media"

_MEDIA = SQLModel.metadata.tables["media"]
_USAGE = SQLModel.metadata.tables["media_usage"]
_THERE = _MEDIA.c.state != MediaState.REMOVED


@dataclass(frozen=True, slots=True)
class MediaDraft:
    """A picture whose files are in the store."""

    owner_id: str
    kind: MediaKind
    key: str
    sha256: str
    width: int
    height: int
    size_bytes: int


def add_media(session: Session, draft: MediaDraft, *, now: datetime) -> tuple[str, bool]:
    """Step: a picture's row; its id, and whether it is new. Something must `use_media` it within seven days.

    Refuses: QuotaReached. Once: the same file of the same owner for the same use is one picture; its time starts anew.
    Guards: the unique index, and the conditional update of the owner's usage.
    """
    media_id = new_id("mda")
    row = {**_columns(draft), "id": media_id, "state": MediaState.NEW, "created_at": now, "expires_at": now + NEW_KEPT}
    added = insert(_MEDIA).values(row)
    again = sa.case((_MEDIA.c.state == MediaState.NEW, added.excluded.expires_at), else_=None)
    kept = session.execute(
        added.on_conflict_do_update(
            index_elements=[_MEDIA.c.owner_id, _MEDIA.c.kind, _MEDIA.c.sha256],
            index_where=sa.text("state != 'REMOVED'"),
            set_={"expires_at": again},
        ).returning(_MEDIA.c.id)
    ).scalar_one()
    if kept != media_id:
        return str(kept), False
    touch(session, TOPIC)
    _charge(session, draft.owner_id, charge(draft.size_bytes))
    return media_id, True


def _columns(draft: MediaDraft) -> dict[str, object]:
    return {name: getattr(draft, name) for name in draft.__dataclass_fields__}


def _charge(session: Session, owner_id: str, size_bytes: int) -> None:
    quota = QUOTA_BYTES[owner_id.partition("_")[0]]
    session.execute(insert(_USAGE).values(owner_id=owner_id, size_bytes=0).on_conflict_do_nothing())
    taken = session.execute(
        sa.update(_USAGE)
        .where(_USAGE.c.owner_id == owner_id, _USAGE.c.size_bytes + size_bytes <= quota)
        .values(size_bytes=_USAGE.c.size_bytes + size_bytes)
    )
    if taken.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise QuotaReached(quota_bytes=quota)


def use_media(
    session: Session, media_id: str, *, owner_ids: Collection[str], kind: MediaKind, field: str = "media"
) -> Media:
    """Step: a picture that something shows from now on; it stays. `owner_ids` are those whose pictures may be shown here.

    Refuses: NotFound for one that is unknown, removed, of somebody else or for another use, which all answer alike.
    Guards: the conditional update, so that it is not removed meanwhile.
    """
    used = session.execute(
        sa.update(_MEDIA)
        .where(_MEDIA.c.id == media_id, _MEDIA.c.owner_id.in_(list(owner_ids)), _MEDIA.c.kind == kind, _THERE)
        .values(state=MediaState.USED, expires_at=None)
    )
    if used.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        raise NotFound(field=field)
    touch(session, TOPIC)
    return session.get_one(Media, media_id, populate_existing=True)


def remove_media(session: Session, media_id: str, *, now: datetime) -> bool:
    """Step: take a picture away, whatever shows it; whether it was there. Its files go within three days."""
    return _remove(session, _MEDIA.c.id == media_id, now) == 1


def remove_media_of(session: Session, owner_id: str, *, now: datetime, but_used: Collection[MediaKind] = ()) -> int:
    """Step: take away all pictures of an owner, such as an account that is erased, but those of these kinds that
    something shows; how many."""
    stays = sa.and_(_MEDIA.c.kind.in_(list(but_used)), _MEDIA.c.state == MediaState.USED)
    return _remove(session, sa.and_(_MEDIA.c.owner_id == owner_id, sa.not_(stays)), now)


def _remove(session: Session, which: sa.ColumnElement[bool], now: datetime) -> int:
    removed = session.execute(
        sa.update(_MEDIA).where(which, _THERE).values(state=MediaState.REMOVED, expires_at=now + REMOVED_KEPT)
    )
    touch(session, TOPIC)
    return int(removed.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def expire_media(session: Session, *, now: datetime, limit: int) -> int:
    """Step: take away pictures that nothing has shown in time, at most so many; how many."""
    due = sa.and_(_MEDIA.c.state == MediaState.NEW, _MEDIA.c.expires_at <= now)
    oldest = sa.select(_MEDIA.c.id).where(due).order_by(_MEDIA.c.expires_at).limit(limit)
    # The state is asked of the row itself: one that was put to use while this waited for it stays.
    return _remove(session, sa.and_(_MEDIA.c.id.in_(oldest), due), now)


def removed_media(session: Session, *, now: datetime, limit: int) -> list[Media]:
    """Step: pictures whose files may go, longest removed first."""
    return list(
        session.exec(
            select(Media)
            .where(Media.state == MediaState.REMOVED, col(Media.expires_at) <= now)
            .order_by(col(Media.expires_at), col(Media.id))
            .limit(limit)
        )
    )


def known_keys(session: Session, keys: Collection[str], *, is_public: bool, besides: str = "") -> set[str]:
    """Step: which of these keys a picture of this part of the store has; `besides` leaves one picture out."""
    return set(
        session.exec(
            select(Media.key).where(
                col(Media.key).in_(list(keys)),
                col(Media.kind).in_(PUBLIC_KINDS if is_public else PRIVATE_KINDS),
                Media.id != besides,
            )
        )
    )


def forget_media(session: Session, media: Media) -> bool:
    """Step: a removed picture's row goes, and gives its owner the room back; whether it was still there."""
    gone = session.execute(sa.delete(_MEDIA).where(_MEDIA.c.id == media.id, _MEDIA.c.state == MediaState.REMOVED))
    if gone.rowcount == 0:  # type: ignore[attr-defined]  # a DELETE has one
        return False
    session.execute(
        sa.update(_USAGE)
        .where(_USAGE.c.owner_id == media.owner_id)
        .values(size_bytes=_USAGE.c.size_bytes - charge(media.size_bytes))
    )
    return True


def private_key(session: Session, media_id: str) -> str | None:
    """Step: where a private picture is kept; None when there is none, or it is removed."""
    return session.exec(
        select(Media.key).where(
            Media.id == media_id, Media.state != MediaState.REMOVED, col(Media.kind).in_(PRIVATE_KINDS)
        )
    ).first()

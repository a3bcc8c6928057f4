"""Use case: take a picture in.

It is here, and not in `media/`, because whether one may upload for an organisation is known by `organisations/` alone,
which itself stands on `media/` (licences have scans). This is the lowest floor that sees both.
"""

from datetime import datetime
from hashlib import sha256
from typing import BinaryIO

from sqlmodel import Session

from market.kernel.audit import record
from market.kernel.clock import business_day
from market.kernel.errors import Invalid
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach, require
from market.media.headers import read_header
from market.media.keep import MediaDraft, add_media
from market.media.rules import FILE_BYTES_MAX, OWNERS, MediaKind
from market.media.store import MediaStore
from market.organisations.acting import act_for


def store_picture(
    market: Market,
    actor: Actor,
    store: MediaStore,
    file: BinaryIO,
    *,
    kind: MediaKind,
    organisation_id: str | None,
    key: str,
) -> str:
    """Make a safe picture of a file and keep it, for an organisation or (None) for the person themself; its id. Something
    must show it within seven days, see `media.keep.use_media`.

    Refuses: NotSignedIn; Forbidden; NotFound for an organisation one does not act for; Invalid for a kind that is not
    the owner's; UnusableImage; QuotaReached; StoreUnavailable; IdempotencyConflict.
    Once: by the key, and the same file of the same owner for the same use is one picture anyway.
    Guards: the files are in the store before the row is; decoding and storing happen outside the transaction. Call it
    through `MediaStore.run`, not in a writer's thread: it takes up to two seconds.
    """
    reach(actor, Permission.MEDIA_UPLOAD)
    with market.read() as session:  # before anything dear is done for somebody who may not; asked again below
        owner_id = _owner(session, actor, organisation_id, now=market.now())
    _check_kind(kind, owner_id)
    content = file.read(FILE_BYTES_MAX + 1)
    digest = sha256(content).hexdigest()
    asked = {"kind": kind, "organisation": organisation_id, "sha256": digest}
    mine = IdempotencyKey.of(actor=str(actor.account_id), operation="storePicture", key=key, asked=asked)
    from market.media.render import render  # noqa: PLC0415 - Pillow is loaded when first used

    picture = render(content, read_header(content))
    draft = MediaDraft(
        owner_id=owner_id,
        kind=kind,
        key=store.put(picture, kind=kind, sha256=digest, day=business_day(market.now())),
        sha256=digest,
        width=picture.width,
        height=picture.height,
        size_bytes=picture.size_bytes,
    )
    with market.transaction() as session:
        now = market.now()
        return once(session, mine, lambda: _add(session, actor, draft, now=now), now=now, dump=str, load=str)


def _add(session: Session, actor: Actor, draft: MediaDraft, *, now: datetime) -> str:
    organisation_id = None if draft.owner_id == actor.account_id else draft.owner_id
    _owner(session, actor, organisation_id, now=now)
    media_id, is_new = add_media(session, draft, now=now)
    if is_new:
        after = {"kind": draft.kind, "owner": draft.owner_id, "bytes": draft.size_bytes}
        record(session, actor, action="media.upload", subject=media_id, principal=organisation_id, after=after, now=now)
    return media_id


def _owner(session: Session, actor: Actor, organisation_id: str | None, *, now: datetime) -> str:
    """Step: whose picture it will be, or refuses."""
    if organisation_id is None:
        require(actor, Permission.MEDIA_UPLOAD, owner_id=actor.account_id)
        assert actor.account_id is not None, "what nobody owns is not covered"
        return actor.account_id
    today = business_day(now)
    found = act_for(
        session, actor, Permission.MEDIA_UPLOAD, producer_id=organisation_id, today=today, field="organisation"
    )
    return found.id


def _check_kind(kind: MediaKind, owner_id: str) -> None:
    if owner_id.partition("_")[0] not in OWNERS[kind]:
        raise Invalid(
            field="kind",
            allowed="listing pictures belong to an organisation, those of claims and reviews to a person, licences to either",
            allowed_zh="商品图片属于组织，售后和评价照片属于个人，证照可属于二者",
        )

"""Pictures that people upload: the mutation, the type, and the links that other types show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.catalogue.pictures import store_picture
from market.kernel.ids import require_id
from market.kernel.permissions import Permission
from market.media.errors import StoreUnavailable
from market.media.errors import UnusableImage as UnusableImageRaised
from market.media.links import Links
from market.media.tables import Media as MediaTable
from schema.edge.multipart import Upload
from schema.enums import MediaKind, MediaSize, UnusableReason
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.node import SIZE, Node
from schema.pagination import field, single
from schema.permissions import PUBLIC, ruled
from schema.projection import Args, Build, ById, Computed, Given, Projection, column, quoted, table_of
from schema.projection.declare import Condition, Expression
from schema.projection.declare import Field as Spec
from schema.projection.viewer import reached
from schema.scope import acts_for


@strawberry.type(description="A picture that was uploaded, in three sizes of WebP, without anything else of the file.")
@ruled(Permission.MEDIA_UPLOAD)
class Media(Node):
    kind: MediaKind = field("What it is for.")
    url: str = single(
        "Where it is found. A LISTING's for good, by everybody; others' for ten minutes, by whoever has the link.",
        str,
        size=SIZE,
    )
    width: int = field("Pixels of the LARGE size; the others have the same proportions.")
    height: int = field("Pixels of the LARGE size.")
    created_at: datetime = field("When it came.")
    expires_at: datetime | None = field("When it is removed unless something shows it; null once something does.")


@strawberry.input(description="A picture to take in.")
class UploadPictureInput:
    file: Upload = strawberry.field(
        description="JPEG, PNG or WebP, at most 25 megapixels (WebP 12.5) and 8,000 pixels a side; not animated."
    )
    kind: MediaKind = strawberry.field(description="What it is for.")
    organisation: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The organisation whose picture it is; the caller's own when left out."
    )


@strawberry.type(description="A picture was taken in.")
@ruled(Permission.MEDIA_UPLOAD)
class UploadPicturePayload:
    media_id: strawberry.Private[str]
    media: Media | None = changed(
        "The picture. It is removed in seven days unless something shows it.",
        Media | None,
        lambda: MEDIA,
        lambda payload: payload.media_id,
    )


@told_as(
    UnusableImageRaised,
    lambda error, language: {
        "field": error.facts["field"],
        "reason": error.facts["reason"],
        "allowed": error.facts["allowed" if language == "en" else "allowed_zh"],
    },
)
@strawberry.type(description="No picture can be made of the file.")
@ruled(PUBLIC)
class UnusableImage(UserError):
    field: str = strawberry.field(description="Which part of the input.")
    reason: UnusableReason = strawberry.field(description="What is wrong with it.")
    allowed: str = strawberry.field(description="What would be right, in the request's language.")


@strawberry.type
class MediaMutations:
    @mutation(
        "Take a picture in: it is decoded and encoded anew, upright and without metadata (place, camera, name). Sent as a "
        "multipart request.",
        rule=Permission.MEDIA_UPLOAD,
        errors=(UnusableImage,),
    )
    async def upload_picture(
        self,
        info: Info,
        input: Annotated[UploadPictureInput, strawberry.argument(description="The picture.")],  # noqa: A002 - GraphQL's custom
        idempotency_key: IdempotencyKey,
    ) -> UploadPicturePayload:
        context = info.context
        if context.services.media is None:
            raise StoreUnavailable
        media_id = await context.services.media.run(  # not `act`: decoding must not hold up the writers
            store_picture,
            context.market,
            context.actor,
            context.services.media,
            input.file.file,
            kind=input.kind,
            organisation_id=input.organisation or None,
            key=idempotency_key,
        )
        return UploadPicturePayload(media_id=media_id)


@strawberry.type
class MediaQueries:
    media: Media | None = single(
        "An uploaded picture by its id, to those who may upload for its owner.",
        Media | None,
        id=Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    )


# -- where they come from ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Linking:
    """Makes links of one size, now."""

    links: Links
    size: MediaSize
    now: datetime

    @classmethod
    def given(cls, build: Build, args: Args) -> dict[str, Given]:
        """For a field with a `size`: what its function needs of the request."""
        links = Links.of(build.fact("sealer"), public_url=build.fact("media_url"))
        size = MediaSize(args.get("size") or MediaSize.LARGE)
        return {"linking": Given(is_now=True, via=partial(cls, links, size))}


def _url(media_id: str, kind: str, key: str, *, linking: _Linking) -> str:
    return linking.links.to(media_id, kind=MediaKind(kind), key=key, size=linking.size, now=linking.now)


def _private_url(media_id: str | None, *, linking: _Linking) -> str | None:
    return None if media_id is None else linking.links.private(media_id, linking.size, now=linking.now)


def private_url(media_id: Callable[[sa.FromClause, Build, Args], Expression]) -> Computed:
    """A field of another type: a link, good for ten minutes, to the private picture that it shows, by its media id (an
    expression; null for none, or for viewers who may not). The field takes `size=SIZE`."""
    return Computed(_private_url, lambda t, build, args: [media_id(t, build, args)], _Linking.given)


def _visible(t: sa.FromClause, build: Build) -> Sequence[Condition]:
    """Own pictures, and those of organisations that one uploads for."""
    mine = reached(build, Permission.MEDIA_UPLOAD, owner=t.c.owner_id)
    return [t.c.state != quoted("REMOVED"), sa.or_(mine, acts_for(build, Permission.MEDIA_UPLOAD, t.c.owner_id))]


MEDIA: Projection = Projection(
    "Media",
    table_of(MediaTable),
    topic="media",
    visible=_visible,
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "url": Computed(_url, lambda t, _build, _args: [t.c.id, t.c.kind, t.c.key], _Linking.given),
        "width": column("width"),
        "height": column("height"),
        "createdAt": column("created_at"),
        "expiresAt": column("expires_at"),
    },
)

MEDIA_QUERIES: dict[str, Spec] = {"media": ById(lambda: MEDIA, check=lambda text: require_id(text, "mda"))}

"""API keys of organisations, for other systems that act for them."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.kernel.ids import prefix_of
from market.kernel.permissions import Permission
from market.people.keys import KeyDraft, create_key, revoke_key
from market.people.tables import ApiKey as ApiKeyTable
from schema.filters import text_order
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.node import Node
from schema.pagination import Connection, field, listed
from schema.permissions import ruled
from schema.projection import Args, Build, Column, Computed, Projection, column, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression
from schema.projection.declare import Field as Projected
from schema.projection.viewer import reached
from schema.scalars import described


class ApiKeyScope(StrEnum):
    """The permissions that keys are given here, by their names in the table of permissions."""

    AUDIT_READ = "AUDIT_READ"
    IMPORT_RUN = "IMPORT_RUN"
    LISTING_EDIT = "LISTING_EDIT"
    LISTING_READ = "LISTING_READ"
    MEDIA_UPLOAD = "MEDIA_UPLOAD"
    MEMBERSHIP_READ = "MEMBERSHIP_READ"
    ORDER_FULFIL = "ORDER_FULFIL"
    ORDER_READ = "ORDER_READ"
    ORGANISATION_EDIT = "ORGANISATION_EDIT"
    PERSON_UNMASK = "PERSON_UNMASK"
    REPORT_EXPORT = "REPORT_EXPORT"
    REPORT_READ = "REPORT_READ"
    SESSION_MANAGE = "SESSION_MANAGE"
    SESSION_READ = "SESSION_READ"
    STOCK_ADJUST = "STOCK_ADJUST"
    STOCK_READ = "STOCK_READ"


described(
    ApiKeyScope,
    "What an API key may do for its organisation.",
    AUDIT_READ="Read what was done for the organisation, and by whom.",
    IMPORT_RUN="Import and export listings in bulk.",
    LISTING_EDIT="Make and change listings and hand them in for review.",
    LISTING_READ="Read listings that are not on sale as well.",
    MEDIA_UPLOAD="Upload pictures.",
    MEMBERSHIP_READ="Read memberships and their powers.",
    ORDER_FULFIL="Ship, hand over and check in.",
    ORDER_READ="Read orders.",
    ORGANISATION_EDIT="Change what the organisation tells about itself.",
    PERSON_UNMASK="See buyers' names and numbers in full.",
    REPORT_EXPORT="Export reports.",
    REPORT_READ="Read reports.",
    SESSION_MANAGE="Schedule, change and cancel sessions.",
    SESSION_READ="Read sessions with their capacity and holds.",
    STOCK_ADJUST="Receive, adjust and count stock.",
    STOCK_READ="Read stock, its lots and movements.",
)


@strawberry.type(
    description="A key by which another system acts for an organisation. The organisation's owners see it."
)
@ruled(Permission.KEY_MANAGE)
class ApiKey(Node):
    organisation_id: strawberry.ID = field("The organisation it acts for.")
    name: str = field("What it is for.")
    scopes: list[ApiKeyScope] = field("What it may do.")
    created_at: datetime = field("When it was made.")
    expires_at: datetime = field("When it ends.")
    last_used_at: datetime | None = field("When it was last used, to five minutes; null before it was.")
    revoked_at: datetime | None = field("When it was revoked; null while it was not.")


@strawberry.input(description="Which API keys.")
class ApiKeyWhere:
    organisation: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this organisation.")


@strawberry.input(description="An API key to make.")
class CreateApiKeyInput:
    organisation: strawberry.ID = strawberry.field(description="The organisation it is to act for.")
    name: str = strawberry.field(description="What it is for, 1 to 80 characters.")
    scopes: list[ApiKeyScope] = strawberry.field(description="What it may do; give it no more than it needs.")
    expires_in_days: int = strawberry.field(default=90, description="How long it lives, 1 to 366 days.")


# -- where they come from ----------------------------------------------------------------------------------------------

KEYS = table_of(ApiKeyTable)


def _names(scopes: Sequence[str]) -> list[str]:
    """As the API names them; what it does not name (yet) is left out."""
    return [name for name in (Permission(scope).name for scope in scopes) if name in ApiKeyScope.__members__]


def _scopes(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
    return [build.engine.json_nested(t.c.scopes)]


def _organisation(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    slot = args.nested("where").slot("organisation")
    return [] if slot is None else [t.c.organisation_id == build.bind(slot, _checked)]


def _checked(text: str) -> str:
    prefix_of(text, field="where.organisation")
    return text


def _visible(t: sa.FromClause, build: Build) -> list[Condition]:
    return [reached(build, Permission.KEY_MANAGE, organisation=t.c.organisation_id)]


API_KEY = Projection(
    "ApiKey",
    KEYS,
    visible=_visible,
    fields={
        "id": column("id"),
        "organisationId": Column(lambda t, _build, _args: t.c.organisation_id),
        "name": column("name"),
        "scopes": Computed(_names, _scopes),
        "createdAt": column("created_at"),
        "expiresAt": column("expires_at"),
        "lastUsedAt": column("last_used_at"),
        "revokedAt": column("revoked_at"),
    },
)


@strawberry.type
class KeyQueries:
    """The root fields of API keys."""

    api_keys: Connection[ApiKey] = listed(
        "API keys of the caller's organisations, those that ended too, the newest first.",
        Connection[ApiKey],
        where=ApiKeyWhere,
    )


KEY_QUERIES: dict[str, Projected] = {
    "apiKeys": Listed(
        lambda: API_KEY, {"NEWEST": text_order("n", "id", is_descending=True)}, "NEWEST", where=_organisation
    )
}


@strawberry.type(description="The key, and the one time that its text is shown.")
@ruled(Permission.KEY_MANAGE)
class CreateApiKeyPayload:
    key_id: strawberry.Private[str]
    secret: str = strawberry.field(
        description="The key, `mk_live_…`: to be sent as `Authorization: Bearer …`. It is not kept, so keep it safe."
    )
    api_key: ApiKey | None = changed("What it may do.", ApiKey | None, lambda: API_KEY, lambda payload: payload.key_id)


@strawberry.type(description="The key is refused from now on.")
@ruled(Permission.KEY_MANAGE)
class RevokeApiKeyPayload:
    key_id: strawberry.Private[str]
    api_key: ApiKey | None = changed("The key now.", ApiKey | None, lambda: API_KEY, lambda payload: payload.key_id)


@strawberry.type
class KeyMutations:
    """Changes of API keys."""

    @mutation("Make an API key for one's organisation.", rule=Permission.KEY_MANAGE)
    async def create_api_key(
        self,
        info: Info,
        input: Annotated[CreateApiKeyInput, strawberry.argument(description="The key.")],  # noqa: A002 - its name in the API
        idempotency_key: IdempotencyKey,
    ) -> CreateApiKeyPayload:
        scopes = frozenset(Permission[scope.name] for scope in input.scopes)
        draft = KeyDraft(str(input.organisation), input.name, scopes, input.expires_in_days)
        made = await info.context.act(create_key, draft, idempotency_key=str(idempotency_key))
        return CreateApiKeyPayload(key_id=made.key_id, secret=made.secret)

    @mutation("End an API key.", rule=Permission.KEY_MANAGE)
    async def revoke_api_key(
        self, info: Info, key_id: Annotated[strawberry.ID, strawberry.argument(description="The key.")]
    ) -> RevokeApiKeyPayload:
        await info.context.act(revoke_key, key_id=str(key_id))
        return RevokeApiKeyPayload(key_id=str(key_id))

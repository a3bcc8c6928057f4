"""Privacy requests: a copy of everything kept of a person, and their erasure."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from market.kernel.permissions import Permission
from market.people.actors import device_of
from market.people.profile import rules
from market.people.profile.erasure import request_erasure, withdraw_erasure
from market.people.profile.export import read_export, request_export
from market.people.profile.tables import PrivacyRequest as RequestTable
from market.server.privacy import ERASURE_CHECKS
from schema.context import Context
from schema.enums import PrivacyKind, PrivacyState
from schema.filters import text_order
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.node import Node
from schema.pagination import field
from schema.people.profile.own import own_rows
from schema.people.sign_in import credential_of
from schema.permissions import PUBLIC, ruled
from schema.projection import Computed, Projection, column, table_of
from schema.projection import Connection as Listed


@strawberry.type(description="What a person asked about their data, and how far it is. They see it themselves.")
@ruled(Permission.PROFILE_MANAGE)
class PrivacyRequest(Node):
    kind: PrivacyKind = field("What was asked.")
    state: PrivacyState = field("How far it is.")
    next_states: list[PrivacyState] = field("Where it can go from here.")
    requested_at: datetime = field("When it was asked.")
    due_at: datetime = field("When it is done at the earliest; an erasure can be taken back until then.")
    finished_at: datetime | None = field("When it was done or taken back; null until then.")
    expires_at: datetime | None = field("Until when a copy can be read; null until it is made.")
    obligations: list[str] = field(
        "What stood in the way of an erasure when it was due: LAST_OWNER, ORDER_OPEN, PAYMENT_OPEN, REFUND_OPEN, "
        "CLAIM_OPEN."
    )
    obligation_subjects: list[strawberry.ID] = field("The ids of what `obligations` are about, in their order.")


@told_as(
    rules.HasObligations,
    lambda error, _language: {
        "obligations": [each.code for each in error.obligations],
        "obligation_subjects": [strawberry.ID(each.subject) for each in error.obligations],
    },
)
@strawberry.type(description="Something must be settled before the account can be closed; `message` says what to do.")
@ruled(PUBLIC)
class HasObligations(UserError):
    obligations: list[str] = strawberry.field(
        description="What: LAST_OWNER (of an organisation), ORDER_OPEN, PAYMENT_OPEN, REFUND_OPEN, CLAIM_OPEN."
    )
    obligation_subjects: list[strawberry.ID] = strawberry.field(
        description="The ids of what `obligations` are about, in their order."
    )


@told_as(rules.SignInNotRecent, lambda error, _language: {"within_minutes": error.facts["minutes"]})
@strawberry.type(description="Sign in again to confirm who you are, and ask at once.")
@ruled(PUBLIC)
class SignInNotRecent(UserError):
    within_minutes: int = strawberry.field(description="How long after signing in it can be asked.")


# -- where they come from ----------------------------------------------------------------------------------------------


def _next_states(kind: str, state: str) -> list[str]:
    return [each.value for each in rules.MOVES[rules.PrivacyKind(kind)][rules.PrivacyState(state)]]


def _each(key: str) -> Computed:
    """One value of each obligation on record."""
    return Computed(
        lambda found: [each[key] for each in found or []],
        lambda t, build, _args: [build.engine.json_nested(t.c.obligations)],
    )


PRIVACY_REQUEST = Projection(
    "PrivacyRequest",
    table_of(RequestTable),
    visible=own_rows,
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "state": column("state"),
        "nextStates": Computed(_next_states, lambda t, _build, _args: [t.c.kind, t.c.state]),
        "requestedAt": column("requested_at"),
        "dueAt": column("due_at"),
        "finishedAt": column("finished_at"),
        "expiresAt": column("expires_at"),
        "obligations": _each("code"),
        "obligationSubjects": _each("subject"),
    },
)

PRIVACY_REQUESTS = Listed(
    lambda: PRIVACY_REQUEST,
    {"NEWEST": text_order("n", "id", is_descending=True)},
    "NEWEST",
    on=lambda account, request, _build: request.c.account_id == account.c.id,
)


@strawberry.type
class PrivacyQueries:
    """The root field of the copy itself."""

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover async methods with Info[…]
        description="The copy that an EXPORT has made, as JSON text: `own` are the person's rows by table, `mentions` "
        "others' rows that name their account.",
        metadata={"rule": Permission.PROFILE_MANAGE},
    )
    async def personal_data(
        self,
        info: strawberry.Info[Context],
        request_id: Annotated[strawberry.ID, strawberry.argument(description="The request, once it is READY.")],
    ) -> str:
        copy: bytes = await info.context.look(read_export, request_id=str(request_id))
        return copy.decode()


# -- changes -----------------------------------------------------------------------------------------------------------


@strawberry.type(description="A request was made or taken back.")
@ruled(Permission.PROFILE_MANAGE)
class PrivacyRequestPayload:
    request_id: strawberry.Private[str]
    privacy_request: PrivacyRequest | None = changed(
        "The request now.", PrivacyRequest | None, lambda: PRIVACY_REQUEST, lambda payload: payload.request_id
    )


@strawberry.type
class PrivacyMutations:
    """Asking about one's own data."""

    @mutation(
        "Ask for a copy of everything kept of oneself, at most three a day. It is READY within minutes and kept for "
        "seven days: read it with `personalData`.",
        rule=Permission.PROFILE_MANAGE,
    )
    async def request_export(self, info: Info, idempotency_key: IdempotencyKey) -> PrivacyRequestPayload:
        return PrivacyRequestPayload(request_id=await info.context.act(request_export, key=str(idempotency_key)))

    @mutation(
        "Ask to be erased. It needs a sign-in within the last ten minutes and is done after seven days, until which it "
        "can be taken back. Orders and the ledger keep their lines under an id that leads to nobody.",
        rule=Permission.PROFILE_MANAGE,
        errors=(HasObligations, SignInNotRecent),
    )
    async def request_erasure(self, info: Info, idempotency_key: IdempotencyKey) -> PrivacyRequestPayload:
        context = info.context
        device_id = device_of(context.market, credential_of(context)) or ""
        made: Any = await context.act(
            request_erasure, device_id=device_id, key=str(idempotency_key), checks=ERASURE_CHECKS
        )
        return PrivacyRequestPayload(request_id=made)

    @mutation("Take one's erasure back, while it is REQUESTED.", rule=Permission.PROFILE_MANAGE)
    async def withdraw_erasure(
        self, info: Info, request_id: Annotated[strawberry.ID, strawberry.argument(description="The request.")]
    ) -> PrivacyRequestPayload:
        await info.context.act(withdraw_erasure, request_id=str(request_id))
        return PrivacyRequestPayload(request_id=str(request_id))

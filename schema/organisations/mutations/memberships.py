"""Memberships: asked for, answered, ended; and the powers that members give."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.organisations.manage import (
    answer_membership_request,
    end_membership,
    grant_powers,
    request_membership,
    revoke_powers,
    withdraw_membership_request,
)
from schema.enums import MembershipSide, Power
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.organisations.memberships import MANAGED_MEMBERSHIP, REQUEST, Membership, MembershipRequest
from schema.organisations.mutations.errors import AlreadyMember, OrganisationNotActive
from schema.organisations.mutations.given import said
from schema.permissions import ruled

_MANAGE = Permission.MEMBERSHIP_MANAGE
MembershipId = Annotated[strawberry.ID, strawberry.argument(description="The membership's id.")]
RequestId = Annotated[strawberry.ID, strawberry.argument(description="The request's id.")]
Powers = Annotated[list[Power], strawberry.argument(description="At least one.")]
Accept = Annotated[bool, strawberry.argument(description="Whether it is accepted; else it is declined.")]


@strawberry.input(description="Who shall be a member of whom.")
class RequestMembershipInput:
    cooperative_id: strawberry.ID = strawberry.field(description="The cooperative.")
    producer_id: strawberry.ID = strawberry.field(description="The producer.")
    asked_by: MembershipSide = strawberry.field(description="For which of the two the caller asks; the other answers.")


@strawberry.input(description="What the cooperative may do for its member, on which days.")
class GrantPowersInput:
    membership_id: strawberry.ID = strawberry.field(description="Of which membership.")
    powers: list[Power] = strawberry.field(
        description="At least one. What was granted before holds on these days instead."
    )
    valid_from: date = strawberry.field(description="The first day, not before the membership began.")
    valid_to: date | None = strawberry.field(default=UNSET, description="The last day; open when left out.")


Request = Annotated[RequestMembershipInput, strawberry.argument(name="input", description="Who, of whom.")]
Grant = Annotated[GrantPowersInput, strawberry.argument(name="input", description="What, on which days.")]


@strawberry.type(description="The request was made, answered or withdrawn.")
@ruled(Permission.MEMBERSHIP_READ)
class MembershipRequestPayload:
    request_id: strawberry.Private[str]
    request: MembershipRequest | None = changed(
        "The request now.", MembershipRequest | None, lambda: REQUEST, lambda payload: payload.request_id
    )
    membership: Membership | None = changed(
        "The membership that came of it; null unless it was accepted.",
        Membership | None,
        lambda: MANAGED_MEMBERSHIP,
        lambda payload: payload.request_id,
    )


@strawberry.type(description="The membership was changed.")
@ruled(Permission.MEMBERSHIP_READ)
class MembershipPayload:
    membership_id: strawberry.Private[str]
    membership: Membership | None = changed(
        "The membership now.", Membership | None, lambda: MANAGED_MEMBERSHIP, lambda payload: payload.membership_id
    )


@strawberry.type
class MembershipMutations:
    """Changes of memberships."""

    @mutation(
        "Ask for a producer's membership in a cooperative, for either of the two.",
        rule=_MANAGE,
        errors=(AlreadyMember, OrganisationNotActive),
    )
    async def request_membership(
        self, info: Info, given: Request, idempotency_key: IdempotencyKey
    ) -> MembershipRequestPayload:
        made = await info.context.act(
            request_membership,
            cooperative_id=str(given.cooperative_id),
            producer_id=str(given.producer_id),
            asked_by=given.asked_by,
            idempotency_key=str(idempotency_key),
        )
        return MembershipRequestPayload(request_id=made)

    @mutation(
        "Accept or decline a request, for the side that was asked. Accepted, the membership begins today, without powers.",
        rule=_MANAGE,
        errors=(AlreadyMember, OrganisationNotActive),
    )
    async def answer_membership_request(
        self, info: Info, request_id: RequestId, accept: Accept, idempotency_key: IdempotencyKey
    ) -> MembershipRequestPayload:
        answered = await info.context.act(
            answer_membership_request,
            request_id=str(request_id),
            accept=accept,
            idempotency_key=str(idempotency_key),
        )
        return MembershipRequestPayload(request_id=answered)

    @mutation("Take a request back, for the side that asked.", rule=_MANAGE)
    async def withdraw_membership_request(
        self, info: Info, request_id: RequestId, idempotency_key: IdempotencyKey
    ) -> MembershipRequestPayload:
        withdrawn = await info.context.act(
            withdraw_membership_request, request_id=str(request_id), idempotency_key=str(idempotency_key)
        )
        return MembershipRequestPayload(request_id=withdrawn)

    @mutation("End a membership today, for either of the two; its powers end at once.", rule=_MANAGE)
    async def end_membership(
        self, info: Info, membership_id: MembershipId, idempotency_key: IdempotencyKey
    ) -> MembershipPayload:
        ended = await info.context.act(
            end_membership, membership_id=str(membership_id), idempotency_key=str(idempotency_key)
        )
        return MembershipPayload(membership_id=ended)

    @mutation("Let a cooperative act for its member, by the member's owner.", rule=_MANAGE)
    async def grant_powers(self, info: Info, given: Grant, idempotency_key: IdempotencyKey) -> MembershipPayload:
        changed_id = await info.context.act(
            grant_powers,
            membership_id=str(given.membership_id),
            powers=given.powers,
            valid_from=given.valid_from,
            valid_to=said(given.valid_to),
            idempotency_key=str(idempotency_key),
        )
        return MembershipPayload(membership_id=changed_id)

    @mutation("Take powers back from this moment on, by the member's owner.", rule=_MANAGE)
    async def revoke_powers(
        self, info: Info, membership_id: MembershipId, powers: Powers, idempotency_key: IdempotencyKey
    ) -> MembershipPayload:
        changed_id = await info.context.act(
            revoke_powers,
            membership_id=str(membership_id),
            powers=powers,
            idempotency_key=str(idempotency_key),
        )
        return MembershipPayload(membership_id=changed_id)

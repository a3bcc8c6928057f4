"""An organisation's people: invited, accepted, changed, removed."""

from typing import Annotated

import strawberry

from market.kernel.permissions import Permission
from market.organisations.manage import (
    answer_invitation,
    cancel_invitation,
    change_roles,
    invite_person,
    leave_organisation,
    remove_person,
    resend_invitation,
)
from schema.enums import OrganisationRole
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.organisations.mutations.errors import AlreadyInvited, InvitationOver, LastOwner, OrganisationNotEditable
from schema.organisations.mutations.given import OrganisationId, Roles, roles_of
from schema.organisations.mutations.registration import OrganisationPayload
from schema.organisations.people import INVITATION, Invitation
from schema.permissions import ruled

_EDIT = Permission.ORGANISATION_EDIT
InvitationId = Annotated[strawberry.ID, strawberry.argument(description="The invitation's id.")]
AccountId = Annotated[strawberry.ID, strawberry.argument(description="The person's account, from `people`.")]


@strawberry.input(description="Whom to invite, to what.")
class InvitePersonInput:
    organisation_id: strawberry.ID = strawberry.field(description="To which organisation.")
    phone: str = strawberry.field(
        description="A mainland mobile number. Whether it has an account makes no difference, and is not told."
    )
    roles: list[OrganisationRole] = strawberry.field(description="What accepting gives; at least one.")


Invite = Annotated[InvitePersonInput, strawberry.argument(name="input", description="Whom, to what.")]
Accept = Annotated[bool, strawberry.argument(description="Whether it is accepted; else it is declined.")]


@strawberry.type(description="The invitation was made, sent again or cancelled.")
@ruled(_EDIT)
class InvitationPayload:
    invitation_id: strawberry.Private[str]
    invitation: Invitation | None = changed(
        "The invitation now.", Invitation | None, lambda: INVITATION, lambda payload: payload.invitation_id
    )


@strawberry.type(description="The invitation was answered.")
@ruled(Permission.PROFILE_MANAGE)
class AnswerInvitationPayload:
    invitation_id: strawberry.ID = strawberry.field(
        description="Its id. The roles it gave count from the person's next request on."
    )


@strawberry.type(description="The organisation was left.")
@ruled(Permission.PROFILE_MANAGE)
class LeaveOrganisationPayload:
    organisation_id: strawberry.ID = strawberry.field(description="Its id.")


@strawberry.type
class PeopleMutations:
    """Changes of an organisation's people."""

    @mutation(
        "Invite somebody by phone to an organisation's people, for seven days.",
        rule=_EDIT,
        errors=(AlreadyInvited, OrganisationNotEditable),
    )
    async def invite_person(self, info: Info, given: Invite, idempotency_key: IdempotencyKey) -> InvitationPayload:
        made = await info.context.act(
            invite_person,
            organisation_id=str(given.organisation_id),
            phone=given.phone,
            roles=roles_of(given.roles),
            idempotency_key=str(idempotency_key),
        )
        return InvitationPayload(invitation_id=made)

    @mutation(
        "Send an invitation again, after a minute and at most five times; it then has seven days again.",
        rule=_EDIT,
        errors=(InvitationOver,),
    )
    async def resend_invitation(
        self, info: Info, invitation_id: InvitationId, idempotency_key: IdempotencyKey
    ) -> InvitationPayload:
        sent = await info.context.act(
            resend_invitation, invitation_id=str(invitation_id), idempotency_key=str(idempotency_key)
        )
        return InvitationPayload(invitation_id=sent)

    @mutation("Take an invitation back.", rule=_EDIT, errors=(InvitationOver,))
    async def cancel_invitation(
        self, info: Info, invitation_id: InvitationId, idempotency_key: IdempotencyKey
    ) -> InvitationPayload:
        cancelled = await info.context.act(
            cancel_invitation, invitation_id=str(invitation_id), idempotency_key=str(idempotency_key)
        )
        return InvitationPayload(invitation_id=cancelled)

    @mutation(
        "Accept or decline what one's own number was invited to.",
        rule=Permission.PROFILE_MANAGE,
        errors=(InvitationOver,),
    )
    async def answer_invitation(
        self, info: Info, invitation_id: InvitationId, accept: Accept, idempotency_key: IdempotencyKey
    ) -> AnswerInvitationPayload:
        answered = await info.context.act(
            answer_invitation,
            invitation_id=str(invitation_id),
            accept=accept,
            idempotency_key=str(idempotency_key),
        )
        return AnswerInvitationPayload(invitation_id=strawberry.ID(answered))

    @mutation(
        "Give one of an organisation's people these roles instead of those they hold.", rule=_EDIT, errors=(LastOwner,)
    )
    async def change_roles(
        self,
        info: Info,
        organisation_id: OrganisationId,
        account_id: AccountId,
        roles: Roles,
        idempotency_key: IdempotencyKey,
    ) -> OrganisationPayload:
        changed_id = await info.context.act(
            change_roles,
            organisation_id=str(organisation_id),
            account_id=str(account_id),
            roles=roles_of(roles),
            idempotency_key=str(idempotency_key),
        )
        return OrganisationPayload(organisation_id=changed_id)

    @mutation(
        "Remove one of an organisation's people, and end the API keys they made for it.",
        rule=_EDIT,
        errors=(LastOwner,),
    )
    async def remove_person(
        self, info: Info, organisation_id: OrganisationId, account_id: AccountId, idempotency_key: IdempotencyKey
    ) -> OrganisationPayload:
        changed_id = await info.context.act(
            remove_person,
            organisation_id=str(organisation_id),
            account_id=str(account_id),
            idempotency_key=str(idempotency_key),
        )
        return OrganisationPayload(organisation_id=changed_id)

    @mutation("Give up one's own roles in an organisation.", rule=Permission.PROFILE_MANAGE, errors=(LastOwner,))
    async def leave_organisation(
        self, info: Info, organisation_id: OrganisationId, idempotency_key: IdempotencyKey
    ) -> LeaveOrganisationPayload:
        left = await info.context.act(
            leave_organisation, organisation_id=str(organisation_id), idempotency_key=str(idempotency_key)
        )
        return LeaveOrganisationPayload(organisation_id=strawberry.ID(left))

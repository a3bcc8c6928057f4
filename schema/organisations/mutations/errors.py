"""What the changes of organisations are refused with, beyond what all are."""

import strawberry

from market.organisations import errors
from schema.enums import InvitationState, LicenceKind, OrganisationState
from schema.mutations import UserError, told_as
from schema.permissions import PUBLIC, ruled


@told_as(errors.NotSelling, lambda error, _language: {"state": OrganisationState(error.facts["state"])})
@strawberry.type(description="The organisation is not ACTIVE, so nothing of it goes on sale and it joins nothing.")
@ruled(PUBLIC)
class OrganisationNotActive(UserError):
    state: OrganisationState = strawberry.field(description="Its state.")


@told_as(errors.NotEditable, lambda error, _language: {"state": OrganisationState(error.facts["state"])})
@strawberry.type(description="In this state its people cannot change that of it.")
@ruled(PUBLIC)
class OrganisationNotEditable(UserError):
    state: OrganisationState = strawberry.field(description="Its state.")


@told_as(errors.LastOwner)
@strawberry.type(description="An organisation keeps at least one owner: make somebody else an owner first.")
@ruled(PUBLIC)
class LastOwner(UserError):
    pass


@told_as(
    errors.LicenceMissing, lambda error, _language: {"needed": [LicenceKind(kind) for kind in error.facts["needed"]]}
)
@strawberry.type(description="A licence that holds today is missing.")
@ruled(PUBLIC)
class LicenceMissing(UserError):
    needed: list[LicenceKind] = strawberry.field(description="One of these will do.")


@told_as(errors.CreditCodeTaken)
@strawberry.type(description="Another organisation is registered under this unified social credit code.")
@ruled(PUBLIC)
class CreditCodeTaken(UserError):
    pass


@told_as(errors.AlreadyMember)
@strawberry.type(description="The producer is a member already, or a request between the two still waits.")
@ruled(PUBLIC)
class AlreadyMember(UserError):
    pass


@told_as(errors.AlreadyInvited)
@strawberry.type(description="There is an open invitation for this number.")
@ruled(PUBLIC)
class AlreadyInvited(UserError):
    pass


@told_as(errors.InvitationOver, lambda error, _language: {"state": InvitationState(error.facts["state"])})
@strawberry.type(description="The invitation was answered, cancelled or is past its time.")
@ruled(PUBLIC)
class InvitationOver(UserError):
    state: InvitationState = strawberry.field(description="Its state.")

"""Asking about organisations by API: the documents, and one short way to send them."""

from typing import Any

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor
from tests.organisations.county import key
from tests.schema.asking import Asker, asked

REFUSED = "... on UserError { code message path retryable }"


def ask(market: Market, query: str, actor: Actor = VISITOR, /, **variables: Any) -> Any:
    """The whole response, data and errors."""

    async def run(here: Market) -> Any:
        return await Asker(here).ask(query, variables, actor=actor)

    return asked(market, run)


def read(market: Market, query: str, actor: Actor = VISITOR, /, **variables: Any) -> Any:
    """The data of an answer that must have no errors."""
    response = ask(market, query, actor, **variables)
    assert "errors" not in response, response["errors"]
    return response["data"]


def change(market: Market, document: str, actor: Actor = VISITOR, /, **variables: Any) -> Any:
    """The one result of a mutation under a new idempotency key."""
    (result,) = read(market, document, actor, key=key(), **variables).values()
    return result


APPLY = (
    "mutation ($input: ApplyForOrganisationInput!, $key: ID!) { applyForOrganisation(input: $input, idempotencyKey: $key)"
    f" {{ __typename ... on ApplyForOrganisationPayload {{ organisationId }} {REFUSED} }} }}"
)
EDIT = (
    "mutation ($input: EditOrganisationInput!, $key: ID!) { editOrganisation(input: $input, idempotencyKey: $key)"
    " { __typename ... on OrganisationPayload { organisation { id name story contactPhone } }"
    f" ... on OrganisationNotEditable {{ state }} {REFUSED} }} }}"
)


def on_organisation(name: str, more: str = "") -> str:
    """A mutation that takes an organisation's id alone."""
    return (
        f"mutation ($id: ID!, $key: ID!) {{ {name}(organisationId: $id, idempotencyKey: $key)"
        f" {{ __typename ... on OrganisationPayload {{ organisation {{ id state nextStates }} }} {more} {REFUSED} }} }}"
    )


def with_reasons(name: str) -> str:
    """A mutation that takes an organisation's id and reasons."""
    return (
        f"mutation ($id: ID!, $reasons: [ReviewReasonInput!]!, $key: ID!) {{"
        f" {name}(organisationId: $id, reasons: $reasons, idempotencyKey: $key)"
        f" {{ __typename ... on OrganisationPayload {{ organisation {{ id state nextStates }} }} {REFUSED} }} }}"
    )


SUBMIT = on_organisation("submitOrganisation", "... on LicenceMissing { needed }")
APPROVE = on_organisation("approveOrganisation", "... on LicenceMissing { needed }")
WITHDRAW = on_organisation("withdrawOrganisation")
RETURN, REJECT, CLOSE = (
    with_reasons(name) for name in ("returnOrganisation", "rejectOrganisation", "closeOrganisation")
)
LEAVE = (
    "mutation ($id: ID!, $key: ID!) { leaveOrganisation(organisationId: $id, idempotencyKey: $key)"
    f" {{ __typename ... on LeaveOrganisationPayload {{ organisationId }} {REFUSED} }} }}"
)
SUBMIT_LICENCE = (
    "mutation ($input: SubmitLicenceInput!, $key: ID!) { submitLicence(input: $input, idempotencyKey: $key)"
    " { __typename ... on LicencePayload { licence { id kind number scan state isValid waitingHours reasons"
    f" organisation {{ id }} }} }} {REFUSED} }} }}"
)
REVIEW_LICENCE = (
    "mutation ($input: ReviewDocumentInput!, $key: ID!) { reviewLicence(input: $input, idempotencyKey: $key)"
    f" {{ __typename ... on LicencePayload {{ licence {{ id state reasons reasonNotes waitingHours }} }} {REFUSED} }} }}"
)
SUBMIT_CERTIFICATE = (
    "mutation ($input: SubmitCertificateInput!, $key: ID!) { submitCertificate(input: $input, idempotencyKey: $key)"
    f" {{ __typename ... on CertificatePayload {{ certificate {{ id state scan isValid }} }} {REFUSED} }} }}"
)
REVIEW_CERTIFICATE = (
    "mutation ($input: ReviewDocumentInput!, $key: ID!) { reviewCertificate(input: $input, idempotencyKey: $key)"
    f" {{ __typename ... on CertificatePayload {{ certificate {{ id state reasons reasonNotes }} }} {REFUSED} }} }}"
)
INVITE = (
    "mutation ($input: InvitePersonInput!, $key: ID!) { invitePerson(input: $input, idempotencyKey: $key)"
    f" {{ __typename ... on InvitationPayload {{ invitation {{ id phone roles state sentCount }} }} {REFUSED} }} }}"
)


def on_invitation(name: str) -> str:
    """A mutation that takes an invitation's id alone."""
    return (
        f"mutation ($id: ID!, $key: ID!) {{ {name}(invitationId: $id, idempotencyKey: $key)"
        f" {{ __typename ... on InvitationPayload {{ invitation {{ id phone state sentCount }} }}"
        f" ... on InvitationOver {{ state }} {REFUSED} }} }}"
    )


RESEND, CANCEL = on_invitation("resendInvitation"), on_invitation("cancelInvitation")
ANSWER = (
    "mutation ($id: ID!, $accept: Boolean!, $key: ID!) {"
    " answerInvitation(invitationId: $id, accept: $accept, idempotencyKey: $key)"
    " { __typename ... on AnswerInvitationPayload { invitationId } ... on InvitationOver { state }"
    f" {REFUSED} }} }}"
)
CHANGE_ROLES = (
    "mutation ($id: ID!, $account: ID!, $roles: [OrganisationRole!]!, $key: ID!) {"
    " changeRoles(organisationId: $id, accountId: $account, roles: $roles, idempotencyKey: $key)"
    " { __typename ... on OrganisationPayload { organisation { people { nodes { accountId roles } } } }"
    f" {REFUSED} }} }}"
)
REMOVE = (
    "mutation ($id: ID!, $account: ID!, $key: ID!) {"
    " removePerson(organisationId: $id, accountId: $account, idempotencyKey: $key)"
    f" {{ __typename ... on OrganisationPayload {{ organisation {{ people {{ totalCount }} }} }} {REFUSED} }} }}"
)
REQUEST = (
    "mutation ($input: RequestMembershipInput!, $key: ID!) { requestMembership(input: $input, idempotencyKey: $key)"
    " { __typename ... on MembershipRequestPayload { request { requestId state askedBy cooperative { name }"
    f" producer {{ name }} }} membership {{ id }} }} {REFUSED} }} }}"
)
ANSWER_REQUEST = (
    "mutation ($id: ID!, $accept: Boolean!, $key: ID!) {"
    " answerMembershipRequest(requestId: $id, accept: $accept, idempotencyKey: $key)"
    " { __typename ... on MembershipRequestPayload { request { state } membership { id joinedOn leftOn powers { power } } }"
    f" {REFUSED} }} }}"
)
WITHDRAW_REQUEST = (
    "mutation ($id: ID!, $key: ID!) { withdrawMembershipRequest(requestId: $id, idempotencyKey: $key)"
    f" {{ __typename ... on MembershipRequestPayload {{ request {{ state }} membership {{ id }} }} {REFUSED} }} }}"
)
_MEMBERSHIP = "... on MembershipPayload { membership { id joinedOn leftOn powers { power validFrom validTo } } }"
END = (
    "mutation ($id: ID!, $key: ID!) { endMembership(membershipId: $id, idempotencyKey: $key)"
    f" {{ __typename {_MEMBERSHIP} {REFUSED} }} }}"
)
GRANT = (
    "mutation ($input: GrantPowersInput!, $key: ID!) { grantPowers(input: $input, idempotencyKey: $key)"
    f" {{ __typename {_MEMBERSHIP} {REFUSED} }} }}"
)
REVOKE = (
    "mutation ($id: ID!, $powers: [Power!]!, $key: ID!) {"
    " revokePowers(membershipId: $id, powers: $powers, idempotencyKey: $key)"
    f" {{ __typename {_MEMBERSHIP} {REFUSED} }} }}"
)

"""Use cases: who sells, from the application to the end, its people, its papers, and memberships between them.

`registration` and `review` are the two sides of an application, `documents` and `document_review` those of its papers;
`invitations`, `answers` and `people` are who acts for it; `memberships` and `powers` let a cooperative act for a
producer.
"""

from market.organisations.manage.answers import answer_invitation, expire_invitations
from market.organisations.manage.document_review import review_certificate, review_licence
from market.organisations.manage.documents import record_certificate, submit_certificate, submit_licence
from market.organisations.manage.drafts import (
    CertificateDraft,
    LegalFacts,
    LicenceDraft,
    OrganisationChanges,
    OrganisationDraft,
)
from market.organisations.manage.invitations import cancel_invitation, invite_person, resend_invitation
from market.organisations.manage.memberships import (
    answer_membership_request,
    end_membership,
    join_cooperative,
    request_membership,
    withdraw_membership_request,
)
from market.organisations.manage.people import change_roles, leave_organisation, remove_person
from market.organisations.manage.powers import grant_powers, revoke_powers
from market.organisations.manage.registration import (
    apply_for_organisation,
    edit_organisation,
    register_organisation,
    submit_organisation,
    withdraw_organisation,
)
from market.organisations.manage.review import (
    approve_organisation,
    close_organisation,
    reject_organisation,
    return_organisation,
)
from market.organisations.steps import organisation_of

__all__ = [
    "CertificateDraft",
    "LegalFacts",
    "LicenceDraft",
    "OrganisationChanges",
    "OrganisationDraft",
    "answer_invitation",
    "answer_membership_request",
    "apply_for_organisation",
    "approve_organisation",
    "cancel_invitation",
    "change_roles",
    "close_organisation",
    "edit_organisation",
    "end_membership",
    "expire_invitations",
    "grant_powers",
    "invite_person",
    "join_cooperative",
    "leave_organisation",
    "organisation_of",
    "record_certificate",
    "register_organisation",
    "reject_organisation",
    "remove_person",
    "request_membership",
    "resend_invitation",
    "return_organisation",
    "review_certificate",
    "review_licence",
    "revoke_powers",
    "submit_certificate",
    "submit_licence",
    "submit_organisation",
    "withdraw_membership_request",
    "withdraw_organisation",
]

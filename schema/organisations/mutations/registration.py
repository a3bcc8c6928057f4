"""Applications of organisations: written and submitted by their owner, decided on by staff."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.organisations.manage import (
    LegalFacts,
    OrganisationChanges,
    OrganisationDraft,
    apply_for_organisation,
    approve_organisation,
    close_organisation,
    edit_organisation,
    reject_organisation,
    return_organisation,
    submit_organisation,
    withdraw_organisation,
)
from schema.enums import OrganisationKind
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.organisations.mutations.errors import CreditCodeTaken, LicenceMissing, OrganisationNotEditable
from schema.organisations.mutations.given import OrganisationId, Reasons, change, reasons_of, said
from schema.organisations.sources import MANAGED_ORGANISATION
from schema.organisations.types import Organisation
from schema.permissions import ruled

_EDIT, _REVIEW = Permission.ORGANISATION_EDIT, Permission.ORGANISATION_REVIEW


@strawberry.input(description="An organisation that applies. What is left out can be told until it is submitted.")
class ApplyForOrganisationInput:
    kind: OrganisationKind = strawberry.field(description="What it is; not changed afterwards.")
    name: str = strawberry.field(description="Its name here, at most 60 characters.")
    name_en: str | None = strawberry.field(default=UNSET, description="Its name in English.")
    story: str = strawberry.field(default="", description="What it tells about itself, at most 4,000 characters.")
    story_en: str | None = strawberry.field(default=UNSET, description="The same in English.")
    village_id: strawberry.ID = strawberry.field(description="The village it is at home in.")
    legal_name: str | None = strawberry.field(default=UNSET, description="Its name on the business licence.")
    credit_code: str | None = strawberry.field(
        default=UNSET,
        description="Its unified social credit code (GB 32100-2015); households and family farms may have none.",
    )
    representative: str | None = strawberry.field(default=UNSET, description="Who answers for it in law.")
    contact_phone: str | None = strawberry.field(default=UNSET, description="A mainland mobile number.")


@strawberry.input(
    description="What to change of an organisation; what is left out stays as it is. Once it is approved, only story and "
    "contact phone are its own to change."
)
class EditOrganisationInput:
    organisation_id: strawberry.ID = strawberry.field(description="Which one.")
    name: str | None = strawberry.field(default=UNSET, description="Its name here, at most 60 characters.")
    name_en: str | None = strawberry.field(default=UNSET, description="Its name in English; null clears it.")
    story: str | None = strawberry.field(
        default=UNSET, description="What it tells about itself, at most 4,000 characters."
    )
    story_en: str | None = strawberry.field(default=UNSET, description="The same in English; null clears it.")
    village_id: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The village it is at home in; null leaves it as it is."
    )
    legal_name: str | None = strawberry.field(
        default=UNSET, description="Its name on the business licence; null clears it."
    )
    credit_code: str | None = strawberry.field(
        default=UNSET, description="Its unified social credit code; null clears it."
    )
    representative: str | None = strawberry.field(
        default=UNSET, description="Who answers for it in law; null clears it."
    )
    contact_phone: str | None = strawberry.field(default=UNSET, description="A mainland mobile number; null clears it.")


Apply = Annotated[ApplyForOrganisationInput, strawberry.argument(name="input", description="Who applies.")]
Edit = Annotated[EditOrganisationInput, strawberry.argument(name="input", description="What to change.")]


@strawberry.type(description="The application was begun.")
@ruled(Permission.ORGANISATION_REGISTER)
class ApplyForOrganisationPayload:
    organisation_id: strawberry.ID = strawberry.field(
        description="Its id. Whoever applied is its owner, from their next request on."
    )


@strawberry.type(description="The organisation was changed.")
@ruled(Permission.MEMBERSHIP_READ)
class OrganisationPayload:
    organisation_id: strawberry.Private[str]
    organisation: Organisation | None = changed(
        "The organisation now.",
        Organisation | None,
        lambda: MANAGED_ORGANISATION,
        lambda payload: payload.organisation_id,
    )


@strawberry.type
class RegistrationMutations:
    """Changes of applications."""

    @mutation(
        "Begin an application for an organisation, and become its owner. It is a draft until it is submitted.",
        rule=Permission.ORGANISATION_REGISTER,
    )
    async def apply_for_organisation(
        self, info: Info, given: Apply, idempotency_key: IdempotencyKey
    ) -> ApplyForOrganisationPayload:
        draft = OrganisationDraft(
            given.kind, given.name, said(given.name_en), given.story, said(given.story_en), str(given.village_id)
        )
        facts = LegalFacts(
            said(given.legal_name), said(given.credit_code), said(given.representative), said(given.contact_phone)
        )
        made = await info.context.act(apply_for_organisation, draft, facts, idempotency_key=str(idempotency_key))
        return ApplyForOrganisationPayload(organisation_id=strawberry.ID(made))

    @mutation("Change an organisation.", rule=_EDIT, errors=(OrganisationNotEditable,))
    async def edit_organisation(self, info: Info, given: Edit, idempotency_key: IdempotencyKey) -> OrganisationPayload:
        changes = OrganisationChanges(
            name=change(given.name),
            name_en=change(given.name_en),
            story=change(given.story),
            story_en=change(given.story_en),
            village_id=said(given.village_id) and str(given.village_id),
            legal_name=change(given.legal_name),
            credit_code=change(given.credit_code),
            representative=change(given.representative),
            contact_phone=change(given.contact_phone),
        )
        changed_id = await info.context.act(
            edit_organisation,
            organisation_id=str(given.organisation_id),
            changes=changes,
            idempotency_key=str(idempotency_key),
        )
        return OrganisationPayload(organisation_id=changed_id)

    @mutation("Hand an application in for review.", rule=_EDIT, errors=(LicenceMissing,))
    async def submit_organisation(
        self, info: Info, organisation_id: OrganisationId, idempotency_key: IdempotencyKey
    ) -> OrganisationPayload:
        changed_id = await info.context.act(
            submit_organisation, organisation_id=str(organisation_id), idempotency_key=str(idempotency_key)
        )
        return OrganisationPayload(organisation_id=changed_id)

    @mutation("Give an application up for good.", rule=_EDIT)
    async def withdraw_organisation(
        self, info: Info, organisation_id: OrganisationId, idempotency_key: IdempotencyKey
    ) -> OrganisationPayload:
        changed_id = await info.context.act(
            withdraw_organisation, organisation_id=str(organisation_id), idempotency_key=str(idempotency_key)
        )
        return OrganisationPayload(organisation_id=changed_id)

    @mutation(
        "Approve an application, by staff of its region. The licence that its kind needs is accepted before.",
        rule=_REVIEW,
        errors=(LicenceMissing, CreditCodeTaken),
    )
    async def approve_organisation(
        self, info: Info, organisation_id: OrganisationId, idempotency_key: IdempotencyKey
    ) -> OrganisationPayload:
        changed_id = await info.context.act(
            approve_organisation, organisation_id=str(organisation_id), idempotency_key=str(idempotency_key)
        )
        return OrganisationPayload(organisation_id=changed_id)

    @mutation("Return an application to its owner to be mended, by staff of its region.", rule=_REVIEW)
    async def return_organisation(
        self, info: Info, organisation_id: OrganisationId, reasons: Reasons, idempotency_key: IdempotencyKey
    ) -> OrganisationPayload:
        changed_id = await info.context.act(
            return_organisation,
            organisation_id=str(organisation_id),
            reasons=reasons_of(reasons),
            idempotency_key=str(idempotency_key),
        )
        return OrganisationPayload(organisation_id=changed_id)

    @mutation("Reject an application for good, by staff of its region.", rule=_REVIEW)
    async def reject_organisation(
        self, info: Info, organisation_id: OrganisationId, reasons: Reasons, idempotency_key: IdempotencyKey
    ) -> OrganisationPayload:
        changed_id = await info.context.act(
            reject_organisation,
            organisation_id=str(organisation_id),
            reasons=reasons_of(reasons),
            idempotency_key=str(idempotency_key),
        )
        return OrganisationPayload(organisation_id=changed_id)

    @mutation("Close a frozen organisation for good, by staff of its region.", rule=_REVIEW)
    async def close_organisation(
        self, info: Info, organisation_id: OrganisationId, reasons: Reasons, idempotency_key: IdempotencyKey
    ) -> OrganisationPayload:
        changed_id = await info.context.act(
            close_organisation,
            organisation_id=str(organisation_id),
            reasons=reasons_of(reasons),
            idempotency_key=str(idempotency_key),
        )
        return OrganisationPayload(organisation_id=changed_id)

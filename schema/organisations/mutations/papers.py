"""Licences and certificates: submitted by owners, reviewed by staff."""

from datetime import date
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.organisations.manage import (
    CertificateDraft,
    LicenceDraft,
    review_certificate,
    review_licence,
    submit_certificate,
    submit_licence,
)
from schema.enums import CertificateKind, LicenceKind
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.organisations.mutations.errors import OrganisationNotEditable
from schema.organisations.mutations.given import ReviewReasonInput, reasons_of, said
from schema.organisations.papers import LICENCE, MANAGED_CERTIFICATE, Certificate, Licence
from schema.permissions import ruled

_EDIT, _REVIEW = Permission.ORGANISATION_EDIT, Permission.ORGANISATION_REVIEW


@strawberry.input(description="A licence document.")
class SubmitLicenceInput:
    organisation_id: strawberry.ID = strawberry.field(description="Whose.")
    kind: LicenceKind = strawberry.field(description="What it is.")
    scan_id: strawberry.ID = strawberry.field(
        description="The picture of it: uploaded for the organisation, or by the caller, as a LICENCE."
    )
    number: str | None = strawberry.field(
        default=UNSET, description="Its number: of a business licence its credit code; of an identity card none."
    )
    valid_from: date | None = strawberry.field(default=UNSET, description="The first day it holds.")
    valid_to: date | None = strawberry.field(default=UNSET, description="The last day it holds.")


@strawberry.input(description="A certificate.")
class SubmitCertificateInput:
    organisation_id: strawberry.ID = strawberry.field(description="Whose.")
    kind: CertificateKind = strawberry.field(description="What it says.")
    name: str = strawberry.field(description="Its name, at most 60 characters.")
    name_en: str | None = strawberry.field(default=UNSET, description="Its name in English.")
    scan_id: strawberry.ID = strawberry.field(
        description="The picture of it: uploaded for the organisation, or by the caller, as a LICENCE."
    )
    number: str | None = strawberry.field(default=UNSET, description="Its official number, in its kind's format.")
    issued_by: str | None = strawberry.field(default=UNSET, description="Who issued it.")
    valid_from: date | None = strawberry.field(default=UNSET, description="The first day it holds.")
    valid_to: date | None = strawberry.field(default=UNSET, description="The last day it holds.")


@strawberry.input(description="A decision about a document.")
class ReviewDocumentInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    accept: bool = strawberry.field(description="Whether it counts; else it is returned.")
    reasons: list[ReviewReasonInput] = strawberry.field(
        default_factory=list, description="Why it is returned, 1 to 10; none when it is accepted."
    )


SubmitLicence = Annotated[SubmitLicenceInput, strawberry.argument(name="input", description="The document.")]
SubmitCertificate = Annotated[SubmitCertificateInput, strawberry.argument(name="input", description="The certificate.")]
Review = Annotated[ReviewDocumentInput, strawberry.argument(name="input", description="The decision.")]


@strawberry.type(description="The licence was submitted or reviewed.")
@ruled(Permission.MEMBERSHIP_READ)
class LicencePayload:
    licence_id: strawberry.Private[str]
    licence: Licence | None = changed(
        "The licence now.", Licence | None, lambda: LICENCE, lambda payload: payload.licence_id
    )


@strawberry.type(description="The certificate was submitted or reviewed.")
@ruled(Permission.MEMBERSHIP_READ)
class CertificatePayload:
    certificate_id: strawberry.Private[str]
    certificate: Certificate | None = changed(
        "The certificate now.",
        Certificate | None,
        lambda: MANAGED_CERTIFICATE,
        lambda payload: payload.certificate_id,
    )


@strawberry.type
class PaperMutations:
    """Changes of licences and certificates."""

    @mutation("Submit a licence document for review.", rule=_EDIT, errors=(OrganisationNotEditable,))
    async def submit_licence(self, info: Info, given: SubmitLicence, idempotency_key: IdempotencyKey) -> LicencePayload:
        draft = LicenceDraft(
            str(given.organisation_id),
            given.kind,
            str(given.scan_id),
            number=said(given.number),
            valid_from=said(given.valid_from),
            valid_to=said(given.valid_to),
        )
        return LicencePayload(
            licence_id=await info.context.act(submit_licence, draft, idempotency_key=str(idempotency_key))
        )

    @mutation("Submit a certificate for review.", rule=_EDIT, errors=(OrganisationNotEditable,))
    async def submit_certificate(
        self, info: Info, given: SubmitCertificate, idempotency_key: IdempotencyKey
    ) -> CertificatePayload:
        draft = CertificateDraft(
            str(given.organisation_id),
            given.kind,
            given.name,
            name_en=said(given.name_en),
            number=said(given.number),
            issued_by=said(given.issued_by),
            valid_from=said(given.valid_from),
            valid_to=said(given.valid_to),
            scan_id=str(given.scan_id),
        )
        return CertificatePayload(
            certificate_id=await info.context.act(submit_certificate, draft, idempotency_key=str(idempotency_key))
        )

    @mutation("Accept a licence document or return it, by staff of its organisation's region.", rule=_REVIEW)
    async def review_licence(self, info: Info, given: Review, idempotency_key: IdempotencyKey) -> LicencePayload:
        reviewed = await info.context.act(
            review_licence,
            licence_id=str(given.id),
            accept=given.accept,
            reasons=reasons_of(given.reasons),
            idempotency_key=str(idempotency_key),
        )
        return LicencePayload(licence_id=reviewed)

    @mutation("Accept a certificate or return it, by staff of its organisation's region.", rule=_REVIEW)
    async def review_certificate(
        self, info: Info, given: Review, idempotency_key: IdempotencyKey
    ) -> CertificatePayload:
        reviewed = await info.context.act(
            review_certificate,
            certificate_id=str(given.id),
            accept=given.accept,
            reasons=reasons_of(given.reasons),
            idempotency_key=str(idempotency_key),
        )
        return CertificatePayload(certificate_id=reviewed)

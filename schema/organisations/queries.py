"""Root fields: one organisation as its people and staff see it, and the queues of staff."""

from typing import Annotated

import strawberry

from market.kernel.ids import prefix_of, require_id
from market.kernel.permissions import Permission
from schema.organisations.lists import TO_REVIEW, OrganisationWhere
from schema.organisations.papers import LICENCE, MANAGED_CERTIFICATE, Certificate, Licence, to_review
from schema.organisations.sources import MANAGED_ORGANISATION
from schema.organisations.types import Organisation
from schema.pagination import Connection, listed, single
from schema.projection import ById
from schema.projection.declare import Field

_REVIEW = Permission.ORGANISATION_REVIEW
OrganisationId = Annotated[strawberry.ID, strawberry.argument(description="The organisation's id.")]


@strawberry.type
class OrganisationQueries:
    """Root fields of organisations that are not for everybody."""

    organisation: Organisation | None = single(
        "An organisation in any state, for its own people and staff; null for everybody else.",
        Organisation | None,
        rule=Permission.MEMBERSHIP_READ,
        id=OrganisationId,
    )
    organisations_to_review: Connection[Organisation] = listed(
        "Applications that wait for staff, in the caller's regions; who waits longest first.",
        Connection[Organisation],
        where=OrganisationWhere,
        rule=_REVIEW,
    )
    licences_to_review: Connection[Licence] = listed(
        "Licence documents that wait for staff, in the caller's regions; what waits longest first.",
        Connection[Licence],
        rule=_REVIEW,
    )
    certificates_to_review: Connection[Certificate] = listed(
        "Certificates that wait for staff, in the caller's regions; what waits longest first.",
        Connection[Certificate],
        rule=_REVIEW,
    )


def _organisation_id(text: str) -> str:
    if prefix_of(text) not in {"cop", "pdr"}:
        return require_id(text, "pdr")
    return text


ORGANISATION_QUERIES: dict[str, Field] = {
    "organisation": ById(lambda: MANAGED_ORGANISATION, check=_organisation_id),
    "organisationsToReview": TO_REVIEW,
    "licencesToReview": to_review(LICENCE),
    "certificatesToReview": to_review(MANAGED_CERTIFICATE),
}

"""Inputs that several changes of organisations share."""

from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Role
from market.organisations.rules import Reason
from schema.enums import OrganisationRole, ReviewReason

OrganisationId = Annotated[strawberry.ID, strawberry.argument(description="The organisation's id.")]
Roles = Annotated[list[OrganisationRole], strawberry.argument(description="At least one.")]


@strawberry.input(description="Why staff say no.")
class ReviewReasonInput:
    code: ReviewReason = strawberry.field(description="What is wrong.")
    note: str | None = strawberry.field(
        default=UNSET, description="In words for the applicant, at most 500 characters; OTHER needs some."
    )

    def reason(self) -> Reason:
        """What the use cases take."""
        return Reason(self.code, self.note or "")


Reasons = Annotated[list[ReviewReasonInput], strawberry.argument(description="1 to 10.")]


def reasons_of(given: list[ReviewReasonInput]) -> tuple[Reason, ...]:
    """The reasons as the use cases take them."""
    return tuple(each.reason() for each in given)


def roles_of(given: list[OrganisationRole]) -> list[Role]:
    """The roles as the use cases take them."""
    return [Role(each.value) for each in given]


def said(value: Any) -> Any:
    """A value that may be left out, None then."""
    return None if value is UNSET else value


def change(value: str | None) -> str | None:
    """A text to set, as use cases take changes: None leaves alone what was left out, an empty text clears what was set
    to null."""
    if value is UNSET:
        return None
    return "" if value is None else value

"""What the changes of listings are refused with, beyond what all are."""

import strawberry

from market.catalogue import errors
from schema.enums import SuspensionCause
from schema.listings.content import ListingProblem
from schema.listings.showing import problem_of
from schema.mutations import UserError, told_as
from schema.permissions import PUBLIC, ruled


@told_as(
    errors.NotReady,
    lambda error, language: {"problems": [problem_of(each, language) for each in error.facts["problems"]]},
)
@strawberry.type(description="The listing is not complete, or says what none may. All that is wrong is told at once.")
@ruled(PUBLIC)
class ListingNotReady(UserError):
    problems: list[ListingProblem] = strawberry.field(description="What to put right, in the order of the form.")


@told_as(errors.EditedMeanwhile, lambda error, _language: {"version": error.facts["version"]})
@strawberry.type(description="Somebody else saved or decided since it was read: read it again and go on from that.")
@ruled(PUBLIC)
class EditedMeanwhile(UserError):
    version: int = strawberry.field(description="The listing's version now.")


@told_as(errors.NoOpenRevision)
@strawberry.type(description="There is no open revision: save a draft first.")
@ruled(PUBLIC)
class NoOpenRevision(UserError):
    pass


@told_as(errors.NotApproved)
@strawberry.type(description="The listing was never approved.")
@ruled(PUBLIC)
class ListingNotApproved(UserError):
    pass


@told_as(
    errors.StillSuspended,
    lambda error, _language: {"causes": [SuspensionCause(each) for each in error.facts["causes"]]},
)
@strawberry.type(description="A cause for which the listing is off sale still holds.")
@ruled(PUBLIC)
class ListingStillSuspended(UserError):
    causes: list[SuspensionCause] = strawberry.field(description="Those that hold.")


@told_as(errors.AgencyLicenceNeeded)
@strawberry.type(
    description="Only a licensed travel agency may run this package, and its seller shows no such licence: approve it "
    "with `confirmsAgency`, or not at all."
)
@ruled(PUBLIC)
class AgencyLicenceNeeded(UserError):
    pass


@told_as(errors.OwnListing)
@strawberry.type(
    description="Nobody decides about a listing of their own organisation, or about what they wrote themselves."
)
@ruled(PUBLIC)
class OwnListing(UserError):
    pass

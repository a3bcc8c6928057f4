"""Why somebody is not let in, as the client is told."""

import strawberry

from market.people import errors
from schema.mutations import UserError, told_as
from schema.permissions import PUBLIC, ruled


@told_as(errors.SignInRefused)
@strawberry.type(
    description="What was shown opens nothing; `code` says what it was: WRONG_CODE, WRONG_PASSWORD and so on."
)
@ruled(PUBLIC)
class SignInRefused(UserError):
    pass


@told_as(errors.SecondFactorNeeded)
@strawberry.type(description="The password was right: send it again with a code of the authenticator.")
@ruled(PUBLIC)
class SecondFactorNeeded(UserError):
    pass


@told_as(errors.AccountBlocked)
@strawberry.type(description="Staff have blocked this account.")
@ruled(PUBLIC)
class AccountBlocked(UserError):
    pass


@told_as(errors.TooManyAttempts, lambda error, _language: {"retry_after_seconds": error.facts["retry_after_seconds"]})
@strawberry.type(description="Too many attempts by this number, name, account or network.")
@ruled(PUBLIC)
class TooManyAttempts(UserError):
    retry_after_seconds: int = strawberry.field(description="Try again in so many seconds.")

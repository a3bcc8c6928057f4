"""Refusals as members of a mutation's result: what was raised, as the client is told.

One class here for each `MarketError` worth telling apart; one raised that has none is told as the nearest above it.
"""

from collections.abc import Callable
from typing import Any

import strawberry

from market.kernel import errors
from market.kernel.errors import Language, MarketError
from schema.permissions import PUBLIC, ruled


@strawberry.interface(description="Why something was refused. Nothing was changed.")
@ruled(PUBLIC)
class UserError:
    code: str = strawberry.field(description="The reason, for programs: CONFLICT, NOT_FOUND and so on.")
    message: str = strawberry.field(
        description="The reason and what to do next, for people, in the request's language."
    )
    path: list[str] = strawberry.field(description="The response path of the mutation.")
    retryable: bool = strawberry.field(description="Whether the same call may go through later.")


@strawberry.type(description="The input can never work: change it.")
@ruled(PUBLIC)
class InvalidInput(UserError):
    field: str = strawberry.field(description="Which part of the input.")
    allowed: str = strawberry.field(description="What would be right, in the request's language.")


@strawberry.type(description="Nobody is signed in, or no longer.")
@ruled(PUBLIC)
class NotSignedIn(UserError):
    pass


@strawberry.type(description="The caller's roles do not allow it.")
@ruled(PUBLIC)
class Forbidden(UserError):
    pass


@strawberry.type(description="What was named is unknown, or not the caller's.")
@ruled(PUBLIC)
class NotFound(UserError):
    field: str = strawberry.field(description="Which part of the input names it.")


@strawberry.type(description="The state of things is against it: read again, then decide.")
@ruled(PUBLIC)
class Conflict(UserError):
    pass


@strawberry.type(description="It is not in a state from which this can be done.")
@ruled(PUBLIC)
class IllegalTransition(UserError):
    from_state: str = strawberry.field(description="The state it is in.")
    to_state: str = strawberry.field(description="The state it was to go to.")
    allowed: list[str] = strawberry.field(description="The states it can go to now.")


@strawberry.type(description="The idempotency key was used with another input: make a new key for a new request.")
@ruled(PUBLIC)
class IdempotencyConflict(UserError):
    pass


@strawberry.type(description="Too much or too often.")
@ruled(PUBLIC)
class LimitReached(UserError):
    what: str = strawberry.field(description="What there is too much of.")
    limit: int = strawberry.field(description="How much is allowed.")


@strawberry.type(description="It cannot be done now; the same call may go through later.")
@ruled(PUBLIC)
class Unavailable(UserError):
    pass


Facts = Callable[[Any, Language], dict[str, Any]]
"""The members of its own that an error's type has, from what was raised."""


def _nothing(_error: Any, _language: Language) -> dict[str, Any]:
    return {}


TOLD: dict[type[MarketError], tuple[type[UserError], Facts]] = {
    errors.Invalid: (
        InvalidInput,
        lambda error, language: {
            "field": error.facts["field"],
            "allowed": error.facts["allowed" if language == "en" else "allowed_zh"],
        },
    ),
    errors.NotSignedIn: (NotSignedIn, _nothing),
    errors.Forbidden: (Forbidden, _nothing),
    errors.NotFound: (NotFound, lambda error, _language: {"field": error.facts["field"]}),
    errors.Conflict: (Conflict, _nothing),
    errors.IllegalTransition: (
        IllegalTransition,
        lambda error, _language: {
            name: list(error.facts[name]) if name == "allowed" else error.facts[name]
            for name in ("from_state", "to_state", "allowed")
        },
    ),
    errors.IdempotencyConflict: (IdempotencyConflict, _nothing),
    errors.LimitReached: (
        LimitReached,
        lambda error, _language: {"what": error.facts["what"], "limit": error.facts["limit"]},
    ),
    errors.Unavailable: (Unavailable, _nothing),
}
"""The one table from what is raised to what is told."""

COMMON: tuple[type[UserError], ...] = tuple(kind for kind, _facts in TOLD.values())
"""What every mutation may answer with."""


def told_as(error: type[MarketError], facts: Facts = _nothing) -> Callable[[type[Any]], type[Any]]:
    """Class decorator of a room's own error type: which raised error it tells, and its further members."""

    def enter(kind: type[Any]) -> type[Any]:
        TOLD[error] = (kind, facts)
        return kind

    return enter


def tell(error: MarketError, *, language: Language, path: list[str], among: tuple[type[UserError], ...]) -> UserError:
    """The error as a member of a result that has these, the nearest of its ancestry."""
    for ancestor in type(error).__mro__:
        found = TOLD.get(ancestor)
        if found is not None and found[0] in among:
            kind, facts = found
            return kind(
                code=error.code,
                message=error.message(language),
                path=path,
                retryable=error.retryable,
                **facts(error, language),
            )
    raise error

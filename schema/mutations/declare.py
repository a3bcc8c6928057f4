"""How a mutation is declared: a method that gives its payload, and a result union made around it.

    @strawberry.type
    class ListingMutations:
        @mutation("Hand a listing's open revision in for review.", rule=Permission.LISTING_EDIT)
        async def submit_listing(self, info: Info, input: SubmitListingInput) -> SubmitListingPayload:
            return SubmitListingPayload(listing_id=await info.context.act(submit_listing, input.listing_id))

becomes `submitListing(input: …): SubmitListingResult!`, a union of the payload and all errors of `errors.py`. What the
use case raises is told as one of them; whatever else is raised is a bug, masked.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import reduce, wraps
from operator import or_
from typing import Annotated, Any

import strawberry
from graphql import GraphQLResolveInfo

from market.kernel.errors import MarketError
from schema.context import Context
from schema.mutations.errors import COMMON, UserError, tell
from schema.permissions import Rule, check_rule
from schema.projection.declare import Target

Info = strawberry.Info[Context, None]

IdempotencyKey = Annotated[
    strawberry.ID,
    strawberry.argument(
        description="Made by the client for this one request: 16 to 64 letters, digits, _ or -. The same key and input "
        "give the same answer for seven days, and the thing is done once."
    ),
]
"""An argument of mutations that create or move something."""


def mutation(
    description: str, *, rule: Rule, errors: tuple[type[UserError], ...] = ()
) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """A mutation field. `errors` are further error types of its own, declared with `told_as`."""

    def declare(method: Callable[..., Awaitable[Any]]) -> Any:
        members = (*COMMON, *errors)

        @wraps(method)
        async def resolve(self: Any, info: Info, **arguments: Any) -> Any:
            try:
                check_rule(info.context.actor, rule)
                return await method(self, info, **arguments)
            except MarketError as error:
                return tell(error, language=info.context.locale, path=_path(info), among=members)

        signature = inspect.signature(method)
        name = "".join(part.capitalize() for part in method.__name__.split("_")) + "Result"
        union = strawberry.union(name, description=f"What `{_camel(method.__name__)}` answers: done, or why not.")
        answers: Any = reduce(or_, (signature.return_annotation, *members))
        returns: Any = Annotated[answers, union]
        resolve.__signature__ = signature.replace(return_annotation=returns)  # type: ignore[attr-defined]
        resolve.__annotations__ = {**method.__annotations__, "return": returns}
        del resolve.__wrapped__  # else its own annotations would be read
        return strawberry.mutation(resolver=resolve, description=description, metadata={"rule": rule})

    return declare


def changed(description: str, returns: Any, target: Callable[[], Target], row_id: Callable[[Any], str | None]) -> Any:
    """A payload's field: the row that was changed, as it is now, read through its projection as the caller may see it."""

    async def resolve(root: Any, info: strawberry.Info) -> Any:
        found = row_id(root)
        raw: GraphQLResolveInfo[Any] = info._raw_info  # noqa: SLF001 - strawberry.Info has no public way to the nodes
        return None if found is None else await raw.context.row(raw, target(), found)

    resolve.__annotations__ = {"info": strawberry.Info, "return": returns}
    return strawberry.field(resolver=resolve, description=description)


def _path(info: Info) -> list[str]:
    raw: GraphQLResolveInfo[Any] = info._raw_info  # noqa: SLF001 - strawberry.Info has no public way to the path
    return [str(step) for step in raw.path.as_list()]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)

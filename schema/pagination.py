"""Relay connections (https://relay.dev/graphql/connections.htm), and the resolvers that all projected fields share."""

import inspect
from collections.abc import Sequence
from typing import Annotated, Any, ForwardRef, Generic, TypeVar

import strawberry
from graphql import GraphQLResolveInfo
from strawberry import UNSET

from schema.permissions import PUBLIC, Rule, ruled
from schema.projection import projected
from schema.scalars import Locale

T = TypeVar("T")

First = Annotated[
    int | None, strawberry.argument(description="How many rows from the start, 1 to 100; 20 when neither is given.")
]
After = Annotated[str | None, strawberry.argument(description="Start after this cursor of the same list and order.")]
Last = Annotated[int | None, strawberry.argument(description="How many rows from the end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="End before this cursor of the same list and order.")]
LocaleArgument = Annotated[
    Locale | None,
    strawberry.argument(description="The language to show; the request's Accept-Language when left out."),
]


def answer(source: Any, info: strawberry.Info) -> Any:
    """What the projection has made of this field. Resolvers of projected fields return it."""
    raw: GraphQLResolveInfo[Any] = info._raw_info  # noqa: SLF001 - strawberry.Info has no public way to the path and nodes
    return projected(source, raw)


def _localized(root: Any, info: strawberry.Info, locale: LocaleArgument = UNSET) -> str:  # noqa: ARG001 - read by the projection
    return answer(root, info)  # type: ignore[no-any-return]


def localized_field(description: str, *, rule: Rule | None = None) -> Any:
    """A field of text in Chinese or English, chosen by its `locale` argument."""
    return strawberry.field(
        resolver=_localized, description=f"{description} In the language asked for.", metadata={"rule": rule}
    )


def field(description: str, *, rule: Rule | None = None) -> Any:
    """A projected field without arguments. `rule` says who may see it, when that is not its type's rule."""
    return strawberry.field(description=description, metadata={"rule": rule})


def lazy(module: str, name: str) -> Any:
    """A type of a module of `schema/` that imports this one."""
    return Annotated[ForwardRef(name), strawberry.lazy(f"schema.{module}")]


_PAGES = {"first": First, "after": After, "last": Last, "before": Before}


def listed(
    description: str,
    returns: Any,
    *,
    where: Any = None,
    order: Any = None,
    usual: str = "",
    rule: Rule | None = None,
    **more: Any,
) -> Any:
    """A projected field that is a connection: its page arguments, and filters and orders when it has them.

    `more` are further arguments, by name. All but those are described here once.
    """
    options: dict[str, Any] = dict(more)
    if where is not None:
        options["where"] = Annotated[where | None, strawberry.argument(description="Only rows that meet all of these.")]
    if order is not None:
        text = f"The order, each stable; {usual} when left out."
        options["order_by"] = Annotated[order | None, strawberry.argument(description=text)]
    return single(description, returns, rule=rule, **options, **_PAGES)


def single(description: str, returns: Any, *, rule: Rule | None = None, **arguments: Any) -> Any:
    """A projected field with arguments, by name and annotation; those that allow null may be left out."""

    def resolve(root: Any, info: strawberry.Info, **_arguments: Any) -> Any:
        return answer(root, info)

    own = [
        inspect.Parameter("root", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info),
    ]
    given = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if _is_required(each) else UNSET,
            annotation=each,
        )
        for name, each in arguments.items()
    ]
    resolve.__signature__ = inspect.Signature([*own, *given], return_annotation=returns)  # type: ignore[attr-defined]
    resolve.__annotations__ = {"info": strawberry.Info, **arguments, "return": returns}
    return strawberry.field(resolver=resolve, description=description, metadata={"rule": rule})


def _is_required(annotation: Any) -> bool:
    inner = annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation
    return type(None) not in getattr(inner, "__args__", ())


@strawberry.type(description="Where a page lies in its list.")
@ruled(PUBLIC)
class PageInfo:
    has_next_page: bool = field("Rows follow. Going backward: a `before` was given.")
    has_previous_page: bool = field("Rows precede. Going forward: an `after` was given.")
    start_cursor: str | None = field("The first row's cursor.")
    end_cursor: str | None = field("The last row's cursor.")


@strawberry.type(description="A row of a list, and where it is.")
class Edge(Generic[T]):
    node: T = field("The row.")
    cursor: str = field("Where this row is in this list and order. Opaque.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: Sequence[Edge[T]] = field("The page's rows with their cursors.")
    nodes: list[T] = field("The page's rows.")
    page_info: PageInfo = field("Where the page lies.")
    total_count: int = field(
        "How many rows the whole filtered list has, counted up to 2,000: 2,000 then means that or more."
    )
    is_total_count_exact: bool = field("Whether `totalCount` is of the whole list.")

"""Connections: one page by keyset, its cursors, a bounded count and facets, in one expression."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from graphql import FieldNode, GraphQLField, GraphQLObjectType, get_named_type

from market.kernel.errors import Invalid
from market.kernel.pages import Page, page_of
from schema.projection.arguments import Args
from schema.projection.columns import above, number, quoted
from schema.projection.declare import (
    Condition,
    Connection,
    Expression,
    Order,
)
from schema.projection.facets import compile_facets
from schema.projection.frame import COUNT_MAX, EACH
from schema.projection.page import Rows, check_cursor, cursor_of, page_of_rows
from schema.projection.selection import Fields

if TYPE_CHECKING:
    from schema.projection.compiler import Compiler
    from schema.projection.frame import Frame


def compile_connection(  # noqa: PLR0917 - what the compiler knows at this point
    compiler: Compiler,
    spec: Connection,
    definition: GraphQLField,
    args: Args,
    nodes: list[FieldNode],
    frame: Frame,
) -> Expression:
    """The selected parts of a connection as one JSON object.

    Refuses with InvalidPage, InvalidCursor, or Invalid when the order needs an argument that is not there.
    """
    target = spec.target()
    base = compiler.rows(target)
    filters: list[Condition] = []
    if spec.on is not None and frame.row is not None:
        filters.append(spec.on(frame.row, base, compiler))
    if spec.where is not None:
        filters += spec.where(base, compiler, args)
    ways = list(spec.alternatives(frame.row, base)) if spec.alternatives and frame.row is not None else []
    is_keyed = frame.is_keyed and spec.is_owned
    if not is_keyed:
        compiler.depend(target)
    page = _page(compiler, args)
    whole = Rows(compiler, spec, args, base, frame.row is not None, filters, ways, page, _order(spec, args))
    kind = get_named_type(definition.type)
    assert isinstance(kind, GraphQLObjectType)
    fields = compiler.selector.fields(kind, nodes)
    of_page = _asked_of_page(whole, kind, fields)
    names = {merged[0].name.value for merged in fields.values()}
    rows = page_of_rows(whole, is_numbered=bool(of_page)) if of_page or names & {"edges", "nodes"} else None
    if rows is None:
        check_cursor(whole)
    inner = replace(frame, is_keyed=is_keyed)
    pairs = [(key, _part(whole, kind, merged, rows, inner.at(key))) for key, merged in fields.items()]
    made = compiler.engine.json_object(pairs)
    return made if rows is None else compiler.engine.json_nested(above(rows, made).scalar_subquery())


def _asked_of_page(whole: Rows, kind: GraphQLObjectType, fields: Fields) -> set[str]:
    """What `pageInfo` is asked that only the rows can tell."""
    info = get_named_type(kind.fields["pageInfo"].type)
    assert isinstance(info, GraphQLObjectType)
    nodes = [node for merged in fields.values() if merged[0].name.value == "pageInfo" for node in merged]
    asked = {merged[0].name.value for merged in whole.compiler.selector.fields(info, nodes).values()}
    told = "hasNextPage" if whole.page.is_backward else "hasPreviousPage"
    return asked - {"__typename", told}


def _page(compiler: Compiler, args: Args) -> Page:
    def size(name: str) -> int | None:
        slot = args.slot(name)
        return None if slot is None else compiler.structure(slot, int)

    return page_of(first=size("first"), last=size("last"), has_after="after" in args, has_before="before" in args)


def _order(spec: Connection, args: Args) -> Order | None:
    name = args.get("orderBy") or spec.default
    if name == spec.tiered:
        return None
    order = spec.orders[name]
    if order.needs is not None:
        given: Any = args
        for step in order.needs[0].split("."):
            given = given.nested(step) if step != order.needs[0].rsplit(".", 1)[-1] else given.get(step)
        if given is None:
            raise Invalid(
                field="orderBy",
                allowed=f"this order needs {order.needs[0]}",
                allowed_zh=f"这种排序需要给出 {order.needs[1]}",
            )
    return order


# -- its parts ---------------------------------------------------------------------------------------------------------


def _part(
    whole: Rows, kind: GraphQLObjectType, merged: list[FieldNode], rows: sa.FromClause | None, frame: Frame
) -> Expression:
    compiler, name = whole.compiler, merged[0].name.value
    only = None if rows is None or "n" not in rows.c else rows.c.n <= number(whole.page.size)
    match name:
        case "edges":
            assert rows is not None
            edge = get_named_type(kind.fields["edges"].type)
            assert isinstance(edge, GraphQLObjectType)
            return compiler.engine.json_list(_edge(whole, edge, merged, rows, frame.at(EACH)), only=only)
        case "nodes":
            assert rows is not None
            node = compiler.object(whole.spec.target(), rows, merged, frame.at(EACH))
            return compiler.engine.json_list(node, only=only)
        case "pageInfo":
            return _page_info(whole, kind, merged, rows)
        case "totalCount":
            return _count(whole, COUNT_MAX)
        case "isTotalCountExact":
            return compiler.engine.json_boolean(_count(whole, COUNT_MAX + 1) <= number(COUNT_MAX))
        case "facets":
            return compile_facets(whole, kind, merged, frame)
        case _:
            return quoted(kind.name)  # __typename: start-up checks that there is nothing else


def _edge(
    whole: Rows, kind: GraphQLObjectType, nodes: list[FieldNode], rows: sa.FromClause, frame: Frame
) -> Expression:
    compiler = whole.compiler
    pairs: list[tuple[str, Expression]] = []
    for key, merged in compiler.selector.fields(kind, nodes).items():
        name = merged[0].name.value
        inner = frame.at(key)
        if name == "node":
            pairs.append((key, compiler.object(whole.spec.target(), rows, merged, inner)))
        elif name == "cursor":
            pairs.append((key, rows.c.page_cursor))
        elif name == "__typename":
            pairs.append((key, quoted(kind.name)))
        else:
            spec = whole.spec.edge[name]
            pairs.append((key, compiler.value(spec, kind.fields[name], merged, replace(inner, row=rows), whole.args)))
    return compiler.engine.json_object(pairs)


def _page_info(whole: Rows, kind: GraphQLObjectType, nodes: list[FieldNode], rows: sa.FromClause | None) -> Expression:
    engine, size = whole.compiler.engine, number(whole.page.size)
    info = get_named_type(kind.fields["pageInfo"].type)
    assert isinstance(info, GraphQLObjectType)
    was_given = sa.true() if cursor_of(whole)[0] is not None else sa.false()
    told, counted = ("hasNextPage", "hasPreviousPage") if whole.page.is_backward else ("hasPreviousPage", "hasNextPage")
    values: dict[str, Expression] = {told: engine.json_boolean(was_given), "__typename": quoted(info.name)}
    if rows is not None and "n" in rows.c:
        # The first and last cursor by row number: numbers of one width, so that text order is number order.
        mark = sa.cast(number(1000) + rows.c.n, sa.Text).concat(rows.c.page_cursor)
        is_kept = rows.c.n <= size
        lowest = sa.func.substr(sa.func.min(mark).filter(is_kept), number(5))
        highest = sa.func.substr(sa.func.max(mark).filter(is_kept), number(5))
        start, end = (highest, lowest) if whole.page.is_backward else (lowest, highest)
        values |= {
            counted: engine.json_boolean(sa.func.count() > size),
            "startCursor": start,
            "endCursor": end,
        }
    fields = whole.compiler.selector.fields(info, nodes)
    return engine.json_object([(key, values[merged[0].name.value]) for key, merged in fields.items()])


def _count(whole: Rows, most: int) -> Expression:
    """How many rows the list has, counting no further than `most`."""
    arms = (
        whole.each_way(number(1).label("one")) if whole.spec.found is None else [whole.select(number(1).label("one"))]
    )
    if len(arms) == 1:
        return above(arms[0].limit(number(most)).subquery(), sa.func.count()).scalar_subquery()
    each = [arm.limit(number(most)).subquery() for arm in arms]
    some = sa.union_all(*[sa.select(*arm.c) for arm in each]).limit(number(most)).subquery()
    return above(some, sa.func.count()).scalar_subquery()

"""Facets of a connection: counts by value, over the same rows as the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from graphql import FieldNode, GraphQLObjectType, get_named_type

from schema.projection.columns import above, number, quoted
from schema.projection.declare import Expression, Facet
from schema.projection.frame import EACH, FACET_ROWS_MAX

if TYPE_CHECKING:
    from schema.projection.compiler import Compiler
    from schema.projection.frame import Frame
    from schema.projection.page import Rows


def compile_facets(whole: Rows, kind: GraphQLObjectType, nodes: list[FieldNode], frame: Frame) -> Expression:
    """Counts by value over the list's first `FACET_ROWS_MAX` rows, so that they agree with the filtered list."""
    compiler = whole.compiler
    facets = get_named_type(kind.fields["facets"].type)
    assert isinstance(facets, GraphQLObjectType)
    matching = whole.select(whole.base).limit(number(FACET_ROWS_MAX))
    # At the root the rows are gathered once for all facets; a nested list gathers them for each.
    rows = matching.cte("matching") if not whole.is_nested else matching.subquery("matching")
    pairs: list[tuple[str, Expression]] = []
    for key, merged in compiler.selector.fields(facets, nodes).items():
        name = merged[0].name.value
        if name == "__typename":
            pairs.append((key, quoted(facets.name)))
            continue
        if name == "isExact":
            beyond = whole.select(number(1)).offset(number(FACET_ROWS_MAX)).limit(number(1))
            pairs.append((key, compiler.engine.json_boolean(sa.not_(sa.exists(beyond)))))
            continue
        item = get_named_type(facets.fields[name].type)
        assert isinstance(item, GraphQLObjectType)
        pairs.append((key, _facet(whole, whole.spec.facets[name], item, merged, rows, frame.at(key).at(EACH))))
    return compiler.engine.json_object(pairs)


def _facet(  # noqa: PLR0917 - what is known of a facet
    whole: Rows,
    facet: Facet,
    kind: GraphQLObjectType,
    nodes: list[FieldNode],
    rows: sa.FromClause,
    frame: Frame,
) -> Expression:
    compiler, engine = whole.compiler, whole.compiler.engine
    source: sa.FromClause = rows
    by_row = rows
    if facet.joined is not None:
        by_row, condition = facet.joined(rows, compiler)
        source = rows.join(by_row, condition)
    by = facet.by(by_row, compiler)
    value, count = by.label("value"), sa.func.count().label("count")
    counted = (
        sa.select(value, count)
        .select_from(source)
        .where(by.is_not(None))
        .group_by(by)
        .order_by(count.desc(), value)
        .limit(number(facet.limit))
        .correlate_except(*[rows, by_row])
        .subquery()
    )
    values: dict[str, Any] = {
        "value": lambda _merged, _key: counted.c.value,
        "count": lambda _merged, _key: counted.c["count"],
        "__typename": lambda _merged, _key: quoted(kind.name),
        "node": lambda merged, key: _facet_node(compiler, facet, counted, merged, frame.at(key)),
    }
    fields = compiler.selector.fields(kind, nodes)
    item = engine.json_object([(key, values[merged[0].name.value](merged, key)) for key, merged in fields.items()])
    return engine.json_nested(above(counted, engine.json_list(item)).scalar_subquery())


def _facet_node(
    compiler: Compiler, facet: Facet, counted: sa.FromClause, merged: list[FieldNode], frame: Frame
) -> Expression:
    assert facet.target is not None
    target = facet.target()
    row = compiler.rows(target)
    compiler.depend(target)
    value = compiler.object(target, row, merged, frame)
    one = sa.select(value).where(row.c[facet.key] == counted.c.value).correlate_except(row)
    return compiler.engine.json_nested(one.scalar_subquery())

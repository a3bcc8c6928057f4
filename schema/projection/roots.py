"""Root fields: lists, single rows by id, nodes of any type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from graphql import FieldNode, GraphQLField

from schema.projection import connection as connections
from schema.projection.arguments import Args, Slot, Structural, arguments_of
from schema.projection.declare import ById, ByIds, Condition, Connection, Field, Mine, Target
from schema.projection.frame import EACH, Frame
from schema.projection.viewer import own

if TYPE_CHECKING:
    from schema.projection.compiler import Compiler


def compile_root(compiler: Compiler, spec: Field, definition: GraphQLField, nodes: list[FieldNode]) -> sa.Select[Any]:
    """The statement of a root field: one row with one text."""
    compiler.allow(definition)
    args = arguments_of(definition, nodes[0], compiler.variables)
    frame = Frame()
    match spec:
        case Connection():
            value = connections.compile_connection(compiler, spec, definition, args, nodes, frame)
            return sa.select(compiler.engine.json_text(value))
        case ById():
            return _by_id(compiler, spec, args, nodes)
        case Mine():
            return _mine(compiler, spec, nodes)
        case ByIds(is_single=True):
            slot = args.present[spec.argument]
            target = spec.targets().get(compiler.structure(slot, spec.prefix))
            if target is None:
                return sa.select(sa.null())
            compiler.depend(target)
            return _row(compiler, target, lambda row: row.c.id == compiler.bind(slot), nodes, frame, is_abstract=True)
        case ByIds():
            return _by_ids(compiler, spec, args, nodes)
        case _:
            raise TypeError(f"a root field cannot be a {type(spec).__name__}")


def _by_id(compiler: Compiler, spec: ById, args: Args, nodes: list[FieldNode]) -> sa.Select[Any]:
    slot = spec.given or args.present[spec.argument]
    target = spec.target()
    if spec.is_keyed:
        compiler.topic_slots.append(slot)
    else:
        compiler.depend(target)
    frame = Frame(is_keyed=spec.is_keyed)
    return _row(compiler, target, lambda row: row.c[spec.key] == compiler.bind(slot, spec.check), nodes, frame)


def _mine(compiler: Compiler, spec: Mine, nodes: list[FieldNode]) -> sa.Select[Any]:
    compiler.is_public = False
    if compiler.viewer.actor.account_id is None:
        return sa.select(sa.null())
    target = spec.target()
    compiler.depend(target)
    return _row(compiler, target, lambda row: row.c[spec.key] == own(compiler), nodes, Frame())


def _row(
    compiler: Compiler,
    target: Target,
    condition: Callable[[sa.FromClause], Condition],
    nodes: list[FieldNode],
    frame: Frame,
    *,
    is_abstract: bool = False,
) -> sa.Select[Any]:
    row = compiler.rows(target)
    value = compiler.object(target, row, nodes, frame, is_abstract=is_abstract)
    return sa.select(compiler.engine.json_text(value)).where(condition(row), *compiler.visible(target, row))


def _by_ids(compiler: Compiler, spec: ByIds, args: Args, nodes: list[FieldNode]) -> sa.Select[Any]:
    values = args.present[spec.argument]
    if isinstance(values, list):
        values = Slot(None, (), [slot.value(compiler.variables) for slot in values])
        compiler.structural += [
            Structural(slot, str, str.__qualname__) for slot in args.present[spec.argument] if slot.variable
        ]
    prefixes = compiler.structure(values, lambda ids: tuple(sorted({spec.prefix(each) for each in spec.check(ids)})))
    asked = compiler.engine.elements(compiler.bind_list(values))
    found = []
    for prefix in prefixes:
        target = spec.targets().get(prefix)
        if target is not None:
            compiler.depend(target)
            row = compiler.rows(target)
            value = compiler.object(target, row, nodes, Frame(path=(EACH,)), is_abstract=True)
            chosen = sa.select(value).where(row.c.id == asked.c.value, *compiler.visible(target, row))
            found.append(chosen.correlate_except(row).scalar_subquery())
    one = sa.func.coalesce(*found, sa.null()) if found else sa.null()
    items = (
        sa.select(compiler.engine.json_nested(one).label("item"), asked.c.position)
        .select_from(asked)
        .order_by(asked.c.position)
    )
    rows = items.subquery("found")
    return sa.select(compiler.engine.json_text(compiler.engine.json_list(compiler.engine.json_nested(rows.c.item))))

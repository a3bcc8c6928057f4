"""Who reads, as far as a statement must know: which fields are allowed, which rows are within reach."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from graphql import GraphQLField

from market.kernel.permissions import VISITOR, Actor, Permission, held, reach
from schema.projection.columns import exists, number
from schema.projection.frame import ACTOR

if TYPE_CHECKING:
    from schema.projection.declare import Build, Condition, Expression


def _anything(_actor: Actor, _field: GraphQLField) -> None:
    """Every field is allowed: for schemas without rules."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """An actor who reads. Plans are shared by viewers of equal `key`: what a plan looks like depends on nothing else
    of them; whose they are is bound when it runs."""

    actor: Actor
    allow: Callable[[Actor, GraphQLField], None] = _anything
    """Refuses, with NotSignedIn or Forbidden, a field whose rule the actor's roles do not meet anywhere."""

    @property
    def key(self) -> Hashable:
        """Which roles they hold, wherever that is."""
        if self.actor is VISITOR:
            return None
        return (self.actor.kind, frozenset([role for role, _where in held(self.actor)]), self.actor.limits)


ANYBODY = Viewer(VISITOR)


def own(build: Build) -> Expression:
    """The viewer's account id, bound; null for a visitor."""
    return build.bind(ACTOR, lambda actor: actor.account_id)


def organisations(build: Build, permission: Permission) -> sa.Select[Any]:
    """The ids of the organisations in which the viewer holds a role that grants this, bound."""
    return sa.select(_listed(build, lambda actor: reach(actor, permission).organisation_ids).c.value)


def reached(
    build: Build,
    permission: Permission,
    *,
    owner: Expression | None = None,
    organisation: Expression | None = None,
    region: Expression | None = None,
) -> Condition:
    """Which rows the permission opens to the viewer, by the columns that say whose each is. What is not said is not
    covered. Refuses as `reach` does: NotSignedIn, Forbidden."""
    build.personal()
    opened = reach(build.viewer.actor, permission)
    if opened.is_all:
        return sa.true()
    ways: list[Condition] = []
    if opened.account_id is not None and owner is not None:
        ways.append(owner == own(build))
    if opened.organisation_ids and organisation is not None:
        ways.append(organisation.in_(organisations(build, permission)))
    if opened.region_prefixes and region is not None:
        ways.append(within(build, permission, region))
    return sa.or_(*ways) if ways else sa.false()


def within(build: Build, permission: Permission, region: Expression) -> Condition:
    """Whether a region's code lies where the viewer's staff roles look."""
    asked = _listed(build, lambda actor: reach(actor, permission).region_prefixes)
    starts = sa.func.substr(region, number(1), sa.func.length(asked.c.value)) == asked.c.value
    return exists(asked, where=[starts])


def _listed(build: Build, of: Callable[[Actor], Iterable[str]]) -> sa.FromClause:
    """Texts of the viewer as rows (`value`), bound."""
    return build.engine.elements(build.bind(ACTOR, lambda actor: build.engine.bind_list(sorted(of(actor)))))

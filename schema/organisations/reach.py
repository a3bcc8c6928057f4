"""What a viewer's roles open of organisations: conditions and columns that are false or null for everybody else, where
`viewer.reached` refuses."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from market.kernel.permissions import Permission, scope_of
from market.kernel.phones import masked
from market.kernel.sealing import Sealer
from market.organisations.tables import Organisation as OrganisationTable
from schema.projection import Args, Build, Column, Computed, Given, looked_up, table_of
from schema.projection.columns import formatted
from schema.projection.declare import Condition, Expression
from schema.projection.viewer import own, reached

ORGANISATIONS = table_of(OrganisationTable)

Of = Callable[[sa.FromClause], Expression]


def _own_id(t: sa.FromClause) -> Expression:
    return t.c.id


def _its_organisation(t: sa.FromClause) -> Expression:
    return t.c.organisation_id


def reaches(build: Build, permission: Permission, organisation_id: Expression) -> Condition:
    """Whether the viewer has this permission for the organisation with this id: as its people, or as staff where it
    lies. False for whoever has it nowhere."""
    own(build)  # marks the answer as one for this viewer alone: a plain true or false would not
    if scope_of(build.viewer.actor, permission) is None:
        return sa.false()
    row = ORGANISATIONS.alias()
    region = looked_up(row.c.region_code, row, where=[row.c.id == organisation_id])
    return reached(build, permission, organisation=organisation_id, region=region)


def private(name: str, *, permission: Permission = Permission.MEMBERSHIP_READ, of: Of = _own_id) -> Column:
    """A column that is null unless the viewer has this permission for the row's organisation."""

    def value(t: sa.FromClause, build: Build, _args: Args) -> Expression:
        return sa.case((reaches(build, permission, of(t)), formatted(t.c[name], build)))

    return Column(value)


def private_list(name: str, key: str, *, permission: Permission = Permission.MEMBERSHIP_READ) -> Computed:
    """One value of each object in a JSON list; null unless the viewer has this permission for the row's organisation."""

    def values(t: sa.FromClause, build: Build, _args: Args) -> Sequence[Expression]:
        is_open = reaches(build, permission, _its_organisation(t))
        return [build.engine.json_boolean(is_open), build.engine.json_nested(t.c[name])]

    def act(is_open: bool, found: list[dict[str, Any]] | None) -> list[Any] | None:
        return [each[key] for each in found or []] if is_open else None

    return Computed(act, values)


def sealed(
    kept: Of,
    purpose: str,
    *,
    mask: Callable[[str], str],
    shown: Callable[[sa.FromClause, Build], Condition],
    in_full: Callable[[sa.FromClause, Build], Condition],
) -> Computed:
    """A sealed text (`kept`, of the row): null unless `shown`, masked unless `in_full`."""

    def values(t: sa.FromClause, build: Build, _args: Args) -> Sequence[Expression]:
        return [sa.case((shown(t, build), kept(t))), build.engine.json_boolean(in_full(t, build))]

    def act(found: str | None, is_full: bool, sealer: Sealer) -> str | None:
        if found is None:
            return None
        text = sealer.open(found, purpose=purpose)
        return text if is_full else mask(text)

    def given(build: Build, _args: Args) -> dict[str, Given]:
        sealer = build.fact("sealer")
        return {"sealer": Given(via=lambda _nothing: sealer)}

    return Computed(act, values, given)


def masked_name(name: str) -> str:
    """A person's name as it is shown to whoever need not know it: the first character.

    >>> masked_name("王小明")
    '王**'
    """
    return name[:1] + "*" * (len(name) - 1)


__all__ = ["ORGANISATIONS", "masked", "masked_name", "private", "private_list", "reaches", "sealed"]

"""Consents: how they stand, and how they came to stand so."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
import strawberry

from market.kernel.permissions import Permission
from market.people.profile.consents import give_consent, withdraw_consent
from market.people.profile.tables import Consent as ConsentTable
from schema.enums import ConsentDecision, ConsentKind, ConsentSource
from schema.filters import text_order
from schema.mutations import Info, mutation
from schema.pagination import field
from schema.people.profile.own import own_rows
from schema.permissions import ruled
from schema.projection import Args, Build, Projection, column, exists, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Condition


@strawberry.type(description="That a person consented to a text, or took it back.")
@ruled(Permission.PROFILE_MANAGE)
class Consent:
    kind: ConsentKind = field("To what.")
    decision: ConsentDecision = field("Whether it was given or taken back.")
    version: str = field("The version of the text that was shown.")
    source: ConsentSource = field("Where the person was asked.")
    at: datetime = field("When.")


# -- where they come from ----------------------------------------------------------------------------------------------

CONSENTS_TABLE = table_of(ConsentTable)

CONSENT = Projection(
    "Consent",
    CONSENTS_TABLE,
    visible=own_rows,
    fields={name: column(name) for name in ("kind", "decision", "version", "source", "at")},
)


def _is_newest(t: sa.FromClause, _build: Build, _args: Args) -> list[Condition]:
    later = CONSENTS_TABLE.alias()
    same = [later.c.account_id == t.c.account_id, later.c.kind == t.c.kind, later.c.number > t.c.number]
    return [~exists(later, where=same)]


def _of_account(account: sa.FromClause, consent: sa.FromClause, _build: Build) -> Condition:
    return consent.c.account_id == account.c.id


CONSENTS = Listed(
    lambda: CONSENT, {"KIND": text_order("k", "kind", tie="id")}, "KIND", on=_of_account, where=_is_newest
)
CONSENT_HISTORY = Listed(
    lambda: CONSENT, {"NEWEST": text_order("n", "id", is_descending=True)}, "NEWEST", on=_of_account
)


# -- changes -----------------------------------------------------------------------------------------------------------

_Kind = Annotated[ConsentKind, strawberry.argument(description="To what.")]
_Source = Annotated[ConsentSource, strawberry.argument(description="Where the person was asked.")]


@strawberry.type(description="How a consent stands now.")
@ruled(Permission.PROFILE_MANAGE)
class ConsentPayload:
    kind: ConsentKind = strawberry.field(description="To what.")
    is_given: bool = strawberry.field(description="Whether it stands.")
    version: str | None = strawberry.field(description="The version it was given for; null when it never was.")
    at: datetime | None = strawberry.field(description="Since when it stands so; null when it never was given.")


@strawberry.type
class ConsentMutations:
    """Giving consent and taking it back."""

    @mutation(
        "Consent to a text that was shown. Consenting again to the same version changes nothing.",
        rule=Permission.PROFILE_MANAGE,
    )
    async def give_consent(
        self,
        info: Info,
        kind: _Kind,
        version: Annotated[str, strawberry.argument(description="The version of the text that was shown.")],
        source: _Source,
    ) -> ConsentPayload:
        now = await info.context.act(give_consent, kind=kind, version=version, source=source)
        return ConsentPayload(kind=now.kind, is_given=now.is_given, version=now.version, at=now.at)

    @mutation(
        "Take a consent back. What was done while it stood remains lawful; what needed it is not done any more.",
        rule=Permission.PROFILE_MANAGE,
    )
    async def withdraw_consent(self, info: Info, kind: _Kind, source: _Source) -> ConsentPayload:
        now = await info.context.act(withdraw_consent, kind=kind, source=source)
        if now is None:
            return ConsentPayload(kind=kind, is_given=False, version=None, at=None)
        return ConsentPayload(kind=now.kind, is_given=now.is_given, version=now.version, at=now.at)

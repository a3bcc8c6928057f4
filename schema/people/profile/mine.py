"""The profile of the signed-in person: what nobody else sees."""

from typing import Annotated

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.people.profile.preferences import edit_profile
from market.people.profile.tables import Preference
from market.people.tables import Account as AccountTable
from schema.enums import MessageLanguage
from schema.mutations import Info, changed, mutation
from schema.pagination import Connection, field, listed, single
from schema.people.me import ACCOUNT, Account
from schema.people.profile.addresses import ADDRESSES, Address
from schema.people.profile.consents import CONSENT_HISTORY, CONSENTS, Consent
from schema.people.profile.privacy import PRIVACY_REQUESTS, PrivacyRequest
from schema.permissions import PUBLIC, ruled
from schema.projection import (
    Args,
    Build,
    Column,
    Mine,
    Projection,
    ToOne,
    looked_up,
    quoted,
    table_of,
)
from schema.projection.declare import Condition, Expression
from schema.projection.declare import Field as Projected
from schema.projection.viewer import own, reached


@strawberry.type(description="A person's own affairs. They see it themselves.")
@ruled(Permission.PROFILE_MANAGE)
class Profile:
    account: Account | None = field("Their account.")
    language: MessageLanguage = field("The language that messages to them are in.")
    addresses: Connection[Address] = listed(
        "Where they let things be sent, at most 50: the default first, then the newest.", Connection[Address]
    )
    consents: Connection[Consent] = listed(
        "How each kind of consent that they ever decided on stands now.", Connection[Consent]
    )
    consent_history: Connection[Consent] = listed(
        "Everything they consented to and took back, the newest first.", Connection[Consent]
    )
    privacy_requests: Connection[PrivacyRequest] = listed(
        "What they asked about their data, the newest first.", Connection[PrivacyRequest]
    )


@strawberry.input(description="What to change of one's profile; what is left out stays.")
class EditProfileInput:
    name: str | None = strawberry.field(default=UNSET, description="What to be called: 1 to 30 characters.")
    language: MessageLanguage | None = strawberry.field(
        default=UNSET, description="The language that messages are to be in."
    )


# -- where they come from ----------------------------------------------------------------------------------------------


def _visible(t: sa.FromClause, build: Build) -> list[Condition]:
    return [reached(build, Permission.PROFILE_MANAGE, owner=t.c.id), t.c.id == own(build)]


def _language(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
    preferred = table_of(Preference).alias()
    chosen = looked_up(preferred.c.language, preferred, where=[preferred.c.account_id == t.c.id])
    return sa.func.coalesce(sa.cast(chosen, sa.Text), quoted("ZH_CN"))


PROFILE = Projection(
    "Profile",
    table_of(AccountTable),
    visible=_visible,
    fields={
        "account": ToOne(lambda: ACCOUNT, lambda t, account: account.c.id == t.c.id),
        "language": Column(_language),
        "addresses": ADDRESSES,
        "consents": CONSENTS,
        "consentHistory": CONSENT_HISTORY,
        "privacyRequests": PRIVACY_REQUESTS,
    },
)


@strawberry.type
class MineQueries:
    """The root field of the profile."""

    profile: Profile | None = single(
        "The own affairs of the person who is signed in; null when nobody is.", Profile | None, rule=PUBLIC
    )


PROFILE_QUERIES: dict[str, Projected] = {"profile": Mine(lambda: PROFILE)}


@strawberry.type(description="The profile was changed.")
@ruled(Permission.PROFILE_MANAGE)
class EditProfilePayload:
    account_id: strawberry.Private[str]
    profile: Profile | None = changed(
        "The profile now.", Profile | None, lambda: PROFILE, lambda payload: payload.account_id
    )


@strawberry.type
class PreferenceMutations:
    """Changes of the profile."""

    @mutation("Change what one is called, or the language of messages.", rule=Permission.PROFILE_MANAGE)
    async def edit_profile(
        self,
        info: Info,
        input: Annotated[EditProfileInput, strawberry.argument(description="The changes.")],  # noqa: A002 - its name in the API
    ) -> EditProfilePayload:
        done = await info.context.act(
            edit_profile,
            name=None if input.name is UNSET else input.name,
            language=None if input.language is UNSET else input.language,
        )
        return EditProfilePayload(account_id=done.account_id)

"""Accounts, as administrators manage them: open, block, roles, passwords."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from market.people.hashing import apart
from market.people.manage import block_account, give_role, open_account, take_role, unblock_account
from market.people.passwords import set_password
from market.people.second_factor import reset_second_factor
from schema.enums import Role
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.people.me import ACCOUNT, Account
from schema.permissions import ruled

_AccountId = Annotated[strawberry.ID, strawberry.argument(description="The account.")]


@strawberry.input(description="An account to open for a person.")
class OpenAccountInput:
    name: str = strawberry.field(description="What the person is called.")
    phone: str | None = strawberry.field(default=UNSET, description="A mainland mobile number to sign in with.")


@strawberry.input(description="A role of an account, and where it is held.")
class RoleInput:
    account: strawberry.ID = strawberry.field(description="The account.")
    role: Role = strawberry.field(description="The role.")
    organisation: strawberry.ID | None = strawberry.field(
        default=UNSET, description="The organisation, for a role that is held in one."
    )
    region: str | None = strawberry.field(
        default=UNSET, description="The 12-digit code of the region, for a role of staff."
    )

    @property
    def within(self) -> str:
        """Where it is held, as the use cases take it."""
        return str(self.organisation or self.region or "")


@strawberry.input(description="A log-in name and password for an account.")
class SetPasswordInput:
    account: strawberry.ID = strawberry.field(description="The account.")
    login_name: str = strawberry.field(description="3 to 32 letters, digits, dots, dashes or underscores.")
    password: str = strawberry.field(description="12 to 128 characters, to be changed by the person.")


@strawberry.type(description="Done to an account.")
@ruled(Permission.PERSON_MANAGE)
class AccountPayload:
    account_id: strawberry.Private[str]
    account: Account | None = changed(
        "The account now.", Account | None, lambda: ACCOUNT, lambda payload: payload.account_id
    )


@strawberry.type
class AccountMutations:
    """What administrators do with accounts."""

    @mutation("Open an account for a person.", rule=Permission.PERSON_MANAGE)
    async def open_account(
        self,
        info: Info,
        input: Annotated[OpenAccountInput, strawberry.argument(description="The account.")],  # noqa: A002 - its name in the API
        idempotency_key: IdempotencyKey,
    ) -> AccountPayload:
        opened = await info.context.act(
            open_account, name=input.name, phone=input.phone or None, idempotency_key=str(idempotency_key)
        )
        return AccountPayload(account_id=opened)

    @mutation("Give an account a role.", rule=Permission.PERSON_MANAGE)
    async def give_role(
        self,
        info: Info,
        input: Annotated[RoleInput, strawberry.argument(description="The role.")],  # noqa: A002 - its name in the API
    ) -> AccountPayload:
        await info.context.act(give_role, account_id=str(input.account), role=input.role, within=input.within)
        return AccountPayload(account_id=str(input.account))

    @mutation("Take a role from an account; it counts no more from the next request on.", rule=Permission.PERSON_MANAGE)
    async def take_role(
        self,
        info: Info,
        input: Annotated[RoleInput, strawberry.argument(description="The role.")],  # noqa: A002 - its name in the API
    ) -> AccountPayload:
        await info.context.act(take_role, account_id=str(input.account), role=input.role, within=input.within)
        return AccountPayload(account_id=str(input.account))

    @mutation(
        "Block an account: it is signed out everywhere, API keys that it made end, and it cannot sign in.",
        rule=Permission.PERSON_MANAGE,
    )
    async def block_account(self, info: Info, account_id: _AccountId) -> AccountPayload:
        await info.context.act(block_account, account_id=str(account_id))
        return AccountPayload(account_id=str(account_id))

    @mutation("Let a blocked account sign in again.", rule=Permission.PERSON_MANAGE)
    async def unblock_account(self, info: Info, account_id: _AccountId) -> AccountPayload:
        await info.context.act(unblock_account, account_id=str(account_id))
        return AccountPayload(account_id=str(account_id))

    @mutation(
        "Give an account a log-in name and password, or others; it is signed out everywhere.",
        rule=Permission.PERSON_MANAGE,
    )
    async def set_password(
        self,
        info: Info,
        input: Annotated[SetPasswordInput, strawberry.argument(description="Name and password.")],  # noqa: A002 - its name in the API
    ) -> AccountPayload:
        context = info.context
        await apart(
            set_password,
            context.market,
            context.actor,
            account_id=str(input.account),
            login_name=input.login_name,
            password=input.password,
        )
        return AccountPayload(account_id=str(input.account))

    @mutation(
        "Take away an account's lost second factor, so that another can be enrolled; it is signed out everywhere.",
        rule=Permission.PERSON_MANAGE,
    )
    async def reset_second_factor(self, info: Info, account_id: _AccountId) -> AccountPayload:
        await info.context.act(reset_second_factor, account_id=str(account_id))
        return AccountPayload(account_id=str(account_id))

"""The password and the second factor of the signed-in person."""

from typing import Annotated

import strawberry

from market.kernel.permissions import Permission
from market.people.actors import device_of
from market.people.hashing import apart
from market.people.passwords import change_password
from market.people.second_factor import confirm_second_factor, enrol_second_factor
from schema.mutations import Info, mutation
from schema.people.refusals import SignInRefused, TooManyAttempts
from schema.people.sign_in import credential_of
from schema.permissions import ruled


@strawberry.input(description="A new password in place of the current one.")
class ChangePasswordInput:
    current: str = strawberry.field(description="The password now.")
    new: str = strawberry.field(description="The password from now on: 12 to 128 characters.")


@strawberry.type(description="Changed; every other device is signed out.")
@ruled(Permission.PROFILE_MANAGE)
class ChangePasswordPayload:
    device_id: strawberry.ID | None = strawberry.field(description="The device that stays signed in: this one.")


@strawberry.type(description="What the authenticator app needs, shown once.")
@ruled(Permission.PROFILE_MANAGE)
class EnrolSecondFactorPayload:
    secret: str = strawberry.field(description="The secret, in base32, to be typed in.")
    uri: str = strawberry.field(description="The same as `otpauth://…`, to be shown as a QR code.")


@strawberry.type(description="The second factor is in force from the next sign-in on.")
@ruled(Permission.PROFILE_MANAGE)
class ConfirmSecondFactorPayload:
    recovery_codes: list[str] = strawberry.field(
        description="Ten codes that stand in for a lost authenticator, each once. Shown once: keep them on paper."
    )


@strawberry.type
class SecurityMutations:
    """Changes of password and second factor."""

    @mutation(
        "Change one's own password; every other device is signed out.",
        rule=Permission.PROFILE_MANAGE,
        errors=(SignInRefused, TooManyAttempts),
    )
    async def change_password(
        self,
        info: Info,
        input: Annotated[ChangePasswordInput, strawberry.argument(description="Both passwords.")],  # noqa: A002 - its name in the API
    ) -> ChangePasswordPayload:
        context = info.context
        kept = device_of(context.market, credential_of(context))
        await apart(
            change_password, context.market, context.actor, current=input.current, new=input.new, keep_device_id=kept
        )
        return ChangePasswordPayload(device_id=None if kept is None else strawberry.ID(kept))

    @mutation(
        "Begin a second factor: scan the secret with an authenticator app, then `confirmSecondFactor`.",
        rule=Permission.PROFILE_MANAGE,
        errors=(SignInRefused, TooManyAttempts),
    )
    async def enrol_second_factor(
        self,
        info: Info,
        password: Annotated[str, strawberry.argument(description="One's password, once more.")],
    ) -> EnrolSecondFactorPayload:
        context = info.context
        made = await apart(enrol_second_factor, context.market, context.actor, password=password)
        return EnrolSecondFactorPayload(secret=made.secret, uri=made.uri)

    @mutation(
        "Put the second factor in force by a code that the authenticator shows; then sign in again with both.",
        rule=Permission.PROFILE_MANAGE,
        errors=(SignInRefused, TooManyAttempts),
    )
    async def confirm_second_factor(
        self,
        info: Info,
        code: Annotated[str, strawberry.argument(description="The six digits that the authenticator shows.")],
    ) -> ConfirmSecondFactorPayload:
        return ConfirmSecondFactorPayload(recovery_codes=list(await info.context.act(confirm_second_factor, code=code)))

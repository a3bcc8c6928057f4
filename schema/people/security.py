"""The password, the second factor and the number of the signed-in person."""

from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.errors import Invalid
from market.kernel.permissions import Permission
from market.people.actors import device_of
from market.people.hashing import apart
from market.people.passwords import change_password
from market.people.phone import OldNumber, PhoneChange, StaffProof, change_phone
from market.people.second_factor import confirm_second_factor, enrol_second_factor
from schema.mutations import Info, changed, mutation
from schema.people.me import ACCOUNT, Account
from schema.people.refusals import SignInRefused, TooManyAttempts
from schema.people.sign_in import caller_of, credential_of
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


@strawberry.input(description="A password and its second factor.")
class StaffProofInput:
    password: str = strawberry.field(description="One's password.")
    second_factor: str = strawberry.field(description="The authenticator's six digits, or a recovery code.")


@strawberry.input(one_of=True, description="What shows that the account is one's own, besides being signed in.")
class PhoneProofInput:
    old_code: str | None = strawberry.field(
        default=UNSET, description="The code that `requestSignInCode` had sent to the number the account has now."
    )
    staff: StaffProofInput | None = strawberry.field(
        default=UNSET, description="Password and second factor, when the old number is lost."
    )


@strawberry.input(description="Another number to sign in with.")
class ChangePhoneInput:
    phone: str = strawberry.field(description="The mainland mobile number from now on.")
    code: str = strawberry.field(description="The code that `requestSignInCode` had sent to it.")
    proof: PhoneProofInput = strawberry.field(description="What shows that the account is one's own.")


@strawberry.type(description="Changed; every other device is signed out.")
@ruled(Permission.PROFILE_MANAGE)
class ChangePhonePayload:
    account_id: strawberry.Private[str | None]
    account: Account | None = changed(
        "The account now.", Account | None, lambda: ACCOUNT, lambda payload: payload.account_id
    )


@strawberry.type
class SecurityMutations:
    """Changes of password, second factor and number."""

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

    @mutation(
        "Sign in with another number from now on; every other device is signed out. It takes a code sent to the new number, "
        "and one sent to the old number or password and second factor.",
        rule=Permission.PROFILE_MANAGE,
        errors=(SignInRefused, TooManyAttempts),
    )
    async def change_phone(
        self,
        info: Info,
        input: Annotated[ChangePhoneInput, strawberry.argument(description="The number, and what shows whose it is.")],  # noqa: A002 - its name in the API
    ) -> ChangePhonePayload:
        context = info.context
        market, proof = context.market, _proof_of(input.proof)
        await (apart if isinstance(proof, StaffProof) else market.run)(
            change_phone,
            market,
            caller_of(context),
            context.actor,
            PhoneChange(input.phone, input.code, proof),
            keep_device_id=device_of(market, credential_of(context)),
        )
        return ChangePhonePayload(account_id=context.actor.account_id)


def _proof_of(given: PhoneProofInput) -> OldNumber | StaffProof:
    if given.staff:
        return StaffProof(given.staff.password, given.staff.second_factor)
    if given.old_code:
        return OldNumber(given.old_code)
    raise Invalid(field="proof", allowed="one of oldCode and staff", allowed_zh="请选择一种验证方式")

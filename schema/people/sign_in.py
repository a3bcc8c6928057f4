"""Signing in and out, and staying signed in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.errors import Invalid
from market.kernel.permissions import Permission
from market.people.actors import device_of
from market.people.caller import Caller
from market.people.codes import send_code
from market.people.devices import revoke_device, sign_out
from market.people.errors import SignInExpired
from market.people.hashing import apart
from market.people.rules import CODE_LIFE, LIMITS, Counted
from market.people.sign_in import sign_in_with_code, sign_in_with_password
from market.people.tokens import SignedIn, refresh
from market.people.wechat import bind_wechat_phone, sign_in_with_wechat
from schema.authentication import ACCESS_COOKIE, REFRESH_COOKIE, cookies, kept_cookie
from schema.context import Context
from schema.mutations import Info, changed, mutation
from schema.people.me import ACCOUNT, Account
from schema.people.refusals import AccountBlocked, SecondFactorNeeded, SignInRefused, TooManyAttempts
from schema.permissions import PUBLIC, ruled
from schema.scalars import described


class TokenPlace(StrEnum):
    """Where the tokens go."""

    ANSWER = "ANSWER"
    COOKIES = "COOKIES"


described(
    TokenPlace,
    "Where the tokens of a sign-in go.",
    ANSWER="Into the answer: for apps and programs, which send the access token as `Authorization: Bearer …`.",
    COOKIES="Into cookies that no script can read: for web pages.",
)

# -- inputs and payloads -----------------------------------------------------------------------------------------------


@strawberry.input(description="A number, and the code that was sent to it.")
class PhoneSignInInput:
    phone: str = strawberry.field(description="A mainland mobile number.")
    code: str = strawberry.field(description="The six digits that `requestSignInCode` had sent to it.")


@strawberry.input(description="What WeChat gave the mini-program.")
class WeChatSignInInput:
    code: str = strawberry.field(description="The code of `wx.login`.")
    phone_code: str | None = strawberry.field(
        default=UNSET,
        description="The code of `getPhoneNumber`: whoever signs in for the first time then finds the account of their number.",
    )


@strawberry.input(description="A log-in name, its password, and the second factor.")
class PasswordSignInInput:
    login_name: str = strawberry.field(description="The log-in name.")
    password: str = strawberry.field(description="Its password.")
    second_factor: str | None = strawberry.field(
        default=UNSET, description="The authenticator's six digits or a recovery code; needed once it is enrolled."
    )


@strawberry.input(one_of=True, description="One way to sign in.")
class SignInInput:
    phone: PhoneSignInInput | None = strawberry.field(
        default=UNSET, description="By phone; a number nobody has opens an account."
    )
    wechat: WeChatSignInInput | None = strawberry.field(default=UNSET, description="From the WeChat mini-program.")
    password: PasswordSignInInput | None = strawberry.field(default=UNSET, description="By password, for staff.")


Place = Annotated[TokenPlace, strawberry.argument(description="Where the tokens go; the answer when left out.")]


@strawberry.type(description="A code is on its way, if the number can be reached.")
@ruled(PUBLIC)
class RequestSignInCodePayload:
    expires_in_seconds: int = strawberry.field(description="How long the code lives.")
    resend_after_seconds: int = strawberry.field(description="When another one can be asked for.")


@strawberry.type(
    description="Signed in: an access token for a quarter of an hour, and a refresh token for the next one."
)
@ruled(PUBLIC)
class SignInPayload:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    device_id: strawberry.ID = strawberry.field(description="This device, among `me.devices`.")
    is_new: bool = strawberry.field(description="Whether this opened the account.")
    is_strong: bool = strawberry.field(description="Whether staff roles count on this device.")
    access_token: str | None = strawberry.field(
        description="To be sent as `Authorization: Bearer …`; null when it is in a cookie."
    )
    access_expires_at: datetime = strawberry.field(description="When the access token ends.")
    refresh_token: str | None = strawberry.field(
        description="For `refreshTokens`, once: each gives another one. Null when it is in a cookie."
    )
    refresh_expires_at: datetime = strawberry.field(
        description="When the device is signed out, unless refreshed before."
    )


@strawberry.type(description="Signed out.")
@ruled(Permission.PROFILE_MANAGE)
class SignOutPayload:
    device_id: strawberry.ID | None = strawberry.field(description="The device that is signed out.")


@strawberry.type(description="The number is the account's.")
@ruled(Permission.PROFILE_MANAGE)
class BindWeChatPhonePayload:
    account_id: strawberry.Private[str | None]
    account: Account | None = changed(
        "The account now.", Account | None, lambda: ACCOUNT, lambda payload: payload.account_id
    )


# -- mutations ---------------------------------------------------------------------------------------------------------

_REFUSALS = (SignInRefused, AccountBlocked, TooManyAttempts)


@strawberry.type
class SignInMutations:
    """Signing in and out."""

    @mutation(
        "Have a one-time code sent to a phone, whether or not anybody has an account with it: 1 a minute, 5 an hour, 10 a day "
        "for each number.",
        rule=PUBLIC,
        errors=(TooManyAttempts,),
    )
    async def request_sign_in_code(
        self, info: Info, phone: Annotated[str, strawberry.argument(description="A mainland mobile number.")]
    ) -> RequestSignInCodePayload:
        context = info.context
        await send_code(context.market, context.services.sms, caller_of(context), phone=phone)
        soonest = min(limit.within for limit in LIMITS[Counted.CODE_TO_PHONE])
        return RequestSignInCodePayload(
            expires_in_seconds=int(CODE_LIFE.total_seconds()), resend_after_seconds=int(soonest.total_seconds())
        )

    @mutation("Sign in on this device.", rule=PUBLIC, errors=(*_REFUSALS, SecondFactorNeeded))
    async def sign_in(
        self,
        info: Info,
        input: Annotated[SignInInput, strawberry.argument(description="One way to sign in.")],  # noqa: A002 - its name in the API
        device_name: Annotated[
            str, strawberry.argument(description="What the person will know this device by, at most 80 characters.")
        ] = "",
        tokens: Place = TokenPlace.ANSWER,
    ) -> SignInPayload:
        context = info.context
        market, caller = context.market, caller_of(context, device_name)
        if input.phone:
            made = await market.run(sign_in_with_code, market, caller, phone=input.phone.phone, code=input.phone.code)
        elif input.wechat:
            wechat, given = context.services.wechat, input.wechat
            phone_code = given.phone_code or None
            made = await sign_in_with_wechat(market, wechat, caller, code=given.code, phone_code=phone_code)
        elif input.password:
            made = await apart(
                sign_in_with_password,
                market,
                caller,
                login_name=input.password.login_name,
                password=input.password.password,
                second_factor=input.password.second_factor or None,
            )
        else:
            raise Invalid(field="input", allowed="one way to sign in", allowed_zh="请选择一种登录方式")
        return _payload(context, made, tokens)

    @mutation(
        "Give the next access token and refresh token. The refresh token serves once, but for ten seconds it gives the same "
        "again; an older one that comes back signs the device out.",
        rule=PUBLIC,
    )
    async def refresh_tokens(
        self,
        info: Info,
        refresh_token: Annotated[
            str | None, strawberry.argument(description="The refresh token; that of the cookie when left out.")
        ] = UNSET,
        tokens: Place = TokenPlace.ANSWER,
    ) -> SignInPayload:
        context = info.context
        token = refresh_token or cookies(context.request.headers).get(REFRESH_COOKIE, "")
        try:
            made = await context.market.run(refresh, context.market, refresh_token=token)
        except SignInExpired:
            _forget_cookies(context)
            raise
        return _payload(context, made, tokens)

    @mutation("Sign this device out: its tokens are refused from now on.", rule=Permission.PROFILE_MANAGE)
    async def sign_out(self, info: Info) -> SignOutPayload:
        context = info.context
        device_id = device_of(context.market, credential_of(context))
        if device_id is not None:
            await context.act(sign_out, device_id=device_id)
        _forget_cookies(context)
        return SignOutPayload(device_id=None if device_id is None else strawberry.ID(device_id))

    @mutation("Sign another of one's own devices out.", rule=Permission.PROFILE_MANAGE)
    async def revoke_device(
        self, info: Info, device_id: Annotated[strawberry.ID, strawberry.argument(description="The device.")]
    ) -> SignOutPayload:
        await info.context.act(revoke_device, device_id=str(device_id))
        return SignOutPayload(device_id=device_id)

    @mutation(
        "Bind the number that WeChat vouches for to one's own account, which has none yet.",
        rule=Permission.PROFILE_MANAGE,
        errors=(SignInRefused, TooManyAttempts),
    )
    async def bind_wechat_phone(
        self,
        info: Info,
        phone_code: Annotated[str, strawberry.argument(description="The code of `getPhoneNumber`.")],
    ) -> BindWeChatPhonePayload:
        context = info.context
        await bind_wechat_phone(
            context.market, context.services.wechat, context.actor, caller_of(context), phone_code=phone_code
        )
        return BindWeChatPhonePayload(account_id=context.actor.account_id)


def caller_of(context: Context, device_name: str = "") -> Caller:
    """Who asks, and from where."""
    return Caller(context.client, context.user_agent, device_name, context.request.request_id, context.locale)


def credential_of(context: Context) -> str:
    """The access token that this request came with."""
    if context.request.authorization is not None:
        return context.request.authorization.partition(" ")[2].strip()
    return cookies(context.request.headers).get(ACCESS_COOKIE, "")


def _payload(context: Context, made: SignedIn, tokens: TokenPlace) -> SignInPayload:
    """The tokens where they were asked for, and nowhere else."""
    in_cookies = tokens is TokenPlace.COOKIES
    if in_cookies:
        now = context.market.now()
        kept = (
            (ACCESS_COOKIE, made.access_token, made.access_expires_at),
            (REFRESH_COOKIE, made.refresh_token, made.refresh_expires_at),
        )
        context.cookies.extend(
            kept_cookie(name, token, seconds=int((ends_at - now).total_seconds())) for name, token, ends_at in kept
        )
    return SignInPayload(
        account_id=strawberry.ID(made.account_id),
        device_id=strawberry.ID(made.device_id),
        is_new=made.is_new,
        is_strong=made.is_strong,
        access_token=None if in_cookies else made.access_token,
        access_expires_at=made.access_expires_at,
        refresh_token=None if in_cookies else made.refresh_token,
        refresh_expires_at=made.refresh_expires_at,
    )


def _forget_cookies(context: Context) -> None:
    held = cookies(context.request.headers)
    context.cookies.extend(kept_cookie(name, "", seconds=0) for name in (ACCESS_COOKIE, REFRESH_COOKIE) if name in held)

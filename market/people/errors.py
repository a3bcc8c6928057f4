"""Refusals of signing in.

MarketError
├── SignInRefused           what was shown opens nothing: show something else
│   ├── WrongCode           the one-time code
│   ├── WrongPassword       the log-in name or the password
│   ├── WrongSecondFactor   the second factor's code
│   └── WeChatRefused       the mini-program's code, or WeChat does not want this person in
├── SecondFactorNeeded      the password was right: now the second factor
├── NotSignedIn
│   └── SignInExpired       the token or key ended, was revoked, or never was one
├── Forbidden
│   └── AccountBlocked      staff have blocked this account
├── LimitReached
│   └── TooManyAttempts     wait so many seconds
└── Conflict
    ├── PhoneTaken          the number is another account's
    ├── PhoneHeld           the account has another number already
    ├── LoginNameTaken      the log-in name is another account's
    └── SecondFactorHeld    the account has a second factor already

None of them says whether a number, a name or an account is known, and none carries a number or a code.
"""

from market.kernel.errors import Conflict, Forbidden, LimitReached, MarketError, NotSignedIn


class SignInRefused(MarketError):
    """What was shown opens nothing."""

    code = "SIGN_IN_REFUSED"
    zh = "登录失败，请重新获取凭证后再试。"
    en = "This does not sign you in: get a new one and try again."


class WrongCode(SignInRefused):
    """The one-time code is wrong, used, expired, another number's, or was tried too often: all answer alike."""

    code = "WRONG_CODE"
    zh = "验证码错误或已失效，请重新获取。"
    en = "The code is wrong or no longer valid: ask for a new one."


class WrongPassword(SignInRefused):
    """The log-in name or the password is wrong: which of them is not said."""

    code = "WRONG_PASSWORD"
    zh = "登录名或密码错误。"
    en = "The log-in name or the password is wrong."


class WrongSecondFactor(SignInRefused):
    """The second factor's code is wrong or was used before."""

    code = "WRONG_SECOND_FACTOR"
    zh = "动态验证码错误或已使用，请等待下一个验证码。"
    en = "The authenticator's code is wrong or was used: wait for the next one."


class WeChatRefused(SignInRefused):
    """WeChat does not know the code any more (they serve once, for five minutes), or holds the person for a risk."""

    code = "WECHAT_REFUSED"
    zh = "微信登录失败，请重新打开小程序，或使用手机号登录。"
    en = "WeChat does not sign you in: open the mini-program again, or use your phone number."


class SecondFactorNeeded(MarketError):
    """The password was right, and this account has a second factor: send both."""

    code = "SECOND_FACTOR_NEEDED"
    zh = "请输入动态验证码。"
    en = "Enter the authenticator's code as well."


class SignInExpired(NotSignedIn):
    """The access token, refresh token or API key is malformed, expired or revoked."""

    zh = "登录已失效，请刷新令牌；若仍失败，请重新登录。"
    en = "This sign-in has ended: refresh the token, or sign in again."


class AccountBlocked(Forbidden):
    """Staff have blocked this account. Told only to whoever has shown that it is theirs."""

    code = "ACCOUNT_BLOCKED"
    zh = "该账号已被停用，请联系平台工作人员。"
    en = "This account is blocked: ask the marketplace's staff."


class TooManyAttempts(LimitReached):
    """Too many attempts of this kind. Facts: `what`, `limit`, `retry_after_seconds`."""

    zh = "尝试过于频繁，请在 {retry_after_seconds} 秒后再试。"
    en = "Too many attempts: try again in {retry_after_seconds} seconds."

    def __init__(self, *, limit: int, retry_after_seconds: int) -> None:
        super().__init__(what="attempts", limit=limit, retry_after_seconds=retry_after_seconds)


class PhoneTaken(Conflict):
    """The number is another account's."""

    code = "PHONE_TAKEN"
    zh = "该手机号已绑定其他账号，请使用该手机号登录。"
    en = "This number belongs to another account: sign in with it instead."


class PhoneHeld(Conflict):
    """The account has another number already."""

    code = "PHONE_HELD"
    zh = "该账号已绑定手机号。"
    en = "This account has a phone number already."


class LoginNameTaken(Conflict):
    """The log-in name is another account's."""

    code = "LOGIN_NAME_TAKEN"
    zh = "该登录名已被使用，请换一个。"
    en = "This log-in name is taken: choose another."


class SecondFactorHeld(Conflict):
    """The account has a confirmed second factor already."""

    code = "SECOND_FACTOR_HELD"
    zh = "该账号已启用动态验证码；如需更换，请联系管理员重置。"
    en = "This account has a second factor already: have an administrator reset it first."

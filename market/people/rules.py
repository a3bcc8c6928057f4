"""What is fixed about signing in: states, limits, lifetimes, and what a log-in name or a password is."""

import ipaddress
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import Invalid
from market.kernel.permissions import GRANTS, Permission, Role


class AccountState(StrEnum):
    """Whether an account can be used."""

    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    ERASED = "ERASED"


MOVES: Mapping[AccountState, tuple[AccountState, ...]] = MappingProxyType(
    {
        AccountState.ACTIVE: (AccountState.BLOCKED, AccountState.ERASED),
        AccountState.BLOCKED: (AccountState.ACTIVE, AccountState.ERASED),
        AccountState.ERASED: (),
    }
)
"""From each state, where to. Who is erased does not come back: the number opens a new account."""


class SignInMethod(StrEnum):
    """How a device was let in."""

    PHONE = "PHONE"
    WECHAT = "WECHAT"
    PASSWORD = "PASSWORD"  # noqa: S105 - a word, no password


class IdentityProvider(StrEnum):
    """Who else vouches for a person."""

    WECHAT = "WECHAT"


class RevokedFor(StrEnum):
    """Why a device has to sign in again."""

    SIGNED_OUT = "SIGNED_OUT"
    REVOKED = "REVOKED"
    TOKEN_REUSED = "TOKEN_REUSED"  # noqa: S105 - a word, no token
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - the same
    SECOND_FACTOR_RESET = "SECOND_FACTOR_RESET"
    ACCOUNT_BLOCKED = "ACCOUNT_BLOCKED"
    ACCOUNT_ERASED = "ACCOUNT_ERASED"


# -- lifetimes ---------------------------------------------------------------------------------------------------------

CODE_DIGITS = 6
CODE_LIFE = timedelta(minutes=5)
CODE_TRIES_MAX = 5
ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=30)
REFRESH_GRACE = timedelta(seconds=10)
"""How long after a refresh its answer can be had again, by whoever did not get it (FAPI 2.0 asks for it)."""
SEEN_EVERY = timedelta(minutes=5)
"""When a device was last seen, and a key last used, is written at most this often."""
KEY_DAYS_MAX = 366
KEYS_MAX = 20
SKEW = timedelta(minutes=1)
"""How far apart the clocks of two servers may be. What was made later than that from now is not believed."""


def is_over(*, made_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """Whether something's time is over. A clock that was put back does not make it live longer.

    >>> noon = datetime(2026, 6, 2, 12)
    >>> life = {"made_at": noon, "ends_at": noon + CODE_LIFE}
    >>> [is_over(**life, now=noon + timedelta(minutes=minutes)) for minutes in (-60, 0, 4, 5)]
    [True, False, False, True]
    """
    return not made_at - SKEW <= now < ends_at


# -- limits ------------------------------------------------------------------------------------------------------------


class Counted(StrEnum):
    """What is counted, and of whom."""

    CODE_TO_PHONE = "CODE_TO_PHONE"
    CODE_FROM_IP = "CODE_FROM_IP"
    CODE_TRY_FROM_IP = "CODE_TRY_FROM_IP"
    WECHAT_FROM_IP = "WECHAT_FROM_IP"
    PASSWORD_OF_NAME = "PASSWORD_OF_NAME"  # noqa: S105 - a word, no password
    PASSWORD_FROM_IP = "PASSWORD_FROM_IP"  # noqa: S105 - the same
    SECOND_FACTOR_OF_ACCOUNT = "SECOND_FACTOR_OF_ACCOUNT"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many within so long, counted back from each attempt."""

    count: int
    within: timedelta


_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

LIMITS: Mapping[Counted, tuple[Limit, ...]] = MappingProxyType(
    {
        # Those of the SMS providers (Aliyun's per number and signature): ours refuse before theirs.
        Counted.CODE_TO_PHONE: (Limit(1, _MINUTE), Limit(5, _HOUR), Limit(10, _DAY)),
        Counted.CODE_FROM_IP: (Limit(20, _HOUR),),
        # Five tries for each of twenty codes; mobile networks put many people behind one address.
        Counted.CODE_TRY_FROM_IP: (Limit(100, _HOUR),),
        Counted.WECHAT_FROM_IP: (Limit(100, _HOUR),),
        Counted.PASSWORD_OF_NAME: (Limit(5, 5 * _MINUTE), Limit(20, _HOUR), Limit(50, _DAY)),
        Counted.PASSWORD_FROM_IP: (Limit(20, 15 * _MINUTE), Limit(100, _DAY)),
        # Whoever is asked for it knows the password: of a million codes three are right at a time.
        Counted.SECOND_FACTOR_OF_ACCOUNT: (Limit(5, 15 * _MINUTE), Limit(20, _DAY)),
    }
)
COUNTED_LONGEST = _DAY


def wait_for(limits: Sequence[Limit], earlier: Sequence[datetime], now: datetime) -> timedelta | None:
    """How long until one more is allowed; None when it is now. Attempts that a clock put back shows in the future count
    as well, unless they are further off than the limit reaches.

    >>> noon = datetime(2026, 6, 2, 12)
    >>> wait_for([Limit(2, timedelta(hours=1))], [noon, noon + timedelta(minutes=20)], noon + timedelta(minutes=50))
    datetime.timedelta(seconds=600)
    """
    waits = []
    for limit in limits:
        recent = sorted(at for at in earlier if abs(now - at) < limit.within)
        if len(recent) >= limit.count:
            waits.append(recent[-limit.count] + limit.within - now)
    return max(waits, default=None)


def network_of(ip: str) -> str:
    """The address that attempts are counted by: of IPv6 the /64 that one customer has.

    >>> network_of("2001:db8:1:2:3:4:5:6"), network_of("::ffff:203.0.113.9"), network_of("")
    ('2001:db8:1:2::', '203.0.113.9', 'unknown')
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


# -- what people type --------------------------------------------------------------------------------------------------

_LOGIN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,31}")
PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 128


def normal_login_name(text: str) -> str:
    """A log-in name in lower case, or refuses with Invalid.

    >>> normal_login_name(" Sun.Shenhe ")
    'sun.shenhe'
    """
    name = unicodedata.normalize("NFKC", text[:64]).strip().lower()
    if not _LOGIN_NAME.fullmatch(name):
        raise Invalid(
            field="loginName",
            allowed="a log-in name has 3 to 32 letters, digits, dots, dashes or underscores",
            allowed_zh="登录名为 3 至 32 位字母、数字、点、横线或下划线",
        )
    return name


def normal_password(text: str) -> str:
    """The password as it is hashed: one form for all keyboards (NFKC, NIST SP 800-63B §3.1.1.2)."""
    return unicodedata.normalize("NFKC", text[: PASSWORD_LENGTH_MAX + 1])


def new_password(text: str, *, login_name: str) -> str:
    """A password to set, or refuses with Invalid: 12 to 128 characters, not the log-in name, not the same over and over.

    No rules of composition: they make passwords worse (NIST SP 800-63B §3.1.1.2).
    """
    password = normal_password(text)
    is_long_enough = PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX
    if not is_long_enough or login_name in password.lower() or len(set(password)) < 5:
        raise Invalid(
            field="password",
            allowed=f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters, several different ones,"
            " and not the log-in name in it",
            allowed_zh=f"密码为 {PASSWORD_LENGTH_MIN} 至 {PASSWORD_LENGTH_MAX} 个字符，不能包含登录名，不能只有重复字符",
        )
    return password


# -- API keys ----------------------------------------------------------------------------------------------------------

KEY_SCOPES = frozenset(GRANTS[Role.OWNER]) - {Permission.KEY_MANAGE}
"""What an API key may be given: what owners may do, but for making keys, so that no key outlives its end by a copy."""


def check_key(*, name: str, scopes: frozenset[Permission], days: int) -> None:
    """Refuse a key that cannot be, with Invalid."""
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(
            field="name", allowed="a key has a name of 1 to 80 characters", allowed_zh="名称为 1 至 80 个字符"
        )
    if not scopes or not scopes <= KEY_SCOPES:
        words = ", ".join(sorted(KEY_SCOPES))
        raise Invalid(field="scopes", allowed=f"at least one of: {words}", allowed_zh=f"至少一项：{words}")
    if not 1 <= days <= KEY_DAYS_MAX:
        raise Invalid(
            field="expiresInDays",
            allowed=f"a key lives 1 to {KEY_DAYS_MAX} days",
            allowed_zh=f"有效期为 1 至 {KEY_DAYS_MAX} 天",
        )

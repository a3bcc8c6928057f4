"""Limits, words and legal moves of a person's own affairs, and its refusals.

MarketError
├── Conflict
│   ├── AlreadyRequested    the same was asked for and is under way
│   ├── ExportNotReady      the copy is not made yet, or kept no longer
│   ├── SignInNotRecent     sign in again first
│   └── HasObligations      something must be settled first
└── LimitReached
    ├── TooManyAddresses
    └── TooManyExports
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import Conflict, IllegalTransition, Invalid, Language, LimitReached

ADDRESSES_MAX = 50
"""Of one person."""
STREET_CHARACTERS_MAX = 120
RECIPIENT_CHARACTERS_MAX = 30
LABEL_CHARACTERS_MAX = 20
NAME_CHARACTERS_MAX = 30

EXPORTS_A_DAY_MAX = 3
EXPORT_KEPT = timedelta(days=7)
"""How long a finished export can be read."""
COOLING_OFF = timedelta(days=7)
"""How long an erasure can be taken back. It leaves time to spare of the 15 working days that GB/T 35273-2020 §8.5 gives
for closing an account."""
CONFIRMED_WITHIN = timedelta(minutes=10)
"""How long after signing in a person counts as having confirmed who they are."""
ERASURE_RETRIED = timedelta(days=1)
"""How long an erasure that something stands in the way of waits before it is tried again."""


class MessageLanguage(StrEnum):
    """The languages people are written to."""

    ZH_CN = "ZH_CN"
    EN = "EN"


class ConsentKind(StrEnum):
    """What is consented to. Each is given and withdrawn by itself: PIPL art. 29 asks a separate one for sensitive data."""

    TERMS = "TERMS"
    PRIVACY = "PRIVACY"
    MARKETING = "MARKETING"
    SENSITIVE_DATA = "SENSITIVE_DATA"


class ConsentDecision(StrEnum):
    """Which way."""

    GIVEN = "GIVEN"
    WITHDRAWN = "WITHDRAWN"


class ConsentSource(StrEnum):
    """Where the person was asked."""

    MINI_PROGRAM = "MINI_PROGRAM"
    APP = "APP"
    WEB = "WEB"
    PAPER = "PAPER"


class PrivacyKind(StrEnum):
    """What a person may ask about their data: a copy (PIPL art. 45), or that it is erased (art. 47)."""

    EXPORT = "EXPORT"
    ERASURE = "ERASURE"


class PrivacyState(StrEnum):
    """How far a privacy request is."""

    REQUESTED = "REQUESTED"
    READY = "READY"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    ERASED = "ERASED"


MOVES: Mapping[PrivacyKind, Mapping[PrivacyState, tuple[PrivacyState, ...]]] = MappingProxyType(
    {
        PrivacyKind.EXPORT: {
            # Straight to EXPIRED when its person is erased before it is made.
            PrivacyState.REQUESTED: (PrivacyState.READY, PrivacyState.EXPIRED),
            PrivacyState.READY: (PrivacyState.EXPIRED,),
            PrivacyState.EXPIRED: (),
        },
        PrivacyKind.ERASURE: {
            PrivacyState.REQUESTED: (PrivacyState.WITHDRAWN, PrivacyState.ERASED),
            PrivacyState.WITHDRAWN: (),
            PrivacyState.ERASED: (),
        },
    }
)
"""Where a request may go from each state."""


def check_move(kind: PrivacyKind, from_state: PrivacyState, to_state: PrivacyState) -> None:
    """Refuses with IllegalTransition a move that `MOVES` does not have.

    >>> check_move(PrivacyKind.ERASURE, PrivacyState.REQUESTED, PrivacyState.WITHDRAWN)
    """
    allowed = MOVES[kind].get(from_state, ())
    if to_state not in allowed:
        raise IllegalTransition(from_state=from_state, to_state=to_state, allowed=allowed)


@dataclass(frozen=True, slots=True)
class Obligation:
    """What still ties a person to the marketplace: an organisation without another owner, an order under way.

    `subject` is its id; the words say what has to be done first and hold nothing personal.
    """

    code: str
    subject: str
    zh: str
    en: str


class TooManyAddresses(LimitReached):
    """A person's address book is full."""

    code = "TOO_MANY_ADDRESSES"
    zh = "收货地址最多 {limit} 个，请先删除不再使用的地址。"
    en = "At most {limit} addresses can be kept: remove one that is no longer needed."
    retryable = False

    def __init__(self) -> None:
        super().__init__(what="addresses", limit=ADDRESSES_MAX)


class TooManyExports(LimitReached):
    """Asked for copies of one's data too often."""

    code = "TOO_MANY_EXPORTS"
    zh = "24 小时内最多申请 {limit} 次个人信息副本，请稍后再试。"
    en = "At most {limit} copies can be asked for within 24 hours: try again later."

    def __init__(self) -> None:
        super().__init__(what="copies of personal data a day", limit=EXPORTS_A_DAY_MAX)


class AlreadyRequested(Conflict):
    """The same thing was asked for and is under way. Facts: `request` (its id)."""

    code = "ALREADY_REQUESTED"
    zh = "相同的申请正在处理中，无需重复提交。"
    en = "The same was asked for already and is under way."

    def __init__(self, *, request: str) -> None:
        super().__init__(request=request)


class ExportNotReady(Conflict):
    """The copy is still being made, or is kept no longer. Facts: `state`."""

    code = "EXPORT_NOT_READY"
    zh = "个人信息副本尚未生成或已过期，请等待生成或重新申请。"
    en = "This copy is not made yet or no longer kept: wait for it, or ask for another."

    def __init__(self, *, state: PrivacyState) -> None:
        super().__init__(state=state)


class SignInNotRecent(Conflict):
    """What cannot be undone is confirmed by signing in once more. Facts: `minutes`."""

    code = "SIGN_IN_NOT_RECENT"
    zh = "请重新登录以确认是您本人，并在 {minutes} 分钟内提交。"
    en = "Sign in again to confirm that it is you, and ask within {minutes} minutes."

    def __init__(self) -> None:
        super().__init__(minutes=CONFIRMED_WITHIN // timedelta(minutes=1))


class HasObligations(Conflict):
    """Something must be settled before the person can be erased. Facts: `obligations`."""

    code = "HAS_OBLIGATIONS"
    zh = "暂时不能注销：{what}"
    en = "The account cannot be closed yet: {what}"

    def __init__(self, obligations: tuple[Obligation, ...]) -> None:
        self.obligations = obligations
        super().__init__(obligations=obligations, what=" ".join(each.en for each in obligations))

    def message(self, language: Language) -> str:
        """The words for a person, with each thing that has to be settled."""
        if language == "en":
            return super().message(language)
        return self.zh.format(what="".join(each.zh for each in self.obligations))


def text_of(text: str, *, field: str, characters_max: int, characters_min: int = 1) -> str:
    """The text as it is kept: composed (NFC), without space around it; or refuses with Invalid when it is too short,
    too long, or has control characters.

    >>> text_of(" 王 小明 ", field="recipient", characters_max=30)
    '王 小明'
    """
    plain = unicodedata.normalize("NFC", text.strip()) if len(text) <= 4 * characters_max else text
    is_printable = all(unicodedata.category(each) not in {"Cc", "Cs", "Co", "Cn"} for each in plain)
    if not (characters_min <= len(plain) <= characters_max and is_printable):
        raise Invalid(
            field=field,
            allowed=f"{characters_min} to {characters_max} characters, without line breaks or control characters",
            allowed_zh=f"{characters_min} 至 {characters_max} 个字符，不含换行和控制字符",
        )
    return plain


_VERSION_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_")


def check_version(version: str) -> None:
    """Refuses with Invalid what cannot name a version of a consent's text.

    >>> check_version("2026-11-01")
    """
    if not (1 <= len(version) <= 32 and set(version) <= _VERSION_CHARACTERS):
        raise Invalid(
            field="version",
            allowed="the version of the text that was shown, such as 2026-11-01",
            allowed_zh="所展示文本的版本号，例如 2026-11-01",
        )

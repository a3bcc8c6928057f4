"""Enums of people."""

from market.kernel.permissions import Role
from market.people.profile.rules import (
    ConsentDecision,
    ConsentKind,
    ConsentSource,
    MessageLanguage,
    PrivacyKind,
    PrivacyState,
)
from market.people.rules import AccountState, SignInMethod
from schema.scalars import described

__all__ = [
    "AccountState",
    "ConsentDecision",
    "ConsentKind",
    "ConsentSource",
    "MessageLanguage",
    "PrivacyKind",
    "PrivacyState",
    "Role",
    "SignInMethod",
]

described(
    AccountState,
    "Whether an account can be used.",
    ACTIVE="It can.",
    BLOCKED="Staff have blocked it.",
    ERASED="Its person had it closed for good.",
)

described(
    SignInMethod,
    "How a device was let in.",
    PHONE="By a code sent to a phone.",
    WECHAT="From the WeChat mini-program.",
    PASSWORD="By password, and a second factor where there is one.",  # noqa: S106 - a description
)

described(
    Role,
    "What somebody is to the marketplace, to an organisation, or to a region.",
    VISITOR="Not signed in. Nobody holds it.",
    CUSTOMER="Signed in. Nobody needs to be given it.",
    OWNER="Answers for an organisation: all that it does.",
    EDITOR="An organisation's listings, stock and sessions.",
    FULFILMENT="An organisation's shipping, handing over and guests.",
    FINANCE="An organisation's orders, statements and reports.",
    VIEWER="Sees an organisation's listings, stock and sessions.",
    STAFF_MODERATOR="Reviews organisations and listings of a region.",
    STAFF_ANALYST="Reads the reports of a region.",
    STAFF_FINANCE="Orders, payments and vouchers of a region.",
    ADMIN="Everything, everywhere.",
    SYSTEM="The marketplace itself. Nobody holds it.",
)

described(
    MessageLanguage,
    "The language that messages to a person are in.",
    ZH_CN="Simplified Chinese.",
    EN="English.",
)

described(
    ConsentKind,
    "What is consented to, each by itself.",
    TERMS="The terms of use.",
    PRIVACY="How personal data is used.",
    MARKETING="Being told of offers.",
    SENSITIVE_DATA="The use of sensitive data, identity cards for example.",
)

described(ConsentDecision, "Which way somebody decided.", GIVEN="They consented.", WITHDRAWN="They took it back.")

described(
    ConsentSource,
    "Where somebody was asked for consent.",
    MINI_PROGRAM="In the WeChat mini-program.",
    APP="In the app.",
    WEB="On the web.",
    PAPER="On paper.",
)

described(
    PrivacyKind,
    "What a person may ask about their data.",
    EXPORT="A copy of all of it.",
    ERASURE="That it is erased, and the account closed.",
)

described(
    PrivacyState,
    "How far a privacy request is.",
    REQUESTED="It is waiting to be done; an erasure cools off.",
    READY="The copy can be read.",
    EXPIRED="The copy is kept no longer.",
    WITHDRAWN="The erasure was taken back.",
    ERASED="The person was erased.",
)

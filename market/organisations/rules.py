"""Kinds of organisation, and what certificates look like."""

import re
from datetime import date
from enum import StrEnum

from market.kernel.errors import Invalid


class OrganisationKind(StrEnum):
    """What an organisation is in law or in fact."""

    COOPERATIVE = "COOPERATIVE"
    FAMILY_FARM = "FAMILY_FARM"
    HOUSEHOLD = "HOUSEHOLD"
    ENTERPRISE = "ENTERPRISE"
    VILLAGE_COLLECTIVE = "VILLAGE_COLLECTIVE"
    HOMESTAY = "HOMESTAY"


class OrganisationState(StrEnum):
    """Whether it may sell."""

    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"


class Power(StrEnum):
    """What a member lets its cooperative do for it."""

    MANAGE_LISTINGS = "MANAGE_LISTINGS"
    MANAGE_STOCK = "MANAGE_STOCK"
    MANAGE_SESSIONS = "MANAGE_SESSIONS"
    FULFIL = "FULFIL"
    VIEW_FINANCE = "VIEW_FINANCE"


class CertificateKind(StrEnum):
    """What a certificate says."""

    GREEN_FOOD = "GREEN_FOOD"
    ORGANIC = "ORGANIC"
    GEOGRAPHICAL_INDICATION = "GEOGRAPHICAL_INDICATION"
    GI_TRADEMARK = "GI_TRADEMARK"
    GOOD_AGRICULTURAL_PRACTICE = "GOOD_AGRICULTURAL_PRACTICE"


# Green food: enterprise code GF + 6 region + 2 year + 4 serial, or product number LB-xx-…; organic: 17 digits;
# agricultural geographical indication: AGI + year + serial.
NUMBER_FORMATS: dict[CertificateKind, tuple[re.Pattern[str], str]] = {
    CertificateKind.GREEN_FOOD: (re.compile(r"GF\d{12}|LB-\d{2}-\d{10,13}A?"), "GF330213200001 or LB-18-20031234567A"),
    CertificateKind.ORGANIC: (re.compile(r"\d{17}"), "17 digits"),
    CertificateKind.GEOGRAPHICAL_INDICATION: (re.compile(r"AGI\d{4}-\d{2}-\d{5}|AGI\d{5}"), "AGI2010-07-00372"),
}


def check_certificate_number(kind: CertificateKind, number: str | None) -> None:
    """Refuses with Invalid a number that is not of its kind's format; no number at all is allowed.

    >>> check_certificate_number(CertificateKind.GEOGRAPHICAL_INDICATION, "AGI2010-07-00372")
    """
    known = NUMBER_FORMATS.get(kind)
    if number is not None and known is not None and not known[0].fullmatch(number):
        raise Invalid(
            field="number",
            allowed=f"a {kind} number looks like {known[1]}",
            allowed_zh=f"{kind} 编号的格式为 {known[1]}",
        )


def is_valid_on(day: date, *, valid_from: date | None, valid_to: date | None) -> bool:
    """Whether a certificate with these dates holds on a day; both ends count, a missing end is open.

    >>> is_valid_on(date(2026, 5, 1), valid_from=None, valid_to=date(2026, 5, 1))
    True
    """
    return (valid_from is None or valid_from <= day) and (valid_to is None or day <= valid_to)


def prefix_of_kind(kind: OrganisationKind) -> str:
    """The id prefix of an organisation of this kind."""
    return "cop" if kind is OrganisationKind.COOPERATIVE else "pdr"

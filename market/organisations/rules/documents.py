"""Licences and certificates: their kinds and states, what their numbers look like, when they hold."""

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import Invalid
from market.organisations.rules.organisations import OrganisationKind


class CertificateKind(StrEnum):
    """What a certificate says."""

    GREEN_FOOD = "GREEN_FOOD"
    ORGANIC = "ORGANIC"
    GEOGRAPHICAL_INDICATION = "GEOGRAPHICAL_INDICATION"
    GI_TRADEMARK = "GI_TRADEMARK"
    GOOD_AGRICULTURAL_PRACTICE = "GOOD_AGRICULTURAL_PRACTICE"


class LicenceKind(StrEnum):
    """What a licence document is. IDENTITY is the scan of a person's identity card."""

    BUSINESS_LICENCE = "BUSINESS_LICENCE"
    FOOD_PRODUCTION = "FOOD_PRODUCTION"
    FOOD_OPERATION = "FOOD_OPERATION"
    LODGING = "LODGING"
    TRAVEL_AGENCY = "TRAVEL_AGENCY"
    IDENTITY = "IDENTITY"


class DocumentState(StrEnum):
    """Whether staff have accepted a licence or a certificate. The last two are final: a better one is a new one."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    RETURNED = "RETURNED"


DOCUMENT_MOVES: Mapping[DocumentState, tuple[DocumentState, ...]] = MappingProxyType(
    {
        DocumentState.PENDING: (DocumentState.ACCEPTED, DocumentState.RETURNED),
        DocumentState.ACCEPTED: (),
        DocumentState.RETURNED: (),
    }
)
"""From each state, the states it can go to."""

# Green food: enterprise code GF + 6 region + 2 year + 4 serial, or product number LB-xx-…; organic: 17 digits;
# agricultural geographical indication: AGI + year + serial.
NUMBER_FORMATS: Mapping[CertificateKind, tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        CertificateKind.GREEN_FOOD: (
            re.compile(r"GF\d{12}|LB-\d{2}-\d{10,13}A?"),
            "GF330213200001 or LB-18-20031234567A",
        ),
        CertificateKind.ORGANIC: (re.compile(r"\d{17}"), "17 digits"),
        CertificateKind.GEOGRAPHICAL_INDICATION: (re.compile(r"AGI\d{4}-\d{2}-\d{5}|AGI\d{5}"), "AGI2010-07-00372"),
    }
)

_CODED = frozenset(
    {
        OrganisationKind.COOPERATIVE,
        OrganisationKind.ENTERPRISE,
        OrganisationKind.VILLAGE_COLLECTIVE,
        OrganisationKind.HOMESTAY,
    }
)


def needs_credit_code(kind: OrganisationKind) -> bool:
    """Whether an organisation of this kind is registered with the state and so has a credit code.

    E-commerce Law (电子商务法) article 10 exempts whoever sells produce that they grew themselves: households and family
    farms. Lodging guests is not exempt.
    """
    return kind in _CODED


def licences_needed(kind: OrganisationKind) -> frozenset[LicenceKind]:
    """Of which an application shows at least one: the licence where there must be one, else who it is.

    E-commerce Law article 27: a platform checks who its sellers are.
    """
    if needs_credit_code(kind):
        return frozenset({LicenceKind.BUSINESS_LICENCE})
    return frozenset({LicenceKind.BUSINESS_LICENCE, LicenceKind.IDENTITY})


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


def check_dates(valid_from: date | None, valid_to: date | None) -> None:
    """Refuses with Invalid an end before its start."""
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise Invalid(field="valid_to", allowed="its last day is not before its first", allowed_zh="止期不早于起期")


def is_valid_on(day: date, *, valid_from: date | None, valid_to: date | None) -> bool:
    """Whether a document with these dates holds on a day; both ends count, a missing end is open.

    >>> is_valid_on(date(2026, 5, 1), valid_from=None, valid_to=date(2026, 5, 1))
    True
    """
    return (valid_from is None or valid_from <= day) and (valid_to is None or day <= valid_to)

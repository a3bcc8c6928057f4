"""What callers hand in, and how it becomes columns: checked, tidied, sealed."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from market.kernel.phones import mobile
from market.kernel.sealing import Sealer
from market.organisations.rules import (
    NAME_MAX,
    STORY_MAX,
    CertificateKind,
    LicenceKind,
    OrganisationKind,
    credit_code_of,
    text_of,
)
from market.organisations.tables import CONTACT_PHONE, REPRESENTATIVE


@dataclass(frozen=True, slots=True)
class OrganisationDraft:
    """An organisation to register."""

    kind: OrganisationKind
    name: str
    name_en: str | None
    story: str
    story_en: str | None
    village_id: str


@dataclass(frozen=True, slots=True)
class LegalFacts:
    """What an application says for the record. It may be incomplete until it is submitted."""

    legal_name: str | None = None
    credit_code: str | None = None
    representative: str | None = None
    contact_phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationChanges:
    """What to change of an organisation: None leaves it alone, an empty text clears what may be missing."""

    name: str | None = None
    name_en: str | None = None
    story: str | None = None
    story_en: str | None = None
    village_id: str | None = None
    legal_name: str | None = None
    credit_code: str | None = None
    representative: str | None = None
    contact_phone: str | None = None


@dataclass(frozen=True, slots=True)
class CertificateDraft:
    """A certificate to record or submit. No number means it is not known here; `scan_id` is the picture of it."""

    organisation_id: str
    kind: CertificateKind
    name: str
    name_en: str | None = None
    number: str | None = None
    issued_by: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    scan_id: str | None = None


@dataclass(frozen=True, slots=True)
class LicenceDraft:
    """A licence document to submit. `scan_id` is the picture of it."""

    organisation_id: str
    kind: LicenceKind
    scan_id: str
    number: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def columns_of(given: OrganisationDraft | LegalFacts | OrganisationChanges, sealer: Sealer) -> dict[str, Any]:
    """What an organisation's columns become, of what was said; villages aside. Refuses with Invalid."""
    columns: dict[str, Any] = {}
    for field, text in asdict(given).items():
        match field:
            case _ if text is None or field in {"kind", "village_id"}:
                pass
            case "story" | "story_en":
                story = text_of(text, field=field, characters_max=STORY_MAX, is_long=True)
                columns[field] = story if field == "story" else story or None
            case "name":
                columns[field] = text_of(text, field=field, characters_max=NAME_MAX)
            case _ if not text.strip():
                columns[_COLUMNS.get(field, field)] = None
            case "credit_code":
                columns[field] = credit_code_of(text)
            case "contact_phone":
                columns[_COLUMNS[field]] = sealer.seal(mobile(text, field=field), purpose=CONTACT_PHONE)
            case "representative":
                name = text_of(text, field=field, characters_max=NAME_MAX)
                columns[_COLUMNS[field]] = sealer.seal(name, purpose=REPRESENTATIVE)
            case _:
                columns[field] = text_of(text, field=field, characters_max=NAME_MAX)
    return columns


_COLUMNS = {"contact_phone": "contact_phone_sealed", "representative": "representative_sealed"}


def without_persons(given: LegalFacts | OrganisationChanges, sealer: Sealer) -> dict[str, Any]:
    """The same for an idempotency fingerprint, which is no place for a phone or a name: keyed hashes instead."""
    said = asdict(given)
    for field, purpose in (("contact_phone", CONTACT_PHONE), ("representative", REPRESENTATIVE)):
        said[field] = said[field] and sealer.digest(said[field], purpose=purpose)
    return said

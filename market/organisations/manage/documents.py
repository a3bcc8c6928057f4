"""Use cases: an organisation's owners submit licences and certificates; staff record certificates themselves.

Nobody else sees one before staff have accepted it, see `document_review`.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from market.kernel import audit
from market.kernel.errors import Invalid, LimitReached
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.kernel.topics import touch
from market.media.keep import use_media
from market.media.rules import MediaKind
from market.organisations.errors import NotEditable
from market.organisations.manage.drafts import CertificateDraft, LicenceDraft
from market.organisations.once import once_id
from market.organisations.rules import (
    APPLYING,
    NAME_MAX,
    NUMBER_MAX,
    REGISTERED,
    DocumentState,
    LicenceKind,
    check_certificate_number,
    check_dates,
    credit_code_of,
    text_of,
)
from market.organisations.steps import organisation_for
from market.organisations.tables import Certificate, Licence

PENDING_MAX = 20
"""Licences, and certificates, of one organisation that wait for review."""

Document = Licence | Certificate


def record_certificate(market: Market, actor: Actor, draft: CertificateDraft) -> str:
    """Record, by staff, what an organisation was certified for, accepted at once; the certificate's id.

    Refuses: Forbidden; NotFound, also outside the actor's regions; Invalid for a number that is not of its kind's
    format, or an end before its start.
    """
    reach(actor, Permission.ORGANISATION_REVIEW)
    columns, now = _certificate_columns(draft), market.now()
    with market.transaction() as session:
        organisation_for(session, actor, Permission.ORGANISATION_REVIEW, draft.organisation_id, now=now)
        certificate = Certificate(
            id=new_id("crt"), reviewed_by=_name(actor), reviewed_at=now.replace(microsecond=0), **columns
        )
        session.add(certificate)
        session.flush()
        touch(session, "organisations", "catalogue")
        _record(session, actor, "certificate.record", certificate, now=now)
        return certificate.id


def submit_certificate(market: Market, actor: Actor, draft: CertificateDraft, *, idempotency_key: str) -> str:
    """Submit, by its owner, what an organisation was certified for, PENDING until staff accept it; its id.

    Refuses: NotSignedIn; Forbidden; NotFound for an organisation that is not the actor's, or a scan that is not theirs;
    Invalid, also without a scan; NotEditable for an organisation that is no more; LimitReached at 20 that wait;
    IdempotencyConflict.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    columns, now = _certificate_columns(draft), market.now()
    scan_id = draft.scan_id
    if scan_id is None:
        raise Invalid(field="scan", allowed="staff need a picture of it", allowed_zh="须上传扫描件")

    def act() -> str:
        _require_open_to(session, actor, draft.organisation_id, Certificate, now)
        _use_scan(session, actor, draft.organisation_id, scan_id)
        certificate = Certificate(
            id=new_id("crt"),
            state=DocumentState.PENDING,
            submitted_by=_name(actor),
            submitted_at=now.replace(microsecond=0),
            **columns,
        )
        session.add(certificate)
        session.flush()
        _record(session, actor, "certificate.submit", certificate, now=now)
        return certificate.id

    with market.transaction() as session:
        return once_id(session, actor, "submitCertificate", idempotency_key, asked=asdict(draft), act=act, now=now)


def submit_licence(market: Market, actor: Actor, draft: LicenceDraft, *, idempotency_key: str) -> str:
    """Submit, by its owner, a licence document of an organisation, PENDING until staff accept it; its id.

    Refuses: NotSignedIn; Forbidden; NotFound for an organisation that is not the actor's, or a scan that is not theirs;
    Invalid, also for the number of an identity card, which is not kept; NotEditable for an organisation that is no more;
    LimitReached at 20 that wait; IdempotencyConflict.
    """
    reach(actor, Permission.ORGANISATION_EDIT)
    columns, now = _licence_columns(draft), market.now()

    def act() -> str:
        _require_open_to(session, actor, draft.organisation_id, Licence, now)
        _use_scan(session, actor, draft.organisation_id, draft.scan_id)
        licence = Licence(
            id=new_id("lic"), submitted_by=_name(actor), submitted_at=now.replace(microsecond=0), **columns
        )
        session.add(licence)
        session.flush()
        _record(session, actor, "licence.submit", licence, now=now)
        return licence.id

    with market.transaction() as session:
        return once_id(session, actor, "submitLicence", idempotency_key, asked=asdict(draft), act=act, now=now)


def _require_open_to(
    session: Session, actor: Actor, organisation_id: str, kind: type[Licence] | type[Certificate], now: datetime
) -> None:
    """Refuses papers of an organisation that is not the actor's, is no more, or has too many that wait."""
    organisation = organisation_for(session, actor, Permission.ORGANISATION_EDIT, organisation_id, now=now)
    if organisation.state not in (*APPLYING, *REGISTERED):
        raise NotEditable(state=organisation.state.value)
    waiting = select(func.count()).where(
        col(kind.organisation_id) == organisation_id, col(kind.state) == DocumentState.PENDING
    )
    if session.exec(waiting).one() >= PENDING_MAX:
        raise LimitReached(what="documents that wait for review", limit=PENDING_MAX)


def _certificate_columns(draft: CertificateDraft) -> dict[str, Any]:
    check_certificate_number(draft.kind, draft.number)
    check_dates(draft.valid_from, draft.valid_to)
    return asdict(draft) | {
        "name": text_of(draft.name, field="name", characters_max=NAME_MAX),
        "name_en": draft.name_en and text_of(draft.name_en, field="name_en", characters_max=2 * NAME_MAX),
        "number": draft.number and text_of(draft.number, field="number", characters_max=NUMBER_MAX),
        "issued_by": draft.issued_by and text_of(draft.issued_by, field="issued_by", characters_max=NAME_MAX),
    }


def _licence_columns(draft: LicenceDraft) -> dict[str, Any]:
    check_dates(draft.valid_from, draft.valid_to)
    number = draft.number
    if draft.kind is LicenceKind.IDENTITY and number is not None:
        raise Invalid(
            field="number",
            allowed="leave out the number of an identity card: its scan is enough",
            allowed_zh="无需填写身份证号码，上传扫描件即可",
        )
    if draft.kind is LicenceKind.BUSINESS_LICENCE:
        number = credit_code_of(number or "", field="number")
    elif number is not None:
        number = text_of(number, field="number", characters_max=NUMBER_MAX)
    return asdict(draft) | {"number": number}


def _use_scan(session: Session, actor: Actor, organisation_id: str, scan_id: str) -> None:
    """The picture is a licence's of the organisation, or of the person who uploaded it, and stays. Refuses: NotFound."""
    owner_ids = [organisation_id, _name(actor)]
    use_media(session, scan_id, owner_ids=owner_ids, kind=MediaKind.LICENCE, field="scan")


def _name(actor: Actor) -> str:
    return actor.account_id or actor.kind.value


def _record(session: Session, actor: Actor, action: str, document: Document, *, now: datetime) -> None:
    audit.record(session, actor, action=action, subject=document.id, principal=document.organisation_id, now=now)

"""Use cases: register organisations, let producers join cooperatives, record certificates."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel.errors import Invalid, NotFound
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.kernel.topics import touch
from market.organisations.rules import (
    CertificateKind,
    OrganisationKind,
    check_certificate_number,
    prefix_of_kind,
)
from market.organisations.tables import Certificate, Membership, Organisation
from market.places.manage import village_of


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
class CertificateDraft:
    """A certificate to record. No number means it is not known here."""

    organisation_id: str
    kind: CertificateKind
    name: str
    name_en: str | None = None
    number: str | None = None
    issued_by: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def register_organisation(market: Market, actor: Actor, draft: OrganisationDraft) -> str:
    """Register an organisation at home in a village; its id. Refuses: Forbidden; NotFound for the village; Invalid
    for a name that is empty."""
    require(actor, Permission.ORGANISATION_REVIEW)
    if not draft.name.strip():
        raise Invalid(field="name", allowed="an organisation has a name", allowed_zh="名称不能为空")
    with market.transaction() as session:
        village = village_of(session, draft.village_id)
        organisation = Organisation(
            id=market.new_id(prefix_of_kind(draft.kind)),
            kind=draft.kind,
            name=draft.name,
            name_en=draft.name_en,
            story=draft.story,
            story_en=draft.story_en,
            village_id=village.id,
            region_code=village.region_code,
            latitude=village.latitude,
            longitude=village.longitude,
            created_at=market.now().replace(microsecond=0),
        )
        session.add(organisation)
        touch(session, "organisations")
        return organisation.id


def join_cooperative(market: Market, actor: Actor, *, cooperative_id: str, producer_id: str, joined_on: date) -> str:
    """Make a producer a member of a cooperative from a day on; the membership's id.

    Refuses: Forbidden; InvalidId; NotFound. Once: a member that has not left keeps its membership.
    """
    require(actor, Permission.MEMBERSHIP_MANAGE, organisation_id=cooperative_id)
    require_id(cooperative_id, "cop", field="cooperative")
    require_id(producer_id, "pdr", field="producer")
    with market.transaction() as session:
        organisation_of(session, cooperative_id, field="cooperative")
        organisation_of(session, producer_id, field="producer")
        current = session.exec(
            select(Membership.id).where(
                Membership.cooperative_id == cooperative_id,
                Membership.producer_id == producer_id,
                sa.or_(col(Membership.left_on).is_(None), col(Membership.left_on) > joined_on),
            )
        ).first()
        if current is not None:
            return current
        membership = Membership(
            id=market.new_id("mbr"), cooperative_id=cooperative_id, producer_id=producer_id, joined_on=joined_on
        )
        session.add(membership)
        touch(session, "organisations")
        return membership.id


def record_certificate(market: Market, actor: Actor, draft: CertificateDraft) -> str:
    """Record what an organisation was certified for; the certificate's id. Refuses: Forbidden; NotFound; Invalid for a
    number that is not of its kind's format, or an end before its start."""
    require(actor, Permission.ORGANISATION_REVIEW)
    check_certificate_number(draft.kind, draft.number)
    if draft.valid_from is not None and draft.valid_to is not None and draft.valid_to < draft.valid_from:
        raise Invalid(field="valid_to", allowed="its last day is not before its first", allowed_zh="止期不早于起期")
    with market.transaction() as session:
        organisation_of(session, draft.organisation_id, field="organisation")
        certificate = Certificate(
            id=market.new_id("crt"),
            organisation_id=draft.organisation_id,
            kind=draft.kind,
            name=draft.name,
            name_en=draft.name_en,
            number=draft.number,
            issued_by=draft.issued_by,
            valid_from=draft.valid_from,
            valid_to=draft.valid_to,
        )
        session.add(certificate)
        touch(session, "organisations", "catalogue")
        return certificate.id


def organisation_of(session: Session, organisation_id: str, *, field: str = "organisation") -> Organisation:
    """Step: an organisation, or refuses with NotFound."""
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound(field=field)
    return organisation

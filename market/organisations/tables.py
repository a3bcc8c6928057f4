"""Organisations with their history, memberships and powers, invitations, licences and certificates."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.kernel.personal import OnErasure, PersonalKind, personal
from market.organisations.rules import (
    CertificateKind,
    DocumentState,
    InvitationState,
    LicenceKind,
    MembershipRequestState,
    MembershipSide,
    OrganisationKind,
    OrganisationState,
    Power,
)

REPRESENTATIVE, CONTACT_PHONE, INVITED_PHONE = (
    "organisation.representative",
    "organisation.contact_phone",
    "invitation.phone",
)
"""Purposes of what is sealed here."""

_REGISTERED = sa.text("state IN ('ACTIVE', 'FROZEN')")
_SUBMITTED = sa.text("state = 'SUBMITTED'")
_PENDING = sa.text("state = 'PENDING'")
_REQUESTED = sa.text("state = 'REQUESTED'")
_OPEN = sa.text("state = 'OPEN'")
_NOT_LEFT = sa.text("left_on IS NULL")
_NOT_REVOKED = sa.text("revoked_at IS NULL")


def _only(name: str, *columns: str, where: sa.TextClause, unique: bool = False) -> sa.Index:
    """An index over the rows for which this holds."""
    return sa.Index(name, *columns, unique=unique, postgresql_where=where, sqlite_where=where)


class Organisation(SQLModel, table=True):
    """A cooperative or a producer. Its id's prefix says which (`cop`, `pdr`), so its kind never crosses that line.

    What was told for its registration (`legal_name` and below) is missing from those that staff entered themselves.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        sa.Index("organisation_newest", "created_at", "id"),
        sa.Index("organisation_name", "name", "id"),
        sa.Index("organisation_village", "village_id"),
        sa.Index("organisation_region", "region_code"),
        sa.Index("organisation_place", "latitude", "longitude"),
        _only("organisation_credit_code_once", "credit_code", where=_REGISTERED, unique=True),
        _only("organisation_waiting", "submitted_at", "id", where=_SUBMITTED),
    )

    id: str = Field(primary_key=True, max_length=30)
    kind: OrganisationKind = enum_field(OrganisationKind)
    state: OrganisationState = enum_field(OrganisationState, default=OrganisationState.ACTIVE)
    name: str
    name_en: str | None = None
    story: str = ""
    story_en: str | None = None
    village_id: str = Field(foreign_key="village.id", max_length=30)
    region_code: str = Field(foreign_key="region.code", max_length=12)
    latitude: float
    longitude: float
    created_at: datetime
    legal_name: str | None = Field(default=None, description="As on the business licence")
    credit_code: str | None = Field(default=None, max_length=18, description="GB 32100-2015")
    representative_sealed: str | None = Field(
        default=None,
        description="Who answers for it in law",
        sa_column_kwargs=personal(
            PersonalKind.NAME,
            OnErasure.KEEP,
            sealed_for=REPRESENTATIVE,
            reason="E-commerce Law article 27: a platform keeps on record who its sellers are",
        ),
    )
    contact_phone_sealed: str | None = Field(
        default=None,
        sa_column_kwargs=personal(
            PersonalKind.PHONE,
            OnErasure.KEEP,
            sealed_for=CONTACT_PHONE,
            reason="E-commerce Law article 27: a platform keeps on record how to reach its sellers",
        ),
    )
    submitted_at: datetime | None = Field(default=None, description="When it last went to review")


class OrganisationEvent(SQLModel, table=True):
    """One move of an organisation's state; the first has no state before. Only ever added, which triggers enforce.

    Ids are TypeIDs (`oev`), in the order of the moves, that nothing outside asks for.
    """

    __tablename__ = "organisation_event"
    __table_args__ = (sa.Index("organisation_event_of", "organisation_id", "at", "id"),)

    id: str = Field(primary_key=True, max_length=30)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=30)
    from_state: str | None = Field(default=None, max_length=32)
    to_state: OrganisationState = enum_field(OrganisationState)
    actor: str = Field(max_length=64, description="The account, or ADMIN or SYSTEM")
    reasons: list[dict[str, Any]] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    at: datetime


class Membership(SQLModel, table=True):
    """A producer's membership in a cooperative, from a day until it leaves. Both have agreed to it."""

    __tablename__ = "membership"
    __table_args__ = (
        sa.Index("membership_cooperative", "cooperative_id", "producer_id"),
        sa.Index("membership_producer", "producer_id", "cooperative_id"),
        _only("membership_once", "cooperative_id", "producer_id", where=_NOT_LEFT, unique=True),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="membership_order"),
    )

    id: str = Field(primary_key=True, max_length=30)
    cooperative_id: str = Field(foreign_key="organisation.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    joined_on: date
    left_on: date | None = None


class MembershipRequest(SQLModel, table=True):
    """One side asks for a membership, the other answers. The membership made of it has the same id."""

    __tablename__ = "membership_request"
    __table_args__ = (
        sa.Index("membership_request_cooperative", "cooperative_id", "state"),
        sa.Index("membership_request_producer", "producer_id", "state"),
        _only("membership_request_once", "cooperative_id", "producer_id", where=_REQUESTED, unique=True),
    )

    id: str = Field(primary_key=True, max_length=30)
    cooperative_id: str = Field(foreign_key="organisation.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    asked_by: MembershipSide = enum_field(MembershipSide)
    state: MembershipRequestState = enum_field(MembershipRequestState, default=MembershipRequestState.REQUESTED)
    requested_by: str = Field(max_length=64, description="The account that asked")
    requested_at: datetime
    answered_by: str | None = Field(default=None, max_length=64)
    answered_at: datetime | None = None


class MembershipPower(SQLModel, table=True):
    """Something that a member lets its cooperative do for it, on the days between, until it is revoked."""

    __tablename__ = "membership_power"
    __table_args__ = (
        sa.Index("membership_power_held", "membership_id", "power"),
        _only("membership_power_once", "membership_id", "power", where=_NOT_REVOKED, unique=True),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="membership_power_order"),
    )

    id: str = Field(primary_key=True, max_length=30)
    membership_id: str = Field(foreign_key="membership.id", max_length=30)
    power: Power = enum_field(Power)
    valid_from: date
    valid_to: date | None = None
    granted_by: str = Field(max_length=64, description="The account that granted it")
    granted_at: datetime
    revoked_by: str | None = Field(default=None, max_length=64)
    revoked_at: datetime | None = None


class Invitation(SQLModel, table=True):
    """A phone number asked to join an organisation's people.

    There is no token: whoever signs in with that number finds it, by the keyed hash that accounts have too. Once it is
    over, number and hash are forgotten.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        sa.Index("invitation_organisation", "organisation_id", "state"),
        sa.Index("invitation_phone", "phone_digest", "state"),
        _only("invitation_once", "organisation_id", "phone_digest", where=_OPEN, unique=True),
        sa.CheckConstraint("sent_count >= 1", name="invitation_sent"),
        # Also what UNIQUE leaves open: two missing hashes are not equal.
        sa.CheckConstraint("state <> 'OPEN' OR phone_digest IS NOT NULL", name="invitation_open_has_phone"),
    )

    id: str = Field(primary_key=True, max_length=30)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=30)
    phone_sealed: str | None = Field(
        sa_column_kwargs=personal(PersonalKind.PHONE, OnErasure.ROOM, sealed_for=INVITED_PHONE)
    )
    phone_digest: str | None = Field(max_length=64, sa_column_kwargs=personal(PersonalKind.CREDENTIAL, OnErasure.ROOM))
    roles: list[str] = Field(sa_type=sa.JSON, description="Names of roles of an organisation")
    state: InvitationState = enum_field(InvitationState, default=InvitationState.OPEN)
    invited_by: str = Field(max_length=64, description="The account that invited")
    invited_at: datetime
    sent_at: datetime
    sent_count: int = 1
    expires_at: datetime
    answered_by: str | None = Field(default=None, max_length=64)
    answered_at: datetime | None = None


class Licence(SQLModel, table=True):
    """A licence document that an organisation shows to staff. An identity card's number is not kept, only its scan."""

    __tablename__ = "licence"
    __table_args__ = (
        sa.Index("licence_organisation", "organisation_id"),
        sa.Index("licence_end", "valid_to"),
        _only("licence_waiting", "submitted_at", "id", where=_PENDING),
        sa.CheckConstraint("kind <> 'IDENTITY' OR number IS NULL", name="licence_identity_number_not_kept"),
        sa.CheckConstraint("valid_from IS NULL OR valid_to IS NULL OR valid_to >= valid_from", name="licence_order"),
    )

    id: str = Field(primary_key=True, max_length=30)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=30)
    kind: LicenceKind = enum_field(LicenceKind)
    number: str | None = None
    scan_id: str = Field(max_length=30, description="The picture of it, in media")
    valid_from: date | None = None
    valid_to: date | None = None
    state: DocumentState = enum_field(DocumentState, default=DocumentState.PENDING)
    submitted_by: str = Field(max_length=64)
    submitted_at: datetime
    reviewed_by: str | None = Field(default=None, max_length=64)
    reviewed_at: datetime | None = None
    reasons: list[dict[str, Any]] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))


class Certificate(SQLModel, table=True):
    """What an organisation was certified for. A missing number is not known here, never made up.

    One recorded by staff is accepted from the start; one that its people submitted is seen by nobody else until then.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        sa.Index("certificate_organisation", "organisation_id"),
        sa.Index("certificate_end", "valid_to"),
        _only("certificate_waiting", "submitted_at", "id", where=_PENDING),
    )

    id: str = Field(primary_key=True, max_length=30)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=30)
    kind: CertificateKind = enum_field(CertificateKind)
    name: str
    name_en: str | None = None
    number: str | None = None
    issued_by: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    state: DocumentState = enum_field(DocumentState, default=DocumentState.ACCEPTED)
    scan_id: str | None = Field(default=None, max_length=30, description="The picture of it, in media")
    submitted_by: str | None = Field(default=None, max_length=64)
    submitted_at: datetime | None = None
    reviewed_by: str | None = Field(default=None, max_length=64)
    reviewed_at: datetime | None = None
    reasons: list[dict[str, Any]] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))

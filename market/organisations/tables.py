"""Organisations, their memberships and certificates."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.organisations.rules import CertificateKind, OrganisationKind, OrganisationState, Power


class Organisation(SQLModel, table=True):
    """A cooperative or a producer. Its id's prefix says which (`cop`, `pdr`), so its kind never crosses that line."""

    __tablename__ = "organisation"
    __table_args__ = (
        sa.Index("organisation_newest", "created_at", "id"),
        sa.Index("organisation_name", "name", "id"),
        sa.Index("organisation_village", "village_id"),
        sa.Index("organisation_region", "region_code"),
        sa.Index("organisation_place", "latitude", "longitude"),
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


class Membership(SQLModel, table=True):
    """A producer's membership in a cooperative, from a day until it leaves."""

    __tablename__ = "membership"
    __table_args__ = (
        sa.Index("membership_cooperative", "cooperative_id", "producer_id"),
        sa.Index("membership_producer", "producer_id", "cooperative_id"),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="membership_order"),
    )

    id: str = Field(primary_key=True, max_length=30)
    cooperative_id: str = Field(foreign_key="organisation.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30)
    joined_on: date
    left_on: date | None = None


class MembershipPower(SQLModel, table=True):
    """Something that a member lets its cooperative do for it, on the days between, until it is revoked."""

    __tablename__ = "membership_power"
    __table_args__ = (
        sa.Index("membership_power_held", "membership_id", "power"),
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


class Certificate(SQLModel, table=True):
    """What an organisation was certified for. A missing number is not known here, never made up."""

    __tablename__ = "certificate"
    __table_args__ = (sa.Index("certificate_organisation", "organisation_id"), sa.Index("certificate_end", "valid_to"))

    id: str = Field(primary_key=True, max_length=30)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=30)
    kind: CertificateKind = enum_field(CertificateKind)
    name: str
    name_en: str | None = None
    number: str | None = None
    issued_by: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

"""Addresses, consents, privacy requests and the copies they make."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.kernel.personal import OnErasure, PersonalKind, part_of, personal
from market.people.profile.rules import (
    LABEL_CHARACTERS_MAX,
    ConsentDecision,
    ConsentKind,
    ConsentSource,
    MessageLanguage,
    PrivacyKind,
    PrivacyState,
)

STREET, RECIPIENT, PHONE = "address.street", "address.recipient", "address.phone"
"""The sealer's purposes."""
EXPORT = "privacy.export"

_DEFAULT = sa.text("is_default")
_REQUESTED = sa.text("state = 'REQUESTED'")
_READY = sa.text("state = 'READY'")


class Address(SQLModel, table=True):
    """Where a person lets things be sent. Who lives there, on which street, is sealed.

    One of a person's addresses is the default, which the unique index and the lock on their account see to.
    """

    __tablename__ = "address"
    __table_args__ = (
        sa.Index("address_account", "account_id", "id"),
        sa.Index("address_default", "account_id", unique=True, postgresql_where=_DEFAULT, sqlite_where=_DEFAULT),
        sa.Index("address_phone", "phone_digest"),
    )

    id: str = Field(primary_key=True, max_length=30)
    account_id: str = Field(foreign_key="account.id", max_length=30)
    region_code: str = Field(
        foreign_key="region.code", max_length=12, sa_column_kwargs=personal(PersonalKind.ADDRESS, OnErasure.DELETE)
    )
    street_sealed: str = Field(
        sa_type=sa.Text, sa_column_kwargs=personal(PersonalKind.ADDRESS, OnErasure.DELETE, sealed_for=STREET)
    )
    recipient_sealed: str = Field(
        sa_type=sa.Text, sa_column_kwargs=personal(PersonalKind.NAME, OnErasure.DELETE, sealed_for=RECIPIENT)
    )
    phone_sealed: str = Field(
        sa_type=sa.Text, sa_column_kwargs=personal(PersonalKind.PHONE, OnErasure.DELETE, sealed_for=PHONE)
    )
    phone_digest: str = Field(max_length=64, sa_column_kwargs=personal(PersonalKind.CREDENTIAL, OnErasure.DELETE))
    label: str = Field(
        default="", max_length=LABEL_CHARACTERS_MAX, sa_column_kwargs=personal(PersonalKind.TEXT, OnErasure.DELETE)
    )
    is_default: bool = False
    created_at: datetime
    updated_at: datetime


class Preference(SQLModel, table=True):
    """What a person prefers. No row: what is usual here."""

    __tablename__ = "preference"

    account_id: str = Field(primary_key=True, foreign_key="account.id", max_length=30)
    language: MessageLanguage = enum_field(
        MessageLanguage,
        default=MessageLanguage.ZH_CN,
        sa_column_kwargs=personal(PersonalKind.TEXT, OnErasure.DELETE),
    )
    updated_at: datetime


class Consent(SQLModel, table=True):
    """That a person consented to a text, or took it back. Never changed or deleted, which triggers enforce: the newest
    number of a kind is what holds.

    It stays after an erasure, as the proof that PIPL art. 69 puts on whoever processed the data; the account's id then
    leads to nobody.
    """

    __tablename__ = "consent"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "kind", "number", name="consent_numbered_once"),
        sa.CheckConstraint("number >= 1", name="consent_counted"),
    )

    id: str = Field(primary_key=True, max_length=30)
    account_id: str = Field(foreign_key="account.id", max_length=30)
    kind: ConsentKind = enum_field(ConsentKind)
    number: int
    decision: ConsentDecision = enum_field(ConsentDecision)
    version: str = Field(max_length=32, description="Of the text that was shown")
    source: ConsentSource = enum_field(ConsentSource)
    at: datetime


class PrivacyRequest(SQLModel, table=True):
    """What a person asked about their data, and how far it is. Stays after an erasure, as the record that it was done.

    `due_at` is when the worker may do it. While it does, `leased_until` keeps other workers off, and `attempt` tells
    the parts of its copy from those of an attempt that was cut off.
    """

    __tablename__ = "privacy_request"
    __table_args__ = (
        sa.Index("privacy_request_account", "account_id", "id"),
        sa.Index(
            "privacy_request_once",
            "account_id",
            "kind",
            unique=True,
            postgresql_where=_REQUESTED,
            sqlite_where=_REQUESTED,
        ),
        sa.Index("privacy_request_due", "kind", "due_at", postgresql_where=_REQUESTED, sqlite_where=_REQUESTED),
        sa.Index("privacy_request_expiry", "expires_at", postgresql_where=_READY, sqlite_where=_READY),
        sa.CheckConstraint("state <> 'READY' OR expires_at IS NOT NULL", name="privacy_request_ready_expires"),
    )

    id: str = Field(primary_key=True, max_length=30)
    account_id: str = Field(foreign_key="account.id", max_length=30)
    kind: PrivacyKind = enum_field(PrivacyKind)
    state: PrivacyState = enum_field(PrivacyState, default=PrivacyState.REQUESTED)
    requested_at: datetime
    due_at: datetime
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    attempt: int = 0
    leased_until: datetime | None = None
    obligations: list[dict[str, Any]] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))


class PrivacyExport(SQLModel, table=True):
    """A part of a copy of a person's data, sealed. Gone when the copy expires, or its person is erased."""

    __tablename__ = "privacy_export"

    request_id: str = Field(
        primary_key=True, foreign_key="privacy_request.id", max_length=30, sa_column_kwargs=part_of()
    )
    attempt: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    content_sealed: str = Field(
        sa_type=sa.Text, sa_column_kwargs=personal(PersonalKind.TEXT, OnErasure.DELETE, sealed_for=EXPORT)
    )

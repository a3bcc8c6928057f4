"""Accounts and roles, the ways to sign in, the devices that did, and API keys.

Nothing here opens anything by itself: codes and tokens are hashes, phones, openids and second factors are sealed.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.kernel.permissions import Role
from market.kernel.personal import OnErasure, PersonalKind, personal
from market.people.rules import AccountState, Counted, IdentityProvider, RevokedFor, SignInMethod

_DIGEST = 64
"""SHA-256 in hex."""
PHONE = "account.phone"
OPENID = "identity.subject"
TOTP = "second_factor.secret"
"""What the sealer seals and digests these for."""


def _personal(kind: PersonalKind, *, sealed_for: str | None = None) -> dict[str, Any]:
    """Personal, and gone with the account: `manage.close_account` does it."""
    return personal(kind, OnErasure.ROOM, sealed_for=sealed_for)


_CREDENTIAL = _personal(PersonalKind.CREDENTIAL)


class Account(SQLModel, table=True):
    """A person. Whoever has an account is a customer; more comes with roles."""

    __tablename__ = "account"
    __table_args__ = (
        sa.Index("account_phone_once", "phone_digest", unique=True),
        sa.CheckConstraint("(phone_sealed IS NULL) = (phone_digest IS NULL)", name="account_phone_whole"),
    )

    id: str = Field(primary_key=True, max_length=30)
    name: str = Field(sa_column_kwargs=_personal(PersonalKind.NAME))
    state: AccountState = enum_field(
        AccountState, default=AccountState.ACTIVE, sa_column_kwargs={"server_default": AccountState.ACTIVE.value}
    )
    phone_sealed: str | None = Field(
        default=None, max_length=128, sa_column_kwargs=_personal(PersonalKind.PHONE, sealed_for=PHONE)
    )
    phone_digest: str | None = Field(default=None, max_length=_DIGEST, sa_column_kwargs=_CREDENTIAL)
    created_at: datetime


class RoleHeld(SQLModel, table=True):
    """A role that an account holds: in an organisation, over a region's subtree, or over everything (ADMIN)."""

    __tablename__ = "role_held"
    __table_args__ = (
        sa.CheckConstraint("organisation_id IS NULL OR region_code IS NULL", name="role_held_within_one"),
        sa.UniqueConstraint("account_id", "role", "within", name="role_held_once"),
    )

    id: str = Field(primary_key=True, max_length=30)
    account_id: str = Field(foreign_key="account.id", max_length=30)
    role: Role = enum_field(Role)
    within: str = Field(max_length=30, description="The organisation or region, or empty: for uniqueness")
    organisation_id: str | None = Field(default=None, max_length=30)
    region_code: str | None = Field(default=None, foreign_key="region.code", max_length=12)


class Identity(SQLModel, table=True):
    """An account as somebody else knows it: its openid in the mini-program. Made by the first sign-in, never changed."""

    __tablename__ = "identity"
    __table_args__ = (sa.Index("identity_account", "account_id"),)

    provider: IdentityProvider = enum_field(IdentityProvider, primary_key=True)
    subject_digest: str = Field(primary_key=True, max_length=_DIGEST, sa_column_kwargs=_CREDENTIAL)
    subject_sealed: str = Field(max_length=256, sa_column_kwargs=_personal(PersonalKind.IDENTIFIER, sealed_for=OPENID))
    account_id: str = Field(foreign_key="account.id", max_length=30)
    created_at: datetime


class OneTimeCode(SQLModel, table=True):
    """The code last sent to a number. A new one takes its place; using it, or five tries, ends it."""

    __tablename__ = "one_time_code"
    __table_args__ = (sa.CheckConstraint("tries BETWEEN 0 AND 5", name="one_time_code_tries"),)

    phone_digest: str = Field(primary_key=True, max_length=_DIGEST, sa_column_kwargs=_CREDENTIAL)
    code_digest: str = Field(max_length=_DIGEST)
    tries: int = 0
    created_at: datetime
    expires_at: datetime = Field(index=True)
    used_at: datetime | None = None


class AttemptWindow(SQLModel, table=True):
    """The latest attempts of one kind by one number, name, account or network: what rolling limits count."""

    __tablename__ = "attempt_window"

    counted: Counted = enum_field(Counted, primary_key=True)
    subject_digest: str = Field(primary_key=True, max_length=_DIGEST)
    moments: list[int] = Field(sa_type=sa.JSON, description="In microseconds since 1970, UTC")
    last_at: datetime = Field(index=True)


class PasswordHeld(SQLModel, table=True):
    """The password of an account, as an argon2id hash with its parameters and salt in it."""

    __tablename__ = "password_held"
    __table_args__ = (sa.UniqueConstraint("login_name", name="password_held_name_once"),)

    account_id: str = Field(primary_key=True, foreign_key="account.id", max_length=30)
    login_name: str = Field(max_length=32, sa_column_kwargs=_personal(PersonalKind.NAME))
    hash: str = Field(max_length=255, sa_column_kwargs=_CREDENTIAL)
    changed_at: datetime


class SecondFactor(SQLModel, table=True):
    """A person's authenticator app (TOTP, RFC 6238). Counts once confirmed; `last_step` is the newest step used."""

    __tablename__ = "second_factor"

    account_id: str = Field(primary_key=True, foreign_key="account.id", max_length=30)
    secret_sealed: str = Field(max_length=256, sa_column_kwargs=_CREDENTIAL)
    confirmed_at: datetime | None = None
    last_step: int = Field(default=0, sa_type=sa.BigInteger)


class RecoveryCode(SQLModel, table=True):
    """A code that stands in for a lost authenticator, once."""

    __tablename__ = "recovery_code"

    account_id: str = Field(primary_key=True, foreign_key="account.id", max_length=30)
    code_digest: str = Field(primary_key=True, max_length=_DIGEST)
    used_at: datetime | None = None


class Device(SQLModel, table=True):
    """One sign-in and all that follows from it: the family of its refresh tokens.

    `refresh_digest` is the only token that can be used now, `previous_digest` the one before it, whose answer can be
    had again for ten seconds. Any other token of the family is an old one, and whoever shows it ends the family.
    `is_strong` after password and second factor: only then do staff roles count.
    """

    __tablename__ = "device"
    __table_args__ = (
        sa.UniqueConstraint("family_digest", name="device_family_once"),
        sa.Index("device_account", "account_id", "id"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_for IS NULL)", name="device_revoked_for"),
        sa.CheckConstraint("NOT is_strong OR method = 'PASSWORD'", name="device_strong_by_password"),
    )

    id: str = Field(primary_key=True, max_length=30)
    account_id: str = Field(foreign_key="account.id", max_length=30)
    method: SignInMethod = enum_field(SignInMethod)
    is_strong: bool
    name: str = Field(max_length=80, sa_column_kwargs=_personal(PersonalKind.DEVICE))
    user_agent: str = Field(max_length=200, sa_column_kwargs=_personal(PersonalKind.DEVICE))
    family_digest: str = Field(max_length=_DIGEST)
    refresh_digest: str = Field(max_length=_DIGEST)
    previous_digest: str | None = Field(default=None, max_length=_DIGEST)
    rotated_at: datetime
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime = Field(index=True)
    revoked_at: datetime | None = None
    revoked_for: RevokedFor | None = enum_field(RevokedFor, default=None, nullable=True)


class ApiKey(SQLModel, table=True):
    """A key by which another system acts for an organisation, within its scopes. The key itself is shown once."""

    __tablename__ = "api_key"
    __table_args__ = (
        sa.UniqueConstraint("secret_digest", name="api_key_secret_once"),
        sa.Index("api_key_organisation", "organisation_id", "id"),
        sa.Index("api_key_creator", "created_by"),
    )

    id: str = Field(primary_key=True, max_length=30)
    organisation_id: str = Field(max_length=30)
    name: str = Field(max_length=80)
    scopes: list[str] = Field(sa_type=sa.JSON, description="Permissions")
    secret_digest: str = Field(max_length=_DIGEST)
    created_by: str = Field(max_length=30, description="The account that made it")
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_by: str | None = Field(default=None, max_length=30)
    revoked_at: datetime | None = None

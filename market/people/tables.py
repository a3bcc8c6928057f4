"""Accounts and roles."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field
from market.kernel.permissions import Role


class Account(SQLModel, table=True):
    """A person. Whoever has an account is a customer; more comes with roles."""

    __tablename__ = "account"

    id: str = Field(primary_key=True, max_length=30)
    name: str
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

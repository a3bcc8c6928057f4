"""Campaigns, what is left of them, and who used them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.kernel.columns import enum_field, fen_field
from market.vouchers.rules import CampaignState, DiscountKind, Funder, UseState

_HELD = sa.text("state = 'HELD'")


class VoucherCampaign(SQLModel, table=True):
    """A campaign: what it gives, on what, to whom, and how much of it is left. The database refuses to overspend it."""

    __tablename__ = "voucher_campaign"
    __table_args__ = (
        sa.Index("voucher_campaign_running", "state", "starts_at", "id"),
        sa.Index("voucher_campaign_owner", "owner_id", "id"),
        sa.CheckConstraint(
            "(kind = 'PERCENT' AND percent BETWEEN 1 AND 100 AND amount_fen = 0) "
            "OR (kind <> 'PERCENT' AND percent = 0 AND amount_fen > 0)",
            name="voucher_campaign_gives",
        ),
        sa.CheckConstraint("ends_at > starts_at", name="voucher_campaign_order"),
        sa.CheckConstraint(
            "spent_fen >= 0 AND (budget_fen IS NULL OR spent_fen <= budget_fen)",
            name="voucher_campaign_never_overspent",
        ),
        sa.CheckConstraint(
            "used_count >= 0 AND (total_limit IS NULL OR used_count <= total_limit)",
            name="voucher_campaign_never_overused",
        ),
        sa.CheckConstraint("funder <> 'GOVERNMENT' OR budget_fen IS NOT NULL", name="voucher_campaign_budgeted"),
    )

    id: str = Field(primary_key=True, max_length=30)
    code: str | None = Field(default=None, unique=True, max_length=32, description="None: it comes by itself")
    name: str
    name_en: str | None = None
    state: CampaignState = enum_field(CampaignState, default=CampaignState.DRAFT)
    funder: Funder = enum_field(Funder)
    owner_id: str | None = Field(
        default=None, foreign_key="organisation.id", max_length=30, description="The seller that pays"
    )
    authority_region: str | None = Field(default=None, max_length=12, description="Whose public money it is")
    kind: DiscountKind = enum_field(DiscountKind)
    percent: int = 0
    amount_fen: int = fen_field(default=0)
    minimum_fen: int = fen_field(default=0)
    cap_fen: int | None = fen_field(default=None)
    scope_producer_id: str | None = Field(default=None, max_length=30)
    scope_village_id: str | None = Field(default=None, max_length=30)
    scope_region: str | None = Field(default=None, max_length=12)
    scope_category_id: str | None = Field(default=None, max_length=30)
    scope_listing_id: str | None = Field(default=None, max_length=30)
    scope_kind: str | None = Field(default=None, max_length=32)
    early_days: int | None = None
    budget_fen: int | None = fen_field(default=None)
    spent_fen: int = fen_field(default=0)
    total_limit: int | None = None
    used_count: int = 0
    person_limit: int | None = None
    starts_at: datetime
    ends_at: datetime
    created_at: datetime


class VoucherPerson(SQLModel, table=True):
    """How often one person has a campaign in use."""

    __tablename__ = "voucher_person"
    __table_args__ = (sa.CheckConstraint("used_count >= 0", name="voucher_person_counted"),)

    campaign_id: str = Field(primary_key=True, foreign_key="voucher_campaign.id", max_length=30)
    account_id: str = Field(primary_key=True, foreign_key="account.id", max_length=30)
    used_count: int


class VoucherUse(SQLModel, table=True):
    """One order's use of a campaign. While it is HELD it ends by itself; an ended one counts for nothing, and whoever
    needs what it holds takes it back."""

    __tablename__ = "voucher_use"
    __table_args__ = (
        sa.UniqueConstraint("holder", "campaign_id", name="voucher_use_once"),
        sa.Index("voucher_use_held", "campaign_id", "expires_at", postgresql_where=_HELD, sqlite_where=_HELD),
        sa.Index("voucher_use_account", "account_id", "created_at"),
        sa.CheckConstraint("amount_fen > 0 AND returned_fen BETWEEN 0 AND amount_fen", name="voucher_use_amount"),
    )

    id: str = Field(primary_key=True, max_length=30)
    campaign_id: str = Field(foreign_key="voucher_campaign.id", max_length=30)
    account_id: str = Field(foreign_key="account.id", max_length=30)
    holder: str = Field(max_length=30, description="The order")
    state: UseState = enum_field(UseState)
    amount_fen: int = fen_field()
    returned_fen: int = fen_field(default=0)
    expires_at: datetime | None = None
    created_at: datetime

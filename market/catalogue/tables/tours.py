"""What only tour packages have (农旅套餐): OCTO's product, option and unit, and the produce that goes with them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.catalogue.rules import GiftPer, NoteKind, PricingPer, UnitKind
from market.kernel.columns import enum_field, fen_field


class TourPackage(SQLModel, table=True):
    """The part of a listing that only tour packages have; same id."""

    __tablename__ = "tour_package"
    __table_args__ = (sa.CheckConstraint("duration_minutes > 0", name="tour_package_duration"),)

    id: str = Field(primary_key=True, foreign_key="listing.id", max_length=30)
    meeting_point: str
    meeting_point_en: str | None = None
    duration_minutes: int
    notice_minutes: int = Field(description="Book at least so long before the start")
    cutoff_minutes: int = Field(description="No booking is confirmed later than this before the start")
    pricing_per: PricingPer = enum_field(PricingPer)
    needs_travel_agency: bool = Field(description="Bundles transport, lodging or meals: a licensed agency must run it")


class PackageOption(SQLModel, table=True):
    """A form of a package: another length, another route. Retired like a variant: sessions and bookings point at it."""

    __tablename__ = "package_option"
    __table_args__ = (sa.UniqueConstraint("package_id", "position", name="package_option_place"),)

    id: str = Field(primary_key=True, max_length=30)
    package_id: str = Field(foreign_key="tour_package.id", max_length=30)
    position: int
    name: str
    name_en: str | None = None
    retired_at: datetime | None = None


class UnitType(SQLModel, table=True):
    """A ticket type of an option: who it is for, how many seats it takes, what it costs. Retired like a variant."""

    __tablename__ = "unit_type"
    __table_args__ = (
        sa.UniqueConstraint("option_id", "position", name="unit_type_place"),
        sa.CheckConstraint("pax_count >= 0", name="unit_type_pax"),
        sa.CheckConstraint("price_fen >= 0", name="unit_type_price"),
    )

    id: str = Field(primary_key=True, max_length=30)
    option_id: str = Field(foreign_key="package_option.id", max_length=30)
    position: int
    kind: UnitKind = enum_field(UnitKind)
    name: str
    name_en: str | None = None
    pax_count: int
    price_fen: int = fen_field()
    min_age: int | None = None
    max_age: int | None = None
    max_quantity: int | None = None
    retired_at: datetime | None = None


class PackageNote(SQLModel, table=True):
    """One line of what is included, excluded or to bring."""

    __tablename__ = "package_note"

    package_id: str = Field(primary_key=True, foreign_key="tour_package.id", max_length=30)
    kind: NoteKind = enum_field(NoteKind, primary_key=True)
    position: int = Field(primary_key=True)
    text: str
    text_en: str | None = None


class CancellationTier(SQLModel, table=True):
    """What share of the price comes back when cancelled at least so long before the start."""

    __tablename__ = "cancellation_tier"
    __table_args__ = (sa.CheckConstraint("refund_percent BETWEEN 0 AND 100", name="cancellation_tier_percent"),)

    package_id: str = Field(primary_key=True, foreign_key="tour_package.id", max_length=30)
    hours_before: int = Field(primary_key=True)
    refund_percent: int


class PackageGift(SQLModel, table=True):
    """Produce that comes with a package: the link between farm and tour."""

    __tablename__ = "package_gift"
    __table_args__ = (
        sa.Index("package_gift_variant", "variant_id"),
        sa.CheckConstraint("quantity > 0", name="package_gift_quantity"),
    )

    package_id: str = Field(primary_key=True, foreign_key="tour_package.id", max_length=30)
    position: int = Field(primary_key=True)
    variant_id: str = Field(foreign_key="variant.id", max_length=30)
    quantity: int
    per: GiftPer = enum_field(GiftPer)
    note: str = ""
    note_en: str | None = None

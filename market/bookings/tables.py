"""Bookings and tickets. What was sold stays as it was sold."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from market.bookings.gate import CheckOutcome
from market.bookings.rules import BookingState, CancelledBy, TicketState
from market.catalogue.rules import UnitKind
from market.kernel.columns import enum_field, fen_field
from market.kernel.personal import OnErasure, PersonalKind, part_of, personal

PARTICIPANT = "ticket.participant"
"""The sealer's purpose."""

_CONFIRMED = sa.text("state = 'CONFIRMED'")
_LET_IN = sa.text("outcome = 'REDEEMED'")


class Booking(SQLModel, table=True):
    """A party's place in a session. Its seats are held by its order; an order has one booking in a session."""

    __tablename__ = "booking"
    __table_args__ = (
        sa.UniqueConstraint("line_id", name="booking_line"),
        sa.Index("booking_order", "order_id"),
        sa.Index("booking_account", "account_id", "starts_at", "id"),
        sa.Index("booking_session", "session_id", "state", "id"),
        sa.Index("booking_package", "package_id", "starts_at", "id"),
        sa.Index("booking_to_come", "ends_at", "id", postgresql_where=_CONFIRMED, sqlite_where=_CONFIRMED),
        sa.CheckConstraint("seats > 0", name="booking_seats"),
    )

    id: str = Field(primary_key=True, max_length=30)
    order_id: str = Field(max_length=30)
    line_id: str = Field(max_length=30)
    account_id: str = Field(foreign_key="account.id", max_length=30)
    producer_id: str = Field(foreign_key="organisation.id", max_length=30, description="Who receives them")
    region_code: str = Field(max_length=12, description="Where")
    package_id: str = Field(foreign_key="tour_package.id", max_length=30)
    option_id: str = Field(foreign_key="package_option.id", max_length=30)
    session_id: str = Field(foreign_key="tour_session.id", max_length=30)
    state: BookingState = enum_field(BookingState, default=BookingState.ON_HOLD)
    seats: int
    amount_fen: int = fen_field()
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    local_date: date
    tiers: list[Any] = Field(sa_type=sa.JSON, description="[hours before, refund percent], as sold")
    expires_at: datetime | None = None
    confirmed_at: datetime | None = None
    redeemed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by: CancelledBy | None = enum_field(CancelledBy, default=None, nullable=True)
    refund_percent: int | None = None
    created_at: datetime


class Ticket(SQLModel, table=True):
    """One unit booked. Its code is random, and kept twice: hashed to be found, sealed (`ticket.code`) to be shown."""

    __tablename__ = "ticket"
    __table_args__ = (
        sa.UniqueConstraint("booking_id", "position", name="ticket_place"),
        sa.Index("ticket_session", "session_id", "state", "id"),
        sa.CheckConstraint("pax >= 0 AND price_fen >= 0", name="ticket_facts"),
    )

    id: str = Field(primary_key=True, max_length=30)
    booking_id: str = Field(foreign_key="booking.id", max_length=30, sa_column_kwargs=part_of())
    session_id: str = Field(foreign_key="tour_session.id", max_length=30)
    position: int
    unit_type_id: str = Field(foreign_key="unit_type.id", max_length=30)
    kind: UnitKind = enum_field(UnitKind)
    name: str
    name_en: str | None = None
    pax: int
    price_fen: int = fen_field()
    participant_sealed: str | None = Field(
        default=None, sa_column_kwargs=personal(PersonalKind.NAME, OnErasure.CLEAR, sealed_for=PARTICIPANT)
    )
    code_digest: str = Field(unique=True, max_length=64)
    code_sealed: str = Field(
        sa_column_kwargs=personal(
            PersonalKind.CREDENTIAL, OnErasure.KEEP, sealed_for="ticket.code", reason="it lets in whoever holds it"
        )
    )
    state: TicketState = enum_field(TicketState, default=TicketState.PENDING)
    redeemed_at: datetime | None = None
    redeemed_by: str | None = Field(default=None, max_length=64)
    gate: str | None = Field(default=None, max_length=64, description="The device that let them in")


class GateManifest(SQLModel, table=True):
    """One list of a session's tickets that a gate took along to work without a network. Never changed or deleted, which
    triggers enforce. The list itself is not kept: it is made of the tickets, each time it is asked for."""

    __tablename__ = "gate_manifest"
    __table_args__ = (sa.Index("gate_manifest_session", "session_id", "id"),)

    id: str = Field(primary_key=True, max_length=30)
    session_id: str = Field(foreign_key="tour_session.id", max_length=30)
    issued_to: str = Field(max_length=64, description="The account or API key")
    issued_at: datetime


class Redemption(SQLModel, table=True):
    """A ticket that let somebody in, once; or one scanned offline that should not have. Never changed or deleted, which
    triggers enforce."""

    __tablename__ = "redemption"
    __table_args__ = (
        sa.Index("redemption_once", "ticket_id", unique=True, postgresql_where=_LET_IN, sqlite_where=_LET_IN),
        sa.Index("redemption_session", "session_id", "id"),
        sa.Index("redemption_manifest", "manifest_id", "ticket_id"),
        sa.CheckConstraint("outcome <> 'REDEEMED' OR ticket_id IS NOT NULL", name="redemption_of_ticket"),
    )

    id: str = Field(primary_key=True, max_length=30)
    ticket_id: str | None = Field(default=None, foreign_key="ticket.id", max_length=30)
    session_id: str = Field(foreign_key="tour_session.id", max_length=30)
    manifest_id: str | None = Field(default=None, foreign_key="gate_manifest.id", max_length=30)
    outcome: CheckOutcome = enum_field(CheckOutcome)
    scanned_at: datetime = Field(description="By the gate's clock, when offline")
    received_at: datetime
    actor: str = Field(max_length=64)
    gate: str | None = Field(default=None, max_length=64)

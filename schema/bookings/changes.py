"""What the gate's people do, and how a buyer moves a booking: each mutation is one use case."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.aftersales.reschedule import reschedule_booking
from market.bookings import errors as raised
from market.bookings.check_in import Checked, CheckInDraft, check_in
from market.bookings.manifest import issue_manifest
from market.bookings.no_show import mark_no_show, undo_no_show
from market.bookings.uploads import OfflineScan, UploadDraft, upload_check_ins
from market.kernel.permissions import Permission
from schema.bookings.reads import BOOKING, TICKET
from schema.bookings.types import Booking, Ticket
from schema.checkout.types import money_of
from schema.enums import CheckOutcome
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.node import Money
from schema.permissions import PUBLIC, ruled

GATE = Permission.ORDER_FULFIL

BookingId = Annotated[strawberry.ID, strawberry.argument(description="The booking's id.")]
Gate = Annotated[
    str | None,
    strawberry.argument(description="What the people there call the place or device, at most 64 characters."),
]
TicketIds = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Some of its tickets; all when left out.")
]


@told_as(
    raised.GateClosed,
    lambda error, _language: {"opens_at": error.facts["opens_at"], "closes_at": error.facts["closes_at"]},
)
@strawberry.type(description="Tickets of the session are not taken now.")
@ruled(PUBLIC)
class GateClosed(UserError):
    opens_at: datetime = strawberry.field(description="From when they are.")
    closes_at: datetime = strawberry.field(description="Until when they are.")


@told_as(raised.ChangeTooLate, lambda error, _language: {"until": error.facts["until"]})
@strawberry.type(description="The booking can no longer be moved to another session.")
@ruled(PUBLIC)
class ChangeTooLate(UserError):
    until: datetime = strawberry.field(description="Until when it could.")


@told_as(raised.PriceHigher, lambda error, _language: {"difference": money_of(error.facts["difference_fen"])})
@strawberry.type(description="The other session costs more: cancel and book again, or choose another.")
@ruled(PUBLIC)
class PriceHigher(UserError):
    difference: Money = strawberry.field(description="So much more.")


@strawberry.input(one_of=True, description="What is at the gate: exactly one of these.")
class GateTicketsInput:
    code: str | None = strawberry.field(
        default=UNSET, description="A ticket's code as scanned or typed; case, spaces and dashes do not matter."
    )
    ticket_ids: list[strawberry.ID] | None = strawberry.field(
        default=UNSET, description="Tickets of one session by their ids, 1 to 100."
    )


@strawberry.input(description="A ticket that a gate let in offline. One of `code` and `ticketId` is needed.")
class OfflineScanInput:
    scanned_at: datetime = strawberry.field(description="When, by the device's clock.")
    code: str | None = strawberry.field(default=None, description="The ticket's code as scanned.")
    ticket_id: strawberry.ID | None = strawberry.field(default=None, description="The ticket's id in the manifest.")


@strawberry.type(description="What came of a ticket at the gate.")
@ruled(GATE)
class CheckedTicket:
    outcome: CheckOutcome = strawberry.field(description="Only REDEEMED lets in.")
    ticket_id: strawberry.ID | None = strawberry.field(description="The ticket; null when there is no such ticket.")
    ticket: Ticket | None = changed(
        "The ticket now: when it was used, where and by whom.",
        Ticket | None,
        lambda: TICKET,
        lambda checked: checked.ticket_id,
    )


@strawberry.type(description="Tickets were looked at; what came of each.")
@ruled(GATE)
class CheckInPayload:
    tickets: list[CheckedTicket] = strawberry.field(description="One for each that was asked for, in that order.")

    @classmethod
    def of(cls, checked: list[Checked]) -> "CheckInPayload":
        """From the room's own."""
        return cls(
            tickets=[
                CheckedTicket(
                    outcome=each.outcome,
                    ticket_id=None if each.ticket_id is None else strawberry.ID(each.ticket_id),
                )
                for each in checked
            ]
        )


@strawberry.type(description="A session's tickets for a gate without a network.")
@ruled(GATE)
class GateManifestPayload:
    manifest_id: strawberry.ID = strawberry.field(description="`uploadCheckIns` names it.")
    manifest: str = strawberry.field(
        description="A JSON Web Token (RFC 7519), signed by Ed25519 (EdDSA). `tickets` are `{digest, id, booking, name, "
        "pax, state}`; the digest is the SHA-256, in hex, of the manifest's id, a colon and the ticket's code, in capitals "
        "with dashes. Only a VALID ticket lets in, once."
    )
    public_key: str = strawberry.field(description="What it is checked with: `x` of the OKP key (RFC 8037), base64url.")
    ticket_count: int = strawberry.field(description="How many tickets it lists.")
    opens_at: datetime = strawberry.field(description="From when they are taken.")
    closes_at: datetime = strawberry.field(description="Until when they are taken.")
    upload_until: datetime = strawberry.field(description="Until when `uploadCheckIns` takes what was done.")


@strawberry.type(description="The booking was changed.")
@ruled(Permission.ORDER_READ)
class BookingPayload:
    booking_id: strawberry.Private[str]
    booking: Booking | None = changed(
        "The booking now.", Booking | None, lambda: BOOKING, lambda payload: payload.booking_id
    )


@strawberry.type(description="Changes of bookings.")
class BookingMutations:
    @mutation(
        "Let in whoever these tickets let in: some of a party or all. A ticket that was used before says so, and when and "
        "by whom; nothing is lost by scanning it again.",
        rule=GATE,
        errors=(GateClosed,),
    )
    async def check_in(
        self,
        info: Info,
        tickets: Annotated[GateTicketsInput, strawberry.argument(description="The tickets.")],
        idempotency_key: IdempotencyKey,
        gate: Gate = None,
    ) -> CheckInPayload:
        draft = CheckInDraft(
            code=tickets.code or None, ticket_ids=tuple(str(each) for each in tickets.ticket_ids or ()), gate=gate
        )
        return CheckInPayload.of(await info.context.act(check_in, draft, key=str(idempotency_key)))

    @mutation(
        "Take a signed list of a session's tickets along, to check them where there is no network.",
        rule=GATE,
        errors=(GateClosed,),
    )
    async def issue_gate_manifest(
        self,
        info: Info,
        session_id: Annotated[strawberry.ID, strawberry.argument(description="The session's id.")],
        idempotency_key: IdempotencyKey,
    ) -> GateManifestPayload:
        made = await info.context.act(issue_manifest, session_id=str(session_id), key=str(idempotency_key))
        return GateManifestPayload(
            manifest_id=strawberry.ID(made.id),
            manifest=made.token,
            public_key=made.public_key,
            ticket_count=made.ticket_count,
            opens_at=made.opens_at,
            closes_at=made.closes_at,
            upload_until=made.upload_until,
        )

    @mutation(
        "Tell whom a gate let in offline. What should not have been let in is told ticket by ticket, and kept on record; it "
        "holds none of the others up. Until seven days after the gate closed; clocks may differ by five minutes.",
        rule=GATE,
    )
    async def upload_check_ins(
        self,
        info: Info,
        manifest_id: Annotated[strawberry.ID, strawberry.argument(description="The manifest that the gate worked by.")],
        scans: Annotated[list[OfflineScanInput], strawberry.argument(description="What it did, 1 to 200 scans.")],
        idempotency_key: IdempotencyKey,
        gate: Gate = None,
    ) -> CheckInPayload:
        told = tuple(
            OfflineScan(each.scanned_at, each.code, None if each.ticket_id is None else str(each.ticket_id))
            for each in scans
        )
        draft = UploadDraft(str(manifest_id), told, gate)
        return CheckInPayload.of(await info.context.act(upload_check_ins, draft, key=str(idempotency_key)))

    @mutation(
        "Say that nobody of a booking came. Whoever comes late is let in all the same; the worker says it of all who did "
        "not come once the gate has closed.",
        rule=GATE,
    )
    async def mark_no_show(self, info: Info, booking_id: BookingId, idempotency_key: IdempotencyKey) -> BookingPayload:
        done = await info.context.act(mark_no_show, booking_id=str(booking_id), key=str(idempotency_key))
        return BookingPayload(booking_id=done)

    @mutation(
        "Say that guests marked as not shown did come: their tickets are REDEEMED. Until seven days after the gate closed.",
        rule=GATE,
        errors=(GateClosed,),
    )
    async def undo_no_show(
        self, info: Info, booking_id: BookingId, idempotency_key: IdempotencyKey, ticket_ids: TicketIds = None
    ) -> CheckInPayload:
        ids = [str(each) for each in ticket_ids or ()]
        done = await info.context.act(
            undo_no_show, booking_id=str(booking_id), ticket_ids=ids, key=str(idempotency_key)
        )
        return CheckInPayload.of(done)

    @mutation(
        "Move one's booking to another session of the same option: seats and tickets at once, and what it costs less goes "
        "back. While cancelling it would still give all of it back (`Booking.changeUntil`).",
        rule=Permission.ORDER_PLACE,
        errors=(ChangeTooLate, PriceHigher),
    )
    async def reschedule_booking(
        self,
        info: Info,
        booking_id: BookingId,
        session_id: Annotated[strawberry.ID, strawberry.argument(description="The session to move to.")],
        idempotency_key: IdempotencyKey,
    ) -> BookingPayload:
        done = await info.context.act(
            reschedule_booking, booking_id=str(booking_id), session_id=str(session_id), key=str(idempotency_key)
        )
        return BookingPayload(booking_id=done)

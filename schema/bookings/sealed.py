"""What is sealed in tickets, opened for whoever bought them."""

import io

import sqlalchemy as sa

from market.bookings.codes import PURPOSE as TICKET_CODE
from market.bookings.tables import PARTICIPANT
from market.bookings.tables import Booking as BookingTable
from market.kernel.sealing import Sealer
from schema.projection import Args, Build, Computed, Given, looked_up, quoted, table_of
from schema.projection.declare import Expression
from schema.projection.viewer import own

BOOKINGS = table_of(BookingTable)


def _sealer(build: Build, _args: Args) -> dict[str, Given]:
    sealer = build.fact("sealer")
    return {"sealer": Given(via=lambda _nothing: sealer)}


def _whose(t: sa.FromClause) -> Expression:
    booking = BOOKINGS.alias()
    return looked_up(booking.c.account_id, booking, where=[booking.c.id == t.c.booking_id])


def _code_of_own(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
    return [sa.case((sa.and_(_whose(t) == own(build), t.c.state == quoted("VALID")), t.c.code_sealed))]


def code() -> Computed:
    """A ticket's code: for its buyer, while it lets somebody in."""

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        return None if sealed is None else sealer.open(sealed, purpose=TICKET_CODE)

    return Computed(act, _code_of_own, _sealer)


def qr() -> Computed:
    """A ticket's code as a QR code, as `code`."""

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        return None if sealed is None else svg_of(sealer.open(sealed, purpose=TICKET_CODE))

    return Computed(act, _code_of_own, _sealer)


def svg_of(text: str) -> str:
    """A text as a QR code (ISO/IEC 18004), an SVG image that scales; a quarter of it may be dirty (level Q)."""
    import segno  # noqa: PLC0415  # loaded when first used: memory of an idle server

    out = io.BytesIO()
    segno.make_qr(text, error="q").save(out, kind="svg", xmldecl=False, nl=False, omitsize=True)
    return out.getvalue().decode()


def participant() -> Computed:
    """Who comes with a ticket, for whoever bought it."""

    def values(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
        return [sa.case((_whose(t) == own(build), t.c.participant_sealed))]

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        return None if sealed is None else sealer.open(sealed, purpose=PARTICIPANT)

    return Computed(act, values, _sealer)

"""How many come to a session: a count, so a plain resolver."""

from typing import Annotated

import strawberry

from market.bookings.roster import roster_counts
from market.kernel.permissions import Permission
from schema.enums import UnitKind
from schema.mutations import Info
from schema.permissions import ruled


@strawberry.type(description="Tickets of one type that let somebody into a session.")
@ruled(Permission.ORDER_FULFIL)
class RosterCount:
    unit_type_id: strawberry.ID = strawberry.field(description="The ticket type.")
    kind: UnitKind = strawberry.field(description="What kind of guest.")
    name: str = strawberry.field(description="What the ticket type was called when it was sold.")
    tickets: int = strawberry.field(description="How many tickets were paid for and not cancelled.")
    pax: int = strawberry.field(description="How many people they let in.")
    redeemed: int = strawberry.field(description="How many of the tickets were used.")
    no_show: int = strawberry.field(description="How many of the tickets are of guests who did not come.")


@strawberry.type(description="Reads for the gate.")
class RosterQueries:
    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
        description="How many are expected at a session and how many came, by ticket type; null for an unknown session.",
        metadata={"rule": Permission.ORDER_FULFIL},
    )
    async def roster_counts(
        self,
        info: Info,
        session_id: Annotated[strawberry.ID, strawberry.argument(description="The session's id.")],
    ) -> list[RosterCount] | None:
        counts = await info.context.look(roster_counts, session_id=str(session_id))
        if counts is None:
            return None
        return [
            RosterCount(
                unit_type_id=strawberry.ID(each.unit_type_id),
                kind=each.kind,
                name=each.name,
                tickets=each.tickets,
                pax=each.pax,
                redeemed=each.redeemed,
                no_show=each.no_show,
            )
            for each in counts
        ]

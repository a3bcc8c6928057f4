"""Read: how many come to a session, by ticket type."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from market.bookings.rules import TicketState
from market.bookings.tables import Ticket
from market.catalogue.rules import UnitKind
from market.catalogue.tables import Listing
from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission
from market.organisations.acting import acts_for
from market.sessions.tables import TourSession

_TICKETS = SQLModel.metadata.tables[str(Ticket.__tablename__)]
_LISTINGS = SQLModel.metadata.tables[str(Listing.__tablename__)]


@dataclass(frozen=True, slots=True)
class RosterCount:
    """Tickets of one type that let somebody into a session, by what became of them."""

    unit_type_id: str
    kind: UnitKind
    name: str
    tickets: int
    pax: int
    redeemed: int
    no_show: int


def roster_counts(market: Market, actor: Actor, *, session_id: str) -> list[RosterCount] | None:
    """How many are expected at a session and how many came, by ticket type as sold; None for an unknown session, also
    another organisation's. Tickets not paid and cancelled ones do not count.

    Refuses: NotSignedIn; Forbidden.
    """
    within = acts_for(actor, Permission.ORDER_FULFIL, _LISTINGS.c.producer_id, today=business_day(market.now()))
    t = _TICKETS.c
    with market.read() as session:
        known = session.exec(
            select(TourSession.id)
            .join(Listing, col(Listing.id) == col(TourSession.package_id))
            .where(TourSession.id == session_id, within)
        ).first()
        if known is None:
            return None
        rows = session.execute(
            sa.select(
                t.unit_type_id,
                t.kind,
                t.name,
                sa.func.count(),
                sa.func.sum(t.pax),
                sa.func.sum(sa.case((t.state == TicketState.REDEEMED, 1), else_=0)),
                sa.func.sum(sa.case((t.state == TicketState.NO_SHOW, 1), else_=0)),
            )
            .where(
                t.session_id == session_id,
                t.state.in_((TicketState.VALID, TicketState.REDEEMED, TicketState.NO_SHOW)),
            )
            .group_by(t.unit_type_id, t.kind, t.name)
            .order_by(t.unit_type_id, t.name)
        ).all()
    return [RosterCount(row[0], UnitKind(row[1]), row[2], *(int(each) for each in row[3:])) for row in rows]

"""What changed, as the database tells it: messages of the outbox since one, sessions of packages as they are now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.bookings.tables import Booking
from market.kernel.market import Market
from market.kernel.outbox import OutboxMessage
from market.orders.tables import OrderLine, SellerOrder
from market.sessions.tables import TourSession

TOPIC = "outbox"
"""What changes whenever a message is left in the outbox: triggers of the table see to it (migration 0019)."""
SESSIONS_MAX = 200
"""So many sessions of a package are watched, the soonest first."""
_PAGE = 500
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_MOMENT, _REST = 10, 16
"""A TypeID's characters that say its millisecond, and the others."""


@dataclass(frozen=True, slots=True)
class Part:
    """A seller's part of an order, and whose it is."""

    order_id: str
    id: str
    producer_id: str
    cooperative_id: str | None

    @property
    def sellers(self) -> tuple[str, ...]:
        """The producer, and the cooperative it is sold through."""
        return (self.producer_id,) if self.cooperative_id is None else (self.producer_id, self.cooperative_id)


@dataclass(frozen=True, slots=True)
class News:
    """One message, as far as subscribers go: pairs of who listens (an order, a seller, a cooperative) and what changed
    for them."""

    id: str
    told: tuple[tuple[str, str], ...]


def before(message_id: str, milliseconds: int) -> str:
    """The least id that a message made so long before this one can have.

    >>> before("msg_01m873hqg3e398aqg8ps2req0t", 3)
    'msg_01m873hqg00000000000000000'
    """
    prefix, _, code = message_id.partition("_")
    moment = 0
    for character in code[:_MOMENT]:
        moment = moment * 32 + _DIGITS.index(character)
    moment, text = max(moment - milliseconds, 0), ""
    for _ in range(_MOMENT):
        moment, digit = divmod(moment, 32)
        text = _DIGITS[digit] + text
    return f"{prefix}_{text}{'0' * _REST}"


def last_message(market: Market) -> str:
    """The id of the newest message; when there is none, what all ids follow."""
    with market.read() as session:
        found = session.exec(select(sa.func.max(OutboxMessage.id))).one()
    return found or f"msg_{'0' * (_MOMENT + _REST)}"


def messages_since(market: Market, since: str) -> list[News]:
    """All messages with later ids, in order."""
    found: list[News] = []
    with market.read() as session:
        while True:
            rows = session.exec(
                select(OutboxMessage.id, OutboxMessage.aggregate, OutboxMessage.payload)
                .where(OutboxMessage.id > since)
                .order_by(col(OutboxMessage.id))
                .limit(_PAGE)
            ).all()
            parts = parts_of(session, {message_id: (aggregate, payload) for message_id, aggregate, payload in rows})
            found += [News(message_id, _told(parts[message_id])) for message_id, _, _ in rows]
            if len(rows) < _PAGE:
                return found
            since = rows[-1][0]


def sessions_of(market: Market, packages: Iterable[str]) -> dict[str, dict[str, tuple[Any, ...]]]:
    """The sessions to come of each package, with what their availability depends on."""
    table = TourSession
    kept: dict[str, dict[str, tuple[Any, ...]]] = {}
    with market.read() as session:
        for package in packages:
            rows = session.exec(
                select(
                    table.id,
                    table.state,
                    table.capacity,
                    table.taken,
                    table.pool_vacancies,
                    table.closed_for,
                    table.starts_at,
                    table.cutoff_at,
                    table.lapses_at,
                )  # type: ignore[call-overload]  # SQLModel types up to four columns
                .where(table.package_id == package, table.starts_at > market.now())
                .order_by(col(table.starts_at), col(table.id))
                .limit(SESSIONS_MAX)
            ).all()
            kept[package] = {row[0]: tuple(row[1:]) for row in rows}
    return kept


def packages_of(market: Market, sessions: Sequence[str]) -> dict[str, str]:
    """Which package each of these sessions is of; unknown ones are left out."""
    with market.read() as session:
        rows = session.exec(
            select(TourSession.id, TourSession.package_id).where(col(TourSession.id).in_(sessions))
        ).all()
    return {session_id: package_id for session_id, package_id in rows}


def parts_of(session: Session, messages: Mapping[str, tuple[str, Mapping[str, Any]]]) -> dict[str, list[Part]]:
    """Step: which sellers' parts each message is about, by its aggregate and payload.

    Rooms name an order, a part or a booking by its id, under whatever key. One that names a part or a booking is about
    that part; one that names only the order, about all of its parts.
    """
    named = {key: [aggregate, *_texts(payload)] for key, (aggregate, payload) in messages.items()}
    of_booking = _parts_of_bookings(session, {each for ids in named.values() for each in ids if _is(each, "bkg")})
    parts: dict[str, list[Part]] = {}
    for part in _read_parts(session, {*of_booking.values(), *[each for ids in named.values() for each in ids]}):
        parts.setdefault(part.order_id, []).append(part)
        parts[part.id] = [part]
    found = {}
    for key, ids in named.items():
        chosen = [each for each in ids if _is(each, "sor")] + [of_booking[each] for each in ids if each in of_booking]
        wanted = chosen or [each for each in ids if _is(each, "ord")]
        found[key] = list(dict.fromkeys(part for each in wanted for part in parts.get(each, ())))
    return found


def _texts(payload: Mapping[str, Any]) -> list[str]:
    return [each for each in payload.values() if isinstance(each, str)]


def _is(text: str, prefix: str) -> bool:
    return text.startswith(f"{prefix}_")


def _parts_of_bookings(session: Session, bookings: set[str]) -> dict[str, str]:
    if not bookings:
        return {}
    of_line = select(Booking.id, OrderLine.seller_order_id).join(OrderLine, col(OrderLine.id) == col(Booking.line_id))
    return {booking: part for booking, part in session.exec(of_line.where(col(Booking.id).in_(bookings)))}


def _read_parts(session: Session, ids: set[str]) -> list[Part]:
    orders, parts = sorted(each for each in ids if _is(each, "ord")), sorted(each for each in ids if _is(each, "sor"))
    if not orders and not parts:
        return []
    table = SellerOrder
    rows = session.exec(
        select(table.order_id, table.id, table.producer_id, table.cooperative_id)
        .where(sa.or_(col(table.order_id).in_(orders), col(table.id).in_(parts)))
        .order_by(col(table.id))
    )
    return [Part(*row) for row in rows]


def _told(parts: Sequence[Part]) -> tuple[tuple[str, str], ...]:
    told: dict[tuple[str, str], None] = {}
    for part in parts:
        told[part.order_id, part.order_id] = None
        for seller in part.sellers:
            told[seller, part.id] = None
    return tuple(told)

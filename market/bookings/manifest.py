"""Use case: the list that a gate takes along to a place without a network.

It is a JSON Web Token (RFC 7519) signed with Ed25519 (EdDSA, RFC 8037), so that a gate's device can tell, with the public
key alone, that the list is ours and whole. Its tickets are named by hashes: `sha256(manifest id + ":" + code)` in hex, of
the code as its buyer sees it. Whoever finds a lost device learns no code from it, for a code has 100 random bits.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from market.bookings.codes import PURPOSE
from market.bookings.errors import GateClosed
from market.bookings.gate import CORRECT_WITHIN, gate_hours
from market.bookings.rules import TicketState
from market.bookings.tables import GateManifest, Ticket
from market.catalogue.tables import Listing
from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.kernel.sealing import Sealer
from market.organisations.acting import act_for
from market.sessions.tables import TourSession

SIGNING = "gate.manifest"
"""The sealer's purpose of the signing key."""
ALGORITHM = "EdDSA"
_LISTED = (TicketState.VALID, TicketState.REDEEMED, TicketState.NO_SHOW, TicketState.CANCELLED)
"""Those used and cancelled too, so that the gate can say why it lets nobody in."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A signed list of a session's tickets, and what the gate needs to know of it."""

    id: str
    token: str
    public_key: str
    """To check it with: the `x` of the OKP key (RFC 8037), base64url."""
    ticket_count: int
    opens_at: datetime
    closes_at: datetime
    upload_until: datetime


def issue_manifest(market: Market, actor: Actor, *, session_id: str, key: str) -> Manifest:
    """Give a gate the list of a session's tickets as they are now, to work without a network.

    Refuses: NotSignedIn; Forbidden; NotFound for an unknown session, also another organisation's; GateClosed once the
    session's tickets are not taken any more; IdempotencyConflict.
    Once, by `key`: asked again, it is the same manifest, with the tickets as they are then.
    """
    reach(actor, Permission.ORDER_FULFIL)
    now = market.now()
    who = actor.account_id or actor.kind.value
    mine = IdempotencyKey.of(actor=who, operation="issueGateManifest", key=key, asked={"session": session_id})
    with market.transaction() as session:
        tour, principal = gated_session(session, actor, session_id, field="session", now=now)
        opens, closes = gate_hours(tour.starts_at, tour.ends_at)
        if now >= closes:
            raise GateClosed(opens_at=opens, closes_at=closes)

        def act() -> str:
            made = GateManifest(id=market.new_id("mft"), session_id=session_id, issued_to=who, issued_at=now)
            session.add(made)
            session.flush()
            audit.record(
                session,
                actor,
                action="booking.manifest",
                subject=session_id,
                principal=principal,
                now=now,
                after={"manifest": made.id},
            )
            return made.id

        manifest_id = once(session, mine, act, now=now, dump=str, load=str)
        tickets = list(_tickets(session, market.sealer, session_id, manifest_id))
    claims = {
        "jti": manifest_id,
        "sub": session_id,
        "iat": int(now.timestamp()),
        "nbf": int(min(now, opens).timestamp()),
        "exp": int(closes.timestamp()),
        "opens": int(opens.timestamp()),
        "tickets": tickets,
    }
    token, public_key = _signed(claims, market.sealer.key(SIGNING))
    return Manifest(
        id=manifest_id,
        token=token,
        public_key=public_key,
        ticket_count=len(tickets),
        opens_at=opens,
        closes_at=closes,
        upload_until=closes + CORRECT_WITHIN,
    )


def gated_session(
    session: Session, actor: Actor, session_id: str, *, field: str, now: datetime
) -> tuple[TourSession, str]:
    """Step: a session whose tickets the actor takes, and for which organisation. Refuses: NotSignedIn; Forbidden;
    NotFound, also for another organisation's."""
    reach(actor, Permission.ORDER_FULFIL)
    found = session.exec(
        select(TourSession, Listing.producer_id)
        .join(Listing, col(Listing.id) == col(TourSession.package_id))
        .where(TourSession.id == session_id)
    ).first()
    if found is None:
        raise NotFound(field=field)
    tour, producer_id = found
    today = business_day(now)
    return tour, act_for(session, actor, Permission.ORDER_FULFIL, producer_id=producer_id, today=today, field=field).id


def offline_digest(manifest_id: str, code: str) -> str:
    """What a ticket is called in a manifest.

    >>> offline_digest("mft_1", "01230-45671-89ABC-DEFGH")[:16]
    '4d51a38925c60b87'
    """
    return hashlib.sha256(f"{manifest_id}:{code}".encode()).hexdigest()


def _tickets(session: Session, sealer: Sealer, session_id: str, manifest_id: str) -> Iterator[dict[str, Any]]:
    rows = session.exec(
        select(Ticket).where(Ticket.session_id == session_id, col(Ticket.state).in_(_LISTED)).order_by(col(Ticket.id))
    ).all()
    for row in rows:
        code = sealer.open(row.code_sealed, purpose=PURPOSE)
        yield {
            "digest": offline_digest(manifest_id, code),
            "id": row.id,
            "booking": row.booking_id,
            "name": row.name,
            "pax": row.pax,
            "state": row.state,
        }


def _signed(claims: dict[str, Any], key: bytes) -> tuple[str, str]:
    """The token, and the public key to check it with."""
    import jwt  # noqa: PLC0415 - these are loaded when a gate first asks: memory of an idle server
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    signing = Ed25519PrivateKey.from_private_bytes(key)
    raw = signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    public = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return jwt.encode(claims, signing, algorithm=ALGORITHM), public

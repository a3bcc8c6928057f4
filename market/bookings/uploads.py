"""Use case: a gate that worked without a network tells whom it let in."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from market.bookings.check_in import Checked, check_gate, dump_checked, load_checked, record_check_in
from market.bookings.codes import digest_of, normal_code
from market.bookings.errors import ManifestEnded
from market.bookings.gate import CORRECT_WITHIN, SCANS_MAX, CheckOutcome, gate_hours, is_time_right
from market.bookings.manifest import gated_session
from market.bookings.redeem import Locked, Scan, add_redemption, lock_tickets, redeem
from market.bookings.tables import Booking, GateManifest, Redemption, Ticket
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach


@dataclass(frozen=True, slots=True)
class OfflineScan:
    """A ticket that was let in offline: by its code, or its id in the manifest; when, by the device's clock."""

    scanned_at: datetime
    code: str | None = None
    ticket_id: str | None = None


@dataclass(frozen=True, slots=True)
class UploadDraft:
    """What a gate did by a manifest."""

    manifest_id: str
    scans: tuple[OfflineScan, ...]
    gate: str | None = None


def upload_check_ins(market: Market, actor: Actor, draft: UploadDraft, *, key: str) -> list[Checked]:
    """Take over whom a gate let in offline; what came of each scan, in their order. What should not have been let in is
    told and kept on record: used before (elsewhere, or twice), cancelled or moved meanwhile, at a time that cannot be, no
    ticket of this organisation. It keeps none of the others out.

    Refuses: NotSignedIn; Forbidden; NotFound for the manifest, also another organisation's; Invalid for none or more than
    200 scans; ManifestEnded more than seven days after the gate closed; IdempotencyConflict.
    Once: by `key`; a scan sent again in another upload has the same outcome, and is on record once.
    Guards: as `check_in`.
    """
    reach(actor, Permission.ORDER_FULFIL)
    gate = check_gate(draft.gate)
    if not 0 < len(draft.scans) <= SCANS_MAX:
        raise Invalid(field="scans", allowed=f"1 to {SCANS_MAX} scans", allowed_zh=f"1 到 {SCANS_MAX} 次扫码")
    who = actor.account_id or actor.kind.value
    mine = IdempotencyKey.of(actor=who, operation="uploadCheckIns", key=key, asked=asdict(draft))
    with market.transaction() as session:
        return once(
            session,
            mine,
            lambda: _upload(session, market, actor, draft, gate),
            now=market.now(),
            dump=dump_checked,
            load=load_checked,
        )


def _upload(session: Session, market: Market, actor: Actor, draft: UploadDraft, gate: str | None) -> list[Checked]:
    now = market.now()
    manifest = session.exec(select(GateManifest).where(GateManifest.id == draft.manifest_id)).first()
    if manifest is None:
        raise NotFound(field="manifest")
    tour, principal = gated_session(session, actor, manifest.session_id, field="manifest", now=now)
    hours = gate_hours(tour.starts_at, tour.ends_at)
    if now > hours[1] + CORRECT_WITHIN:
        raise ManifestEnded(until=hours[1] + CORRECT_WITHIN)
    ids = _named(session, market, draft, principal)
    locked = lock_tickets(session, [each for each in ids if each is not None])
    before = _recorded(session, manifest.id)
    who = actor.account_id or actor.kind.value
    checked: list[Checked] = []
    is_new = False
    for ticket_id, offline in zip(ids, draft.scans, strict=True):
        scan = Scan(ticket_id or "", offline.scanned_at, gate, manifest.id)
        kept = before.get((scan.ticket_id, scan.at, scan.gate))
        if kept is not None:
            checked.append(Checked(ticket_id, kept))
            continue
        is_right = is_time_right(scan.at, issued_at=manifest.issued_at, hours=hours, now=now)
        outcome = _refused(locked, ticket_id, manifest.session_id, is_right=is_right)
        if outcome is None:
            (outcome,) = redeem(session, locked, [scan], actor=who, now=now)
        is_new |= outcome is CheckOutcome.REDEEMED
        if outcome is not CheckOutcome.REDEEMED:
            is_known = ticket_id is not None
            add_redemption(
                session, scan, outcome, session_id=manifest.session_id, actor=who, now=now, is_known=is_known
            )
        if ticket_id is not None:
            before[scan.ticket_id, scan.at, scan.gate] = outcome
        checked.append(Checked(ticket_id, outcome))
    if is_new:
        record_check_in(session, actor, checked, session_id=manifest.session_id, principal=principal, now=now)
    return checked


def _named(session: Session, market: Market, draft: UploadDraft, producer_id: str) -> list[str | None]:
    """The tickets that were scanned, in order; None where it is none of this producer's."""
    digests = [_digest(market, each.code) for each in draft.scans]
    found = session.exec(
        select(Ticket.id, Ticket.code_digest)
        .join(Booking, col(Booking.id) == col(Ticket.booking_id))
        .where(
            Booking.producer_id == producer_id,
            col(Ticket.code_digest).in_([each for each in digests if each])
            | col(Ticket.id).in_([each.ticket_id for each in draft.scans if each.ticket_id]),
        )
    ).all()
    by_digest = {digest: ticket_id for ticket_id, digest in found}
    known = {ticket_id for ticket_id, _digest in found}
    return [
        by_digest.get(digest) if digest else (scan.ticket_id if scan.ticket_id in known else None)
        for scan, digest in zip(draft.scans, digests, strict=True)
    ]


def _digest(market: Market, code: str | None) -> str | None:
    """What a ticket is found by; of what can be no code, nothing is found."""
    if code is None:
        return None
    try:
        return digest_of(market.sealer, normal_code(code))
    except Invalid:
        return "no code"  # told as UNKNOWN: one misread scan must not hold back the others


def _recorded(session: Session, manifest_id: str) -> dict[tuple[str, datetime, str | None], CheckOutcome]:
    rows = session.exec(
        select(Redemption).where(Redemption.manifest_id == manifest_id, col(Redemption.ticket_id).is_not(None))
    ).all()
    return {(each.ticket_id or "", each.scanned_at, each.gate): CheckOutcome(each.outcome) for each in rows}


def _refused(locked: Locked, ticket_id: str | None, session_id: str, *, is_right: bool) -> CheckOutcome | None:
    """Why a scan does not count, whatever the ticket's state; None when that decides."""
    if ticket_id is None:
        return CheckOutcome.UNKNOWN
    if locked.bookings[locked.tickets[ticket_id].booking_id].session_id != session_id:
        return CheckOutcome.MOVED
    return None if is_right else CheckOutcome.WRONG_TIME

"""Use case: the gate checks tickets in. Who may, at which hours, is asked here; that each lets in once, in `redeem`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from market.bookings.codes import digest_of, normal_code
from market.bookings.errors import GateClosed
from market.bookings.gate import GATE_CHARACTERS_MAX, TICKETS_MAX, CheckOutcome, gate_hours
from market.bookings.redeem import Scan, lock_tickets, redeem
from market.bookings.tables import Ticket
from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for


@dataclass(frozen=True, slots=True)
class CheckInDraft:
    """What is at the gate: one ticket by its code, or tickets of one booking or more by their ids."""

    code: str | None = None
    ticket_ids: tuple[str, ...] = ()
    gate: str | None = None
    """What the people there call the place or device."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a ticket at the gate. `ticket_id` is null where there is no such ticket."""

    ticket_id: str | None
    outcome: CheckOutcome


def check_in(market: Market, actor: Actor, draft: CheckInDraft, *, key: str) -> list[Checked]:
    """Let in whoever these tickets let in, some of a booking's or all; what came of each, in their order. A ticket that
    was used tells so, and is shown with when, where and by whom; so is one that was cancelled. Neither keeps the others
    out.

    Refuses: NotSignedIn; Forbidden; Invalid for what can be no code, for none or more than 100 tickets, for tickets of
    several sessions; NotFound for an unknown code or ticket, also another organisation's; GateClosed outside the hours of
    the session (`gate_hours`); IdempotencyConflict.
    Once: by `key`; and each ticket lets in once whatever the key.
    Guards: the booking's row, the session's row (shared), one conditional update a ticket.
    """
    reach(actor, Permission.ORDER_FULFIL)
    gate = check_gate(draft.gate)
    asked = {**asdict(draft), "gate": gate}
    who = actor.account_id or actor.kind.value
    mine = IdempotencyKey.of(actor=who, operation="checkIn", key=key, asked=asked)
    with market.transaction() as session:
        return once(
            session,
            mine,
            lambda: _check_in(session, market, actor, draft, gate),
            now=market.now(),
            dump=dump_checked,
            load=load_checked,
        )


def dump_checked(checked: Sequence[Checked]) -> list[list[str | None]]:
    """What is remembered of an answer."""
    return [[each.ticket_id, each.outcome] for each in checked]


def load_checked(kept: Any) -> list[Checked]:
    """The answer again."""
    return [Checked(ticket_id, CheckOutcome(outcome)) for ticket_id, outcome in kept]


def check_gate(gate: str | None) -> str | None:
    """A gate's name as it is kept. Refuses with Invalid one that is too long."""
    name = (gate or "").strip()
    if len(name) > GATE_CHARACTERS_MAX:
        raise Invalid(
            field="gate",
            allowed=f"at most {GATE_CHARACTERS_MAX} characters",
            allowed_zh=f"最多 {GATE_CHARACTERS_MAX} 个字",
        )
    return name or None


def _check_in(session: Session, market: Market, actor: Actor, draft: CheckInDraft, gate: str | None) -> list[Checked]:
    now = market.now()
    field = "ticketIds" if draft.code is None else "code"
    ids = _ticket_ids(session, market, draft)
    locked = lock_tickets(session, ids)
    if len(locked.tickets) < len(ids):
        raise NotFound(field=field)
    booking = next(iter(locked.bookings.values()))
    for producer_id in sorted({each.producer_id for each in locked.bookings.values()}):
        principal = act_for(
            session, actor, Permission.ORDER_FULFIL, producer_id=producer_id, today=business_day(now), field=field
        )
    if len(locked.states) > 1:
        raise Invalid(field=field, allowed="tickets of one session at a time", allowed_zh="每次只能核销同一场次的票")
    opens, closes = gate_hours(booking.starts_at, booking.ends_at)
    if not opens <= now < closes:
        raise GateClosed(opens_at=opens, closes_at=closes)
    who = actor.account_id or actor.kind.value
    outcomes = redeem(session, locked, [Scan(each, now, gate) for each in ids], actor=who, now=now)
    checked = [Checked(ticket_id, outcome) for ticket_id, outcome in zip(ids, outcomes, strict=True)]
    if CheckOutcome.REDEEMED in outcomes:
        record_check_in(session, actor, checked, session_id=booking.session_id, principal=principal.id, now=now)
    return checked


def record_check_in(
    session: Session, actor: Actor, checked: Sequence[Checked], *, session_id: str, principal: str, now: datetime
) -> None:
    """Step: the audit's entry of tickets that let somebody in."""
    let_in = [each.ticket_id for each in checked if each.outcome is CheckOutcome.REDEEMED]
    audit.record(
        session,
        actor,
        action="booking.check_in",
        subject=session_id,
        principal=principal,
        before=None,
        after={"tickets": let_in},
        now=now,
    )


def _ticket_ids(session: Session, market: Market, draft: CheckInDraft) -> list[str]:
    if draft.code is not None:
        digest = digest_of(market.sealer, normal_code(draft.code))
        found = session.exec(select(Ticket.id).where(Ticket.code_digest == digest)).first()
        if found is None:
            raise NotFound(field="code")
        return [found]
    ids = list(dict.fromkeys(draft.ticket_ids))
    if not 0 < len(ids) <= TICKETS_MAX:
        raise Invalid(field="ticketIds", allowed=f"1 to {TICKETS_MAX} tickets", allowed_zh=f"1 到 {TICKETS_MAX} 张票")
    return ids

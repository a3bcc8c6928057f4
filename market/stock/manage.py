"""Use cases: receive stock, adjust and count it, move it between lots, record a certificate, say from when it is low."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import IllegalTransition, Invalid
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.kernel.topics import touch
from market.stock.corrections import TOPIC, adjust, cause_of, count, transfer
from market.stock.drafts import ConformityDraft, LotDraft, check_certificate
from market.stock.levels import Level, Told, lock_level, set_low, take_back_expired
from market.stock.rules import CONFORMITY_MOVES, ON_HAND_MAX, AdjustReason, ConformityState
from market.stock.steps import add_certificate, receive
from market.stock.tables import StockHold, StockLot
from market.stock.whose import Stocked, stocked


def receive_stock(market: Market, actor: Actor, draft: LotDraft, *, idempotency_key: str) -> str:
    """Take in pieces of a variant, as a lot when their harvest date is known; the lot's id.

    A lot of covered produce without a conformity certificate is flagged (MISSING), or refused from those who must issue
    one, see `MUST_CERTIFY`.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid; ConformityRequired; LotCodeTaken; LimitReached, as `receive`.
    Once: by the key, and by the lot's code.
    """
    reach(actor, Permission.STOCK_ADJUST)
    now = market.now()

    def act() -> str:
        receipt = receive(session, market, actor, draft, now)
        if receipt.level is not None:
            after = {"on_hand": receipt.level.on_hand, "lot": receipt.lot_id, "quantity": draft.quantity}
            before = {"on_hand": receipt.level.on_hand - draft.quantity}
            _record(session, actor, "stock.receive", receipt.variant, before=before, after=after, now=now)
        return receipt.lot_id

    with market.transaction() as session:
        return once(session, _key(actor, "stock.receive", idempotency_key, draft), act, now=now, dump=str, load=str)


def adjust_stock(
    market: Market,
    actor: Actor,
    *,
    variant_id: str,
    by: int,
    reason: AdjustReason,
    idempotency_key: str,
    note: str = "",
    lot_id: str | None = None,
) -> Level:
    """Put more on hand or, below zero, fewer, for a reason; of one lot, or of whichever as `adjust` chooses.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid; StockPromised; LotShort; ConformityRequired; LimitReached.
    Once: by the key.
    """
    reach(actor, Permission.STOCK_ADJUST)
    now = market.now()

    def act() -> Level:
        variant = stocked(session, actor, now=now, variant_id=variant_id)
        level = adjust(session, variant, cause_of(reason, actor, now, note=note), by=by, lot_id=lot_id)
        before, after = {"on_hand": level.on_hand - by}, {"on_hand": level.on_hand, "reason": reason.value}
        _record(session, actor, "stock.adjust", variant, before=before, after=after, now=now)
        return level

    asked = {"variant": variant_id, "by": by, "reason": reason, "note": note, "lot": lot_id}
    with market.transaction() as session:
        return _once(session, _key(actor, "stock.adjust", idempotency_key, asked), act, now=now)


def count_stock(
    market: Market,
    actor: Actor,
    *,
    variant_id: str,
    counted: int,
    version: int,
    idempotency_key: str,
    note: str = "",
    lot_id: str | None = None,
) -> Level:
    """Take stock (盘点): what is on hand is what was counted, of the variant or of one lot. `version` is the level's when
    it was counted, so that pieces which came or went meanwhile are not counted away.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid; StockMoved; StockPromised; ConformityRequired; LimitReached.
    Once: by the key.
    """
    reach(actor, Permission.STOCK_ADJUST)
    now = market.now()

    def act() -> Level:
        variant = stocked(session, actor, now=now, variant_id=variant_id)
        cause = cause_of(AdjustReason.COUNTED, actor, now, note=note)
        level = count(session, variant, cause, counted=counted, version=version, lot_id=lot_id)
        after = {"on_hand": level.on_hand, "counted": counted, "lot": lot_id}
        _record(session, actor, "stock.count", variant, before={"version": version}, after=after, now=now)
        return level

    asked = {"variant": variant_id, "counted": counted, "version": version, "note": note, "lot": lot_id}
    with market.transaction() as session:
        return _once(session, _key(actor, "stock.count", idempotency_key, asked), act, now=now)


def move_between_lots(
    market: Market, actor: Actor, *, from_lot_id: str, to_lot_id: str, quantity: int, idempotency_key: str
) -> Level:
    """Let so many pieces of one lot belong to another of the same variant: a receipt went to the wrong one, or the
    unlotted pieces have got a lot. What is on hand stays.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid; LotShort.
    Once: by the key.
    """
    reach(actor, Permission.STOCK_ADJUST)
    now = market.now()

    def act() -> Level:
        variant = stocked(session, actor, now=now, lot_id=from_lot_id)
        level = transfer(session, actor, variant, from_lot=from_lot_id, to_lot=to_lot_id, quantity=quantity, now=now)
        before, after = {"lot": from_lot_id}, {"lot": to_lot_id, "quantity": quantity}
        _record(session, actor, "stock.transfer", variant, before=before, after=after, now=now)
        return level

    asked = {"from": from_lot_id, "to": to_lot_id, "quantity": quantity}
    with market.transaction() as session:
        return _once(session, _key(actor, "stock.transfer", idempotency_key, asked), act, now=now)


def record_conformity(
    market: Market, actor: Actor, *, lot_id: str, certificate: ConformityDraft, idempotency_key: str
) -> None:
    """Record the conformity certificate of a lot that came in without one.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid for what is no certificate, or for pieces that belong to no lot;
    IllegalTransition for a lot that has one.
    Once: by the key. Guards: one conditional update of the lot, and its one certificate by key.
    """
    reach(actor, Permission.STOCK_ADJUST)
    now = market.now()

    def act() -> None:
        variant = stocked(session, actor, now=now, lot_id=lot_id)
        check_certificate(certificate, today=business_day(now))
        before = _issue(session, lot_id)
        add_certificate(session, actor, lot_id, certificate, now=now)
        touch(session, TOPIC)
        after = {"lot": lot_id, "conformity": ConformityState.ISSUED.value, "basis": certificate.basis.value}
        _record(session, actor, "stock.certify", variant, before={"conformity": before.value}, after=after, now=now)

    with market.transaction() as session:
        asked = {"lot": lot_id, "certificate": certificate}
        once(
            session,
            _key(actor, "stock.certify", idempotency_key, asked),
            act,
            now=now,
            dump=lambda _none: None,
            load=lambda _: None,
        )


def _issue(session: Session, lot_id: str) -> ConformityState:
    """Mark a lot as certified; how it stood before."""
    lot = session.exec(select(StockLot).where(StockLot.id == lot_id)).one()
    if lot.harvested_on is None:
        raise Invalid(
            field="lot", allowed="a lot with a harvest date", allowed_zh="未分批的库存不能开具合格证，请先分批"
        )
    may = [state for state, moves in CONFORMITY_MOVES.items() if ConformityState.ISSUED in moves]
    issued = session.execute(
        sa.update(StockLot)
        .where(col(StockLot.id) == lot_id, col(StockLot.conformity).in_(may))
        .values(conformity=ConformityState.ISSUED)
    )
    if issued.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        has = ConformityState.ISSUED
        raise IllegalTransition(from_state=has, to_state=has, allowed=CONFORMITY_MOVES[has])
    return lot.conformity


def set_low_stock(market: Market, actor: Actor, *, variant_id: str, low_at: int | None) -> Level:
    """Say from how many on buyers are told that few are left; with None, from five, as everybody's.

    Refuses: NotSignedIn; Forbidden; NotFound; Invalid for a threshold that is not 0 to 100,000,000.
    """
    reach(actor, Permission.STOCK_ADJUST)
    if low_at is not None and not 0 <= low_at <= ON_HAND_MAX:
        raise Invalid(
            field="low_at", allowed=f"0 to {ON_HAND_MAX}, or nothing", allowed_zh=f"0 到 {ON_HAND_MAX}，或留空"
        )
    now, told = market.now(), Told()
    with market.transaction() as session:
        variant = stocked(session, actor, now=now, variant_id=variant_id)
        known = lock_level(session, variant.variant_id, producer_id=variant.producer_id)
        level = set_low(session, told, known, low_at)
        told.keep(session)
        touch(session, TOPIC)
        before, after = {"low_at": known.low_at}, {"low_at": low_at}
        _record(session, actor, "stock.low", variant, before=before, after=after, now=now)
        return level


def take_back_holds(market: Market, *, limit: int = 500) -> int:
    """The worker's: end the holds whose time is over, so that buyers are told what is free; says of how many variants.
    Nobody waits for it to sell: whoever needs the pieces takes them back."""
    now, told = market.now(), Told()
    with market.transaction() as session:
        ended = select(StockHold.variant_id).where(col(StockHold.expires_at) <= now).distinct()
        variants = session.exec(ended.order_by(col(StockHold.variant_id)).limit(limit)).all()
        for variant_id in sorted(variants):
            take_back_expired(session, told, variant_id=variant_id, now=now)
        told.keep(session)
        return len(variants)


def _key(actor: Actor, operation: str, idempotency_key: str, asked: Any) -> IdempotencyKey:
    who = actor.account_id or actor.kind.value
    return IdempotencyKey.of(actor=who, operation=operation, key=idempotency_key, asked=asked)


def _once(session: Session, key: IdempotencyKey, act: Callable[[], Level], *, now: datetime) -> Level:
    return once(session, key, act, now=now, dump=asdict, load=lambda level: Level(**level))


def _record(
    session: Session,
    actor: Actor,
    action: str,
    variant: Stocked,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        actor,
        action=action,
        subject=variant.variant_id,
        principal=variant.producer_id,
        before=before,
        after=after,
        now=now,
    )

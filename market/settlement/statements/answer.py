"""Use cases: a statement is issued by staff, then confirmed or disputed by its party; staff answer a dispute."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel import audit, outbox
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for
from market.organisations.tables import Organisation
from market.settlement.keyed import key_of, keyed, require_managed, who, words
from market.settlement.rules import STATEMENT_MOVES, SettlementPeriod, StatementState, illegal
from market.settlement.tables import SettlementTerms, Statement

ISSUED_MAX = 100
ISSUED = "statement.issued"
"""The topic: its party is told."""


def issue_statements(market: Market, actor: Actor, statement_ids: Sequence[str]) -> list[str]:
    """Show drafts to their parties, who are told of them, all or none; their ids. Refuses: Forbidden; NotFound; IllegalTransition; Invalid
    for more than a hundred. Guards: one conditional update each."""
    reach(actor, Permission.SETTLEMENT_MANAGE)
    ids = sorted(set(statement_ids))
    if not 0 < len(ids) <= ISSUED_MAX:
        allowed, allowed_zh = f"1 to {ISSUED_MAX} statements at a time", f"每次 1 到 {ISSUED_MAX} 份结算单"
        raise Invalid(field="statementIds", allowed=allowed, allowed_zh=allowed_zh)
    with market.transaction() as session:
        for statement_id in ids:
            statement = _managed(session, actor, statement_id)
            if statement.state != StatementState.DRAFT:
                raise illegal(STATEMENT_MOVES, StatementState(statement.state), StatementState.ISSUED)
            _move(session, statement, StatementState.ISSUED, issued_at=market.now())
            _tell(session, statement, now=market.now())
            _record(session, actor, statement, "statement.issue", now=market.now())
    return ids


def confirm_statement(market: Market, actor: Actor, *, statement_id: str, key: str) -> str:
    """The party agrees: what it says can be paid out. Nobody else's people can do it for them.

    Refuses: Forbidden; NotFound; IllegalTransition; IdempotencyConflict. Once, by `key`. Guards: one conditional update.
    """
    reach(actor, Permission.STATEMENT_CONFIRM)
    with market.transaction() as session:

        def act() -> str:
            statement = _own(session, market, actor, statement_id)
            _move(session, statement, StatementState.CONFIRMED, answered_by=who(actor), confirmed_at=market.now())
            _record(session, actor, statement, "statement.confirm", now=market.now())
            return statement.id

        return keyed(session, market, key_of(actor, "confirmStatement", key, statement_id), act)


def dispute_statement(market: Market, actor: Actor, *, statement_id: str, reason: str, key: str) -> str:
    """The party says what is wrong; nothing up to this statement is paid out until staff have answered.

    Refuses: as `confirm_statement`; Invalid without a reason.
    """
    reach(actor, Permission.STATEMENT_CONFIRM)
    said = words(reason, field="reason")
    with market.transaction() as session:

        def act() -> str:
            statement = _own(session, market, actor, statement_id)
            _move(session, statement, StatementState.DISPUTED, answered_by=who(actor), dispute=said)
            _record(session, actor, statement, "statement.dispute", now=market.now())
            return statement.id

        return keyed(session, market, key_of(actor, "disputeStatement", key, [statement_id, said]), act)


def answer_dispute(market: Market, actor: Actor, *, statement_id: str, answer: str, key: str) -> str:
    """Staff answer: the statement goes to its party again. What was wrong is put right by a correction, which the next
    statement shows; this one stays what the ledger was.

    Refuses: Forbidden; NotFound; IllegalTransition; Invalid without words; IdempotencyConflict. Once, by `key`.
    """
    reach(actor, Permission.SETTLEMENT_MANAGE)
    said = words(answer, field="answer")
    with market.transaction() as session:

        def act() -> str:
            statement = _managed(session, actor, statement_id)
            if statement.state != StatementState.DISPUTED:
                raise illegal(STATEMENT_MOVES, StatementState(statement.state), StatementState.ISSUED)
            _move(session, statement, StatementState.ISSUED, answer=said, answered_by=None)
            _tell(session, statement, now=market.now())
            _record(session, actor, statement, "statement.answer", now=market.now())
            return statement.id

        return keyed(session, market, key_of(actor, "answerDispute", key, [statement_id, said]), act)


def set_settlement_period(market: Market, actor: Actor, *, party: str, period: SettlementPeriod) -> str:
    """How often a party gets statements from its next one on. Refuses: Forbidden; NotFound. Once: setting it again
    changes nothing."""
    reach(actor, Permission.SETTLEMENT_MANAGE)
    with market.transaction() as session:
        owned = session.exec(select(Organisation).where(Organisation.id == party)).first()
        if owned is None:
            raise NotFound(field="party")
        require_managed(actor, owned.region_code, field="party")
        session.merge(SettlementTerms(party=party, period=period))
        session.flush()
        audit.record(
            session,
            actor,
            action="settlement.period",
            subject=party,
            principal=party,
            after={"period": period},
            now=market.now(),
        )
    return party


def _managed(session: Session, actor: Actor, statement_id: str) -> Statement:
    statement = session.exec(select(Statement).where(Statement.id == statement_id)).first()
    if statement is None:
        raise NotFound(field="statement")
    require_managed(actor, statement.region_code, field="statement")
    return statement


def _own(session: Session, market: Market, actor: Actor, statement_id: str) -> Statement:
    """A statement that was issued to an organisation that the actor answers for."""
    statement = session.exec(select(Statement).where(Statement.id == statement_id)).first()
    if statement is None or statement.state == StatementState.DRAFT:
        raise NotFound(field="statement")
    today = business_day(market.now())
    act_for(session, actor, Permission.STATEMENT_CONFIRM, producer_id=statement.party, today=today, field="statement")
    return statement


def _move(session: Session, statement: Statement, to: StatementState, **values: Any) -> None:
    sources = [state for state in StatementState if to in STATEMENT_MOVES[state]]
    moved = session.execute(
        sa.update(Statement)
        .where(col(Statement.id) == statement.id, col(Statement.state).in_(sources))
        .values(state=to, **values)
    )
    if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        session.refresh(statement)
        raise illegal(STATEMENT_MOVES, StatementState(statement.state), to)


def _tell(session: Session, statement: Statement, *, now: datetime) -> None:
    news = {"statement": statement.id, "party": statement.party, "last_day": str(statement.last_day)}
    outbox.publish(session, ISSUED, aggregate=statement.id, payload=news, now=now)


def _record(session: Session, actor: Actor, statement: Statement, action: str, *, now: datetime) -> None:
    session.refresh(statement)
    after = {"state": statement.state}
    audit.record(session, actor, action=action, subject=statement.id, principal=statement.party, after=after, now=now)

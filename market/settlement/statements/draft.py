"""Statements are drafted from the ledger alone, once their period is over: one party, one transaction."""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.kernel.clock import business_day, day_bounds
from market.kernel.market import Market
from market.ledger.post import take_balance
from market.ledger.rules import AccountKind, TxnKind
from market.ledger.tables import LedgerAccount, LedgerEntry, LedgerTxn
from market.organisations.tables import Membership, Organisation
from market.settlement.release import payable
from market.settlement.rules import SettlementPeriod, last_ended, period_of
from market.settlement.tables import Release, SettlementTerms, Statement, StatementLine, StatementMember

AFTER_MIDNIGHT = timedelta(hours=1)
"""A day's postings are in by then: no transaction lasts so long."""


def _table(model: type[SQLModel]) -> sa.Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


_ACCOUNTS, _TXNS, _ENTRIES, _RELEASES = (_table(each) for each in (LedgerAccount, LedgerTxn, LedgerEntry, Release))
_PARTIES, _TERMS, _STATEMENTS = _table(Organisation), _table(SettlementTerms), _table(Statement)
_UNDONE = _TXNS.alias()
_LINES, _MEMBERS, _MEMBERSHIPS = _table(StatementLine), _table(StatementMember), _table(Membership)


def draft_statements(market: Market, *, limit: int = 50) -> int:
    """The worker's: draft the next statement of at most so many parties whose period is over; says how many. A party
    that is several periods behind comes again; one with nothing owed and nothing moved gets none.

    Once, by party and period: UNIQUE. Guards: the party's payable account is taken first.
    """
    now = market.now()
    today = business_day(now - AFTER_MIDNIGHT)
    with market.read() as session:
        parties = session.execute(_behind(today).limit(limit)).scalars().all()
    for party in parties:
        with market.transaction() as session:
            draft_next(session, market, party, now=now)
    return len(parties)


def draft_next(session: Session, market: Market, party: str, *, now: datetime) -> str | None:
    """Step: draft a party's next statement; its id, None when its period is not over yet or there is nothing to say."""
    take_balance(session, payable(party), at=now)
    before = session.exec(
        select(Statement).where(Statement.party == party).order_by(col(Statement.last_day).desc()).limit(1)
    ).first()
    opening = before.closing_fen if before is not None else 0
    owned = session.exec(select(Organisation).where(Organisation.id == party)).one()
    terms = session.get(SettlementTerms, party)
    period = SettlementPeriod(terms.period) if terms is not None else SettlementPeriod.MONTH
    after = before.last_day if before is not None else date.min
    moved = session.execute(
        sa.select(sa.func.min(_TXNS.c.business_day)).select_from(_entries(party)).where(_TXNS.c.business_day > after)
    ).scalar_one()
    if moved is None and not opening:
        return None
    starts = [after + timedelta(days=1)] if before is not None else []
    if not opening:  # nothing to say of the time before something moved
        starts.append(period_of(moved, period)[0])
    first_day = max(starts)
    last_day = period_of(first_day, period)[1]
    if last_day > last_ended(business_day(now - AFTER_MIDNIGHT), period):
        return None
    facts: dict[str, Any] = _sums(session, party, first_day, last_day, opening)
    statement = Statement(
        id=market.new_id("stm"),
        party=party,
        region_code=owned.region_code,
        period=period,
        first_day=first_day,
        last_day=last_day,
        opening_fen=opening,
        drafted_at=now,
        **facts,
    )
    session.add(statement)
    session.flush()
    _add_lines(session, statement)
    _add_members(session, statement)
    return statement.id


def _behind(today: date) -> sa.Select[Any]:
    """Parties whose next period is over, and that owe, are owed, or had something moved in it."""
    last = (
        sa.select(_STATEMENTS.c.party, sa.func.max(_STATEMENTS.c.last_day).label("last_day"))
        .group_by(_STATEMENTS.c.party)
        .subquery()
    )
    ended = sa.case(
        (
            _TERMS.c.period == SettlementPeriod.HALF_MONTH,
            sa.bindparam("half", last_ended(today, SettlementPeriod.HALF_MONTH), sa.Date()),
        ),
        else_=sa.bindparam("month", last_ended(today, SettlementPeriod.MONTH), sa.Date()),
    )
    closing = (
        sa.select(_STATEMENTS.c.closing_fen)
        .where(_STATEMENTS.c.party == _ACCOUNTS.c.owner, _STATEMENTS.c.last_day == last.c.last_day)
        .scalar_subquery()
    )
    moved = (
        sa.select(_TXNS.c.id)
        .join(_ENTRIES, _ENTRIES.c.txn_id == _TXNS.c.id)
        .where(
            _ENTRIES.c.account_id == _ACCOUNTS.c.id,
            _TXNS.c.business_day <= ended,
            sa.or_(last.c.last_day.is_(None), _TXNS.c.business_day > last.c.last_day),
        )
    )
    return (
        sa.select(_ACCOUNTS.c.owner)
        .outerjoin(last, last.c.party == _ACCOUNTS.c.owner)
        .outerjoin(_TERMS, _TERMS.c.party == _ACCOUNTS.c.owner)
        .where(
            _ACCOUNTS.c.kind == AccountKind.SELLER_PAYABLE,
            sa.or_(last.c.last_day.is_(None), last.c.last_day < ended),
            sa.or_(sa.exists(moved), closing != 0),
        )
        .order_by(_ACCOUNTS.c.owner)
    )


def _entries(party: str) -> sa.Join:
    """The entries of a party's payable account with their transactions."""
    account = sa.and_(
        _ACCOUNTS.c.id == _ENTRIES.c.account_id,
        _ACCOUNTS.c.kind == AccountKind.SELLER_PAYABLE,
        _ACCOUNTS.c.owner == party,
    )
    return _ENTRIES.join(_ACCOUNTS, account).join(_TXNS, _TXNS.c.id == _ENTRIES.c.txn_id)


def _sums(session: Session, party: str, first_day: date, last_day: date, opening: int) -> dict[str, int]:
    """What came and went in a period, by why."""
    is_credit = (_ENTRIES.c.amount_fen < 0).label("is_credit")
    rows = session.execute(
        sa.select(
            _TXNS.c.kind,
            _UNDONE.c.kind.label("undone"),
            is_credit,
            sa.func.sum(-_ENTRIES.c.amount_fen).label("fen"),
            sa.func.count().label("lines"),
        )
        .select_from(_entries(party).outerjoin(_UNDONE, _UNDONE.c.id == _TXNS.c.reverses))
        .where(_TXNS.c.business_day.between(first_day, last_day))
        .group_by(_TXNS.c.kind, _UNDONE.c.kind, is_credit)
    )
    sums = {"released_fen": 0, "refunded_fen": 0, "paid_out_fen": 0, "corrected_fen": 0, "line_count": 0}
    for row in rows:
        if row.kind == TxnKind.RELEASE:
            name = "released_fen" if row.is_credit else "refunded_fen"
        elif TxnKind.PAYOUT in {row.kind, row.undone}:
            name = "paid_out_fen"
        else:
            name = "corrected_fen"
        sums[name] += int(row.fen)
        sums["line_count"] += row.lines
    moved = sum(fen for name, fen in sums.items() if name.endswith("_fen"))
    return {**sums, "closing_fen": opening + moved}


def _add_lines(session: Session, statement: Statement) -> None:
    """One line for each entry, with what it was for."""

    def part(name: str) -> Any:
        return sa.func.coalesce(_RELEASES.c[name], 0)

    chosen = (
        sa.select(
            sa.literal(statement.id, sa.Text),
            _ENTRIES.c.txn_id,
            _TXNS.c.kind,
            _TXNS.c.business_day,
            _TXNS.c.reference,
            _RELEASES.c.producer_id,
            _RELEASES.c.seller_order_id,
            part("paid_fen"),
            part("voucher_fen"),
            part("commission_fen"),
            -_ENTRIES.c.amount_fen,
        )
        .select_from(_entries(statement.party).outerjoin(_RELEASES, _RELEASES.c.id == _ENTRIES.c.txn_id))
        .where(_TXNS.c.business_day.between(statement.first_day, statement.last_day))
    )
    names = ["statement_id", "txn_id", "kind", "business_day", "reference", "producer_id", "seller_order_id"]
    names += ["paid_fen", "voucher_fen", "commission_fen", "amount_fen"]
    session.execute(sa.insert(_LINES).from_select(names, chosen))


def _add_members(session: Session, statement: Statement) -> None:
    """What of it is each producer's."""
    is_member = sa.exists().where(
        _MEMBERSHIPS.c.cooperative_id == statement.party,
        _MEMBERSHIPS.c.producer_id == _LINES.c.producer_id,
        _MEMBERSHIPS.c.joined_on <= statement.last_day,
        sa.or_(_MEMBERSHIPS.c.left_on.is_(None), _MEMBERSHIPS.c.left_on > statement.last_day),
    )
    names = ["paid_fen", "voucher_fen", "commission_fen", "amount_fen"]
    chosen = (
        sa.select(
            sa.literal(statement.id, sa.Text),
            _LINES.c.producer_id,
            is_member,
            sa.func.count(),
            *[sa.func.sum(_LINES.c[name]) for name in names],
        )
        .where(_LINES.c.statement_id == statement.id, _LINES.c.producer_id.is_not(None))
        .group_by(_LINES.c.producer_id)
    )
    session.execute(
        sa.insert(_MEMBERS).from_select(["statement_id", "producer_id", "is_member", "line_count", *names], chosen)
    )


def moment_after(last_day: date) -> datetime:
    """When a period that ends on this day is over, and its statement can be drafted."""
    return day_bounds(last_day)[1] + AFTER_MIDNIGHT

"""Use case: propose payouts of what parties have confirmed and can be paid."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.kernel import audit
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, region_prefix, require
from market.ledger.rules import AccountKind, TxnKind
from market.ledger.tables import LedgerAccount, LedgerEntry, LedgerTxn
from market.places.rules import level_of
from market.settlement.errors import NothingPayable
from market.settlement.keyed import key_of, keyed, who
from market.settlement.release import net_party
from market.settlement.rules import PayoutState, StatementState
from market.settlement.tables import Payout, PayoutBatch, Statement

PAYOUTS_MAX = 500
OPEN = (PayoutState.PROPOSED, PayoutState.APPROVED)

_ACCOUNTS = SQLModel.metadata.tables[str(LedgerAccount.__tablename__)]
_TXNS = SQLModel.metadata.tables[str(LedgerTxn.__tablename__)]
_ENTRIES = SQLModel.metadata.tables[str(LedgerEntry.__tablename__)]
_STATEMENTS = SQLModel.metadata.tables[str(Statement.__tablename__)]
_UNDONE = _TXNS.alias()


@dataclass(frozen=True, slots=True)
class BatchDraft:
    """Whom to pay: all parties of a region, or those named of it."""

    region_code: str
    parties: tuple[str, ...] = ()
    note: str | None = None


def propose_payouts(market: Market, actor: Actor, draft: BatchDraft, *, key: str) -> str:
    """Propose a batch of payouts; its id. Each party gets what it confirmed (its newest statement with none open before
    it) less what was paid out since, but never more than is payable now, refunds taken off.

    Refuses: Forbidden outside the actor's regions; Invalid; NothingPayable; IdempotencyConflict. Once, by `key`.
    Guards: each party's payable account is taken; a party has one open payout, by unique index. No money moves yet.
    """
    level_of(draft.region_code, field="region")
    require(actor, Permission.SETTLEMENT_MANAGE, region_code=draft.region_code)
    if len(draft.parties) > PAYOUTS_MAX:
        allowed, allowed_zh = f"at most {PAYOUTS_MAX} parties", f"最多 {PAYOUTS_MAX} 个商家"
        raise Invalid(field="parties", allowed=allowed, allowed_zh=allowed_zh)
    with market.transaction() as session:
        mine = key_of(actor, "proposePayouts", key, asdict(draft))
        return keyed(session, market, mine, lambda: _propose(session, market, actor, draft))


def _propose(session: Session, market: Market, actor: Actor, draft: BatchDraft) -> str:
    now = market.now()
    batch = PayoutBatch(
        id=market.new_id("pob"),
        region_code=draft.region_code,
        payout_count=0,
        total_fen=0,
        note=draft.note,
        made_by=who(actor),
        made_at=now,
    )
    payouts = []
    for statement in _confirmed(session, draft):
        amount = _payable_of(session, statement, now)
        if amount > 0:
            payouts.append(
                Payout(
                    id=market.new_id("pyo"),
                    batch_id=batch.id,
                    party=statement.party,
                    region_code=statement.region_code,
                    statement_id=statement.id,
                    amount_fen=amount,
                    made_at=now,
                )
            )
    if not payouts:
        raise NothingPayable
    batch.payout_count, batch.total_fen = len(payouts), sum(each.amount_fen for each in payouts)
    session.add(batch)
    session.flush()
    session.add_all(payouts)
    session.flush()
    after = {"region": batch.region_code, "payouts": batch.payout_count, "totalFen": batch.total_fen}
    audit.record(session, actor, action="payout.propose", subject=batch.id, after=after, now=now)
    return batch.id


def _confirmed(session: Session, draft: BatchDraft) -> list[Statement]:
    """Each party's newest confirmed statement that has none open before it, by party."""
    earlier = _STATEMENTS.alias()
    is_blocked = sa.exists().where(
        earlier.c.party == col(Statement.party),
        earlier.c.last_day < col(Statement.last_day),
        earlier.c.state != StatementState.CONFIRMED,
    )
    later = _STATEMENTS.alias()
    unconfirmed = _STATEMENTS.alias()
    is_passed = sa.exists().where(
        later.c.party == col(Statement.party),
        later.c.last_day > col(Statement.last_day),
        later.c.state == StatementState.CONFIRMED,
        ~sa.exists().where(
            unconfirmed.c.party == later.c.party,
            unconfirmed.c.last_day < later.c.last_day,
            unconfirmed.c.state != StatementState.CONFIRMED,
        ),
    )
    found = (
        select(Statement)
        .where(
            Statement.state == StatementState.CONFIRMED,
            col(Statement.region_code).startswith(region_prefix(draft.region_code), autoescape=True),
            ~is_blocked,
            ~is_passed,
        )
        .order_by(col(Statement.party))
        .limit(PAYOUTS_MAX + 1)
    )
    if draft.parties:
        found = found.where(col(Statement.party).in_(draft.parties))
    rows = list(session.exec(found).all())
    if len(rows) > PAYOUTS_MAX:
        allowed, allowed_zh = (
            f"a region with at most {PAYOUTS_MAX} parties to pay",
            f"该地区待付商家超过 {PAYOUTS_MAX} 个",
        )
        raise Invalid(field="region", allowed=allowed, allowed_zh=allowed_zh)
    return rows


def _payable_of(session: Session, statement: Statement, now: datetime) -> int:
    """What its party can be paid now; nothing while it has an open payout, which is only known once its account is
    this transaction's."""
    payable_now = net_party(session, statement.party, now=now)
    is_open = session.exec(
        select(Payout.id).where(Payout.party == statement.party, col(Payout.state).in_(OPEN))
    ).first()
    if is_open is not None:
        return 0
    return min(payable_now, statement.closing_fen - _paid_since(session, statement.party, statement.last_day))


def _paid_since(session: Session, party: str, day: date) -> int:
    """What was paid out to a party after this day, less what failed."""
    found = (
        sa.select(sa.func.coalesce(sa.func.sum(_ENTRIES.c.amount_fen), 0))
        .join(_ACCOUNTS, _ACCOUNTS.c.id == _ENTRIES.c.account_id)
        .join(_TXNS, _TXNS.c.id == _ENTRIES.c.txn_id)
        .outerjoin(_UNDONE, _UNDONE.c.id == _TXNS.c.reverses)
        .where(
            _ACCOUNTS.c.kind == AccountKind.SELLER_PAYABLE,
            _ACCOUNTS.c.owner == party,
            _TXNS.c.business_day > day,
            sa.or_(_TXNS.c.kind == TxnKind.PAYOUT, _UNDONE.c.kind == TxnKind.PAYOUT),
        )
    )
    return int(session.execute(found).scalar_one())

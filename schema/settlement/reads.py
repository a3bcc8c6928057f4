"""Where settlement comes from: the projections, with the scope in the statement."""

import json
from typing import Any

import sqlalchemy as sa

from market.kernel.permissions import Permission, scope_of
from market.orders.tables import CommissionRule as CommissionTable
from market.settlement.rules import (
    BATCH_MOVES,
    CORRECTION_MOVES,
    STATEMENT_MOVES,
    BatchState,
    CorrectionState,
    StatementState,
    next_of,
)
from market.settlement.tables import Correction, PayoutBatch, StatementLine, StatementMember
from market.settlement.tables import Payout as PayoutTable
from market.settlement.tables import Statement as StatementTable
from schema.catalogue.categories import CATEGORY
from schema.filters import text_order
from schema.node import money
from schema.orders import SELLER_ORDER
from schema.organisations import ORGANISATION, PRODUCER
from schema.projection import (
    Build,
    Column,
    Computed,
    Projection,
    ToOne,
    column,
    looked_up,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression
from schema.projection.viewer import reached
from schema.scope import acts_for

STATEMENTS, PAYOUTS = table_of(StatementTable), table_of(PayoutTable)


def _statements_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    """A party's people see what was issued; staff that manage settlement drafts, too."""
    reach = acts_for(build, Permission.LEDGER_READ, t.c.party, region=t.c.region_code)
    if scope_of(build.viewer.actor, Permission.SETTLEMENT_MANAGE) is not None:
        drafts = reached(build, Permission.SETTLEMENT_MANAGE, region=t.c.region_code)
        return [reach, sa.or_(t.c.state != quoted(StatementState.DRAFT.value), drafts)]
    return [reach, t.c.state != quoted(StatementState.DRAFT.value)]


def _of_statement(t: sa.FromClause, name: str) -> Expression:
    statement = STATEMENTS.alias()
    return looked_up(statement.c[name], statement, where=[statement.c.id == t.c.statement_id])


def _members_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    """A member sees its own account, and a party those of its members."""
    statement = STATEMENTS.alias()
    found = sa.select(statement.c.id).where(statement.c.id == t.c.statement_id, *_statements_in_reach(statement, build))
    own = acts_for(build, Permission.LEDGER_READ, t.c.producer_id)
    is_issued = _of_statement(t, "state") != quoted(StatementState.DRAFT.value)
    return [sa.or_(sa.exists(found.correlate_except(statement)), sa.and_(own, is_issued))]


def _managed(t: sa.FromClause, build: Build) -> list[Condition]:
    return [reached(build, Permission.SETTLEMENT_MANAGE, region=t.c.region_code)]


def _payouts_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    return [acts_for(build, Permission.LEDGER_READ, t.c.party, region=t.c.region_code)]


def _commission_in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    """Everybody's rules, and those of organisations within reach."""
    organisation = table_of_organisation.alias()
    region = looked_up(organisation.c.region_code, organisation, where=[organisation.c.id == t.c.organisation_id])
    mine = acts_for(build, Permission.LEDGER_READ, t.c.organisation_id, region=region)
    return [sa.or_(t.c.organisation_id.is_(None), mine)]


assert ORGANISATION.table is not None
table_of_organisation = ORGANISATION.table


def _next(moves: Any, kind: Any) -> Computed:
    return Computed(
        lambda state: [each.value for each in next_of(moves, kind(state))], lambda t, _build, _args: [t.c.state]
    )


def _party(t: sa.FromClause, other: sa.FromClause) -> Condition:
    return other.c.id == t.c.party


def _parsed(entries: Any) -> Any:
    return json.loads(entries) if isinstance(entries, str) else entries


_PARTS = {"paid": money("paid_fen"), "voucher": money("voucher_fen"), "commission": money("commission_fen")}

STATEMENT_LINE = Projection(
    "StatementLine",
    table_of(StatementLine),
    fields={
        "kind": column("kind"),
        "businessDay": column("business_day"),
        "reference": column("reference"),
        "transactionId": column("txn_id"),
        "producer": ToOne(lambda: PRODUCER, lambda t, other: other.c.id == t.c.producer_id),
        "sellerOrder": ToOne(lambda: SELLER_ORDER, lambda t, part: part.c.id == t.c.seller_order_id),
        **_PARTS,
        "amount": money("amount_fen"),
    },
)

STATEMENT_MEMBER = Projection(
    "StatementMember",
    table_of(StatementMember),
    visible=_members_in_reach,
    fields={
        "statementId": column("statement_id"),
        "firstDay": Column(lambda t, build, _args: build.engine.json_date(_of_statement(t, "first_day"))),
        "lastDay": Column(lambda t, build, _args: build.engine.json_date(_of_statement(t, "last_day"))),
        "producer": ToOne(lambda: PRODUCER, lambda t, other: other.c.id == t.c.producer_id),
        "isMember": column("is_member"),
        "lineCount": column("line_count"),
        **_PARTS,
        "amount": money("amount_fen"),
    },
)

NEWEST = {"NEWEST": text_order("n", "id", is_descending=True)}

STATEMENT = Projection(
    "Statement",
    STATEMENTS,
    visible=_statements_in_reach,
    fields={
        "id": column("id"),
        "party": ToOne(lambda: ORGANISATION, _party),
        "period": column("period"),
        "firstDay": column("first_day"),
        "lastDay": column("last_day"),
        "state": column("state"),
        "nextStates": _next(STATEMENT_MOVES, StatementState),
        **{name: money(f"{name}_fen") for name in ("opening", "released", "refunded", "corrected", "closing")},
        "paidOut": money("paid_out_fen"),
        "lineCount": column("line_count"),
        "dispute": column("dispute"),
        "answer": column("answer"),
        "draftedAt": column("drafted_at"),
        "issuedAt": column("issued_at"),
        "confirmedAt": column("confirmed_at"),
        "lines": Listed(
            lambda: STATEMENT_LINE,
            {"OLDEST": text_order("t", "txn_id", tie="txn_id")},
            "OLDEST",
            on=lambda t, line, _build: line.c.statement_id == t.c.id,
        ),
        "members": Listed(
            lambda: STATEMENT_MEMBER,
            {"PRODUCER": text_order("p", "producer_id", tie="producer_id")},
            "PRODUCER",
            on=lambda t, member, _build: member.c.statement_id == t.c.id,
        ),
    },
)

PAYOUT = Projection(
    "Payout",
    PAYOUTS,
    visible=_payouts_in_reach,
    fields={
        "id": column("id"),
        "party": ToOne(lambda: ORGANISATION, _party),
        "amount": money("amount_fen"),
        "state": column("state"),
        "statement": ToOne(lambda: STATEMENT, lambda t, statement: statement.c.id == t.c.statement_id),
        "reference": column("reference"),
        "reason": column("reason"),
        "madeAt": column("made_at"),
        "endedAt": column("ended_at"),
    },
)

_CHECKED = {
    "madeBy": column("made_by"),
    "madeAt": column("made_at"),
    "checkedBy": column("checked_by"),
    "checkedAt": column("checked_at"),
}

PAYOUT_BATCH = Projection(
    "PayoutBatch",
    table_of(PayoutBatch),
    visible=_managed,
    fields={
        "id": column("id"),
        "regionCode": column("region_code"),
        "state": column("state"),
        "nextStates": _next(BATCH_MOVES, BatchState),
        "payoutCount": column("payout_count"),
        "total": money("total_fen"),
        "note": column("note"),
        **_CHECKED,
        "completedAt": column("completed_at"),
        "payouts": Listed(
            lambda: PAYOUT,
            {"OLDEST": text_order("p", "id")},
            "OLDEST",
            on=lambda t, payout, _build: payout.c.batch_id == t.c.id,
        ),
    },
)

LEDGER_CORRECTION = Projection(
    "LedgerCorrection",
    table_of(Correction),
    visible=_managed,
    fields={
        "id": column("id"),
        "party": ToOne(lambda: ORGANISATION, _party),
        "reverses": column("reverses"),
        "entries": Computed(_parsed, lambda t, _build, _args: [sa.cast(t.c.entries, sa.Text)]),
        "reason": column("reason"),
        "state": column("state"),
        "nextStates": _next(CORRECTION_MOVES, CorrectionState),
        **_CHECKED,
    },
)

COMMISSION_RULE = Projection(
    "CommissionRule",
    table_of(CommissionTable),
    visible=_commission_in_reach,
    fields={
        "id": column("id"),
        "organisation": ToOne(lambda: ORGANISATION, lambda t, other: other.c.id == t.c.organisation_id),
        "category": ToOne(lambda: CATEGORY, lambda t, other: other.c.id == t.c.category_id),
        "basisPoints": column("basis_points"),
        "validFrom": column("valid_from"),
        "validTo": column("valid_to"),
    },
)

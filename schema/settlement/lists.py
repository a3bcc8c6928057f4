"""The lists and root reads of settlement, and what its ids name."""

from collections.abc import Callable

import sqlalchemy as sa

from market.kernel.ids import require_id
from schema.filters import text_order, within_region
from schema.projection import Args, Build, ById, Projection, among
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Field
from schema.settlement.bill_reads import BILL_DIFFERENCE, RECONCILIATION
from schema.settlement.reads import (
    COMMISSION_RULE,
    LEDGER_CORRECTION,
    NEWEST,
    PAYOUT,
    PAYOUT_BATCH,
    STATEMENT,
    STATEMENT_MEMBER,
)


def _where(**columns: str) -> Callable[[sa.FromClause, Build, Args], list[Condition]]:
    """Filters: `states` among, `region` within, others equal, each of a column."""

    def conditions(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
        where = args.nested("where")
        found: list[Condition] = []
        for name, of in columns.items():
            if name in {"states", "kinds"}:
                found += [among(t.c[of], where.get(name))] if name in where else []
                continue
            slot = where.slot(name)
            if slot is not None:
                found.append(within_region(t.c[of], slot, build) if name == "region" else t.c[of] == build.bind(slot))
        return found

    return conditions


def _differences_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    found = _where(kinds="kind")(t, build, args)
    if "isResolved" in where:
        found.append(t.c.resolved_at.is_not(None) if where.get("isResolved") else t.c.resolved_at.is_(None))
    return found


def _id(prefix: str) -> Callable[[str], str]:
    return lambda text: require_id(text, prefix)


SETTLEMENT_QUERIES: dict[str, Field] = {
    "statement": ById(lambda: STATEMENT, check=_id("stm")),
    "statements": Listed(
        lambda: STATEMENT, NEWEST, "NEWEST", where=_where(party="party", states="state", region="region_code")
    ),
    "memberAccounts": Listed(
        lambda: STATEMENT_MEMBER,
        {"NEWEST": text_order("n", "statement_id", is_descending=True, tie="producer_id")},
        "NEWEST",
        where=_where(producer="producer_id"),
    ),
    "payoutBatch": ById(lambda: PAYOUT_BATCH, check=_id("pob")),
    "payoutBatches": Listed(lambda: PAYOUT_BATCH, NEWEST, "NEWEST", where=_where(states="state")),
    "payouts": Listed(lambda: PAYOUT, NEWEST, "NEWEST", where=_where(party="party", states="state")),
    "ledgerCorrections": Listed(
        lambda: LEDGER_CORRECTION, NEWEST, "NEWEST", where=_where(party="party", states="state")
    ),
    "commissionRules": Listed(
        lambda: COMMISSION_RULE, NEWEST, "NEWEST", where=_where(organisation="organisation_id", category="category_id")
    ),
    "reconciliations": Listed(lambda: RECONCILIATION, NEWEST, "NEWEST", where=_where(gateway="gateway")),
    "billDifferences": Listed(lambda: BILL_DIFFERENCE, NEWEST, "NEWEST", where=_differences_where),
}
SETTLEMENT_TARGETS: dict[str, Projection] = {
    "stm": STATEMENT,
    "pob": PAYOUT_BATCH,
    "pyo": PAYOUT,
    "cor": LEDGER_CORRECTION,
    "cmr": COMMISSION_RULE,
    "rcn": RECONCILIATION,
    "rcd": BILL_DIFFERENCE,
}

"""Where bills and their differences come from: the projections, for administrators alone."""

import sqlalchemy as sa

from market.kernel.permissions import Permission
from market.settlement.tables import BillDifference, Reconciliation
from schema.filters import text_order
from schema.node import fen_text, money
from schema.projection import Build, Column, Embedded, Projection, column, quoted, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Condition
from schema.projection.viewer import reached


def _platforms(_t: sa.FromClause, build: Build) -> list[Condition]:
    """Bills are the platform's: for administrators."""
    return [reached(build, Permission.SETTLEMENT_MANAGE)]


def _missing(name: str) -> Embedded:
    """Money that may not be known."""
    return Embedded(
        {"amount": Column(lambda t, _b, _a: fen_text(t.c[name])), "currency": Column(lambda _t, _b, _a: quoted("CNY"))},
        present=lambda t: t.c[name].is_not(None),
    )


BILL_DIFFERENCE = Projection(
    "BillDifference",
    table_of(BillDifference),
    visible=_platforms,
    fields={
        "id": column("id"),
        "kind": column("kind"),
        "number": column("number"),
        "subjectId": column("subject_id"),
        "here": _missing("here_fen"),
        "there": _missing("there_fen"),
        "hereState": column("here_state"),
        "thereState": column("there_state"),
        "foundAt": column("found_at"),
        "resolvedAt": column("resolved_at"),
        "resolvedBy": column("resolved_by"),
        "note": column("note"),
    },
)

RECONCILIATION = Projection(
    "Reconciliation",
    table_of(Reconciliation),
    visible=_platforms,
    fields={
        "id": column("id"),
        "gateway": column("gateway"),
        "day": column("day"),
        "paidThere": money("paid_there_fen"),
        "paidHere": money("paid_here_fen"),
        "refundedThere": money("refunded_there_fen"),
        "refundedHere": money("refunded_here_fen"),
        "fee": money("fee_fen"),
        "rowCount": column("row_count"),
        "differenceCount": column("difference_count"),
        "comparedAt": column("compared_at"),
        "differences": Listed(
            lambda: BILL_DIFFERENCE,
            {"OLDEST": text_order("d", "id")},
            "OLDEST",
            on=lambda t, difference, _build: difference.c.reconciliation_id == t.c.id,
        ),
    },
)

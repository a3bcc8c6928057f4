"""Where payments come from: the projections, for finance where all of an order's sellers lie."""

import sqlalchemy as sa
import strawberry

from market.kernel.ids import require_id
from market.kernel.permissions import Permission, reach
from market.orders.tables import CustomerOrder, SellerOrder
from market.payments.rules import PAYMENT_MOVES, REFUND_MOVES, PaymentState, PayMethod, RefundState
from market.payments.tables import Payment as PaymentTable
from market.payments.tables import Refund as RefundTable
from schema.enums import PayMethod as Method
from schema.filters import moment_order, order_number
from schema.mutations import Info
from schema.node import money
from schema.orders.sealed import next_of
from schema.pagination import Connection, listed, single
from schema.payments.types import Payment, PaymentWhere
from schema.permissions import PUBLIC, ruled
from schema.projection import (
    Args,
    Build,
    ById,
    Column,
    Projection,
    ToMany,
    among,
    column,
    exists,
    looked_up,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Field
from schema.projection.viewer import reached, within

_ORDERS, _PARTS = table_of(CustomerOrder), table_of(SellerOrder)
_FINANCE = Permission.PAYMENT_CONFIRM


def _theirs(t: sa.FromClause, build: Build) -> list[Condition]:
    """All sellers of the order lie where the viewer's word counts: one payment pays them all."""
    if reach(build.viewer.actor, _FINANCE).is_all:
        return [reached(build, _FINANCE)]
    build.personal()
    part = _PARTS.alias()
    outside = sa.not_(within(build, _FINANCE, part.c.region_code))
    return [sa.not_(exists(part, where=[part.c.order_id == t.c.order_id, outside]))]


REFUND = Projection(
    "PaymentRefund",
    table_of(RefundTable),
    fields={
        "id": column("id"),
        "state": column("state"),
        "nextStates": next_of(lambda state: sorted(REFUND_MOVES[RefundState(state)])),
        "amount": money("amount_fen"),
        "reason": column("reason"),
        "number": column("out_refund_no"),
        "lastError": column("last_error"),
        "requestedAt": column("requested_at"),
        "endedAt": column("ended_at"),
    },
)

PAYMENT = Projection(
    "Payment",
    table_of(PaymentTable),
    visible=_theirs,
    fields={
        "id": column("id"),
        "orderId": column("order_id"),
        "orderNumber": Column(
            lambda t, _build, _args: looked_up(_ORDERS.c.number, _ORDERS, where=[_ORDERS.c.id == t.c.order_id])
        ),
        "method": column("method"),
        "amount": money("amount_fen"),
        "state": column("state"),
        "nextStates": next_of(lambda state: sorted(PAYMENT_MOVES[PaymentState(state)])),
        "refunded": money("refunded_fen"),
        "providerNumber": column("provider_id"),
        "review": column("review"),
        "createdAt": column("created_at"),
        "expiresAt": column("expires_at"),
        "paidAt": column("paid_at"),
        "refunds": ToMany(
            lambda: REFUND, lambda t, refund: refund.c.payment_id == t.c.id, lambda refund: [refund.c.id]
        ),
    },
)


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    named = (("states", t.c.state), ("methods", t.c.method))
    conditions = [among(of, where.get(name)) for name, of in named if name in where]
    number = where.slot("number")
    if number is not None:
        order = _ORDERS.alias()
        conditions.append(
            t.c.order_id.in_(sa.select(order.c.id).where(order.c.number == build.bind(number, order_number)))
        )
    if "refundStates" in where:
        refund = table_of(RefundTable).alias()
        stands = among(refund.c.state, where.get("refundStates"))
        conditions.append(exists(refund, where=[refund.c.payment_id == t.c.id, stands]))
    return conditions


PAYMENT_QUERIES: dict[str, Field] = {
    "payment": ById(lambda: PAYMENT, check=lambda text: require_id(text, "pay")),
    "payments": Listed(
        lambda: PAYMENT, {"NEWEST": moment_order("n", "created_at", is_descending=True)}, "NEWEST", where=_where
    ),
}
PAYMENT_TARGETS: dict[str, Projection] = {"pay": PAYMENT}


@strawberry.type(description="Reads of payments.")
@ruled(PUBLIC)
class PaymentQueries:
    payment: Payment | None = single("A payment by its id.", Payment | None, id=strawberry.ID)
    payments: Connection[Payment] = listed(
        "Payments of orders all of whose sellers are in the caller's regions, newest first. What waits for a bank "
        "transfer: `states: [PENDING, CLOSED], methods: [BANK_TRANSFER]`.",
        Connection[Payment],
        where=PaymentWhere,
    )

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover Info[…]
        description="How orders can be paid here, to show as choices.", metadata={"rule": PUBLIC}
    )
    def pay_methods(self, info: Info) -> list[Method]:
        found: list[PayMethod] = info.context.services.till.methods
        return found

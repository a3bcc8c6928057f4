"""Changes around bills."""

from datetime import date

import strawberry

from market.kernel.permissions import Permission
from market.settlement.bills.compare import resolve_difference
from market.settlement.bills.fetch import compare_bill
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.permissions import ruled
from schema.settlement.bill_reads import BILL_DIFFERENCE, RECONCILIATION
from schema.settlement.types import BillDifference, Reconciliation

_MANAGED = Permission.SETTLEMENT_MANAGE


@strawberry.type(description="A bill that was compared.")
@ruled(_MANAGED)
class ReconciliationPayload:
    reconciliation_id: strawberry.Private[str]
    reconciliation: Reconciliation | None = changed(
        "What came of it.",
        Reconciliation | None,
        lambda: RECONCILIATION,
        lambda payload: payload.reconciliation_id,
    )


@strawberry.type(description="A difference that was looked into.")
@ruled(_MANAGED)
class BillDifferencePayload:
    difference_id: strawberry.Private[str]
    difference: BillDifference | None = changed(
        "The difference now.", BillDifference | None, lambda: BILL_DIFFERENCE, lambda payload: payload.difference_id
    )


@strawberry.type(description="Changes around bills: for administrators.")
class BillMutations:
    @mutation("Fetch a payment provider's bill of a day and compare it, again if need be.", rule=_MANAGED)
    async def compare_bill(self, info: Info, gateway: str, day: date) -> ReconciliationPayload:
        context = info.context
        made = await compare_bill(context.services.till, context.market, context.actor, gateway=gateway, day=day)
        return ReconciliationPayload(reconciliation_id=made)

    @mutation("Say what came of looking into a difference.", rule=_MANAGED)
    async def resolve_bill_difference(
        self, info: Info, difference_id: strawberry.ID, note: str, idempotency_key: IdempotencyKey
    ) -> BillDifferencePayload:
        done = await info.context.act(
            resolve_difference, difference_id=str(difference_id), note=note, key=str(idempotency_key)
        )
        return BillDifferencePayload(difference_id=done)

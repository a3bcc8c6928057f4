"""Changes of payouts."""

import strawberry

from market.kernel.permissions import Permission
from market.settlement.payouts.decide import approve_payouts, record_failed, record_paid, reject_payouts
from market.settlement.payouts.propose import BatchDraft, propose_payouts
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.permissions import ruled
from schema.settlement.reads import PAYOUT, PAYOUT_BATCH
from schema.settlement.types import Payout, PayoutBatch

_MANAGED = Permission.SETTLEMENT_MANAGE


@strawberry.type(description="A batch of payouts that was proposed or decided.")
@ruled(_MANAGED)
class PayoutBatchPayload:
    batch_id: strawberry.Private[str]
    batch: PayoutBatch | None = changed(
        "The batch now.", PayoutBatch | None, lambda: PAYOUT_BATCH, lambda payload: payload.batch_id
    )


@strawberry.type(description="A payout that has ended.")
@ruled(_MANAGED)
class PayoutPayload:
    payout_id: strawberry.Private[str]
    payout: Payout | None = changed("The payout now.", Payout | None, lambda: PAYOUT, lambda payload: payload.payout_id)


@strawberry.input(description="Whom to pay.")
class ProposePayoutsInput:
    region: str = strawberry.field(description="Parties in this region: a 12-digit code within the caller's.")
    parties: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Only these, at most 500; all that can be paid when left out."
    )
    note: str | None = strawberry.field(default=None, description="A note for whoever decides.")

    def draft(self) -> BatchDraft:
        """What the use case takes."""
        return BatchDraft(self.region, tuple(str(each) for each in self.parties), self.note)


@strawberry.type(description="Changes of payouts.")
class PayoutMutations:
    @mutation(
        "Propose to pay out what parties confirmed, never more than is payable now; somebody else decides.",
        rule=_MANAGED,
    )
    async def propose_payouts(
        self,
        info: Info,
        input: ProposePayoutsInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> PayoutBatchPayload:
        made = await info.context.act(propose_payouts, input.draft(), key=str(idempotency_key))
        return PayoutBatchPayload(batch_id=made)

    @mutation(
        "Approve a batch that somebody else proposed. A payout whose party has less payable now is dropped.",
        rule=_MANAGED,
    )
    async def approve_payouts(
        self, info: Info, batch_id: strawberry.ID, idempotency_key: IdempotencyKey
    ) -> PayoutBatchPayload:
        done = await info.context.act(approve_payouts, batch_id=str(batch_id), key=str(idempotency_key))
        return PayoutBatchPayload(batch_id=done)

    @mutation("Reject a batch that somebody else proposed.", rule=_MANAGED)
    async def reject_payouts(
        self, info: Info, batch_id: strawberry.ID, reason: str, idempotency_key: IdempotencyKey
    ) -> PayoutBatchPayload:
        done = await info.context.act(reject_payouts, batch_id=str(batch_id), reason=reason, key=str(idempotency_key))
        return PayoutBatchPayload(batch_id=done)

    @mutation("The bank has paid a payout, under this number.", rule=_MANAGED)
    async def record_payout_paid(
        self, info: Info, payout_id: strawberry.ID, reference: str, idempotency_key: IdempotencyKey
    ) -> PayoutPayload:
        done = await info.context.act(
            record_paid, payout_id=str(payout_id), reference=reference, key=str(idempotency_key)
        )
        return PayoutPayload(payout_id=done)

    @mutation("The bank could not pay a payout: its money is payable again.", rule=_MANAGED)
    async def record_payout_failed(
        self, info: Info, payout_id: strawberry.ID, reason: str, idempotency_key: IdempotencyKey
    ) -> PayoutPayload:
        done = await info.context.act(record_failed, payout_id=str(payout_id), reason=reason, key=str(idempotency_key))
        return PayoutPayload(payout_id=done)

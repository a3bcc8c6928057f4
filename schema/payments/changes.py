"""What finance says of money that no provider tells of."""

from datetime import datetime

import strawberry

from market.kernel.money import Money as Fen
from market.kernel.permissions import Permission
from market.payments.errors import TransferDiffers
from market.payments.transfers import Arrived, confirm_refund, confirm_transfer, retry_refund
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.payments.reads import PAYMENT
from schema.payments.types import Payment
from schema.permissions import PUBLIC, ruled

_FINANCE = Permission.PAYMENT_CONFIRM


@told_as(TransferDiffers)
@strawberry.type(description="Another amount came than the order's: nothing was confirmed.")
@ruled(PUBLIC)
class TransferAmountDiffers(UserError):
    pass


@strawberry.input(description="A transfer as the bank's statement has it.")
class ConfirmTransferInput:
    payment_id: strawberry.ID = strawberry.field(description="The payment: the order's number is on the transfer.")
    amount: str = strawberry.field(description='What came, as "88.00".')
    bank_reference: str = strawberry.field(
        description="The bank's number of it, 1 to 64 characters; each confirms once."
    )
    received_at: datetime | None = strawberry.field(default=None, description="When it came; now when left out.")

    def draft(self) -> Arrived:
        """What the use case takes."""
        fen = Fen.parse(self.amount).amount_fen
        return Arrived(str(self.payment_id), fen, self.bank_reference, self.received_at)


@strawberry.type(description="A payment that was spoken about.")
@ruled(_FINANCE)
class ConfirmedPaymentPayload:
    payment_id: strawberry.Private[str]
    payment: Payment | None = changed(
        "The payment now.", Payment | None, lambda: PAYMENT, lambda payload: payload.payment_id
    )


@strawberry.type(description="What finance says of payments.")
class PaymentMutations:
    @mutation(
        "A bank transfer has come: its order is paid. When the order was given up or has expired it takes everything "
        "anew, or the money goes back as a refund.",
        rule=_FINANCE,
        errors=(TransferAmountDiffers,),
    )
    async def confirm_transfer(
        self,
        info: Info,
        input: ConfirmTransferInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> ConfirmedPaymentPayload:
        paid = info.context.services.till.paid
        done = await info.context.act(confirm_transfer, input.draft(), paid=paid, key=str(idempotency_key))
        return ConfirmedPaymentPayload(payment_id=done)

    @mutation(
        "A refund of a bank transfer was sent, or one that was ABNORMAL was put right at its provider.", rule=_FINANCE
    )
    async def confirm_refund(
        self, info: Info, refund_id: strawberry.ID, bank_reference: str, idempotency_key: IdempotencyKey
    ) -> ConfirmedPaymentPayload:
        done = await info.context.act(
            confirm_refund,
            refund_id=str(refund_id),
            bank_reference=bank_reference,
            refunded=info.context.services.till.refunded,
            key=str(idempotency_key),
        )
        return ConfirmedPaymentPayload(payment_id=done)

    @mutation("Send a refund that FAILED once more.", rule=_FINANCE)
    async def retry_refund(
        self, info: Info, refund_id: strawberry.ID, idempotency_key: IdempotencyKey
    ) -> ConfirmedPaymentPayload:
        done = await info.context.act(retry_refund, refund_id=str(refund_id), key=str(idempotency_key))
        return ConfirmedPaymentPayload(payment_id=done)

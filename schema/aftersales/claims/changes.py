"""What the two sides of a claim and staff do with it."""

from typing import Annotated

import strawberry

from market.aftersales.claims.answer import Answer, Decision, answer_claim, decide_claim, reship_claim
from market.aftersales.claims.open import ClaimDraft, open_claim
from market.aftersales.claims.own import escalate_claim, send_return, withdraw_claim
from market.aftersales.errors import ClaimOpen as ClaimOpenRaised
from market.aftersales.errors import ClaimTooLate as ClaimTooLateRaised
from market.aftersales.errors import NotReturnable as NotReturnableRaised
from market.kernel.money import Money as Fen
from market.kernel.permissions import Permission
from schema.aftersales.claims.reads import CLAIM
from schema.aftersales.claims.types import Claim
from schema.enums import AnswerKind, Carrier, ClaimReason, ClaimWish
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.permissions import PUBLIC, ruled

ClaimId = Annotated[strawberry.ID, strawberry.argument(description="The claim.")]


@strawberry.input(description="What is wrong with a line of an order, and what is asked for.")
class OpenClaimInput:
    line_id: strawberry.ID = strawberry.field(description="The order line.")
    reason: ClaimReason = strawberry.field(description="What is wrong.")
    wish: ClaimWish = strawberry.field(description="What is asked for.")
    quantity: int = strawberry.field(default=1, description="With so many pieces.")
    spoilage_percent: int | None = strawberry.field(
        default=None, description="How much of each piece is worthless, 1 to 100; given when it is SPOILED."
    )
    text: str = strawberry.field(default="", description="In words, at most 1,000 characters.")
    photo_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Own uploads of kind CLAIM, 9 at most."
    )

    def draft(self) -> ClaimDraft:
        """As after-sales takes it."""
        return ClaimDraft(
            line_id=str(self.line_id),
            reason=self.reason,
            wish=self.wish,
            quantity=self.quantity,
            spoilage_percent=self.spoilage_percent,
            text=self.text,
            photo_ids=tuple(str(each) for each in self.photo_ids),
        )


@strawberry.input(description="A seller's answer to a claim.")
class AnswerClaimInput:
    claim_id: strawberry.ID = strawberry.field(description="The claim.")
    kind: AnswerKind = strawberry.field(description="Yes in which way, or no.")
    text: str = strawberry.field(default="", description="For the buyer; needed with RETURN and REJECT.")
    amount: str | None = strawberry.field(
        default=None, description='Of a REFUND: so much, as "8.00"; all that is asked when left out.'
    )


@strawberry.input(description="What staff decide on a claim.")
class DecideClaimInput:
    claim_id: strawberry.ID = strawberry.field(description="The claim.")
    text: str = strawberry.field(description="Why, for both sides: at most 1,000 characters.")
    amount: str | None = strawberry.field(
        default=None, description='So much more goes back, as "8.00"; nothing when left out.'
    )


@strawberry.input(description="What was sent.")
class ClaimParcelInput:
    claim_id: strawberry.ID = strawberry.field(description="The claim it is for.")
    carrier: Carrier = strawberry.field(description="Who carries it.")
    tracking_number: str = strawberry.field(description="Its number there.")


@strawberry.type(description="A claim was opened, or acted on.")
@ruled(Permission.ORDER_READ)
class ClaimPayload:
    claim_id: strawberry.Private[str]
    claim: Claim | None = changed("The claim now.", Claim | None, lambda: CLAIM, lambda payload: payload.claim_id)


@told_as(ClaimOpenRaised)
@strawberry.type(description="There is a claim on this line that is not settled.")
@ruled(PUBLIC)
class ClaimOpen(UserError):
    pass


@told_as(ClaimTooLateRaised)
@strawberry.type(description="The time to claim, or to ask staff, is over.")
@ruled(PUBLIC)
class ClaimTooLate(UserError):
    pass


@told_as(NotReturnableRaised)
@strawberry.type(description="It is excepted from returns without a reason.")
@ruled(PUBLIC)
class NotReturnable(UserError):
    pass


def _fen(text: str | None) -> int | None:
    return None if text is None else Fen.parse(text, field="amount").amount_fen


@strawberry.type
class ClaimMutations:
    @mutation(
        "Say what is wrong with a line of an order, or send it back. The seller has two days; silence is a yes.",
        rule=Permission.ORDER_PLACE,
        errors=(ClaimOpen, ClaimTooLate, NotReturnable),
    )
    async def open_claim(self, info: Info, input: OpenClaimInput, idempotency_key: IdempotencyKey) -> ClaimPayload:  # noqa: A002 - the API's word
        return ClaimPayload(claim_id=await info.context.act(open_claim, input.draft(), key=str(idempotency_key)))

    @mutation(
        "Answer a claim, or a return that came: pay, send again, ask for it back, or say no.",
        rule=Permission.REFUND_APPROVE,
        errors=(NotReturnable,),
    )
    async def answer_claim(self, info: Info, input: AnswerClaimInput, idempotency_key: IdempotencyKey) -> ClaimPayload:  # noqa: A002 - the API's word
        answer = Answer(str(input.claim_id), input.kind, input.text, _fen(input.amount))
        return ClaimPayload(claim_id=await info.context.act(answer_claim, answer, key=str(idempotency_key)))

    @mutation("A replacement that was promised has been sent.", rule=Permission.REFUND_APPROVE)
    async def reship_claim(self, info: Info, input: ClaimParcelInput, idempotency_key: IdempotencyKey) -> ClaimPayload:  # noqa: A002 - the API's word
        done = await info.context.act(
            reship_claim,
            claim_id=str(input.claim_id),
            carrier=input.carrier,
            number=input.tracking_number,
            key=str(idempotency_key),
        )
        return ClaimPayload(claim_id=done)

    @mutation("What a claim is about has been sent back.", rule=Permission.ORDER_PLACE)
    async def send_return(self, info: Info, input: ClaimParcelInput, idempotency_key: IdempotencyKey) -> ClaimPayload:  # noqa: A002 - the API's word
        done = await info.context.act(
            send_return,
            claim_id=str(input.claim_id),
            carrier=input.carrier,
            number=input.tracking_number,
            key=str(idempotency_key),
        )
        return ClaimPayload(claim_id=done)

    @mutation(
        "Take a claim to staff that was refused or paid in part, or whose replacement was not sent.",
        rule=Permission.ORDER_PLACE,
        errors=(ClaimTooLate,),
    )
    async def escalate_claim(
        self,
        info: Info,
        claim_id: ClaimId,
        text: Annotated[str, strawberry.argument(description="Why: at most 1,000 characters.")],
        idempotency_key: IdempotencyKey,
    ) -> ClaimPayload:
        done = await info.context.act(escalate_claim, claim_id=str(claim_id), text=text, key=str(idempotency_key))
        return ClaimPayload(claim_id=done)

    @mutation("Give a claim up.", rule=Permission.ORDER_PLACE)
    async def withdraw_claim(self, info: Info, claim_id: ClaimId, idempotency_key: IdempotencyKey) -> ClaimPayload:
        done = await info.context.act(withdraw_claim, claim_id=str(claim_id), key=str(idempotency_key))
        return ClaimPayload(claim_id=done)

    @mutation("Decide a claim that was taken to staff.", rule=Permission.CLAIM_DECIDE)
    async def decide_claim(self, info: Info, input: DecideClaimInput, idempotency_key: IdempotencyKey) -> ClaimPayload:  # noqa: A002 - the API's word
        decision = Decision(str(input.claim_id), input.text, _fen(input.amount))
        return ClaimPayload(claim_id=await info.context.act(decide_claim, decision, key=str(idempotency_key)))

"""Changes of statements, corrections and commission."""

from datetime import date
from decimal import Decimal

import strawberry

from market.kernel.money import Money as Fen
from market.kernel.permissions import Permission
from market.orders.commission import CommissionDraft, end_commission, set_commission
from market.settlement.corrections import (
    CorrectionDraft,
    CorrectionEntry,
    approve_correction,
    propose_correction,
    reject_correction,
)
from market.settlement.statements.answer import (
    answer_dispute,
    confirm_statement,
    dispute_statement,
    issue_statements,
    set_settlement_period,
)
from schema.enums.settlement import AccountKind, SettlementPeriod
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.permissions import ruled
from schema.settlement.reads import COMMISSION_RULE, LEDGER_CORRECTION, STATEMENT
from schema.settlement.types import CommissionRule, LedgerCorrection, Statement

_MANAGED = Permission.SETTLEMENT_MANAGE


@strawberry.type(description="A statement that was changed.")
@ruled(Permission.LEDGER_READ)
class StatementPayload:
    statement_id: strawberry.Private[str]
    statement: Statement | None = changed(
        "The statement now.", Statement | None, lambda: STATEMENT, lambda payload: payload.statement_id
    )


@strawberry.type(description="Statements that their parties see now.")
@ruled(_MANAGED)
class IssuedPayload:
    statement_ids: list[strawberry.ID] = strawberry.field(description="The statements.")


@strawberry.type(description="How often a party gets statements.")
@ruled(_MANAGED)
class SettlementPeriodPayload:
    party: strawberry.ID = strawberry.field(description="The cooperative or producer.")
    period: SettlementPeriod = strawberry.field(description="From its next statement on.")


@strawberry.type(description="A correction that was proposed or decided.")
@ruled(_MANAGED)
class LedgerCorrectionPayload:
    correction_id: strawberry.Private[str]
    correction: LedgerCorrection | None = changed(
        "The correction now.",
        LedgerCorrection | None,
        lambda: LEDGER_CORRECTION,
        lambda payload: payload.correction_id,
    )


@strawberry.type(description="A commission rule that was made or ended.")
@ruled(_MANAGED)
class CommissionRulePayload:
    rule_id: strawberry.Private[str]
    rule: CommissionRule | None = changed(
        "The rule now.", CommissionRule | None, lambda: COMMISSION_RULE, lambda payload: payload.rule_id
    )


@strawberry.input(description="So much to one account.")
class CorrectionEntryInput:
    account: AccountKind = strawberry.field(
        description="SELLER_PENDING or SELLER_PAYABLE: the party's. COMMISSION, DELIVERY or BANK: the platform's."
    )
    amount: Decimal = strawberry.field(description='In yuan, "12.50": a debit above zero, a credit below.')

    def entry(self) -> CorrectionEntry:
        """What the use case takes."""
        return CorrectionEntry(self.account, Fen.parse(str(self.amount), field="amount").amount_fen)


@strawberry.input(description="What to put right: a transaction undone, entries that balance, or both.")
class ProposeCorrectionInput:
    party: strawberry.ID = strawberry.field(description="The cooperative or producer whose accounts it is about.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    reverses: strawberry.ID | None = strawberry.field(
        default=None, description="A RELEASE or CORRECTION of the party's to undo: its transaction."
    )
    entries: list[CorrectionEntryInput] = strawberry.field(
        default_factory=list, description="What to move, at most 10 entries that come to zero."
    )

    def draft(self) -> CorrectionDraft:
        """What the use case takes."""
        reverses = None if self.reverses is None else str(self.reverses)
        return CorrectionDraft(str(self.party), self.reason, reverses, tuple(each.entry() for each in self.entries))


@strawberry.input(description="A commission rule. Orders already placed keep the share as sold.")
class SetCommissionInput:
    basis_points: int = strawberry.field(description="Hundredths of a percent of what the seller earns, 0 to 3000.")
    valid_from: date = strawberry.field(description="Its first day.")
    valid_to: date | None = strawberry.field(default=None, description="Its last day, included; none: without end.")
    organisation_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only what is settled with this cooperative or producer."
    )
    category_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only what is in this category or below it."
    )

    def draft(self) -> CommissionDraft:
        """What the use case takes."""
        return CommissionDraft(
            self.basis_points,
            self.valid_from,
            self.valid_to,
            None if self.organisation_id is None else str(self.organisation_id),
            None if self.category_id is None else str(self.category_id),
        )


@strawberry.type(description="Changes of statements, corrections and commission.")
class SettlementMutations:
    @mutation("Show drafts of statements to their parties, at most a hundred, all or none.", rule=_MANAGED)
    async def issue_statements(self, info: Info, statement_ids: list[strawberry.ID]) -> IssuedPayload:
        issued = await info.context.act(issue_statements, [str(each) for each in statement_ids])
        return IssuedPayload(statement_ids=[strawberry.ID(each) for each in issued])

    @mutation("Agree to a statement of one's organisation: it can be paid out.", rule=Permission.STATEMENT_CONFIRM)
    async def confirm_statement(
        self, info: Info, statement_id: strawberry.ID, idempotency_key: IdempotencyKey
    ) -> StatementPayload:
        done = await info.context.act(confirm_statement, statement_id=str(statement_id), key=str(idempotency_key))
        return StatementPayload(statement_id=done)

    @mutation("Say what is wrong with a statement of one's organisation.", rule=Permission.STATEMENT_CONFIRM)
    async def dispute_statement(
        self, info: Info, statement_id: strawberry.ID, reason: str, idempotency_key: IdempotencyKey
    ) -> StatementPayload:
        done = await info.context.act(
            dispute_statement, statement_id=str(statement_id), reason=reason, key=str(idempotency_key)
        )
        return StatementPayload(statement_id=done)

    @mutation("Answer a dispute: the statement goes to its party again.", rule=_MANAGED)
    async def answer_dispute(
        self, info: Info, statement_id: strawberry.ID, answer: str, idempotency_key: IdempotencyKey
    ) -> StatementPayload:
        done = await info.context.act(
            answer_dispute, statement_id=str(statement_id), answer=answer, key=str(idempotency_key)
        )
        return StatementPayload(statement_id=done)

    @mutation("How often a party gets statements, from its next one on.", rule=_MANAGED)
    async def set_settlement_period(
        self, info: Info, party: strawberry.ID, period: SettlementPeriod
    ) -> SettlementPeriodPayload:
        await info.context.act(set_settlement_period, party=str(party), period=period)
        return SettlementPeriodPayload(party=party, period=period)

    @mutation("Propose to put something in the ledger right; somebody else decides.", rule=_MANAGED)
    async def propose_correction(
        self,
        info: Info,
        input: ProposeCorrectionInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> LedgerCorrectionPayload:
        made = await info.context.act(propose_correction, input.draft(), key=str(idempotency_key))
        return LedgerCorrectionPayload(correction_id=made)

    @mutation("Post a correction that somebody else proposed.", rule=_MANAGED)
    async def approve_correction(
        self, info: Info, correction_id: strawberry.ID, idempotency_key: IdempotencyKey
    ) -> LedgerCorrectionPayload:
        done = await info.context.act(approve_correction, correction_id=str(correction_id), key=str(idempotency_key))
        return LedgerCorrectionPayload(correction_id=done)

    @mutation("Decide that a correction that somebody else proposed is not to be made.", rule=_MANAGED)
    async def reject_correction(
        self, info: Info, correction_id: strawberry.ID, idempotency_key: IdempotencyKey
    ) -> LedgerCorrectionPayload:
        done = await info.context.act(reject_correction, correction_id=str(correction_id), key=str(idempotency_key))
        return LedgerCorrectionPayload(correction_id=done)

    @mutation("Make a commission rule; no two of one organisation and category hold on one day.", rule=_MANAGED)
    async def set_commission(
        self,
        info: Info,
        input: SetCommissionInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> CommissionRulePayload:
        made = await info.context.act(set_commission, input.draft(), key=str(idempotency_key))
        return CommissionRulePayload(rule_id=made)

    @mutation("Let a commission rule hold up to a day, included, and no longer.", rule=_MANAGED)
    async def end_commission(self, info: Info, rule_id: strawberry.ID, last_day: date) -> CommissionRulePayload:
        done = await info.context.act(end_commission, rule_id=str(rule_id), last_day=last_day)
        return CommissionRulePayload(rule_id=done)

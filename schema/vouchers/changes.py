"""Making campaigns, starting, pausing and ending them."""

from datetime import datetime
from decimal import Decimal

import strawberry

from market.kernel.money import Money as Fen
from market.kernel.permissions import Permission
from market.vouchers.errors import CodeTaken
from market.vouchers.evaluate import Scope
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from schema.enums import Funder, ListingKind
from schema.enums.vouchers import CampaignState, DiscountKind
from schema.mutations import IdempotencyKey, Info, UserError, changed, mutation, told_as
from schema.permissions import PUBLIC, ruled
from schema.vouchers.campaigns import CAMPAIGN, VoucherCampaign

_MANAGED = Permission.VOUCHER_MANAGE


@told_as(CodeTaken, lambda error, _language: {"voucher": error.facts["voucher"]})
@strawberry.type(description="Another campaign has this code.")
@ruled(PUBLIC)
class VoucherCodeTaken(UserError):
    voucher: str = strawberry.field(description="The code.")


@strawberry.input(description="What a campaign is for: all that is named must hold. With nothing named, everything.")
class VoucherScopeInput:
    producer_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Only what this producer sells. A SELLER's campaign is for its seller's things anyway.",
    )
    village_id: strawberry.ID | None = strawberry.field(default=None, description="Only what comes from this village.")
    region: str | None = strawberry.field(
        default=None, description="Only what comes from this region: a 12-digit code."
    )
    category_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only what is in this category or below it."
    )
    listing_id: strawberry.ID | None = strawberry.field(default=None, description="Only this product or tour package.")
    kind: ListingKind | None = strawberry.field(default=None, description="Only things of this kind.")
    early_days: int | None = strawberry.field(
        default=None, description="Only visits booked at least so many days before they start."
    )

    def scope(self) -> Scope:
        """What the use case takes."""
        return Scope(
            producer_id=_text(self.producer_id),
            village_id=_text(self.village_id),
            region_code=self.region,
            category_id=_text(self.category_id),
            listing_id=_text(self.listing_id),
            kind=None if self.kind is None else self.kind.value,
            early_days=self.early_days,
        )


@strawberry.input(description="A campaign to make.")
class CreateVoucherCampaignInput:
    name: str = strawberry.field(description="What people call it.")
    name_en: str | None = strawberry.field(default=None, description="The same in English.")
    code: str | None = strawberry.field(
        default=None, description="What a buyer types in, 4 to 32 letters and digits; without one it comes by itself."
    )
    funder: Funder = strawberry.field(description="Who pays for it.")
    seller_id: strawberry.ID | None = strawberry.field(
        default=None, description="The producer that pays, of a SELLER's; nobody of the others."
    )
    authority_region: str | None = strawberry.field(
        default=None, description="Whose public money it is, of a GOVERNMENT's: a 12-digit code."
    )
    kind: DiscountKind = strawberry.field(description="How it is reckoned.")
    percent: int = strawberry.field(default=0, description="The share given off, 1 to 100, of a PERCENT campaign.")
    amount: Decimal | None = strawberry.field(default=None, description='What is given off, of the others: "20.00".')
    minimum: Decimal | None = strawberry.field(default=None, description="What must be bought at least.")
    cap: Decimal | None = strawberry.field(default=None, description="The most that one order gets.")
    scope: VoucherScopeInput = strawberry.field(
        default_factory=VoucherScopeInput, description="What it is for; everything when left out."
    )
    budget: Decimal | None = strawberry.field(
        default=None, description="What it may give off in all. A GOVERNMENT's campaign has one."
    )
    total_limit: int | None = strawberry.field(default=None, description="How many orders may use it.")
    person_limit: int | None = strawberry.field(default=None, description="How often one person may use it.")
    starts_at: datetime = strawberry.field(description="From when.")
    ends_at: datetime = strawberry.field(description="Until when, at most 366 days after the start.")

    def draft(self) -> CampaignDraft:
        """What the use case takes."""
        return CampaignDraft(
            name=self.name,
            name_en=self.name_en,
            code=self.code,
            funder=self.funder,
            seller_id=_text(self.seller_id),
            authority_region=self.authority_region,
            kind=self.kind,
            percent=self.percent,
            amount_fen=_fen(self.amount, "amount") or 0,
            minimum_fen=_fen(self.minimum, "minimum") or 0,
            cap_fen=_fen(self.cap, "cap"),
            scope=self.scope.scope(),
            budget_fen=_fen(self.budget, "budget"),
            total_limit=self.total_limit,
            person_limit=self.person_limit,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
        )


@strawberry.type(description="A campaign that was made or moved.")
@ruled(_MANAGED)
class VoucherCampaignPayload:
    campaign_id: strawberry.Private[str]
    campaign: VoucherCampaign | None = changed(
        "The campaign now.", VoucherCampaign | None, lambda: CAMPAIGN, lambda payload: payload.campaign_id
    )


@strawberry.type
class VoucherMutations:
    """Changes of campaigns."""

    @mutation(
        "Make a campaign, as a draft that gives nothing yet: a seller's by its own people, a government's by staff of its "
        "region, the platform's by administrators.",
        rule=_MANAGED,
        errors=(VoucherCodeTaken,),
    )
    async def create_voucher_campaign(
        self,
        info: Info,
        input: CreateVoucherCampaignInput,  # noqa: A002 - the API's word
        idempotency_key: IdempotencyKey,
    ) -> VoucherCampaignPayload:
        made = await info.context.act(create_campaign, input.draft(), key=str(idempotency_key))
        return VoucherCampaignPayload(campaign_id=made)

    @mutation("Start a campaign, or go on with a paused one.", rule=_MANAGED)
    async def activate_voucher_campaign(self, info: Info, campaign_id: strawberry.ID) -> VoucherCampaignPayload:
        return await _move(info, campaign_id, CampaignState.ACTIVE)

    @mutation("Let a campaign give nothing for now. Orders that hold it go on.", rule=_MANAGED)
    async def pause_voucher_campaign(self, info: Info, campaign_id: strawberry.ID) -> VoucherCampaignPayload:
        return await _move(info, campaign_id, CampaignState.PAUSED)

    @mutation("End a campaign for good. Orders that hold it go on.", rule=_MANAGED)
    async def end_voucher_campaign(self, info: Info, campaign_id: strawberry.ID) -> VoucherCampaignPayload:
        return await _move(info, campaign_id, CampaignState.ENDED)


async def _move(info: Info, campaign_id: strawberry.ID, to: CampaignState) -> VoucherCampaignPayload:
    await info.context.act(move_campaign, campaign_id=str(campaign_id), to=to)
    return VoucherCampaignPayload(campaign_id=str(campaign_id))


def _text(given: strawberry.ID | None) -> str | None:
    return None if given is None else str(given)


def _fen(amount: Decimal | None, field: str) -> int | None:
    return None if amount is None else Fen.parse(str(amount), field=field).amount_fen

"""Use cases: make campaigns, start, pause and end them."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach, require
from market.organisations.acting import act_for
from market.places.rules import level_of
from market.vouchers.errors import CodeTaken
from market.vouchers.evaluate import Scope
from market.vouchers.rules import CAMPAIGN_MOVES, CampaignState, DiscountKind, Funder, illegal_campaign_move
from market.vouchers.tables import VoucherCampaign

_CODE = re.compile(r"[A-Z0-9]{4,32}")
_LONGEST = timedelta(days=366)
FEN_MAX = 100_000_000_00


@dataclass(frozen=True, slots=True)
class CampaignDraft:
    """A campaign to make. Amounts in fen."""

    name: str
    funder: Funder
    kind: DiscountKind
    starts_at: datetime
    ends_at: datetime
    name_en: str | None = None
    code: str | None = None
    seller_id: str | None = None
    """Who pays, of a SELLER's."""
    authority_region: str | None = None
    """Whose public money it is, of a GOVERNMENT's."""
    scope: Scope = field(default_factory=Scope)
    percent: int = 0
    amount_fen: int = 0
    minimum_fen: int = 0
    cap_fen: int | None = None
    budget_fen: int | None = None
    total_limit: int | None = None
    person_limit: int | None = None


def create_campaign(market: Market, actor: Actor, draft: CampaignDraft, *, key: str) -> str:
    """Make a campaign, as a draft that gives nothing yet; its id.

    A seller's is made by its own people or a cooperative's that act for it, and is for that seller's things alone; a
    government's by staff whose region covers the authority's, with a budget; the platform's by administrators.
    Refuses: Forbidden; NotFound; Invalid; CodeTaken; IdempotencyConflict. Once, by `key`.
    """
    reach(actor, Permission.VOUCHER_MANAGE)
    _check(draft)
    asked = {**asdict(draft), "starts_at": draft.starts_at, "ends_at": draft.ends_at}
    mine = IdempotencyKey.of(actor=actor.account_id or "", operation="createCampaign", key=key, asked=asked)
    with market.transaction() as session:
        return once(session, mine, lambda: _create(session, market, actor, draft), now=market.now(), dump=str, load=str)


def move_campaign(market: Market, actor: Actor, *, campaign_id: str, to: CampaignState) -> None:
    """Start, pause or end a campaign. Refuses: Forbidden; NotFound; IllegalTransition.

    Guards: one conditional update. Orders that hold it go on; nobody else gets it.
    """
    reach(actor, Permission.VOUCHER_MANAGE)
    with market.transaction() as session:
        campaign = session.exec(select(VoucherCampaign).where(VoucherCampaign.id == campaign_id)).first()
        if campaign is None:
            raise NotFound(field="campaign")
        principal = _require(session, actor, _whose(campaign), now=market.now(), field="campaign")
        before = campaign.state
        sources = [state for state in CampaignState if to in CAMPAIGN_MOVES[state]]
        moved = session.execute(
            sa.update(VoucherCampaign)
            .where(col(VoucherCampaign.id) == campaign_id, col(VoucherCampaign.state).in_(sources))
            .values(state=to)
        )
        if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
            session.refresh(campaign)
            raise illegal_campaign_move(CampaignState(campaign.state), to)
        audit.record(
            session,
            actor,
            action="campaign.move",
            subject=campaign_id,
            principal=principal,
            before={"state": before},
            after={"state": to},
            now=market.now(),
        )


@dataclass(frozen=True, slots=True)
class _Whose:
    funder: Funder
    seller_id: str | None
    authority_region: str | None


def _whose(campaign: VoucherCampaign) -> _Whose:
    return _Whose(campaign.funder, campaign.owner_id, campaign.authority_region)


def _require(session: Session, actor: Actor, whose: _Whose, *, now: datetime, field: str) -> str:
    """The principal, or refuses: a stranger's campaign is unknown."""
    match whose.funder:
        case Funder.SELLER:
            assert whose.seller_id is not None
            today = business_day(now)
            return act_for(
                session, actor, Permission.VOUCHER_MANAGE, producer_id=whose.seller_id, today=today, field=field
            ).id
        case Funder.GOVERNMENT:
            if not reach(actor, Permission.VOUCHER_MANAGE).covers(region_code=whose.authority_region):
                raise NotFound(field=field)
        case Funder.PLATFORM:
            if field == "campaign" and not reach(actor, Permission.VOUCHER_MANAGE).is_all:
                raise NotFound(field=field)
            require(actor, Permission.VOUCHER_MANAGE)
    return actor.account_id or actor.kind.value


def _create(session: Session, market: Market, actor: Actor, draft: CampaignDraft) -> str:
    whose = _Whose(draft.funder, draft.seller_id, draft.authority_region)
    principal = _require(session, actor, whose, now=market.now(), field="seller")
    code = draft.code.strip().upper() if draft.code else None
    if code is not None and session.exec(select(VoucherCampaign.id).where(VoucherCampaign.code == code)).first():
        raise CodeTaken(voucher=code)
    scope = draft.scope
    campaign = VoucherCampaign(
        id=market.new_id("vch"),
        code=code,
        name=draft.name.strip(),
        name_en=draft.name_en,
        funder=draft.funder,
        owner_id=draft.seller_id if draft.funder is Funder.SELLER else None,
        authority_region=draft.authority_region if draft.funder is Funder.GOVERNMENT else None,
        kind=draft.kind,
        percent=draft.percent,
        amount_fen=draft.amount_fen,
        minimum_fen=draft.minimum_fen,
        cap_fen=draft.cap_fen,
        scope_producer_id=draft.seller_id if draft.funder is Funder.SELLER else scope.producer_id,
        scope_village_id=scope.village_id,
        scope_region=scope.region_code,
        scope_category_id=scope.category_id,
        scope_listing_id=scope.listing_id,
        scope_kind=scope.kind,
        early_days=scope.early_days,
        budget_fen=draft.budget_fen,
        total_limit=draft.total_limit,
        person_limit=draft.person_limit,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        created_at=market.now(),
    )
    session.add(campaign)
    session.flush()
    after: dict[str, Any] = {"funder": draft.funder, "kind": draft.kind, "budgetFen": draft.budget_fen}
    audit.record(
        session,
        actor,
        action="campaign.create",
        subject=campaign.id,
        principal=principal,
        after=after,
        now=market.now(),
    )
    return campaign.id


def _check(draft: CampaignDraft) -> None:
    """Refuses with Invalid what no campaign can be."""
    for is_wrong, name, allowed, allowed_zh in (*_wrong_facts(draft), *_wrong_amounts(draft)):
        if is_wrong:
            raise Invalid(field=name, allowed=allowed, allowed_zh=allowed_zh)
    for code in (draft.authority_region, draft.scope.region_code):
        if code is not None:
            level_of(code, field="region")


Problem = tuple[bool, str, str, str]
"""Whether it is there, the field, and what is allowed, in English and Chinese."""


def _wrong_facts(draft: CampaignDraft) -> Iterator[Problem]:
    yield not draft.name.strip(), "name", "a campaign has a name", "名称不能为空"
    is_code = draft.code is None or _CODE.fullmatch(draft.code.strip().upper())
    yield not is_code, "code", "4 to 32 letters and digits", "4 到 32 位字母或数字"
    lasts = draft.ends_at - draft.starts_at
    yield not timedelta() < lasts <= _LONGEST, "endsAt", "at most 366 days after the start", "晚于开始，且不超过 366 天"
    is_sellers, is_governments = draft.funder is Funder.SELLER, draft.funder is Funder.GOVERNMENT
    allowed = "a seller's campaign names the seller, others none"
    yield is_sellers is not (draft.seller_id is not None), "seller", allowed, "商家券须指定商家，其他券不指定"
    allowed = "a government's campaign names the region whose money it is, others none"
    is_named = draft.authority_region is not None
    yield is_governments is not is_named, "authorityRegion", allowed, "政府消费券须指定发放地区，其他券不指定"


def _wrong_amounts(draft: CampaignDraft) -> Iterator[Problem]:
    is_percent = draft.kind is DiscountKind.PERCENT
    is_share = 1 <= draft.percent <= 100 if is_percent else draft.percent == 0
    yield not is_share, "percent", "1 to 100 of a PERCENT campaign, 0 of others", "按比例优惠为 1 到 100，其他为 0"
    is_amount = draft.amount_fen == 0 if is_percent else 0 < draft.amount_fen <= FEN_MAX
    yield not is_amount, "amount", "above zero, but none of a PERCENT campaign", "须大于零；按比例优惠不填"
    is_low = draft.kind is DiscountKind.THRESHOLD and draft.minimum_fen < draft.amount_fen
    yield is_low or draft.minimum_fen < 0, "minimum", "at least what is given off", "门槛不低于优惠金额"
    is_public = draft.funder is Funder.GOVERNMENT and draft.budget_fen is None
    yield is_public, "budget", "a government's campaign has a budget", "政府消费券须有预算"
    for name, value in (("cap", draft.cap_fen), ("budget", draft.budget_fen)):
        yield value is not None and not 0 < value <= FEN_MAX, name, "above zero", "须大于零"
    for name, value in (("totalLimit", draft.total_limit), ("personLimit", draft.person_limit)):
        yield value is not None and value <= 0, name, "above zero", "须大于零"

"""Which campaigns may apply: those that come by themselves, and the codes that were typed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel.database.prebuilt import Prebuilt
from market.vouchers.evaluate import Evaluation, Refusal, Scope, Terms, VoucherLine, evaluate
from market.vouchers.rules import CampaignState, WhyNot, is_running
from market.vouchers.tables import VoucherCampaign, VoucherPerson

AUTOMATIC_MAX = 200
"""So many running campaigns without a code are looked at, the newest first."""


_TABLE = SQLModel.metadata.tables[str(VoucherCampaign.__tablename__)]
_PEOPLE = SQLModel.metadata.tables[str(VoucherPerson.__tablename__)].c
_C = _TABLE.c
_AUTOMATIC = Prebuilt(
    sa.select(_TABLE)
    .where(
        _C.code.is_(None),
        _C.state == CampaignState.ACTIVE,
        _C.starts_at <= sa.bindparam("now"),
        _C.ends_at > sa.bindparam("now"),
        sa.or_(_C.scope_producer_id.is_(None), _C.scope_producer_id.in_(sa.bindparam("sellers", expanding=True))),
    )
    .order_by(_C.starts_at.desc(), _C.id)
    .limit(AUTOMATIC_MAX)
)
_TYPED = Prebuilt(sa.select(_TABLE).where(_C.code.in_(sa.bindparam("codes", expanding=True))))
_USED = Prebuilt(
    sa.select(_PEOPLE.campaign_id, _PEOPLE.used_count).where(
        _PEOPLE.account_id == sa.bindparam("account"),
        _PEOPLE.campaign_id.in_(sa.bindparam("campaigns", expanding=True)),
    )
)


def discounts_for(
    session: Session, codes: Sequence[str], lines: Sequence[VoucherLine], *, account_id: str | None, now: datetime
) -> Evaluation:
    """Step: what vouchers give off these lines now, for this person (None: nobody in particular).

    What is used up, or used by this person as often as allowed, gives nothing; a code says why. Nothing is held:
    `hold_uses` has the last word.
    """
    asked = list(dict.fromkeys(code.strip().upper() for code in codes if code.strip()))
    campaigns = _campaigns(session, asked, lines, now)
    used = _used_by(session, [each.id for each in campaigns], account_id)
    fitting: list[Terms] = []
    refused = [Refusal(code, WhyNot.UNKNOWN) for code in asked if code not in {each.code for each in campaigns}]
    for campaign in campaigns:
        why = _why_not(campaign, used.get(campaign.id, 0), now)
        if why is None:
            fitting.append(terms_of(campaign))
        elif campaign.code is not None:
            refused.append(Refusal(campaign.code, why))
    found = evaluate(fitting, lines, now=now)
    return Evaluation(found.shares, (*refused, *found.refused))


def terms_of(campaign: Any) -> Terms:
    """A campaign, or its row, as evaluation takes it."""
    return Terms(
        id=campaign.id,
        code=campaign.code,
        name=campaign.name,
        funder=campaign.funder,
        owner=campaign.owner_id or campaign.authority_region or "",
        kind=campaign.kind,
        scope=Scope(
            producer_id=campaign.scope_producer_id,
            village_id=campaign.scope_village_id,
            region_code=campaign.scope_region,
            category_id=campaign.scope_category_id,
            listing_id=campaign.scope_listing_id,
            kind=campaign.scope_kind,
            early_days=campaign.early_days,
        ),
        percent=campaign.percent,
        amount_fen=campaign.amount_fen,
        minimum_fen=campaign.minimum_fen,
        cap_fen=campaign.cap_fen,
    )


def _campaigns(session: Session, codes: list[str], lines: Sequence[VoucherLine], now: datetime) -> list[Any]:
    sellers = sorted({line.producer_id for line in lines})
    automatic = _AUTOMATIC.all(session, {"now": now, "sellers": sellers})
    typed = _TYPED.all(session, {"codes": codes}) if codes else []
    return [*automatic, *typed]


def _used_by(session: Session, campaign_ids: list[str], account_id: str | None) -> dict[str, int]:
    if account_id is None or not campaign_ids:
        return {}
    rows = _USED.all(session, {"account": account_id, "campaigns": campaign_ids})
    return {campaign_id: count for campaign_id, count in rows}


def _why_not(campaign: Any, used: int, now: datetime) -> WhyNot | None:
    if campaign.state == CampaignState.DRAFT:
        return WhyNot.UNKNOWN  # not announced: it answers as if it were not there
    if not is_running(campaign.state, starts_at=campaign.starts_at, ends_at=campaign.ends_at, now=now):
        return WhyNot.NOT_RUNNING
    if campaign.person_limit is not None and used >= campaign.person_limit:
        return WhyNot.PERSON_LIMIT
    is_spent = campaign.budget_fen is not None and campaign.spent_fen >= campaign.budget_fen
    is_used = campaign.total_limit is not None and campaign.used_count >= campaign.total_limit
    return WhyNot.USED_UP if is_spent or is_used else None

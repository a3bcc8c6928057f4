"""Holds on what campaigns have left: budget, number, a person's share. Steps for whoever sells; read `hold_uses` first.

As with stock: a hold has an end, an ended one counts for nothing, and whoever needs what it holds takes it back in the
same transaction and tries once more. Rows are taken in one order everywhere, so that nobody waits in a circle: a
campaign, then its uses, then its people, campaigns by id. Prebuilt statements, for placing runs them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel.database.prebuilt import Prebuilt
from market.kernel.ids import new_id
from market.vouchers.errors import VoucherUnusable
from market.vouchers.rules import CampaignState, UseState, WhyNot, is_running
from market.vouchers.tables import VoucherCampaign, VoucherPerson, VoucherUse

_CAMPAIGNS = SQLModel.metadata.tables[str(VoucherCampaign.__tablename__)]
_PEOPLE = SQLModel.metadata.tables[str(VoucherPerson.__tablename__)]
_USES = SQLModel.metadata.tables[str(VoucherUse.__tablename__)]
_CAMPAIGN, _PERSON, _USE = _CAMPAIGNS.c, _PEOPLE.c, _USES.c

_of: sa.BindParameter[str] = sa.bindparam("of")
_amount: sa.BindParameter[int] = sa.bindparam("some", type_=sa.BigInteger)
_now: sa.BindParameter[datetime] = sa.bindparam("now")
_TAKE = Prebuilt(
    sa.update(_CAMPAIGNS)
    .where(
        _CAMPAIGN.id == _of,
        _CAMPAIGN.state == CampaignState.ACTIVE,
        _CAMPAIGN.starts_at <= _now,
        _CAMPAIGN.ends_at > _now,
        sa.or_(_CAMPAIGN.budget_fen.is_(None), _CAMPAIGN.spent_fen + _amount <= _CAMPAIGN.budget_fen),
        sa.or_(_CAMPAIGN.total_limit.is_(None), _CAMPAIGN.used_count < _CAMPAIGN.total_limit),
    )
    .values(spent_fen=_CAMPAIGN.spent_fen + _amount, used_count=_CAMPAIGN.used_count + 1)
    .returning(_CAMPAIGN.person_limit)
)
_LOCK = Prebuilt(sa.select(_CAMPAIGN.id).where(_CAMPAIGN.id == _of).with_for_update(key_share=True))
_GIVE = Prebuilt(
    sa.update(_CAMPAIGNS)
    .where(_CAMPAIGN.id == _of)
    .values(spent_fen=_CAMPAIGN.spent_fen - _amount, used_count=_CAMPAIGN.used_count - sa.bindparam("uses"))
)
_COUNT = insert(_PEOPLE)
_COUNT_PERSON = Prebuilt(
    _COUNT.on_conflict_do_update(
        index_elements=[_PERSON.campaign_id, _PERSON.account_id],
        set_={"used_count": _PERSON.used_count + 1},
        where=sa.or_(sa.bindparam("most", type_=sa.Integer).is_(None), _PERSON.used_count < sa.bindparam("most")),
    ).returning(_PERSON.used_count)
)
_UNCOUNT_PERSON = Prebuilt(
    sa.update(_PEOPLE)
    .where(_PERSON.campaign_id == _of, _PERSON.account_id == sa.bindparam("who"))
    .values(used_count=_PERSON.used_count - 1)
)
_ADD = Prebuilt(insert(_USES).on_conflict_do_nothing(index_elements=[_USE.holder, _USE.campaign_id]).returning(_USE.id))
_LAPSED = Prebuilt(
    sa.delete(_USES)
    .where(_USE.campaign_id == _of, _USE.state == UseState.HELD, _USE.expires_at <= _now)
    .returning(_USE.account_id, _USE.amount_fen)
)
_CONFIRM = Prebuilt(
    sa.update(_USES)
    .where(
        _USE.holder == sa.bindparam("of_holder"),
        _USE.state == UseState.HELD,
        sa.or_(_USE.expires_at.is_(None), _USE.expires_at > _now),
    )
    .values(state=UseState.USED, expires_at=None)
    .returning(_USE.campaign_id)
)
_EXTEND = Prebuilt(
    sa.update(_USES)
    .where(_USE.holder == sa.bindparam("of_holder"), _USE.state == UseState.HELD, _USE.expires_at > _now)
    .values(expires_at=sa.bindparam("until", type_=_USE.expires_at.type))
    .returning(_USE.campaign_id)
)
_HELD_BY = Prebuilt(
    sa.select(_USE.campaign_id).where(_USE.holder == sa.bindparam("of_holder"), _USE.state == UseState.HELD)
)
_RELEASE = Prebuilt(
    sa.delete(_USES)
    .where(_USE.holder == sa.bindparam("of_holder"), _USE.campaign_id == _of, _USE.state == UseState.HELD)
    .returning(_USE.account_id, _USE.amount_fen)
)
_RETURN = Prebuilt(
    sa.update(_USES)
    .where(
        _USE.holder == sa.bindparam("of_holder"),
        _USE.campaign_id == _of,
        _USE.state == UseState.USED,
        _USE.returned_fen + _amount <= _USE.amount_fen,
    )
    .values(
        returned_fen=_USE.returned_fen + _amount,
        state=sa.case((_USE.returned_fen + _amount == _USE.amount_fen, UseState.RETURNED.value), else_=_USE.state),
    )
    .returning(_USE.account_id, _USE.state)
)


@dataclass(frozen=True, slots=True)
class Use:
    """So many fen of a campaign, for one order."""

    campaign_id: str
    amount_fen: int


def hold_uses(
    session: Session, uses: Sequence[Use], *, account_id: str, holder: str, until: datetime, now: datetime
) -> None:
    """Step: hold all of these for an order until a moment, or refuse.

    Refuses: VoucherUnusable: not running, used up, or used by this person as often as allowed.
    Guards: one conditional update of the campaign, one of the person's count; CHECKs beneath. Ended holds are taken
    back where it is short, and the update is tried once more.
    """
    for use in sorted(uses, key=lambda each: each.campaign_id):
        values = {"of": use.campaign_id, "some": use.amount_fen, "now": now}
        taken = _TAKE.first(session, values)
        if taken is None:
            _take_back(session, use.campaign_id, now)
            taken = _TAKE.first(session, values)
        if taken is None:
            raise _refusal(session, use.campaign_id, now)
        person = {"campaign_id": use.campaign_id, "account_id": account_id, "used_count": 1, "most": taken.person_limit}
        if _COUNT_PERSON.first(session, person) is None:
            _take_back(session, use.campaign_id, now)
            if _COUNT_PERSON.first(session, person) is None:
                raise VoucherUnusable(voucher=_named(session, use.campaign_id), why=WhyNot.PERSON_LIMIT)
        _add(session, use, account_id=account_id, holder=holder, until=until, now=now)


def confirm_uses(session: Session, *, holder: str, now: datetime) -> list[str]:
    """Step: what an order holds is used; the campaigns. What had ended is not among them: hold it anew."""
    return sorted(row.campaign_id for row in _CONFIRM.all(session, {"of_holder": holder, "now": now}))


def extend_uses(session: Session, *, holder: str, until: datetime, now: datetime) -> list[str]:
    """Step: what an order holds is held until then; the campaigns. What had ended is not among them."""
    held = {"of_holder": holder, "now": now, "until": until}
    return sorted(row.campaign_id for row in _EXTEND.all(session, held))


def release_uses(session: Session, *, holder: str) -> None:
    """Step: an order needs what it holds no more. Once: what was released or taken back is left alone."""
    for campaign_id in sorted(row.campaign_id for row in _HELD_BY.all(session, {"of_holder": holder})):
        _lock(session, campaign_id)
        for row in _RELEASE.all(session, {"of_holder": holder, "of": campaign_id}):
            _give(session, campaign_id, row.account_id, row.amount_fen)


def give_back(session: Session, *, holder: str, campaign_id: str, amount_fen: int) -> bool:
    """Step: so many fen of a use go back to the campaign, because the order was refunded; whether that was all of it.

    A use that went back whole may be made again by the same person (the rule of most consumption vouchers: a voucher
    returns with the refund of the whole order, within its dates).
    ValueError beyond what was used: a bug of whoever refunds.
    """
    values = {"of_holder": holder, "of": campaign_id, "some": amount_fen}
    _lock(session, campaign_id)
    row = _RETURN.first(session, values)
    if row is None:
        raise ValueError(f"{holder} has not used {amount_fen} fen of {campaign_id}")
    is_whole = bool(row.state == UseState.RETURNED)
    _GIVE.run(session, {"of": campaign_id, "some": amount_fen, "uses": 1 if is_whole else 0})
    if is_whole:
        _UNCOUNT_PERSON.run(session, {"of": campaign_id, "who": row.account_id})
    return is_whole


def tidy_uses(session: Session, now: datetime, *, limit: int = 500) -> int:
    """Step, the worker's: take back ended holds; how many campaigns had some. Nothing waits for it."""
    lapsed = (
        sa.select(_USE.campaign_id)
        .where(_USE.state == UseState.HELD, _USE.expires_at <= now)
        .distinct()
        .order_by(_USE.campaign_id)
        .limit(limit)
    )
    campaigns = session.execute(lapsed).scalars().all()
    for campaign_id in campaigns:
        _take_back(session, campaign_id, now)
    return len(campaigns)


def _add(session: Session, use: Use, *, account_id: str, holder: str, until: datetime, now: datetime) -> None:
    row = {
        "id": new_id("vus"),
        "campaign_id": use.campaign_id,
        "account_id": account_id,
        "holder": holder,
        "state": UseState.HELD,
        "amount_fen": use.amount_fen,
        "returned_fen": 0,
        "expires_at": until,
        "created_at": now,
    }
    if _ADD.first(session, row) is not None:
        return
    # The order's own earlier hold, ended, is in the way: money that came late.
    _take_back(session, use.campaign_id, now)
    if _ADD.first(session, row) is None:
        raise ValueError(f"{holder} uses {use.campaign_id} already")


def _lock(session: Session, campaign_id: str) -> None:
    """A campaign comes before its uses, also where `_TAKE` found too little: having waited, it keeps the row's lock."""
    _LOCK.first(session, {"of": campaign_id})


def _take_back(session: Session, campaign_id: str, now: datetime) -> None:
    _lock(session, campaign_id)
    for row in _LAPSED.all(session, {"of": campaign_id, "now": now}):
        _give(session, campaign_id, row.account_id, row.amount_fen)


def _give(session: Session, campaign_id: str, account_id: str, amount_fen: int) -> None:
    _GIVE.run(session, {"of": campaign_id, "some": amount_fen, "uses": 1})
    _UNCOUNT_PERSON.run(session, {"of": campaign_id, "who": account_id})


def _refusal(session: Session, campaign_id: str, now: datetime) -> VoucherUnusable:
    campaign = session.get(VoucherCampaign, campaign_id)
    if campaign is None:
        return VoucherUnusable(voucher=campaign_id, why=WhyNot.UNKNOWN)
    running = is_running(campaign.state, starts_at=campaign.starts_at, ends_at=campaign.ends_at, now=now)
    return VoucherUnusable(
        voucher=campaign.code or campaign.name, why=WhyNot.USED_UP if running else WhyNot.NOT_RUNNING
    )


def _named(session: Session, campaign_id: str) -> str:
    campaign = session.get(VoucherCampaign, campaign_id)
    return campaign_id if campaign is None else campaign.code or campaign.name

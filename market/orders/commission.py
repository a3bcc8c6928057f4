"""What the platform takes: rules by organisation and category, as they hold on the day of the sale."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.catalogue.tables import Category
from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach, require
from market.orders.errors import CommissionOverlap
from market.orders.tables import CommissionRule
from market.organisations.tables import Organisation

DEFAULT_BP = 0
"""Without any rule the platform takes nothing."""
BASIS_POINTS_MAX = 3_000


@dataclass(frozen=True, slots=True)
class CommissionDraft:
    """A rule: for one organisation (a settlement party), for a category with all beneath it, for both, or for all."""

    basis_points: int
    valid_from: date
    valid_to: date | None = None
    organisation_id: str | None = None
    category_id: str | None = None


def set_commission(market: Market, actor: Actor, draft: CommissionDraft, *, key: str | None = None) -> str:
    """Add a rule; its id. Orders already placed keep theirs. One organisation's is made by staff where it is; a rule for
    all by administrators.

    Refuses: Forbidden; NotFound; Invalid; CommissionOverlap when the same organisation and category have a rule on some
    of its days; IdempotencyConflict. Once, by `key`, where there is one.
    Guards: the audit trail's head is taken before rules are compared, so that two are never made at once.
    """
    reach(actor, Permission.SETTLEMENT_MANAGE)
    _check(draft)
    with market.transaction() as session:
        if key is None:
            return _add(session, market, actor, draft)
        who = actor.account_id or actor.kind.value
        mine = IdempotencyKey.of(actor=who, operation="setCommission", key=key, asked=asdict(draft))
        return once(session, mine, lambda: _add(session, market, actor, draft), now=market.now(), dump=str, load=str)


def end_commission(market: Market, actor: Actor, *, rule_id: str, last_day: date) -> str:
    """Let a rule hold up to this day, included, and no longer; its id. Orders already placed keep it.

    Refuses: Forbidden; NotFound; Invalid for a day before its first, before yesterday, or after its end. Once: the same
    day again changes nothing.
    """
    reach(actor, Permission.SETTLEMENT_MANAGE)
    with market.transaction() as session:
        rule = session.exec(
            select(CommissionRule).where(CommissionRule.id == rule_id).with_for_update(key_share=True)
        ).first()
        if rule is None:
            raise NotFound(field="rule")
        _require(session, actor, rule.organisation_id, field="rule")
        before = rule.valid_to
        if before == last_day:
            return rule_id
        yesterday = business_day(market.now()) - timedelta(days=1)
        if last_day < max(rule.valid_from, yesterday) or (before is not None and last_day > before):
            allowed = "a day of the rule, from yesterday on"
            raise Invalid(field="lastDay", allowed=allowed, allowed_zh="须在规则有效期内，且不早于昨天")
        rule.valid_to = last_day
        session.flush()
        was = before.isoformat() if before is not None else None
        audit.record(
            session,
            actor,
            action="commission.end",
            subject=rule_id,
            before={"validTo": was},
            after={"validTo": last_day.isoformat()},
            now=market.now(),
        )
    return rule_id


def _check(draft: CommissionDraft) -> None:
    if not 0 <= draft.basis_points <= BASIS_POINTS_MAX:
        raise Invalid(
            field="basisPoints",
            allowed=f"hundredths of a percent, 0 to {BASIS_POINTS_MAX}",
            allowed_zh=f"以万分之一计，0 到 {BASIS_POINTS_MAX}",
        )
    if draft.valid_to is not None and draft.valid_to < draft.valid_from:
        raise Invalid(field="validTo", allowed="its last day is not before its first", allowed_zh="止期不早于起期")


def _require(session: Session, actor: Actor, organisation_id: str | None, *, field: str) -> None:
    """Refuse, as unknown, an organisation outside the actor's regions; with Forbidden a rule for all."""
    if organisation_id is None:
        require(actor, Permission.SETTLEMENT_MANAGE)
        return
    owned = session.exec(select(Organisation).where(Organisation.id == organisation_id)).first()
    if owned is None or not reach(actor, Permission.SETTLEMENT_MANAGE).covers(region_code=owned.region_code):
        raise NotFound(field=field)


def _add(session: Session, market: Market, actor: Actor, draft: CommissionDraft) -> str:
    _require(session, actor, draft.organisation_id, field="organisation")
    if draft.category_id is not None and session.get(Category, draft.category_id) is None:
        raise NotFound(field="category")
    rule = CommissionRule(
        id=market.new_id("cmr"),
        organisation_id=draft.organisation_id,
        category_id=draft.category_id,
        basis_points=draft.basis_points,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
    )
    after = {
        "basisPoints": draft.basis_points,
        "organisation": draft.organisation_id,
        "category": draft.category_id,
        "validFrom": draft.valid_from.isoformat(),
    }
    audit.record(session, actor, action="commission.set", subject=rule.id, after=after, now=market.now())
    other = session.exec(
        select(CommissionRule).where(
            sa.func.coalesce(CommissionRule.organisation_id, "") == (draft.organisation_id or ""),
            sa.func.coalesce(CommissionRule.category_id, "") == (draft.category_id or ""),
            sa.true() if draft.valid_to is None else col(CommissionRule.valid_from) <= draft.valid_to,
            sa.or_(col(CommissionRule.valid_to).is_(None), col(CommissionRule.valid_to) >= draft.valid_from),
        )
    ).first()
    if other is not None:
        raise CommissionOverlap(valid_from=other.valid_from)
    session.add(rule)
    session.flush()
    return rule.id


_RULES = SQLModel.metadata.tables[str(CommissionRule.__tablename__)].c
_RULES_ON = Prebuilt(
    sa.select(_RULES.id, _RULES.organisation_id, _RULES.category_id, _RULES.basis_points, _RULES.valid_from).where(
        _RULES.valid_from <= sa.bindparam("day"),
        sa.or_(_RULES.valid_to.is_(None), _RULES.valid_to >= sa.bindparam("day")),
    )
)


class CommissionRate(NamedTuple):
    """A rule that holds on the day it was asked for."""

    id: str
    organisation_id: str | None
    category_id: str | None
    basis_points: int
    valid_from: date


def rules_on(session: Session, day: date) -> list[CommissionRate]:
    """Step: the rules that hold on a day. Few: an order reads them once."""
    return [CommissionRate(*row) for row in _RULES_ON.all(session, {"day": day})]


def rate_for(rules: Sequence[CommissionRate], *, organisation_id: str, category_path: Sequence[str]) -> int:
    """The basis points for a sale: the most particular rule's. No two equals hold on one day.

    `category_path` is the category's ancestors from the root down, itself last.
    """

    def rank(rule: CommissionRate) -> tuple[int, int, date, str]:
        depth = category_path.index(rule.category_id) + 1 if rule.category_id else 0
        return (1 if rule.organisation_id else 0, depth, rule.valid_from, rule.id)

    fitting = [
        rule
        for rule in rules
        if rule.organisation_id in {None, organisation_id}
        and (rule.category_id is None or rule.category_id in category_path)
    ]
    return max(fitting, key=rank).basis_points if fitting else DEFAULT_BP

"""What the platform takes: rules by organisation and category, as they hold on the day of the sale."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.orders.tables import CommissionRule

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


def set_commission(market: Market, actor: Actor, draft: CommissionDraft) -> str:
    """Add a rule; its id. Orders already placed keep theirs. Refuses: Forbidden; Invalid."""
    require(actor, Permission.CATEGORY_MANAGE)
    if not 0 <= draft.basis_points <= BASIS_POINTS_MAX:
        raise Invalid(
            field="basisPoints",
            allowed=f"hundredths of a percent, 0 to {BASIS_POINTS_MAX}",
            allowed_zh=f"以万分之一计，0 到 {BASIS_POINTS_MAX}",
        )
    if draft.valid_to is not None and draft.valid_to < draft.valid_from:
        raise Invalid(field="validTo", allowed="its last day is not before its first", allowed_zh="止期不早于起期")
    with market.transaction() as session:
        rule = CommissionRule(
            id=market.new_id("cmr"),
            organisation_id=draft.organisation_id,
            category_id=draft.category_id,
            basis_points=draft.basis_points,
            valid_from=draft.valid_from,
            valid_to=draft.valid_to,
        )
        session.add(rule)
        session.flush()
        after = {
            "basisPoints": draft.basis_points,
            "organisation": draft.organisation_id,
            "category": draft.category_id,
        }
        audit.record(session, actor, action="commission.set", subject=rule.id, after=after, now=market.now())
        return rule.id


def rules_on(session: Session, day: date) -> Sequence[CommissionRule]:
    """Step: the rules that hold on a day. Few: an order reads them once."""
    return session.exec(
        select(CommissionRule).where(
            col(CommissionRule.valid_from) <= day,
            sa.or_(col(CommissionRule.valid_to).is_(None), col(CommissionRule.valid_to) >= day),
        )
    ).all()


def rate_for(rules: Sequence[CommissionRule], *, organisation_id: str, category_path: Sequence[str]) -> int:
    """The basis points for a sale: the most particular rule's, and of equals the one that began last.

    `category_path` is the category's ancestors from the root down, itself last.
    """

    def rank(rule: CommissionRule) -> tuple[int, int, date, str]:
        depth = category_path.index(rule.category_id) + 1 if rule.category_id else 0
        return (1 if rule.organisation_id else 0, depth, rule.valid_from, rule.id)

    fitting = [
        rule
        for rule in rules
        if rule.organisation_id in {None, organisation_id}
        and (rule.category_id is None or rule.category_id in category_path)
    ]
    return max(fitting, key=rank).basis_points if fitting else DEFAULT_BP

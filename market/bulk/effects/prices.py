"""Prices by SKU."""

from collections.abc import Sequence
from functools import partial

from sqlmodel import Session

from market.bulk.effects.base import Decision, Done, Effects, Group, Refused, Work
from market.bulk.effects.skus import SkuNow, skus_now
from market.bulk.rules import Outcome
from market.bulk.sheets.columns import Values
from market.catalogue.manage.steps import set_price
from market.kernel.errors import NotFound
from market.kernel.permissions import Permission


class Prices(Effects):
    """A SKU costs so much from now on."""

    def decide(self, session: Session, work: Work, groups: Sequence[Group]) -> list[Decision]:
        """One select for the chunk; a price that is so already needs nothing."""
        rows = [group[0].values for group in groups]
        found = skus_now(session, work, Permission.LISTING_EDIT, {values["sku"] for values in rows})
        return [_decide(work, found.get(values["sku"]), values) for values in rows]


def _decide(work: Work, now: SkuNow | None, values: Values) -> Decision:
    if now is None:
        return Refused([(0, NotFound(field="sku"))])
    return () if now.price_fen == values["price"] else (partial(_set, work, values),)


def _set(work: Work, values: Values, session: Session) -> Done:
    is_new = set_price(
        session,
        work.market,
        work.actor,
        sku=values["sku"],
        price_fen=values["price"],
        reason=work.import_id,
        now=work.now,
    )
    return Done(Outcome.CHANGED if is_new else Outcome.UNCHANGED)

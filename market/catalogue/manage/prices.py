"""Use case: change prices, at once and on record.

Prices are no part of revisions: what a thing costs today is its seller's to say today. Every change is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.catalogue.access import take_listing, who
from market.catalogue.content.bounds import NUMBER_MAX
from market.catalogue.content.parts import table_of
from market.catalogue.content.topics import topics_of
from market.catalogue.once import once_of
from market.catalogue.rules.moments import to_second
from market.catalogue.tables import Listing, PackageOption, PriceChange, UnitType, Variant
from market.kernel.audit import record
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.kernel.topics import touch
from market.organisations.acting import act_for

CHANGES_MAX = 100
"""In one call."""
REASON_MAX = 200

_LISTING, _VARIANT = table_of(Listing), table_of(Variant)
_OPTION, _UNIT, _CHANGE = table_of(PackageOption), table_of(UnitType), table_of(PriceChange)

_VARIANTS = sa.select(_VARIANT.c.id, _VARIANT.c.price_fen, _VARIANT.c.listing_id).where(_VARIANT.c.retired_at.is_(None))
_UNITS = (
    sa.select(_UNIT.c.id, _UNIT.c.price_fen, _OPTION.c.package_id.label("listing_id"))
    .join(_OPTION, _OPTION.c.id == _UNIT.c.option_id)
    .where(_UNIT.c.retired_at.is_(None), _OPTION.c.retired_at.is_(None))
)
_PRICED = sa.union_all(_VARIANTS, _UNITS).subquery("priced")
"""What is offered at a price."""


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What a variant or a ticket type costs from now on, in fen."""

    item_id: str
    price_fen: int


def change_prices(
    market: Market, actor: Actor, prices: Sequence[NewPrice], *, reason: str, idempotency_key: str
) -> int:
    """Change prices of variants and ticket types that are offered, all or none; how many are others now. Orders keep the
    price they were placed at.

    Refuses: NotSignedIn; Forbidden; NotFound for what is unknown, retired, still a draft, or of a producer that the actor
    does not act for; Invalid for a price that cannot be (a variant costs more than nothing), for the same thing twice,
    or more than 100; IdempotencyConflict.
    Guards: the listings' rows, in id order, so that histories have no gaps and the kept lowest price is true.
    """
    reach(actor, Permission.LISTING_EDIT)
    now = market.now()
    with market.transaction() as session:
        return once_of(
            session,
            actor,
            "changePrices",
            idempotency_key,
            asked=[list(prices), reason],
            act=lambda: change_prices_step(session, actor, prices, reason=reason, now=now),
            answer=int,
            now=now,
        )


def change_prices_step(
    session: Session, actor: Actor, prices: Sequence[NewPrice], *, reason: str, field: str = "item", now: datetime
) -> int:
    """Step: as `change_prices`; `field` is what NotFound names."""
    wanted = {each.item_id: each.price_fen for each in prices}
    _check(prices, reason)
    owners = sa.select(_PRICED.c.listing_id, _LISTING.c.producer_id).join(
        _LISTING, _LISTING.c.id == _PRICED.c.listing_id
    )
    found = session.execute(owners.where(_PRICED.c.id.in_(wanted))).all()
    for producer_id in sorted({row.producer_id for row in found}):
        act_for(
            session,
            actor,
            Permission.LISTING_EDIT,
            producer_id=producer_id,
            today=business_day(now),
            field=field,
        )
    listings = [take_listing(session, each) for each in sorted({row.listing_id for row in found})]
    # Looked at only now that nobody else changes them.
    before = {row.id: row for row in session.execute(sa.select(_PRICED).where(_PRICED.c.id.in_(wanted)))}
    if before.keys() != wanted.keys():
        raise NotFound(field=field)
    changed = {item_id: row for item_id, row in before.items() if row.price_fen != wanted[item_id]}
    for row in changed.values():
        _change(session, actor, row, wanted[row.id], reason=reason, now=now)
    for listing in listings:
        mine = {row.id: row.price_fen for row in changed.values() if row.listing_id == listing.id}
        if mine:
            _keep(session, actor, listing, mine, wanted, now=now)
    return len(changed)


def _check(prices: Sequence[NewPrice], reason: str) -> None:
    if not 1 <= len(prices) <= CHANGES_MAX or len({each.item_id for each in prices}) < len(prices):
        raise Invalid(
            field="prices",
            allowed=f"1 to {CHANGES_MAX} prices at once, each thing once",
            allowed_zh=f"一次 1 到 {CHANGES_MAX} 个价格，每个规格或票型一次",
        )
    for each in prices:
        lowest = 1 if each.item_id.startswith("var_") else 0
        if not lowest <= each.price_fen <= NUMBER_MAX:
            raise Invalid(
                field="price",
                allowed=f"a price of {lowest} to {NUMBER_MAX} fen",
                allowed_zh="规格价格须大于零，票型价格不能为负，且不超过一千万元",
            )
    if len(reason) > REASON_MAX:
        raise Invalid(field="reason", allowed=f"at most {REASON_MAX} characters", allowed_zh=f"不超过 {REASON_MAX} 字")


def _change(session: Session, actor: Actor, row: Any, price_fen: int, *, reason: str, now: datetime) -> None:
    table = _VARIANT if row.id.startswith("var_") else _UNIT
    session.execute(sa.update(table).where(table.c.id == row.id).values(price_fen=price_fen))
    session.execute(
        sa.insert(_CHANGE).values(
            listing_id=row.listing_id,
            item_id=row.id,
            before_fen=row.price_fen,
            after_fen=price_fen,
            reason=reason,
            actor=who(actor),
            at=now,
        )
    )


def _keep(
    session: Session,
    actor: Actor,
    listing: Listing,
    before: dict[str, int],
    wanted: dict[str, int],
    *,
    now: datetime,
) -> None:
    """The listing's kept lowest price, by the rule of `content.rows.lowest_price`."""
    offered = sa.select(sa.func.min(_PRICED.c.price_fen)).where(
        _PRICED.c.listing_id == listing.id, _PRICED.c.price_fen > 0
    )
    lowest = sa.func.coalesce(offered.scalar_subquery(), 0)
    session.execute(
        sa.update(_LISTING).where(_LISTING.c.id == listing.id).values(price_fen=lowest, updated_at=to_second(now))
    )
    touch(session, *topics_of(listing))
    record(
        session,
        actor,
        action="listing.price",
        subject=listing.id,
        principal=listing.producer_id,
        before=before,
        after={item_id: wanted[item_id] for item_id in before},
        now=now,
    )

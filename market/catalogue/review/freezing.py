"""Use cases: freeze a seller with all that it sells, and undo it. Its orders go on being served."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    Insert,
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, col, select

from market.catalogue.access import who
from market.catalogue.content.parts import table_of
from market.catalogue.content.topics import topics_of
from market.catalogue.history import note
from market.catalogue.once import once_of
from market.catalogue.review.causes import resume_if_free
from market.catalogue.rules import ListingState
from market.catalogue.rules.moments import to_second
from market.catalogue.rules.states import ListingEventKind, SuspensionCause
from market.catalogue.standing import drop_causes
from market.catalogue.tables import Listing, ListingEvent, ListingSuspension, listing_search
from market.kernel.audit import record
from market.kernel.database import Engine
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.kernel.topics import touch
from market.organisations.rules import OrganisationState
from market.organisations.steps import freeze_step, unfreeze_step
from market.organisations.tables import Organisation

_CAUSE = SuspensionCause.FROZEN
_LISTING = table_of(Listing)
_SUSPENSION, _EVENT = table_of(ListingSuspension), table_of(ListingEvent)


def freeze_organisation(
    market: Market, actor: Actor, *, organisation_id: str, reason: str, idempotency_key: str
) -> int:
    """Freeze an organisation, ACTIVE → FROZEN, and take all that it grows, hosts or sells for others off sale in the same
    transaction; how many listings are off sale for it.

    Refuses: NotSignedIn; Forbidden; NotFound outside the actor's regions; Invalid without a reason; IllegalTransition;
    IdempotencyConflict.
    Guards: whoever puts a listing on sale holds its sellers (`access.take_sellers`), so none slips through.
    """
    reach(actor, Permission.ORGANISATION_REVIEW)
    now = market.now()
    with market.transaction() as session:

        def act() -> int:
            freeze_step(session, actor, organisation_id, reason, now)
            count = _take_off_sale(session, actor, organisation_id, now=now)
            _record(session, actor, "organisation.freeze", organisation_id, count, now=now)
            return count

        return once_of(
            session,
            actor,
            "freezeOrganisation",
            idempotency_key,
            asked=[organisation_id, reason],
            act=act,
            answer=int,
            now=now,
        )


def _take_off_sale(session: Session, actor: Actor, organisation_id: str, *, now: datetime) -> int:
    """A few statements, however many there are. All are taken first, in id order: whoever is at one of them has finished
    by then."""
    mine = sa.or_(_LISTING.c.producer_id == organisation_id, _LISTING.c.cooperative_id == organisation_id)
    columns = [_LISTING.c[name] for name in ("id", "state", "category_1", "category_2", "category_3")]
    in_order = sa.select(*columns).where(mine).order_by(_LISTING.c.id).with_for_update(key_share=True)
    for row in session.execute(in_order):
        if row.state is ListingState.LIVE:
            touch(session, *topics_of(row))
    live = sa.and_(mine, _LISTING.c.state == ListingState.LIVE)
    sold = sa.and_(mine, _LISTING.c.state.in_([ListingState.LIVE, ListingState.SUSPENDED]))
    suspension = {"cause": _CAUSE, "since": now, "by": who(actor), "reasons": []}
    session.execute(_for_each(sold, insert(_SUSPENSION), suspension).on_conflict_do_nothing())
    event = {"kind": ListingEventKind.SUSPENDED, "actor": who(actor), "at": now, "details": {"cause": _CAUSE.value}}
    session.execute(_for_each(live, insert(_EVENT), event))
    ranks = sa.select(_LISTING.c.search_rank).where(live)
    session.execute(sa.delete(listing_search).where(listing_search.c.rowid.in_(ranks)))
    taken = session.execute(
        sa.update(_LISTING).where(live).values(state=ListingState.SUSPENDED, updated_at=to_second(now))
    )
    return int(taken.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def _for_each(which: sa.ColumnElement[bool], into: Insert, values: dict[str, Any]) -> Insert:
    """One row with these values for each such listing."""
    columns = into.table.c
    literals = [sa.literal(value, columns[name].type) for name, value in values.items()]
    return into.from_select(["listing_id", *values], sa.select(_LISTING.c.id, *literals).where(which))


def unfreeze_organisation(
    market: Market, actor: Actor, *, organisation_id: str, reason: str, idempotency_key: str
) -> int:
    """Undo `freeze_organisation`, FROZEN → ACTIVE: what is off sale for nothing else, and of no other frozen seller, is on
    sale again in the same transaction; how many listings.

    Refuses: NotSignedIn; Forbidden; NotFound outside the actor's regions; Invalid without a reason; IllegalTransition;
    IdempotencyConflict.
    """
    reach(actor, Permission.ORGANISATION_REVIEW)
    now, engine = market.now(), market.database.engine
    with market.transaction() as session:

        def act() -> int:
            unfreeze_step(session, actor, organisation_id, reason, now)
            count = _put_back(session, engine, actor, organisation_id, now=now)
            _record(session, actor, "organisation.unfreeze", organisation_id, count, now=now)
            return count

        return once_of(
            session,
            actor,
            "unfreezeOrganisation",
            idempotency_key,
            asked=[organisation_id, reason],
            act=act,
            answer=int,
            now=now,
        )


def _put_back(session: Session, engine: Engine, actor: Actor, organisation_id: str, *, now: datetime) -> int:
    frozen = sa.exists().where(
        col(Organisation.id).in_([col(Listing.producer_id), col(Listing.cooperative_id)]),
        col(Organisation.state) != OrganisationState.ACTIVE,
    )
    released = (
        select(Listing)
        .join(ListingSuspension, col(ListingSuspension.listing_id) == col(Listing.id))
        .where(
            sa.or_(col(Listing.producer_id) == organisation_id, col(Listing.cooperative_id) == organisation_id),
            ListingSuspension.cause == _CAUSE,
            ~frozen,
        )
        .order_by(col(Listing.id))
        .with_for_update(key_share=True, of=Listing)
        .execution_options(populate_existing=True)
    )
    count = 0
    for listing in session.exec(released).all():
        drop_causes(session, listing.id, [_CAUSE])
        if resume_if_free(session, engine, listing, now=now):
            note(session, actor, ListingEventKind.RESUMED, listing.id, now=now, cause=_CAUSE.value)
            count += 1
    return count


def _record(session: Session, actor: Actor, action: str, organisation_id: str, count: int, *, now: datetime) -> None:
    record(
        session,
        actor,
        action=action,
        subject=organisation_id,
        principal=organisation_id,
        after={"listings": count},
        now=now,
    )

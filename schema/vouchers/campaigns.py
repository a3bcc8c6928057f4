"""Voucher campaigns as they are read: all of them by whoever pays for them, what they can use by buyers."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission, reach
from market.vouchers.rules import CAMPAIGN_MOVES
from market.vouchers.tables import VoucherCampaign as CampaignTable
from market.vouchers.tables import VoucherPerson
from schema.enums import Funder, ListingKind
from schema.enums.vouchers import CampaignState, DiscountKind
from schema.filters import text_order
from schema.node import Money, Node, fen_text, money
from schema.organisations import PRODUCER, Producer
from schema.pagination import Connection, field, listed, localized_field
from schema.permissions import ruled
from schema.projection import (
    Args,
    Build,
    Column,
    Computed,
    Embedded,
    Projection,
    ToOne,
    among,
    column,
    localized,
    looked_up,
    number,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression, Field
from schema.projection.viewer import own, reached
from schema.scope import acts_for

_MANAGED, _USED = Permission.VOUCHER_MANAGE, Permission.ORDER_PLACE


@strawberry.type(description="What a campaign is for: all that is named must hold. With nothing named, everything.")
@ruled(_USED)
class VoucherScope:
    producer_id: strawberry.ID | None = field("Only what this producer sells.")
    village_id: strawberry.ID | None = field("Only what comes from this village.")
    region: str | None = field("Only what comes from this region: a 12-digit code.")
    category_id: strawberry.ID | None = field("Only what is in this category or below it.")
    listing_id: strawberry.ID | None = field("Only this product or tour package.")
    kind: ListingKind | None = field("Only things of this kind.")
    early_days: int | None = field("Only visits booked at least so many days before they start.")


@strawberry.type(description="What a campaign gives, on what, and when.")
class _Terms:
    name: str = localized_field("What people call it.")
    code: str | None = field("What a buyer types in; null when it comes by itself.")
    funder: Funder = field("Who pays for it.")
    kind: DiscountKind = field("How it is reckoned.")
    percent: int | None = field("The share given off, 1 to 100, of a PERCENT campaign.")
    amount: Money | None = field("What is given off, of the others.")
    minimum: Money = field("What must be bought at least, of what it is for.")
    cap: Money | None = field("The most that one order gets; null without bound.")
    scope: VoucherScope = field("What it is for.")
    starts_at: datetime = field("From when.")
    ends_at: datetime = field("Until when, not included.")


@strawberry.type(description="A campaign that the caller can use now.")
@ruled(_USED)
class Voucher(_Terms):
    campaign_id: strawberry.ID = field("The campaign.")
    uses_left: int | None = field("How often the caller may still use it; null without bound.")


@strawberry.type(description="A campaign, as whoever pays for it sees it.")
@ruled(_MANAGED)
class VoucherCampaign(Node, _Terms):
    state: CampaignState = field("Where it stands.")
    next_states: list[CampaignState] = field("Where it can go from here.")
    seller: Producer | None = field("The seller that pays, of a SELLER's.")
    authority_region: str | None = field("Whose public money it is, of a GOVERNMENT's: a 12-digit code.")
    budget: Money | None = field("What it may give off in all; null without bound.")
    spent: Money = field("What it gave off so far, with what unpaid orders hold.")
    left: Money | None = field("What is left of the budget; null without bound.")
    total_limit: int | None = field("How many orders may use it; null without bound.")
    used_count: int = field("How many orders used it, with unpaid ones that hold it.")
    uses_left: int | None = field("How many more may; null without bound.")
    person_limit: int | None = field("How often one person may use it; null without bound.")
    created_at: datetime = field("When it was made.")


@strawberry.input(description="Which campaigns.")
class VoucherCampaignWhere:
    seller: strawberry.ID | None = strawberry.field(default=UNSET, description="Paid by this seller.")
    funders: list[Funder] | None = strawberry.field(default=UNSET, description="Paid by any of these.")
    states: list[CampaignState] | None = strawberry.field(default=UNSET, description="In any of these states.")


@strawberry.input(description="Which vouchers.")
class VoucherWhere:
    code: str | None = strawberry.field(
        default=UNSET, description="The one with this code. Without it, those that come by themselves."
    )
    producer: strawberry.ID | None = strawberry.field(
        default=UNSET, description="That are for this producer's things, or for everybody's."
    )


# -- where they come from ----------------------------------------------------------------------------------------------

CAMPAIGNS, PEOPLE = table_of(CampaignTable), table_of(VoucherPerson)


def _payers(t: sa.FromClause, build: Build) -> list[Condition]:
    """Sellers' own people, staff where the money or the seller is, administrators."""
    return [
        sa.or_(
            acts_for(build, _MANAGED, t.c.owner_id),
            reached(build, _MANAGED, region=t.c.authority_region),
            _sellers_region(t, build),
        )
    ]


def _sellers_region(t: sa.FromClause, build: Build) -> Condition:
    if not reach(build.viewer.actor, _MANAGED).region_prefixes:
        return sa.false()
    seller = PRODUCER.table
    assert seller is not None
    seller = seller.alias()
    region = looked_up(seller.c.region_code, seller, where=[seller.c.id == t.c.owner_id])
    return sa.and_(t.c.funder == quoted(Funder.SELLER), reached(build, _MANAGED, region=region))


def _used_by_viewer(t: sa.FromClause, build: Build) -> Expression:
    person = PEOPLE.alias()
    mine = [person.c.campaign_id == t.c.id, person.c.account_id == own(build)]
    return sa.func.coalesce(looked_up(person.c.used_count, person, where=mine), number(0))


def _usable(t: sa.FromClause, build: Build) -> list[Condition]:
    """Running, with something left of it, also for the viewer. `hold_uses` has the last word when it is used."""
    return [
        t.c.state == quoted(CampaignState.ACTIVE),
        t.c.starts_at <= build.now(),
        t.c.ends_at > build.now(),
        sa.or_(t.c.budget_fen.is_(None), t.c.spent_fen < t.c.budget_fen),
        sa.or_(t.c.total_limit.is_(None), t.c.used_count < t.c.total_limit),
        sa.or_(t.c.person_limit.is_(None), _used_by_viewer(t, build) < t.c.person_limit),
    ]


def _left(limit: str, used: str) -> Column:
    return Column(lambda t, _build, _args: t.c[limit] - t.c[used])


def _optional_money(name: str) -> Embedded:
    return Embedded(money(name).fields, lambda t: t.c[name].is_not(None))


def _nonzero(name: str) -> Column:
    return Column(lambda t, _build, _args: sa.func.nullif(t.c[name], number(0)))


_TERMS: Mapping[str, Field] = {
    "name": localized("name"),
    "code": column("code"),
    "funder": column("funder"),
    "kind": column("kind"),
    "percent": _nonzero("percent"),
    "amount": Embedded(money("amount_fen").fields, lambda t: t.c.amount_fen > number(0)),
    "minimum": money("minimum_fen"),
    "cap": _optional_money("cap_fen"),
    "scope": Embedded(
        {
            "producerId": column("scope_producer_id"),
            "villageId": column("scope_village_id"),
            "region": column("scope_region"),
            "categoryId": column("scope_category_id"),
            "listingId": column("scope_listing_id"),
            "kind": column("scope_kind"),
            "earlyDays": column("early_days"),
        }
    ),
    "startsAt": column("starts_at"),
    "endsAt": column("ends_at"),
}


def _mine_left(t: sa.FromClause, build: Build, _args: Args) -> Expression:
    return t.c.person_limit - _used_by_viewer(t, build)


VOUCHER = Projection(
    "Voucher",
    CAMPAIGNS,
    visible=_usable,
    fields={"campaignId": column("id"), **_TERMS, "usesLeft": Column(_mine_left)},
)


def _next(state: str) -> list[str]:
    return [each.value for each in CampaignState if each in CAMPAIGN_MOVES[CampaignState(state)]]


def _budget_left() -> Embedded:
    return Embedded(
        {
            "amount": Column(lambda t, _build, _args: fen_text(t.c.budget_fen - t.c.spent_fen)),
            "currency": Column(lambda _t, _build, _args: quoted("CNY")),
        },
        lambda t: t.c.budget_fen.is_not(None),
    )


CAMPAIGN = Projection(
    "VoucherCampaign",
    CAMPAIGNS,
    visible=_payers,
    fields={
        "id": column("id"),
        **_TERMS,
        "state": column("state"),
        "nextStates": Computed(_next, lambda t, _build, _args: [t.c.state]),
        "seller": ToOne(lambda: PRODUCER, lambda t, seller: seller.c.id == t.c.owner_id),
        "authorityRegion": column("authority_region"),
        "budget": _optional_money("budget_fen"),
        "spent": money("spent_fen"),
        "left": _budget_left(),
        "totalLimit": column("total_limit"),
        "usedCount": column("used_count"),
        "usesLeft": _left("total_limit", "used_count"),
        "personLimit": column("person_limit"),
        "createdAt": column("created_at"),
    },
)


def _campaigns_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    seller = where.slot("seller")
    conditions = [] if seller is None else [t.c.owner_id == build.bind(seller)]
    for name, of in (("funders", t.c.funder), ("states", t.c.state)):
        if name in where:
            conditions.append(among(of, where.get(name)))
    return conditions


def _vouchers_where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    code, producer = where.slot("code"), where.slot("producer")
    conditions = [
        t.c.code.is_(None) if code is None else t.c.code == build.bind(code, lambda text: text.strip().upper())
    ]
    if producer is not None:
        is_theirs = t.c.scope_producer_id == build.bind(producer)
        conditions.append(sa.or_(t.c.scope_producer_id.is_(None), is_theirs))
    return conditions


@strawberry.type
class VoucherQueries:
    """The root fields of vouchers."""

    voucher_campaigns: Connection[VoucherCampaign] = listed(
        "Campaigns of the caller's sellers, authorities or the platform, the newest first.",
        Connection[VoucherCampaign],
        where=VoucherCampaignWhere,
    )
    vouchers: Connection[Voucher] = listed(
        "What the caller can use now, the newest first: what comes by itself, or what one code gives.",
        Connection[Voucher],
        where=VoucherWhere,
    )


_NEWEST = {"NEWEST": text_order("n", "id", is_descending=True)}
VOUCHER_QUERIES: dict[str, Field] = {
    "voucherCampaigns": Listed(lambda: CAMPAIGN, _NEWEST, "NEWEST", where=_campaigns_where),
    "vouchers": Listed(lambda: VOUCHER, _NEWEST, "NEWEST", where=_vouchers_where),
}

"""Where claims come from: the projections, with the scope in the statement."""

import sqlalchemy as sa

from market.aftersales.claims.rules import ClaimState, next_states
from market.aftersales.tables import Claim as ClaimTable
from market.aftersales.tables import ClaimPhoto as PhotoTable
from market.kernel.ids import require_id
from market.kernel.permissions import Permission
from market.media.tables import Media
from schema.filters import moment_order, within_region
from schema.media import private_url
from schema.node import money
from schema.orders.reads import LINE, SELLER_ORDER
from schema.orders.sealed import next_of
from schema.people.me import ACCOUNT_FIELDS
from schema.projection import Args, Build, ById, Projection, ToMany, ToOne, among, column, looked_up, quoted, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression, Field
from schema.projection.viewer import own
from schema.scope import acts_for

CLAIMS, MEDIA = table_of(ClaimTable), table_of(Media)


def _in_reach(t: sa.FromClause, build: Build) -> list[Condition]:
    """Whoever opened it, the seller's people, its staff."""
    sellers = acts_for(build, Permission.ORDER_READ, t.c.producer_id, region=t.c.region_code)
    return [sa.or_(sellers, t.c.account_id == own(build))]


def _picture(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
    media = MEDIA.alias()
    return looked_up(media.c.id, media, where=[media.c.id == t.c.media_id, media.c.state != quoted("REMOVED")])


CLAIM_PHOTO = Projection("ClaimPhoto", table_of(PhotoTable), fields={"url": private_url(_picture)})

CLAIM: Projection = Projection(
    "Claim",
    CLAIMS,
    visible=_in_reach,
    fields={
        "id": column("id"),
        "line": ToOne(lambda: LINE, lambda t, line: line.c.id == t.c.line_id),
        "sellerOrder": ToOne(lambda: SELLER_ORDER, lambda t, part: part.c.id == t.c.seller_order_id),
        "reason": column("reason"),
        "wish": column("wish"),
        "state": column("state"),
        "nextStates": next_of(lambda state: [each.value for each in next_states(ClaimState(state))]),
        "quantity": column("quantity"),
        "spoilagePercent": column("spoilage_percent"),
        "asked": money("asked_fen"),
        "refunded": money("refunded_fen"),
        "text": column("text"),
        "answer": column("answer"),
        "appeal": column("appeal"),
        "decision": column("decision"),
        "carrier": column("carrier"),
        "trackingNumber": column("tracking_number"),
        "photos": ToMany(
            lambda: CLAIM_PHOTO, lambda t, photo: photo.c.claim_id == t.c.id, lambda photo: [photo.c.position]
        ),
        "openedAt": column("opened_at"),
        "answeredAt": column("answered_at"),
        "dueAt": column("due_at"),
        "settledAt": column("settled_at"),
    },
)


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = []
    for name, of in (("states", t.c.state), ("reasons", t.c.reason)):
        if name in where:
            conditions.append(among(of, where.get(name) or []))
    for name, of in (("producer", t.c.producer_id), ("cooperative", t.c.cooperative_id), ("order", t.c.order_id)):
        slot = where.slot(name)
        if slot is not None:
            conditions.append(of == build.bind(slot))
    region = where.slot("region")
    if region is not None:
        conditions.append(within_region(t.c.region_code, region, build))
    if where.get("isMine") is not None:
        mine = t.c.account_id == own(build)
        conditions.append(mine if where.get("isMine") else sa.not_(mine))
    if where.get("isOverdue") is not None:
        late = sa.and_(t.c.due_at.is_not(None), t.c.due_at <= build.now())
        conditions.append(late if where.get("isOverdue") else sa.not_(late))
    return conditions


ORDERS = {
    "NEWEST": moment_order("n", "opened_at", is_descending=True),
    "OLDEST": moment_order("o", "opened_at"),
}
CLAIM_QUERIES: dict[str, Field] = {
    "claim": ById(lambda: CLAIM, check=lambda text: require_id(text, "clm")),
    "claims": Listed(lambda: CLAIM, ORDERS, "NEWEST", where=_where),
}
ACCOUNT_FIELDS["claims"] = Listed(
    lambda: CLAIM, {"NEWEST": ORDERS["NEWEST"]}, "NEWEST", on=lambda t, claim, _build: claim.c.account_id == t.c.id
)

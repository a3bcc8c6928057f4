"""A marketplace with one thing of everything, and a caller of every kind: what the matrix is asked in.

Everything private belongs to the seller A or to its owner. Whoever is called `other…` or `elsewhere` is a stranger to it.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from graphql import GraphQLArgument, GraphQLObjectType, GraphQLSchema, get_named_type
from sqlmodel import Session

from market.catalogue.manage.drafts import save_draft
from market.catalogue.publish import ListingDraft, ProductDraft
from market.catalogue.rules import Storage
from market.kernel.database import open_database
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission, Role
from market.live.webhooks.address import Policy
from market.live.webhooks.endpoints import EndpointDraft, create_endpoint
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.people.manage import give_role, open_account
from market.plan.drafts import IndicatorDraft, PlanDraft
from market.plan.manage import create_plan, define_indicator
from market.plan.rules import IndicatorKind, IndicatorSource, IndicatorUnit
from schema.permissions import PUBLIC, SIGNED_IN
from schema.targets import TARGETS
from tests.checkout.shop import Shop, home, key, open_shop, peaches, placed, put, visit
from tests.clock import FakeClock
from tests.schema.asking import SCHEMA
from tests.schema.matrix.rows import add_row, id_for
from tests.schema.reports_outputs.rows import add_reports
from tests.schema.settlement.rows import add_settlement
from tests.schema.stalls import ADMIN

HERE, ELSEWHERE = "330213000000", "330281000000"

STRANGERS = ("customer", "other owner", "other key", "moderator elsewhere", "finance elsewhere")
OWN_ONLY = {Permission.PROFILE_MANAGE, Permission.ORDER_PLACE}
"""Rules of what is a person's own: to these even colleagues are strangers."""
ARGUMENTS = {
    "code": '"330213005208"',
    "regionCode": '"330213005208"',
    "query": '"桃"',
    "from": '"2026-06-01"',
    "to": '"2026-06-30"',
    "ids": "[]",
    "range": '{from: "2026-06-01", to: "2026-06-30"}',
    "key": '"sales"',
    "plan": '{rule: "FREQ=DAILY;COUNT=2", firstDay: "2026-07-01", times: ["09:00"], capacity: 10}',
}
INPUTS = {
    "Query.refundPreview.input": '{{sellerOrderId: "{SellerOrder}", delivery: "0.01"}}',
    "Query.cancellationPreview.input": '{{sellerOrderId: "{SellerOrder}"}}',
}
"""By path, with the ids of what there is."""
LINKS = {
    "bookingId": "Booking",
    "producerId": "Producer",
    "organisationId": "Producer",
    "variantId": "Variant",
    "packageId": "TourPackage",
    "tourPackageId": "TourPackage",
    "optionId": "PackageOption",
    "sessionId": "TourSession",
    "listingId": "Product",
    "revisionId": "ListingRevision",
    "mediaId": "Media",
    "requestId": "PrivacyRequest",
    "party": "Producer",
    "planId": "Plan",
    "submissionId": "ReportSubmission",
    "keptReportId": "KeptReport",
    "indicatorId": "PlanIndicator",
}


@dataclass
class World:
    """The marketplace, and what is in it."""

    market: Market
    shop: Shop
    callers: dict[str, Actor]
    ids_by_type: dict[str, str] = field(default_factory=dict)

    @property
    def private_ids(self) -> dict[str, str]:
        """Ids of what not everybody may see, by type."""
        return {
            name: row_id
            for name, row_id in self.ids_by_type.items()
            if SCHEMA.type_map[name].extensions["rule"] not in {PUBLIC, SIGNED_IN}
        }

    def sample(self, path: str, definition: GraphQLArgument) -> str:
        """What to write for a required argument. LookupError for one that nothing is known of: say it above."""
        kind, name, argument = path.split(".")
        if path in INPUTS:
            return INPUTS[path].format(**self.ids_by_type)
        if argument in ARGUMENTS:
            return ARGUMENTS[argument]
        if argument in LINKS:
            return f'"{self.ids_by_type[LINKS[argument]]}"'
        if argument == "id":
            parent = SCHEMA.type_map[kind]
            assert isinstance(parent, GraphQLObjectType)
            shown = get_named_type(parent.fields[name].type).name
            return f'"{self.ids_by_type.get(shown, self.ids_by_type["Product"])}"'
        raise LookupError(f"say in tests/schema/matrix/world.py what {path} ({definition.type}) is")

    def seen_by(self, name: str) -> str:
        """Who sees the private thing of this type."""
        rule = SCHEMA.type_map[name].extensions["rule"]
        return {
            Permission.PAYMENT_CONFIRM: "admin",
            Permission.PLAN_READ: "analyst",
            Permission.REPORT_READ: "analyst",
            Permission.SETTLEMENT_MANAGE: "admin",
        }.get(rule, "owner")

    def strangers_to(self, name: str) -> list[str]:
        """Callers whose roles open the type, but not this row of it."""
        rule = SCHEMA.type_map[name].extensions["rule"]
        from schema.permissions import check_rule

        found = []
        for caller in [*STRANGERS, *(["editor"] if rule in OWN_ONLY else [])]:
            try:
                check_rule(self.callers[caller], rule)
            except Exception:  # noqa: BLE001 - refused before any row is looked at: the other test's business
                continue
            found.append(caller)
        return found

    @staticmethod
    def unknown(row_id: str) -> str:
        """An id of the same kind that nothing has."""
        return id_for(row_id[:3])

    @staticmethod
    def only_from_mutations(schema: GraphQLSchema) -> set[str]:
        """Object types that only mutations show, and the root of subscriptions, which show what queries show."""
        assert schema.mutation_type is not None
        assert schema.subscription_type is not None
        found, waiting = {schema.mutation_type.name, schema.subscription_type.name}, deque([schema.mutation_type])
        while waiting:
            kind = waiting.popleft()
            for each in kind.fields.values():
                named = get_named_type(each.type)
                members = [named] if isinstance(named, GraphQLObjectType) else []
                if hasattr(named, "types") or named.__class__.__name__ == "GraphQLInterfaceType":
                    members = list(schema.get_possible_types(named))
                for member in members:
                    if member.name not in found:
                        found.add(member.name)
                        waiting.append(member)
        return found


@contextmanager
def build_world(databases: Any) -> Iterator[World]:
    """Build it in a database of its own."""
    url = databases.create()
    clock = FakeClock()
    with closing(Market(open_database(url), clock=clock)) as market:
        shop = open_shop(market)
        world = World(market, shop, _callers(market, shop))
        _fill(world)
        yield world
    databases.drop(url)


def _callers(market: Market, shop: Shop) -> dict[str, Actor]:
    seller = shop.stalls.producer
    other = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, shop.stalls.village)
    )
    callers = {"visitor": VISITOR, "customer": _person(market)}
    for role in (Role.OWNER, Role.EDITOR, Role.FULFILMENT, Role.FINANCE, Role.VIEWER):
        callers[role.value.lower()] = _person(market, {seller: role})
    callers["other owner"] = _person(market, {other: Role.OWNER})
    for name, organisation in (("key", seller), ("other key", other)):
        callers[name] = Actor(
            ActorKind.MEMBER,
            id_for("key"),
            organisations={organisation: frozenset({Role.OWNER})},
            limits=frozenset({Permission.LISTING_READ, Permission.STOCK_READ, Permission.ORDER_READ}),
        )
    for name, role, region in (
        ("moderator", Role.STAFF_MODERATOR, HERE),
        ("moderator elsewhere", Role.STAFF_MODERATOR, ELSEWHERE),
        ("analyst", Role.STAFF_ANALYST, HERE),
        ("finance staff", Role.STAFF_FINANCE, HERE),
        ("finance elsewhere", Role.STAFF_FINANCE, ELSEWHERE),
    ):
        callers[name] = Actor(
            ActorKind.STAFF,
            open_account(market, ADMIN, name=name),
            staff_roles=frozenset({role}),
            region_codes=frozenset({region}),
        )
    callers["admin"] = Actor(ActorKind.ADMIN, open_account(market, ADMIN, name="管理员"))
    return callers


def _person(market: Market, roles: dict[str, Role] | None = None) -> Actor:
    account_id = open_account(market, ADMIN, name="某人")
    for organisation, role in (roles or {}).items():
        give_role(market, ADMIN, account_id=account_id, role=role, within=organisation)
    held = {organisation: frozenset({role}) for organisation, role in (roles or {}).items()}
    return Actor(ActorKind.MEMBER if held else ActorKind.CUSTOMER, account_id, organisations=held)


def _fill(world: World) -> None:
    """One of everything that has an id; an order by its use case, since its parts must add up."""
    market, owner = world.market, world.callers["owner"]
    put(market, owner, peaches(world.shop), visit(world.shop))
    placed(market, owner, home(market, owner))
    stalls = world.shop.stalls
    listing = ListingDraft("新品", None, "", None, "", None, stalls.peach, stalls.producer, None, stalls.village)
    save_draft(market, owner, ProductDraft(listing, Storage.AMBIENT, None, "", None, ()), idempotency_key=key())
    plan_id = create_plan(market, ADMIN, PlanDraft(HERE, "规划", date(2026, 1, 1), date(2026, 12, 31)), key=key())
    shops = IndicatorDraft("shops", "网店", IndicatorKind.FLOW, IndicatorSource.MANUAL, IndicatorUnit.COUNT)
    define_indicator(market, ADMIN, shops, plan_id=plan_id)
    hook = EndpointDraft(stalls.producer, "https://hooks.example.cn/", ["order.paid"])
    create_endpoint(market, owner, hook, policy=Policy(), idempotency_key=key())
    with market.transaction() as session:
        add_settlement(session, stalls.producer, "330213005208")
        add_reports(session, stalls.producer, "330213005208")
        links = _links(session, world)
        for prefix, target in sorted(TARGETS.items()):
            assert target.table is not None
            table = target.table
            assert hasattr(table, "name")
            world.ids_by_type[target.name] = _one_of(session, world, prefix, table, links)


def _links(session: Session, world: World) -> dict[str, Any]:
    """What foreign keys point at: the seller A's."""
    import sqlalchemy as sa

    owner = world.callers["owner"].account_id

    def first(table: str, column: str = "id", **where: Any) -> Any:
        found = sa.table(table, sa.column(column), *[sa.column(each) for each in where])
        chosen = sa.select(found.c[column]).where(*[found.c[each] == value for each, value in where.items()])
        return session.execute(chosen.order_by(found.c[column]).limit(1)).scalar_one_or_none()

    return {
        "account": owner,
        "organisation": world.shop.stalls.producer,
        "region": "330213005208",
        "village": world.shop.stalls.village,
        "category": world.shop.stalls.peach,
        "listing": first("listing", kind="PRODUCT"),
        "product": first("product"),
        "variant": world.shop.peaches,
        "tour_package": first("tour_package"),
        "package_option": first("package_option"),
        "tour_session": world.shop.visit,
        "customer_order": first("customer_order"),
        "seller_order": first("seller_order"),
        "order_line": first("order_line"),
        "media": first("media"),
        "stock_lot": first("stock_lot"),
        "stock_level": world.shop.peaches,
        "plan": first("plan"),
        "plan_indicator": first("plan_indicator"),
        "session_series": first("session_series"),
        "webhook_endpoint": first("webhook_endpoint"),
    }


def _one_of(session: Session, world: World, prefix: str, table: Any, links: dict[str, Any]) -> str:
    import sqlalchemy as sa

    if prefix == "rgn":
        code: str = links["region"]
        return str(session.execute(sa.select(table.c.id).where(table.c.code == code)).scalar_one())
    known = sa.select(table.c.id).where(table.c.id.like(f"{prefix}\\_%", escape="\\"))
    if "account_id" in table.c:
        known = known.where(table.c.account_id == links["account"])
    if prefix == "dlr":  # the platform's are there before
        known = known.where(table.c.producer_id == links["organisation"])
    if prefix == "acc":
        return str(links["account"])
    if prefix in {"pdr", "vil"}:
        return str(links["organisation" if prefix == "pdr" else "village"])
    if prefix == "var":
        return str(links["variant"])
    found = session.execute(known.order_by(table.c.id).limit(1)).scalar_one_or_none()
    if found is None:
        found = add_row(session, table, links, id=id_for(prefix), **_particular(world, prefix))["id"]
    if links.get(table.name, "") is None:
        links[table.name] = found
    return str(found)


def _particular(world: World, prefix: str) -> dict[str, Any]:
    """What a made-up row cannot be without."""
    seller, sealer = world.shop.stalls.producer, world.market.sealer
    phone = sealer.seal("13800001234", purpose="invitation.phone")
    made: dict[str, dict[str, Any]] = {
        "cop": {"kind": "COOPERATIVE", "name": "合作社", "latitude": 29.6, "longitude": 121.3, "state": "ACTIVE"},
        "mbr": {"joined_on": date(2026, 1, 1)},
        "mda": {"owner_id": seller, "state": "USED"},
        "vch": {
            "funder": "SELLER",
            "owner_id": seller,
            "kind": "FIXED",
            "percent": 0,
            "amount_fen": 500,
            "ends_at": datetime(2026, 12, 31, tzinfo=UTC),
        },
        "whd": {"topic": "order.paid", "body": {}},
        "dlr": {"producer_id": seller},
        "inv": {"phone_sealed": phone, "phone_digest": "d" * 64, "roles": ["EDITOR"]},
    }
    return made.get(prefix, {})

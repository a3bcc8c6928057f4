"""The world in which mutations are tried: two halves of it with one thing of everything each, and callers of every kind.

Built by use cases at the clock's first moment and, from `NOW` on, on the morning of a departure.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from market.kernel.database import open_database
from market.kernel.market import Market
from market.kernel.permissions import Actor, Role
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.places.manage import RegionRow, VillageDraft, add_regions, add_village
from tests.clock import FakeClock
from tests.schema.matrix import buying, office, papers, selling, signed
from tests.schema.matrix.callers import Callers, again, all_kinds, person
from tests.schema.matrix.things import Side
from tests.schema.matrix.watching import RehearsedDatabase
from tests.schema.stalls import ADMIN, set_up

NOW = datetime(2026, 6, 20, 0, 10, tzinfo=UTC)
FAR = ("330281000000", "余姚市"), ("330281114000", "梁弄镇"), ("330281114208", "横坎头村")


@dataclass
class Scene:
    """Both halves; what is tried is tried on things `here`."""

    market: Market
    database: RehearsedDatabase
    here: Side
    there: Side
    callers: Callers


@contextmanager
def build_scene(databases: Any) -> Iterator[Scene]:
    """Build it in a database of its own."""
    url = databases.create()
    database = RehearsedDatabase(open_database(url).engine)
    clock = FakeClock()
    with closing(Market(database, clock=clock)) as market:
        with database.rehearsal(is_kept=True):
            scene = _build(market, database, clock)
        yield scene
    databases.drop(url)


def _build(market: Market, database: RehearsedDatabase, clock: FakeClock) -> Scene:
    here, there = _sides(market)
    village = here.shop.stalls.village
    cooperatives = {name: _organisation(market, f"{name} cooperative", village) for name in ("trusted", "powerless")}
    cooperatives_there = {name: _organisation(market, f"{name} there", village) for name in ("trusted", "powerless")}
    for side, theirs in ((here, cooperatives), (there, cooperatives_there)):
        selling.fill_listings(side)
        selling.fill_stock(side)
        selling.fill_departures(side)
        selling.fill_delivery(side)
        buying.book_early(side)
        papers.fill_memberships(side, theirs)
    clock.now = NOW
    for side in (here, there):
        _fill_the_rest(side, is_first=side is here)
    clock.advance(minutes=5)  # an order may be given more time
    for side in (here, there):
        signed.fill_own(side, buyers_phone=papers.PHONES[side is here][1], is_first=side is here)
    callers = all_kinds(
        market,
        owners=(here.owner, there.owner),
        buyers=(here.buyer, there.buyer),
        sellers=(here.seller, there.seller),
        cooperatives={f"{name} cooperative": each for name, each in cooperatives.items()},
        regions=("330213000000", "330281000000"),
    )
    callers.lets[cooperatives["trusted"]] = frozenset({here.seller})
    return Scene(market, database, here, there, callers)


def _fill_the_rest(side: Side, *, is_first: bool) -> None:
    buying.fill_orders(side)
    buying.fill_payments(side)
    buying.fill_claims(side)
    buying.fill_reviews(side)
    papers.fill_papers(side, is_first=is_first)
    papers.fill_people(side, is_first=is_first)
    papers.fill_applications(side, is_first=is_first)
    selling.look_at_stock(side)
    office.fill_settlement(side)
    office.fill_vouchers(side)
    office.fill_imports(side)
    office.fill_reports(side)
    office.fill_plan(side)
    office.fill_accounts(side)
    buying.fill_carts(side)
    side.owner = again(side.market, side.owner.account_id)


def _sides(market: Market) -> tuple[Side, Side]:
    stalls = set_up(market)
    above = "330200000000"
    for code, name in FAR:
        add_regions(market, ADMIN, [RegionRow(code, name, above)])
        above = code
    far = VillageDraft("330281114208", "横坎头村", "Hengkantou", "", None, 29.9, 121.1, is_place_checked=True)
    village = add_village(market, ADMIN, far)
    producer = _organisation(market, "老李家", village, OrganisationKind.HOUSEHOLD)
    found = []
    for each, region in ((stalls, "330213005208"), (replace(stalls, village=village, producer=producer), FAR[2][0])):
        shop = selling.open_stall(market, each)
        owner: Actor = person(market, None, **{each.producer: [Role.OWNER]})
        phone = papers.PHONES[region.startswith("330213")][1]
        side = Side(market, shop, each.producer, region, owner, person(market, phone))
        side.platform(village=each.village, category=each.peach, tours=each.tours)
        found.append(side)
    return found[0], found[1]


def _organisation(
    market: Market, name: str, village: str, kind: OrganisationKind = OrganisationKind.COOPERATIVE
) -> str:
    return register_organisation(market, ADMIN, OrganisationDraft(kind, name, None, "", None, village))

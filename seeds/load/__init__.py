"""Load data for benchmarks: a large invented marketplace, inserted in bulk. The one door past the use cases."""

import time
from dataclasses import dataclass
from random import Random
from typing import Literal

from sqlmodel import select

from market.catalogue.tables import Variant, listing_search
from market.kernel.market import Market
from market.kernel.topics import touch
from seeds.ground import seed_categories, seed_regions
from seeds.load.bulk import Ids, bulk_transaction, settle
from seeds.load.listings import Categories, Listings
from seeds.load.orders import seed_orders
from seeds.load.produce import add_product
from seeds.load.rowset import IN_ORDER, RowSet, table_of
from seeds.load.sellers import Sellers
from seeds.load.tours import SESSIONS_EACH, add_package
from seeds.report import Progress, SeedReport, counts, examples, silent

Size = Literal["small", "large", "orders-1m", "orders-10m"]

_SEED = 20_260_601
_BATCH = 4_000


@dataclass(frozen=True, slots=True)
class Amount:
    """How much load data; each package has thirty sessions."""

    products: int
    packages: int


SIZES: dict[Size, Amount] = {
    "small": Amount(20_000, 2_000),
    "large": Amount(200_000, 20_000),
    "orders-1m": Amount(20_000, 2_000),
    "orders-10m": Amount(20_000, 2_000),
}
ORDER_LINES: dict[Size, int] = {"orders-1m": 1_000_000, "orders-10m": 10_000_000}
"""Sizes that sell as well: a year of order lines on the small load data."""


def seed_load(market: Market, size: Size | Amount, *, progress: Progress = silent) -> SeedReport:
    """Insert load data of a size, all in one transaction: 20,000 products, 2,000 packages and 60,000 sessions, or ten
    times that. A database that has load data is left alone.

    The same moment gives the same rows, ids included. Regions and categories come through their use cases.
    """
    began = time.monotonic()
    with market.read() as session:
        is_new = session.exec(select(Variant.id).where(Variant.sku == "LD-000000-1")).first() is None
    if is_new:
        seed_regions(market)
        _insert(
            market, size if isinstance(size, Amount) else SIZES[size], Categories(seed_categories(market)), progress
        )
        settle(market)
    lines = 0 if isinstance(size, Amount) else ORDER_LINES.get(size, 0)
    if lines:
        is_new = seed_orders(market, lines, progress=progress).is_new or is_new
    with market.read() as session:
        seconds = round(time.monotonic() - began, 2)
        return SeedReport(is_new, seconds, counts(session), examples(session))


def _insert(market: Market, amount: Amount, categories: Categories, progress: Progress) -> None:
    now, chance, rows = market.now().replace(microsecond=0), Random(_SEED), RowSet()
    ids = Ids(chance, int(now.timestamp() * 1000))
    total = amount.products + amount.packages
    tables = [*[table_of(model).name for model in IN_ORDER], listing_search.name]
    with bulk_transaction(market, tables) as session:
        sellers = Sellers(chance, ids, rows, now).all
        listings = Listings(chance, ids, rows, categories, now=now, total=total)
        variants = []
        for number in range(amount.products):
            variants.append(add_product(listings, sellers, number))
            if number % _BATCH == 0:
                rows.write(session)
                progress("product", number, amount.products)
        for number in range(amount.packages):
            add_package(listings, sellers, number, gift=variants[number])
            if number % (_BATCH // SESSIONS_EACH) == 0:
                rows.write(session)
                progress("package", number, amount.packages)
        rows.write(session)
        progress("search", 0, total)
        listings.write_search(session, market.database.engine)
        touch(session, "places", "organisations", "catalogue", "sessions")
    progress("search", total, total)

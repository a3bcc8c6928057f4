"""How long an import of 50,000 rows takes, and how much memory, on both engines.

    uv run python -m tests.benchmarks.imports [--rows 50000] [--engine sqlite]

PRODUCTS makes a fifth as many products with five variants each; PRICES changes the price of each of as many variants that
are on sale. Each is uploaded, checked (read, and every row tried and taken back), run, and checked again, when nothing is left to change.
The PostgreSQL server is that of the tests: in a temporary folder, without fsync.
"""

import argparse
import io
import itertools
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from market.bulk.rules import ImportMode, ImportState, SheetKind
from market.bulk.start import cancel_import, run_import
from market.bulk.tables import ImportJob
from market.bulk.upload import upload_import
from market.bulk.work import work_on_imports
from market.bulk.writing.delimited import write_csv
from market.bulk.writing.workbook import Book
from market.catalogue.publish import ListingDraft, ProductDraft, VariantDraft, publish_product
from market.catalogue.rules import Storage
from market.kernel.database import open_database
from market.kernel.market import Market
from tests.bulk.desk import Desk, open_desk
from tests.databases import ENGINES, PostgresqlDatabases, SqliteDatabases, postgresql_server
from tests.schema.stalls import ADMIN

VARIANTS = 5
_KEYS = itertools.count()
_PRODUCTS = ("code", "title", "category", "storage", "sale", "summary", "description", "origin", "sku", "variant")
_PACKS = ("net_weight_grams", "pack_count", "unit", "price")


def key() -> str:
    return f"benchmark-key-{next(_KEYS):06}"


def products(rows: int) -> Iterator[list[str | int]]:
    for at in range(rows):
        number = at // VARIANTS
        yield [
            f"XM-{number:05}",
            f"奉化水蜜桃 {number} 号",
            "水果/桃",
            "冷藏",
            "06-20~08-31",
            "皮薄多汁，现摘现发",
            "产自奉化萧王庙，果农当日清晨采摘，冷链发出。" * 2,
            "宁波奉化",
            f"SKU-{at:05}",
            f"{at % VARIANTS + 1} 号礼盒",
            500 * (at % VARIANTS + 1),
            12,
            "盒",
            88 + at % 40,
        ]


def prices(rows: int) -> Iterator[list[str | int]]:
    return ([f"ON-SALE-{at:05}", 99 + at % 30] for at in range(rows))


def put_on_sale(market: Market, desk: Desk, rows: int) -> None:
    """As many variants, a hundred to a product."""
    stalls = desk.stalls
    for start in range(0, rows, 100):
        listing = ListingDraft(
            f"桃 {start}", None, "", None, "", None, stalls.peach, stalls.producer, None, stalls.village
        )
        variants = tuple(
            VariantDraft(f"ON-SALE-{at:05}", "盒装", None, 1000, 1, "盒", None, 8800)
            for at in range(start, min(start + 100, rows))
        )
        publish_product(market, ADMIN, ProductDraft(listing, Storage.AMBIENT, None, "", None, variants))


@contextmanager
def database(engine: str) -> Iterator[str]:
    """An empty migrated database's URL."""
    with tempfile.TemporaryDirectory() as folder:
        if engine == "sqlite":
            yield SqliteDatabases(Path(folder)).create()
        else:
            with postgresql_server() as server:
                yield PostgresqlDatabases(server).create()


def timed(name: str, act: Callable[[], object]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"| {name} | {wall:.1f} | {cpu:.1f} | {peak} |", flush=True)


def work(market: Market) -> None:
    while work_on_imports(market):
        pass


def job(market: Market, import_id: str) -> ImportJob:
    with market.read() as session:
        return session.get_one(ImportJob, import_id)


def upload(market: Market, desk: Desk, kind: SheetKind, content: bytes) -> str:
    return upload_import(
        market,
        desk.owner,
        kind=kind,
        organisation_id=desk.stalls.producer,
        file=io.BytesIO(content),
        file_name="rows",
        idempotency_key=key(),
    )


def measure(market: Market, desk: Desk, kind: SheetKind, content: bytes, rows: int) -> None:
    import_id = upload(market, desk, kind, content)
    timed(f"{kind}: read", lambda: work_on_imports(market, limit=1))
    timed(f"{kind}: check", lambda: work(market))
    found = job(market, import_id)
    assert (found.state, found.rows_total, found.would_fail) == (ImportState.CHECKED, rows, 0), found.problem
    run_import(market, desk.owner, import_id=import_id, mode=ImportMode.ABORT, idempotency_key=key())
    timed(f"{kind}: run", lambda: work(market))
    found = job(market, import_id)
    assert found.state is ImportState.DONE, found.problem
    assert found.created + found.changed == rows
    again = upload(market, desk, kind, content)
    timed(f"{kind}: the same again, read and checked", lambda: work(market))
    assert job(market, again).would_keep == rows


def csv_of(header: tuple[str, ...], rows: Iterator[list[str | int]]) -> bytes:
    file = io.BytesIO()
    write_csv(file, header, rows)
    return file.getvalue()


def xlsx_of(header: tuple[str, ...], rows: Iterator[list[str | int]]) -> bytes:
    file = io.BytesIO()
    book = Book(file)
    book.write(book.sheet("商品", header), rows)
    book.close()
    return file.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    asked = parser.parse_args()
    for engine in asked.engine or ENGINES:
        print(f"\n{engine}, {asked.rows} rows\n\n| | seconds | of our CPU | peak MiB |\n|---|--:|--:|--:|")
        with database(engine) as url, closing(Market(open_database(url))) as market:
            desk = open_desk(market)
            header = (*_PRODUCTS, *_PACKS)
            book = xlsx_of(header, products(asked.rows))
            import_id = upload(market, desk, SheetKind.PRODUCTS, book)
            timed("PRODUCTS as XLSX: read", lambda: work_on_imports(market, limit=1))
            cancel_import(market, desk.owner, import_id=import_id)
            del book
            content = csv_of(header, products(asked.rows))
            measure(market, desk, SheetKind.PRODUCTS, content, asked.rows)
            put_on_sale(market, desk, asked.rows)
            measure(market, desk, SheetKind.PRICES, csv_of(("sku", "price"), prices(asked.rows)), asked.rows)


if __name__ == "__main__":
    main()

"""Use case: what there is, as a sheet."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

from sqlmodel import Session

from market.bulk.export.products import product_rows
from market.bulk.export.scope import Page, Scope
from market.bulk.export.sessions import session_rows
from market.bulk.export.skus import sku_rows
from market.bulk.rules import FileFormat, SheetKind
from market.bulk.sheets import SHEETS
from market.bulk.sheets.columns import Values
from market.bulk.writing.delimited import write_csv
from market.bulk.writing.workbook import Book
from market.kernel.clock import business_day
from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for

PERMISSIONS: Mapping[SheetKind, Permission] = MappingProxyType(
    {
        SheetKind.PRODUCTS: Permission.LISTING_READ,
        SheetKind.PRICES: Permission.LISTING_READ,
        SheetKind.STOCK: Permission.STOCK_READ,
        SheetKind.SESSIONS: Permission.SESSION_READ,
    }
)
"""What opens an export: what opens the same things on the screen."""

_PAGES: Mapping[SheetKind, Callable[[Session, Scope, Any], Page]] = MappingProxyType(
    {
        SheetKind.PRODUCTS: product_rows,
        SheetKind.PRICES: sku_rows,
        SheetKind.STOCK: sku_rows,
        SheetKind.SESSIONS: session_rows,
    }
)


def write_export(
    market: Market,
    actor: Actor,
    *,
    kind: SheetKind,
    organisation_id: str,
    form: FileFormat,
    language: Language,
    file: BinaryIO,
) -> int:
    """Write an organisation's things and its members', as far as the actor may see them, as the sheet that they would be
    imported by: importing it again changes nothing. Says how many rows. A page at a time, each as it is then.

    Refuses: NotSignedIn; Forbidden; NotFound for an organisation they do not act for.
    """
    reach(actor, PERMISSIONS[kind])
    now = market.now()
    today = business_day(now)
    with market.read() as session:
        act_for(session, actor, PERMISSIONS[kind], producer_id=organisation_id, today=today, field="organisationId")
    scope = Scope(actor, PERMISSIONS[kind], organisation_id, today, now)
    sheet = SHEETS[kind]
    headers = [column.header(language) for column in sheet.columns]
    rows = ([column.show(row.get(column.key)) for column in sheet.columns] for row in _rows(market, kind, scope))
    if form is FileFormat.CSV:
        return write_csv(file, headers, rows)
    book = Book(file)
    data = book.sheet(sheet.title(language), headers)
    book.shape(data, sheet.columns)
    count = book.write(data, rows)
    book.close()
    return count


def _rows(market: Market, kind: SheetKind, scope: Scope) -> Iterator[Values]:
    after: Any = None
    while True:
        with market.read() as session:
            rows, after = _PAGES[kind](session, scope, after)
        yield from rows
        if after is None:
            return

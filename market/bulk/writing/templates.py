"""Use case: an empty sheet to fill in."""

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.bulk.effects.products.names import paths_of
from market.bulk.reading.table import COMMENT
from market.bulk.rules import ROWS_MAX, FileFormat, SheetKind
from market.bulk.sheets import SHEETS
from market.bulk.sheets.columns import Column
from market.bulk.writing.delimited import write_csv
from market.bulk.writing.workbook import Book
from market.kernel.clock import business_day
from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import acts_for
from market.organisations.tables import Organisation

LISTED_MAX = 500
"""Names offered in a cell's list."""

_ORGANISATION = SQLModel.metadata.tables[str(Organisation.__tablename__)].c
_HELP = {
    "zh-CN": ("填写说明", "列", "必填", "说明", "格式", "示例"),
    "en": ("Help", "Column", "Required", "What", "Format", "Example"),
}
_LISTS = {"zh-CN": "列表", "en": "Lists"}
_YES = {"zh-CN": "是", "en": "yes"}


def write_template(
    market: Market, actor: Actor, *, kind: SheetKind, form: FileFormat, language: Language, file: BinaryIO
) -> None:
    """Write the template of a sheet. CSV has a comment row with an example; XLSX has notes on its headers, lists in the
    cells where the words are few, and a second sheet that explains each column.

    Refuses: NotSignedIn; Forbidden.
    """
    reach(actor, Permission.IMPORT_RUN)
    sheet = SHEETS[kind]
    columns = [column for column in sheet.columns if not column.is_note]
    headers = [_header(column, language) for column in columns]
    if form is FileFormat.CSV:
        examples = [column.example for column in columns]
        write_csv(file, headers, [[f"{COMMENT} {examples[0]}", *examples[1:]]])
        return
    lists = {column.key: column.cell.choices() for column in columns if column.cell.choices()}
    if kind is SheetKind.PRODUCTS:
        with market.read() as session:
            lists |= {"category": sorted(paths_of(session).values()), "producer": _producers(session, actor, market)}
    book = Book(file)
    data = book.sheet(sheet.title(language), headers)
    book.shape(data, columns)
    for at, column in enumerate(columns):
        data.write_comment(0, at, column.help(language))
    _write_help(book, columns, language)
    _offer_lists(book, data, columns, lists, language)
    book.close()


def _write_help(book: Book, columns: Sequence[Column], language: Language) -> None:
    title, *headers = _HELP[language]
    sheet = book.sheet(title, headers)
    book.write(
        sheet,
        [
            (
                column.header(language),
                _YES[language] if column.is_required else "",
                column.help(language),
                column.cell.zh if language == "zh-CN" else column.cell.en,
                column.example,
            )
            for column in columns
        ],
    )
    sheet.set_column(0, 1, 18)
    sheet.set_column(2, 3, 60)
    sheet.set_column(4, 4, 24)


def _offer_lists(
    book: Book, data: Any, columns: Sequence[Column], lists: Mapping[str, Sequence[str]], language: Language
) -> None:
    """Lists in cells, from a hidden sheet since those written in the cell may have 255 characters only. They offer and
    do not insist: codes and ids are right as well."""
    offered = [(at, lists[column.key]) for at, column in enumerate(columns) if lists.get(column.key)]
    if not offered:
        return
    title = _LISTS[language]
    sheet = book.sheet(title, [columns[at].header(language) for at, _ in offered])
    sheet.hide()
    from xlsxwriter.utility import xl_range_abs  # type: ignore[import-untyped]  # noqa: PLC0415 - when first used

    longest = max(len(words) for _, words in offered)
    book.write(sheet, [[words[row] if row < len(words) else None for _, words in offered] for row in range(longest)])
    for place, (at, words) in enumerate(offered):
        cells = xl_range_abs(1, place, len(words), place)
        source = {"validate": "list", "source": f"='{title}'!{cells}", "error_type": "warning"}
        data.data_validation(1, at, ROWS_MAX, at, source)


def _header(column: Column, language: Language) -> str:
    """A header; a star says that the column is required."""
    return f"{column.header(language)}{' *' if column.is_required else ''}"


def _producers(session: Session, actor: Actor, market: Market) -> list[str]:
    """The names of producers whose listings the actor may edit."""
    today = business_day(market.now())
    mine = acts_for(actor, Permission.LISTING_EDIT, _ORGANISATION.id, today=today)
    return list(
        session.execute(
            sa.select(_ORGANISATION.name).where(mine).order_by(_ORGANISATION.name).limit(LISTED_MAX)
        ).scalars()
    )

"""Workbooks to read, and ways to spoil them."""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it has no annotations
from openpyxl import Workbook

from market.bulk.reading.table import read_table
from market.bulk.sheets.prices import PRICES

MIB = 1024 * 1024


def workbook(*rows: tuple[Any, ...], title: str = "价格") -> bytes:
    """A workbook as openpyxl writes it, which is as Excel does."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


GOOD = workbook(("规格编码", "价格（元）"), ("桃-大", 88))


def with_shared_texts() -> bytes:
    """The same as Excel writes it: texts in a part of their own."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet("价格")
    for at, row in enumerate((("规格编码", "价格（元）"), ("桃-大", 88))):
        sheet.write_row(at, 0, row)
    book.close()
    return file.getvalue()


SHARED = with_shared_texts()


def rows(content: bytes) -> list[tuple[int, list[str]]]:
    return list(read_table(io.BytesIO(content), PRICES).rows)


def rebuilt(
    content: bytes, change: Callable[[str, bytes], bytes | None], more: dict[str, bytes] | None = None
) -> bytes:
    """The same workbook with parts changed, left out (None), or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            changed = change(name, old.read(name))
            if changed is not None:
                new.writestr(name, changed)
        for name, data in (more or {}).items():
            new.writestr(name, data)
    return file.getvalue()


def with_sheet(pieces: Iterator[bytes]) -> bytes:
    """The good workbook with another sheet, written a piece at a time."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if not name.startswith("xl/worksheets/"):
                new.writestr(name, old.read(name))
        with new.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for piece in pieces:
                part.write(piece)
    return file.getvalue()


SHEET_HEAD = (
    b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
SHEET_TAIL = b"</sheetData></worksheet>"


def text_row(number: int, *cells: str) -> bytes:
    inner = "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)
    return f'<row r="{number}">{inner}</row>'.encode()


def same(_name: str, data: bytes) -> bytes:
    return data


def sheet(change: Callable[[bytes], bytes]) -> bytes:
    return rebuilt(GOOD, lambda name, data: change(data) if name.startswith("xl/worksheets/") else data)

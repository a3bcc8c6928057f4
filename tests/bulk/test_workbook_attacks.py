"""Workbooks made to hurt, and damaged ones: refused, in bounded time and memory."""

import io
import random
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from market.bulk.errors import FileRefused, NotASheet, TooManyRows, UnsafeWorkbook
from market.bulk.reading.table import read_table
from market.bulk.rules import ROWS_MAX
from market.bulk.sheets.prices import PRICES
from tests.bulk.workbooks import (
    GOOD,
    MIB,
    SHARED,
    SHEET_HEAD,
    SHEET_TAIL,
    rebuilt,
    rows,
    same,
    sheet,
    text_row,
    with_sheet,
)


def noise(size: int) -> bytes:
    """Bytes that do not compress, by which a bomb hides how much the rest does."""
    return random.Random(1).randbytes(size)


def encrypted() -> bytes:
    content = bytearray(GOOD)
    # The first bit of the flags, in the directory at the end and in the entry itself.
    for signature, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        content[content.index(signature) + at] |= 1
    return bytes(content)


def twins() -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile says so as well
        return rebuilt(GOOD, same, {"xl/workbook.xml": b"<x/>"})


DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'

ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "300 MiB of nothing": (lambda: rebuilt(GOOD, same, {"xl/media/a.bin": bytes(300 * MIB)}), "TOO_LARGE"),
    "a part that unpacks a thousandfold": (
        lambda: rebuilt(GOOD, same, {"xl/media/a.bin": bytes(30 * MIB)}),
        "TOO_LARGE",
    ),
    "the same beside noise": (
        lambda: rebuilt(GOOD, same, {"xl/media/a.bin": bytes(30 * MIB), "xl/media/b.bin": noise(MIB)}),
        "TOO_LARGE",
    ),
    "two thousand parts": (lambda: rebuilt(GOOD, same, {f"xl/{at}.xml": b"<a/>" for at in range(2000)}), "TOO_LARGE"),
    "large styles": (
        lambda: rebuilt(GOOD, lambda name, data: data + noise(17 * MIB).hex().encode() if "styles" in name else data),
        "TOO_LARGE",
    ),
    "a row of a hundred thousand cells": (
        lambda: sheet(lambda data: data.replace(b"</row>", b"<c/>" * 100_000 + b"</row>", 1)),
        "TOO_LARGE",
    ),
    "a cell in the last column of all": (
        lambda: sheet(lambda data: data.replace(b'r="B2"', b'r="XFD2"')),
        "TOO_LARGE",
    ),
    "elements in elements in elements": (
        lambda: sheet(lambda data: data.replace(b"<sheetData>", b"<a>" * 100_000 + b"</a>" * 100_000 + b"<sheetData>")),
        "TOO_LARGE",
    ),
    "a cell of a million letters": (
        lambda: sheet(lambda data: data.replace(b"<v>88</v>", b"<v>" + b"8" * MIB + b"</v>")),
        "TOO_LARGE",
    ),
    "a tag of two million letters": (
        lambda: sheet(lambda data: data.replace(b"<v>88</v>", b'<v a="' + b"8" * 2 * MIB + b'">88</v>')),
        "TOO_LARGE",
    ),
    "a million shared texts": (
        lambda: rebuilt(
            SHARED,
            lambda name, data: (
                data.replace(b"<si>", b"<si><t>a</t></si>" * 1_200_000 + b"<si>", 1)
                if name == "xl/sharedStrings.xml"
                else data
            ),
        ),
        "TOO_LARGE",
    ),
    "a document type in the sheet": (
        lambda: sheet(lambda data: data.replace(b"<worksheet", DOCTYPE + b"<worksheet", 1)),
        "DOCUMENT_TYPE",
    ),
    "one in UTF-16, where bytes look different": (
        lambda: sheet(lambda data: DOCTYPE.decode().encode("utf-16") + data.decode().encode("utf-16-le")),
        "DOCUMENT_TYPE",
    ),
    "one in the workbook": (
        lambda: rebuilt(GOOD, lambda name, data: DOCTYPE + data if name == "xl/workbook.xml" else data),
        "DOCUMENT_TYPE",
    ),
    "links to other workbooks": (
        lambda: rebuilt(GOOD, same, {"xl/externalLinks/externalLink1.xml": b"<a/>"}),
        "EXTERNAL_LINKS",
    ),
    "macros": (lambda: rebuilt(GOOD, same, {"xl/vbaProject.bin": b"..."}), "MACROS"),
    "a password": (encrypted, "ENCRYPTED"),
    "two parts of one name": (twins, "TWINS"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_workbook_made_to_hurt_is_refused_before_it_is_opened(attack: str) -> None:
    make, reason = ATTACKS[attack]
    content = make()

    with pytest.raises(UnsafeWorkbook) as refused:
        rows(content)

    assert refused.value.facts["reason"] == reason


def lying() -> bytes:
    """A sheet that is larger than the directory says."""
    content = sheet(lambda data: data.replace(b"</sheetData>", b" " * 1000 + b"</sheetData>"))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        size = book.getinfo("xl/worksheets/sheet1.xml").file_size
    return content.replace(size.to_bytes(4, "little"), (size - 500).to_bytes(4, "little"))


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 and no more",
        GOOD[: len(GOOD) // 2],
        GOOD[:-30] + bytes(30),
        lying(),
        rebuilt(GOOD, lambda name, data: None if name == "_rels/.rels" else data),
        rebuilt(GOOD, lambda name, data: None if name == "xl/workbook.xml" else data),
        rebuilt(GOOD, lambda name, data: data[: len(data) // 2] if name.startswith("xl/worksheets") else data),
        rebuilt(GOOD, lambda name, data: b"<workbook/>" if name == "xl/workbook.xml" else data),
        rebuilt(GOOD, lambda name, data: b"not xml" if name == "xl/styles.xml" else data),
        sheet(lambda data: data.replace(b"<v>88</v>", b"<v>eighty</v>")),
        rebuilt(SHARED, lambda _name, data: data.replace(b"<v>2</v>", b"<v>99999</v>")),
        rebuilt(SHARED, lambda name, data: None if name == "xl/sharedStrings.xml" else data),
    ],
)
def test_a_damaged_workbook_is_told_so(content: bytes) -> None:
    with pytest.raises(NotASheet) as refused:
        rows(content)

    assert refused.value.message("zh-CN")


def test_anything_at_all_in_place_of_a_workbook_is_refused_and_nothing_else_happens() -> None:
    chance = random.Random(7)
    for _ in range(300):
        content = bytearray(GOOD)
        for _ in range(chance.randrange(1, 20)):
            content[chance.randrange(4, len(content))] = chance.randrange(256)
        with suppress(FileRefused):
            rows(bytes(content))


def million() -> Iterator[bytes]:
    yield SHEET_HEAD + text_row(1, "规格编码", "价格")
    for start in range(2, 1_000_002, 1000):
        yield b"".join(
            f'<row r="{at}"><c><v>{at}</v></c><c><v>1</v></c></row>'.encode() for at in range(start, start + 1000)
        )
    yield SHEET_TAIL


def test_a_million_rows_end_at_the_first_too_many_in_constant_memory() -> None:
    file = io.BytesIO(with_sheet(million()))
    read = read_table(file, PRICES)
    count = 0
    tracemalloc.start()

    with pytest.raises(TooManyRows):
        for _ in read.rows:
            count += 1

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == ROWS_MAX
    assert peak < 2 * MIB, peak


def test_a_sheet_formatted_to_its_last_row_has_the_rows_that_it_has() -> None:
    def pieces() -> Iterator[bytes]:
        yield SHEET_HEAD + text_row(1, "规格编码", "价格") + text_row(2, "桃", "1")
        yield b"".join(f'<row r="{at}"><c s="0"/></row>'.encode() for at in range(3, 300_000)) + SHEET_TAIL

    assert rows(with_sheet(pieces())) == [(2, ["桃", "1"])]

"""XLSX, row by row: what each cell says, as Excel shows it. ECMA-376 part 1, SpreadsheetML.

Only the parts that are needed are opened: the workbook, its relations, its styles for what is a date, the shared texts
and one sheet. That one is read as it is walked, so that a sheet of any length takes the memory of a few rows.
"""

import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from market.bulk.reading.archive import damaged, opened, too_large, walk
from market.bulk.reading.delimited import Raw
from market.bulk.reading.formats import Formats
from market.bulk.reading.grid import Grid
from market.bulk.rules import MIB

PART_MAX = 16 * MIB
SHARED_BYTES_MAX = 64 * MIB
SHEET_BYTES_MAX = 200 * MIB
SHARED_TEXTS_MAX = 1_000_000

_ID = "http://schemas.openxmlformats.org/officeDocument/2006/relationships id"
_STRICT_ID = "http://purl.oclc.org/ooxml/officeDocument/relationships id"


def read_workbook(file: BinaryIO, titles: Sequence[str]) -> Iterator[Raw]:
    """The rows of the sheet with one of these titles, else of the first. Those without any cell are left out.

    Refuses with UnsafeWorkbook and NotASheet, also on the way.
    """
    with opened(file) as archive:
        book = _target(_Relations.read(archive, "", "_rels/.rels"), "officeDocument")
        folder, name = posixpath.split(book)
        relations = _Relations.read(archive, folder, posixpath.join(folder, "_rels", f"{name}.rels"))
        sheets = _Sheets()
        _through(archive, book, sheets)
        if not sheets.found:
            raise damaged()
        wanted = next((id_ for title, id_ in sheets.found if title in titles), sheets.found[0][1])
        if wanted not in relations.by_id:
            raise damaged()
        formats = Formats(is_from_1904=sheets.is_from_1904)
        if styles := relations.by_kind.get("styles"):
            _through(archive, styles, formats)
        shared = _SharedTexts()
        if texts := relations.by_kind.get("sharedStrings"):
            _through(archive, texts, shared, bytes_max=SHARED_BYTES_MAX)
        grid = Grid(shared.found, formats)
        for _ in walk(archive, relations.by_id[wanted], grid, bytes_max=SHEET_BYTES_MAX):
            yield from grid.take()


def _through(archive: zipfile.ZipFile, name: str, listener: "_Part | Formats", *, bytes_max: int = PART_MAX) -> None:
    for _ in walk(archive, name, listener, bytes_max=bytes_max):
        pass


class _Part:
    """A part of which some elements matter."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """As `Listener` says."""

    def end(self, name: str, text: str) -> None:
        """As `Listener` says."""


class _Relations(_Part):
    """Which part is which: by id, and by the last word of their kind."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.by_id: dict[str, str] = {}
        self.by_kind: dict[str, str] = {}

    @classmethod
    def read(cls, archive: zipfile.ZipFile, folder: str, name: str) -> "_Relations":
        found = cls(folder)
        _through(archive, name, found)
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(self._folder, target))
            self.by_id[attributes.get("Id", "")] = path
            self.by_kind[attributes.get("Type", "").rpartition("/")[2]] = path


def _target(relations: _Relations, kind: str) -> str:
    if kind not in relations.by_kind:
        raise damaged()
    return relations.by_kind[kind]


class _Sheets(_Part):
    """The workbook's sheets, (title, relation id), in order."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.is_from_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            self.found.append((attributes.get("name", ""), attributes.get(_ID) or attributes.get(_STRICT_ID, "")))
        elif name == "workbookPr":
            self.is_from_1904 = attributes.get("date1904") in {"1", "true"}


class _SharedTexts(_Part):
    """The texts that cells point to by number. A rich text is its runs, without the readings of its characters."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._runs: list[str] = []
        self._is_reading = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._runs = []
        elif name == "rPh":
            self._is_reading = True

    def end(self, name: str, text: str) -> None:
        if name == "t" and not self._is_reading:
            self._runs.append(text)
        elif name == "rPh":
            self._is_reading = False
        elif name == "si":
            self.found.append("".join(self._runs))
            if len(self.found) > SHARED_TEXTS_MAX:
                raise too_large()

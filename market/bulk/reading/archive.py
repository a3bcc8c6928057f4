"""A workbook's ZIP and its XML, so that neither can hurt: checked before anything is unpacked, and while it is read.

A kilobyte can unpack to gigabytes, a document type can pull in other files, elements can nest until memory is full.
Sizes are those of the ZIP's directory, beyond which `zipfile` does not read. XML is walked by expat and never kept.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol
from xml.parsers import expat

from market.bulk.errors import NotASheet, UnsafeWorkbook
from market.bulk.rules import MIB

ENTRIES_MAX = 1_000
UNPACKED_MAX = 200 * MIB
RATIO_MAX = 200
"""So many times larger unpacked, beyond the first mebibytes: a sheet of one row over and over comes near a hundred."""
SMALL = 8 * MIB
DEPTH_MAX = 64
TEXT_CHARS_MAX = 64 * 1024
"""Excel itself keeps at most 32,767 characters in a cell."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError, RuntimeError, NotImplementedError)
"""The ways in which `zipfile` says that an archive is damaged."""
_PIECE = 64 * 1024
_TOKEN_MAX = MIB
"""One tag with its attributes: expat keeps it until it ends."""


class Listener(Protocol):
    """Hears of a part's elements, by their local names."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins. Attributes of a namespace are called `uri name`."""

    def end(self, name: str, text: str) -> None:
        """An element ends; `text` is what stood in it since its last child."""


@contextmanager
def opened(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """The archive of a workbook, for as long as the block. Refuses with NotASheet what is no archive, with UnsafeWorkbook
    what must not be unpacked."""
    file.seek(0)
    try:
        archive = zipfile.ZipFile(file)
    except _BROKEN:
        raise damaged() from None
    with archive:
        check_directory(archive)
        yield archive


def check_directory(archive: zipfile.ZipFile) -> None:
    """Refuses with UnsafeWorkbook, by its directory alone, what must not be unpacked."""
    entries = archive.infolist()
    names = [entry.filename.lower() for entry in entries]
    unpacked, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if (
        len(entries) > ENTRIES_MAX
        or unpacked > UNPACKED_MAX
        or unpacked > max(SMALL, RATIO_MAX * packed)
        or any(entry.file_size > max(SMALL, RATIO_MAX * entry.compress_size) for entry in entries)
    ):
        raise too_large()
    if len(set(names)) != len(names):
        raise UnsafeWorkbook("TWINS", "it has two parts of one name", "文件内部有重名部分")
    if any(entry.flag_bits & 1 or entry.compress_type not in _METHODS for entry in entries):
        raise UnsafeWorkbook("ENCRYPTED", "it has a password: save it without one", "文件有密码，请取消密码后另存")
    if any("externallink" in name for name in names):
        raise UnsafeWorkbook(
            "EXTERNAL_LINKS",
            "it refers to other workbooks: copy its cells and paste them as values",
            "文件引用了其他工作簿，请将单元格“选择性粘贴为数值”后另存",
        )
    if any("vbaproject" in name for name in names):
        raise UnsafeWorkbook("MACROS", "it has macros: save it as .xlsx", "文件含有宏，请另存为 .xlsx")


def walk(archive: zipfile.ZipFile, name: str, listener: Listener, *, bytes_max: int) -> Iterator[None]:
    """Walk a part of the archive; stops after each piece, for what was heard to be used.

    Refuses with UnsafeWorkbook a document type, and what is too large, too deep or too long; with NotASheet what is
    damaged, or not there.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    watch = _Watch(listener)
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.StartElementHandler = watch.start
    parser.EndElementHandler = watch.end
    parser.CharacterDataHandler = watch.characters
    fed = 0
    for piece in _pieces(archive, name, bytes_max=bytes_max):
        try:
            parser.Parse(piece, not piece)
        except (expat.ExpatError, LookupError, ValueError):  # the last two for encodings that it does not know
            raise damaged() from None
        fed += len(piece)
        if fed - max(parser.CurrentByteIndex, 0) > _TOKEN_MAX:
            raise too_large()
        yield


def _pieces(archive: zipfile.ZipFile, name: str, *, bytes_max: int) -> Iterator[bytes]:
    """A part, unpacked a piece at a time, and nothing at its end."""
    try:
        entry = archive.getinfo(name)
        if entry.file_size > bytes_max:
            raise too_large()
        with archive.open(entry) as part:
            while piece := part.read(_PIECE):
                yield piece
    except _BROKEN:
        raise damaged() from None
    yield b""


class _Watch:
    """Between expat and the listener: local names, whole texts, and an end to what grows."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._text: list[str] = []
        self._chars = self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._clear()
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise too_large()
        self._listener.start(name.rpartition(" ")[2], attributes)

    def end(self, name: str) -> None:
        self._listener.end(name.rpartition(" ")[2], "".join(self._text))
        self._clear()
        self._depth -= 1

    def characters(self, text: str) -> None:
        self._chars += len(text)
        if self._chars > TEXT_CHARS_MAX:
            raise too_large()
        self._text.append(text)

    def _clear(self) -> None:
        self._text.clear()
        self._chars = 0


def too_large() -> UnsafeWorkbook:
    """The refusal of what unpacks to too much."""
    return UnsafeWorkbook(
        "TOO_LARGE",
        "it unpacks to far more than it may: copy only the cells into a new workbook",
        "文件解压后过大，请仅将单元格内容复制到新的工作簿",
    )


def damaged() -> NotASheet:
    """The refusal of what is not the workbook that it seems to be."""
    return NotASheet("it is a damaged workbook", "工作簿文件已损坏")


def _no_document_type(*_: object) -> None:
    raise UnsafeWorkbook("DOCUMENT_TYPE", "its XML has a document type", "文件的 XML 含有文档类型声明")

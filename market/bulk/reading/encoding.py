"""In which encoding a text file is written, decided by its bytes."""

import codecs
from typing import BinaryIO

from market.bulk.errors import BadEncoding, NotASheet

_PIECE = 256 * 1024
_BROKEN = "\ufffd"


def encoding_of(file: BinaryIO) -> str:
    """The codec of a CSV file: UTF-8 with or without BOM, UTF-16 with BOM, or GB18030 (what Excel writes in China).

    Refuses with BadEncoding, which names the first bad byte's line; with NotASheet when it is no text at all.

    Most GB18030 text is not valid UTF-8, but almost any bytes are GB18030 text: what is UTF-8 except for a few bytes
    is broken UTF-8, and reading it as GB18030 would quietly turn it into nonsense.
    """
    head = _head(file)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise NotASheet("it is text in UTF-32", "文件是 UTF-32 编码")
        return _require(file, "utf-16", "UTF-16")
    if b"\0" in head:
        raise NotASheet
    bad_line = _first_bad_line(file, "utf-8")
    if bad_line is None:
        return "utf-8-sig"
    if head.startswith(codecs.BOM_UTF8) or _is_mostly_utf8(file):
        raise BadEncoding(encoding="UTF-8", line=bad_line)
    return _require(file, "gb18030", "GB18030")


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(4096)


def _require(file: BinaryIO, codec: str, name: str) -> str:
    bad_line = _first_bad_line(file, codec)
    if bad_line is not None:
        raise BadEncoding(encoding=name, line=bad_line)
    return codec


def _first_bad_line(file: BinaryIO, codec: str) -> int | None:
    """The line, from 1, of the first byte that this codec cannot read; None when it reads them all."""
    decoder = codecs.getincrementaldecoder(codec)()
    file.seek(0)
    line = 1
    while True:
        piece = file.read(_PIECE)
        try:
            line += decoder.decode(piece, final=not piece).count("\n")
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            return line + before.decode(codec, "ignore").count("\n")
        if not piece:
            return None


def _is_mostly_utf8(file: BinaryIO) -> bool:
    """Whether more of what is not ASCII reads as UTF-8 than does not."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    file.seek(0)
    good = bad = 0
    while piece := file.read(_PIECE):
        text = decoder.decode(piece)
        broken = text.count(_BROKEN)
        bad += broken
        good += len(text) - len(text.encode("ascii", "ignore")) - broken
    return good > bad

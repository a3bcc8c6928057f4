"""Refusals of files and of imports.

FileRefused             the file cannot be imported as it is
├── FileTooLarge        more bytes than allowed
├── NotASheet           neither CSV nor XLSX, or an older Excel format
├── BadEncoding         bytes that are no text; says the first bad line
├── BadQuoting          CSV whose quotes do not close; says the line
├── UnsafeWorkbook      a workbook with something in it that is not opened here
├── BadHeader           the header row does not name this sheet's columns
├── TooManyRows         more rows than allowed
└── NoRows              no row of data
ImportHasErrors         ABORT was asked for, and the check found rows in error
RowRefused              one cell or row, in the file's own terms
"""

from typing import Any

from market.bulk.rules import COLUMNS_MAX, FILE_BYTES_MAX, MIB, ROWS_MAX
from market.kernel.errors import Conflict, Invalid, MarketError


class FileRefused(Invalid):
    """The file cannot be imported as it is. Facts: `field` is "file"."""

    code = "FILE_REFUSED"
    zh = "文件无法导入：{allowed_zh}。"
    en = "The file cannot be imported: {allowed}."

    def __init__(self, allowed: str, allowed_zh: str, **facts: Any) -> None:
        super().__init__(field="file", allowed=allowed, allowed_zh=allowed_zh, **facts)


class FileTooLarge(FileRefused):
    """More bytes than allowed."""

    code = "FILE_TOO_LARGE"

    def __init__(self) -> None:
        size = FILE_BYTES_MAX // MIB
        super().__init__(
            f"it has more than {size} MiB: split it, or save it without pictures",
            f"文件超过 {size} MiB，请拆分文件，或去掉图片后另存",
        )


class NotASheet(FileRefused):
    """Neither CSV nor XLSX."""

    code = "FILE_NOT_A_SHEET"

    def __init__(self, what: str = "", what_zh: str = "") -> None:
        super().__init__(
            f"{what or 'it is neither CSV nor XLSX'}: save it as .xlsx, or as CSV in UTF-8",
            f"{what_zh or '既不是 CSV 也不是 XLSX'}，请另存为 .xlsx 或 UTF-8 编码的 CSV",
        )


class BadEncoding(FileRefused):
    """Bytes that are no text. Facts: `line` of the first one, `encoding` that it was read in."""

    code = "FILE_BAD_ENCODING"

    def __init__(self, *, encoding: str, line: int) -> None:
        super().__init__(
            f"line {line} has bytes that are not {encoding} text: save it again as CSV in UTF-8",
            f"第 {line} 行含有不是 {encoding} 编码的字节，请重新另存为 UTF-8 编码的 CSV",
            encoding=encoding,
            line=line,
        )


class BadQuoting(FileRefused):
    """CSV whose quotes do not close. Facts: `line`."""

    code = "FILE_BAD_QUOTING"

    def __init__(self, *, line: int) -> None:
        super().__init__(
            f"the quotes near line {line} do not close or do not stand around the whole cell",
            f"第 {line} 行附近的引号没有成对，或没有包住整个单元格",
            line=line,
        )


class UnsafeWorkbook(FileRefused):
    """A workbook with something in it that is not opened here. Facts: `reason` as a word."""

    code = "FILE_UNSAFE_WORKBOOK"

    def __init__(self, reason: str, allowed: str, allowed_zh: str) -> None:
        super().__init__(allowed, allowed_zh, reason=reason)


class BadHeader(FileRefused):
    """The header row does not name this sheet's columns. Facts: `row`, and lists of what is wrong."""

    code = "FILE_BAD_HEADER"

    def __init__(self, allowed: str, allowed_zh: str, *, row: int, **facts: Any) -> None:
        super().__init__(allowed, allowed_zh, row=row, **facts)


class TooManyColumns(BadHeader):
    """More columns than allowed."""

    def __init__(self, *, row: int) -> None:
        super().__init__(f"it has more than {COLUMNS_MAX} columns", f"列数超过 {COLUMNS_MAX}", row=row)


class TooManyRows(FileRefused):
    """More rows than allowed."""

    code = "FILE_TOO_MANY_ROWS"

    def __init__(self) -> None:
        super().__init__(f"it has more than {ROWS_MAX} rows of data: split it", f"数据超过 {ROWS_MAX} 行，请拆分文件")


class NoRows(FileRefused):
    """No row of data."""

    code = "FILE_NO_ROWS"

    def __init__(self) -> None:
        super().__init__("it has no rows of data beneath a header", "表头下面没有数据行")


class ImportHasErrors(Conflict):
    """ABORT was asked for, and the check found rows in error: nothing was changed. Facts: `count`."""

    code = "IMPORT_HAS_ERRORS"
    zh = "有 {count} 行有错误，未导入任何内容。请改正后重新上传，或选择跳过错误行。"
    en = "{count} rows have errors, so nothing was imported: correct and upload again, or skip those rows."

    def __init__(self, *, count: int) -> None:
        super().__init__(count=count)


class RowRefused(MarketError):
    """One cell, or a row as a whole (`column` is then None): a column's key, and what would be right."""

    code = "ROW_REFUSED"
    zh = "{allowed_zh}"
    en = "{allowed}"

    def __init__(self, allowed: str, allowed_zh: str, *, column: str | None = None) -> None:
        self.column = column
        super().__init__(allowed=allowed, allowed_zh=allowed_zh)

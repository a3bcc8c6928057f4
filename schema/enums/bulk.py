"""Enums of imports and exports."""

from market.bulk.rules import FileFormat, ImportMode, ImportState, SheetKind
from schema.scalars import described

__all__ = ["FileFormat", "ImportMode", "ImportState", "SheetKind"]

described(
    SheetKind,
    "What the rows of a sheet are.",
    PRODUCTS="Products: a row for each variant, the rows of one product under one code.",
    PRICES="Prices by SKU.",
    STOCK="Stock by SKU: what was counted, or a lot that came in.",
    SESSIONS="Sessions of tour packages: a row for each departure.",
)

described(
    FileFormat,
    "How a sheet is written down.",
    CSV="Comma-separated values; those made here are in UTF-8 with BOM.",
    XLSX="An Excel workbook.",
)

described(
    ImportMode,
    "What rows in error mean for the others.",
    ABORT="Nothing is imported when the check found any. A row refused in the run all the same, things having changed "
    "since, stops it there; what was done before stays.",
    SKIP="They are left out and listed, and the others are imported.",
)

described(
    ImportState,
    "Where an import stands.",
    UPLOADED="The file is here and waits to be read.",
    CHECKING="Its rows are being tried, and nothing is changed.",
    CHECKED="It says what would become of each row, and waits to be run.",
    QUEUED="It waits for its turn: one import of an organisation and kind runs at a time.",
    RUNNING="Its rows are being imported.",
    DONE="All its rows are imported or left out.",
    REFUSED="Its file cannot be read; nothing was imported.",
    STOPPED="It could not go on; what was done before stays.",
    CANCELLED="Somebody gave it up; what was done before stays.",
    EXPIRED="It was not run within thirty days.",
)

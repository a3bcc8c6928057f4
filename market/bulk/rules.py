"""Kinds, states and bounds of imports: pure values."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import IllegalTransition

MIB = 1024 * 1024
FILE_BYTES_MAX = 20 * MIB
ROWS_MAX = 50_000
"""Rows of data in one file; empty ones and comments do not count."""
LINES_MAX = 200_000
"""Rows of any sort that are looked at: a sheet formatted to the last row must not keep the worker busy."""
COLUMNS_MAX = 64
CELL_CHARS_MAX = 20_000
"""The longest text that a listing may have in Chinese, so that what is exported can be imported."""
CHUNK_ROWS = 200
"""Rows that are looked up together. Each thing is then changed in a transaction of its own."""
KEPT = timedelta(days=30)
"""How long a file's rows stay for its error list; afterwards only the counts do."""


GROUP_ROWS_MAX = 100
"""Rows that are one thing: as many as a product may have variants. Further ones are taken for another group of the same
thing, and refused by whoever counts them all."""


class SheetKind(StrEnum):
    """What the rows of a sheet are."""

    PRODUCTS = "PRODUCTS"
    PRICES = "PRICES"
    STOCK = "STOCK"
    SESSIONS = "SESSIONS"


class FileFormat(StrEnum):
    """How a sheet is written down."""

    CSV = "CSV"
    XLSX = "XLSX"


class ImportMode(StrEnum):
    """What rows that are refused mean for the others."""

    ABORT = "ABORT"
    SKIP = "SKIP"


class ImportState(StrEnum):
    """Where an import stands."""

    UPLOADED = "UPLOADED"
    CHECKING = "CHECKING"
    CHECKED = "CHECKED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    REFUSED = "REFUSED"
    STOPPED = "STOPPED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


MOVES: Mapping[ImportState, tuple[ImportState, ...]] = MappingProxyType(
    {
        ImportState.UPLOADED: (ImportState.CHECKING, ImportState.REFUSED, ImportState.CANCELLED),
        ImportState.CHECKING: (ImportState.CHECKED, ImportState.STOPPED, ImportState.CANCELLED),
        ImportState.CHECKED: (ImportState.QUEUED, ImportState.CANCELLED, ImportState.EXPIRED),
        ImportState.QUEUED: (ImportState.RUNNING, ImportState.STOPPED, ImportState.CANCELLED),
        ImportState.RUNNING: (ImportState.DONE, ImportState.STOPPED, ImportState.CANCELLED),
        ImportState.DONE: (),
        ImportState.REFUSED: (),
        ImportState.STOPPED: (),
        ImportState.CANCELLED: (),
        ImportState.EXPIRED: (),
    }
)
"""Which states follow which. Every move is one conditional update (`queries.move`)."""

IN_HAND = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.QUEUED, ImportState.RUNNING)
"""States in which a worker has something to do."""


def next_states(state: ImportState) -> tuple[ImportState, ...]:
    """What an import in this state may become.

    >>> next_states(ImportState.CHECKED)[0]
    <ImportState.QUEUED: 'QUEUED'>
    """
    return MOVES[state]


def check_move(state: ImportState, to: ImportState) -> None:
    """Refuses with IllegalTransition a move that `MOVES` does not have."""
    if to not in MOVES[state]:
        raise IllegalTransition(from_state=state, to_state=to, allowed=MOVES[state])


class Outcome(StrEnum):
    """What became of a row, or would."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    FAILED = "FAILED"

"""The first thing a worker does with an import: read its file into rows."""

import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlmodel import Session

from market.bulk.claims import Claim, end, save
from market.bulk.errors import FileRefused, RowRefused
from market.bulk.queries import PARTS, ROWS
from market.bulk.reading.rows import read_cell
from market.bulk.reading.table import Table, read_table
from market.bulk.rules import GROUP_ROWS_MAX, ImportState
from market.bulk.sheets import SHEETS
from market.bulk.sheets.columns import Sheet
from market.kernel.market import Market

_BATCH = 1_000


def read_file(market: Market, claimed: Claim) -> None:
    """Read the file of an UPLOADED import into rows, after which it is CHECKING; or REFUSED when it cannot be read.

    Begun again from the start when a worker died over it: rows from before are removed first.
    """
    sheet = SHEETS[claimed.job.kind]
    with tempfile.TemporaryFile() as file:
        _fetch(market, claimed.job.id, file)
        try:
            table = read_table(file, sheet)
            count = _store(market, claimed, _numbered(sheet, table))
        except FileRefused as refusal:
            problem = {
                "problem_code": refusal.code,
                "problem": refusal.message("zh-CN"),
                "problem_en": refusal.message("en"),
            }
            with market.transaction() as session:
                save(session, claimed, now=market.now())
                _forget(session, claimed.job.id)
                end(session, claimed.job, problem, now=market.now())
            return
    with market.transaction() as session:
        save(
            session,
            claimed,
            now=market.now(),
            state=ImportState.CHECKING,
            encoding=table.encoding,
            headers=list(table.headers),
            keys=list(table.keys),
            rows_total=count,
        )
        session.execute(sa.delete(PARTS).where(PARTS.c.import_id == claimed.job.id))


def _fetch(market: Market, import_id: str, file: BinaryIO) -> None:
    """The uploaded bytes, a piece at a time."""
    number = 0
    with market.read() as session:
        while True:
            piece = sa.select(PARTS.c.content).where(PARTS.c.import_id == import_id, PARTS.c.number == number)
            content = session.execute(piece).scalar()
            if content is None:
                return
            file.write(content)
            number += 1


def _store(market: Market, claimed: Claim, rows: Iterator[dict[str, Any]]) -> int:
    with market.transaction() as session:
        save(session, claimed, now=market.now())
        session.execute(sa.delete(ROWS).where(ROWS.c.import_id == claimed.job.id))
    count = 0
    while batch := [{"import_id": claimed.job.id, **row} for row in islice(rows, _BATCH)]:
        with market.transaction() as session:
            save(session, claimed, now=market.now())
            session.execute(sa.insert(ROWS), batch)
        count += len(batch)
    return count


def _numbered(sheet: Sheet, table: Table) -> Iterator[dict[str, Any]]:
    """Each row with the first row of its group and the earlier row that means the same thing."""
    groups: dict[tuple[Any, ...], tuple[int, int]] = {}
    named: dict[tuple[Any, ...], int] = {}
    for number, cells in table.rows:
        group = number
        if sheet.grouped_by:
            identity = _identity(sheet, table, sheet.grouped_by, cells)
            group, count = groups.get(identity, (number, 0))
            if count == GROUP_ROWS_MAX:
                group, count = number, 0
            groups[identity] = group, count + 1
        first = named.setdefault(_identity(sheet, table, sheet.named_by, cells), number)
        twin_of = None if first == number else first
        yield {"number": number, "group_number": group, "twin_of": twin_of, "cells": cells, "is_refused": False}


def _identity(sheet: Sheet, table: Table, keys: Sequence[str], cells: Sequence[str]) -> tuple[Any, ...]:
    """The values by which a row is known; a cell that cannot be read counts as it stands."""
    values: list[Any] = []
    for key in keys:
        cell = cells[table.keys.index(key)] if key in table.keys else ""
        try:
            values.append(read_cell(sheet, key, cell))
        except RowRefused:
            values.append(("unreadable", cell))
    return tuple(values)


def _forget(session: Session, import_id: str) -> None:
    session.execute(sa.delete(ROWS).where(ROWS.c.import_id == import_id))
    session.execute(sa.delete(PARTS).where(PARTS.c.import_id == import_id))

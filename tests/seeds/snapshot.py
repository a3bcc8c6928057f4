"""A database's content without what is new each time: ids become the names of what they stand for, times of making
go. Two seedings with equal snapshots made the same marketplace."""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from market.migrations import metadata

Snapshot = dict[str, Counter[tuple[Any, ...]]]

_NAMES = {
    "region": ("code",),
    "account": ("name",),
    "village": ("region_code",),
    "category": ("slug",),
    "organisation": ("name", "village_id"),
    "membership": ("cooperative_id", "producer_id"),
    "certificate": ("organisation_id", "kind", "name"),
    "listing": ("title", "producer_id"),
    "variant": ("sku",),
    "stock_lot": ("variant_id", "harvested_on"),
    "pickup_point": ("producer_id", "name"),
    "package_option": ("package_id", "position"),
    "plan": ("name",),
    "plan_indicator": ("plan_id", "code"),
}
"""What is pointed at, and the columns that name it; those that point themselves come after what they point at."""
_NEW_EACH_TIME = {
    "set_at",
    "submitted_at",
    "verified_at",
    "created_at",
    "updated_at",
    "published_at",
    "search_rank",
    "hash",
}
_NOT_CONTENT = {"topic_version", "audit_entry", "audit_head", "idempotency_key"}
"""What tells how the content came about, not what it is."""


def rows(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table as it is, in order of its key."""
    connection = session.connection()
    return {
        table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))]
        for table in metadata().sorted_tables
        if table.name not in _NOT_CONTENT
    }


def snapshot(session: Session) -> Snapshot:
    """The content by table."""
    tables = metadata().tables
    found = rows(session)
    names: dict[str, str] = {}
    for table, columns in _NAMES.items():
        keys = tables[table].columns.keys()
        for row in found[table]:
            values = dict(zip(keys, row, strict=True))
            names[values["id"]] = f"{table}:" + "/".join(str(names.get(values[each], values[each])) for each in columns)
    content: Snapshot = {}
    for table, all_rows in found.items():
        keys = tables[table].columns.keys()
        kept = [at for at, name in enumerate(keys) if name not in _NEW_EACH_TIME and not name.endswith("_sealed")]
        content[table] = Counter(
            tuple(_named(row[at], names, is_id=keys[at] == "id") for at in kept) for row in all_rows
        )
    return content


def _named(value: Any, names: dict[str, str], *, is_id: bool) -> Any:
    """What an id stands for; nothing for one that nobody points at; any other value as it is."""
    if is_id:
        return names.get(value)
    if isinstance(value, list):
        return tuple(value)
    return names.get(value, value) if isinstance(value, str) else value

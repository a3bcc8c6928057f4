"""Changing a CHECK constraint without rebuilding its table. For migrations.

SQLite cannot alter one, and rebuilding a table that others point at fails inside a transaction, where foreign keys stay
on. So there its text is changed where it stands, as https://www.sqlite.org/lang_altertable.html (section 7) describes for
changes that do not touch what is on the disk.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


def replace_enum_check(table: str, column: str, name: str, *, old: Sequence[str], new: Sequence[str]) -> None:
    """Let a column that `enum_field` made hold these values instead. RuntimeError when the old check is not there.

    Rows that hold what is no longer allowed must have been changed before: SQLite would not notice.
    """
    before, after = (f"CHECK ({column} IN ({', '.join(map(repr, values))}))" for values in (old, new))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(name, table, type_="check")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {after}")
        return
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    changed = connection.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :before, :after)"
            " WHERE type = 'table' AND name = :table AND instr(sql, :before) > 0"
        ),
        {"table": table, "before": before, "after": after},
    )
    if changed.rowcount != 1:
        raise RuntimeError(f"{table} has no such constraint: {before}")
    # Makes every connection read the schema again.
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = RESET")

"""DDL for tables that only grow (audit, ledger): the database itself refuses to change or delete their rows.

For migrations: run `append_only` after creating the table, `free` before dropping or rebuilding it.
"""

import re

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")


def append_only(table: str, dialect: str, *, key: str = "id") -> list[str]:
    """The statements after which rows can be added to the table and nothing else; repeating them does no harm.

    `key` is the primary key's column: on SQLite, `INSERT OR REPLACE` deletes without firing a delete trigger, so an
    insert over an existing key is refused too.

    >>> append_only("entry", "sqlite")[1].splitlines()[0]
    'CREATE TRIGGER IF NOT EXISTS entry_no_delete BEFORE DELETE ON entry'
    """
    _require_name(table)
    _require_name(key)
    refusal = f"{table} is append-only"
    match dialect:
        case "sqlite":
            abort = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            taken = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - names of our own tables
            return [
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_update BEFORE UPDATE ON {table}\n{abort}",
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_delete BEFORE DELETE ON {table}\n{abort}",
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_replace BEFORE INSERT ON {table}\n{taken}\n{abort}",
            ]
        case "postgresql":
            function = f"{table}_refuse_change()"
            refuse = f"BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'restrict_violation'; END"
            on_change = f"{table}_no_change BEFORE UPDATE OR DELETE ON {table}"
            on_truncate = f"{table}_no_truncate BEFORE TRUNCATE ON {table}"
            return [
                f"CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql AS\n$$ {refuse} $$",
                f"CREATE OR REPLACE TRIGGER {on_change}\nFOR EACH ROW EXECUTE FUNCTION {function}",
                f"CREATE OR REPLACE TRIGGER {on_truncate}\nFOR EACH STATEMENT EXECUTE FUNCTION {function}",
            ]
    raise _unknown(dialect)


def free(table: str, dialect: str) -> list[str]:
    """The statements that undo `append_only`, whether or not it was done."""
    _require_name(table)
    match dialect:
        case "sqlite":
            return [f"DROP TRIGGER IF EXISTS {table}_no_{what}" for what in ("update", "delete", "replace")]
        case "postgresql":
            return [
                *[f"DROP TRIGGER IF EXISTS {table}_no_{what} ON {table}" for what in ("change", "truncate")],
                f"DROP FUNCTION IF EXISTS {table}_refuse_change()",
            ]
    raise _unknown(dialect)


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a plain name of a table or column: {name!r}")


def _unknown(dialect: str) -> ValueError:
    return ValueError(f"{dialect} is not supported: use sqlite or postgresql")

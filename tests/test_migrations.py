"""The schema's history leads to what the models say, and back."""

from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from market import migrations
from market.kernel.database import Database, open_database
from market.kernel.market import Market
from tests.databases import Databases


@pytest.fixture(name="empty")
def _empty(databases: Databases) -> Iterator[Database]:
    """A database with nothing in it."""
    url = databases.empty()
    with closing(open_database(url)) as database:
        yield database
    databases.drop(url)


def contents(database: Database) -> list[tuple[str, ...]]:
    """Every table, index and trigger that there is, but for Alembic's own table."""
    query = {
        "sqlite": "SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
        "postgresql": "SELECT 'table', tablename, '' FROM pg_tables WHERE schemaname = 'public'"
        " UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
        " UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    }[database.engine.name]
    with database.read() as session:
        found = session.execute(sa.text(query)).all()
    return sorted(tuple(map(str, row)) for row in found if "alembic_version" not in f"{row[1]}")


def test_models_and_migrations_agree(market: Market) -> None:
    assert migrations.differences(market.database) == []


def test_an_empty_database_has_no_revision_and_a_migrated_one_the_head(empty: Database) -> None:
    assert migrations.current_revision(empty) is None

    migrations.upgrade(empty)

    assert migrations.current_revision(empty) == migrations.head_revision()


def test_migrating_twice_changes_nothing(market: Market) -> None:
    before = contents(market.database)

    migrations.upgrade(market.database)

    assert contents(market.database) == before


def test_the_way_down_leaves_nothing_and_leads_up_again(market: Market) -> None:
    before = contents(market.database)

    migrations.downgrade(market.database, "base")
    assert contents(market.database) == []

    migrations.upgrade(market.database)
    assert contents(market.database) == before


def test_a_migration_that_fails_leaves_nothing_half_done(empty: Database) -> None:
    with empty.transaction() as session:
        session.execute(sa.text("CREATE TABLE session_stand_in (id integer)"))
        # The name of an index that a later step of the first migration makes.
        session.execute(sa.text("CREATE INDEX village_place ON session_stand_in (id)"))
    before = contents(empty)

    with pytest.raises((sa.exc.OperationalError, sa.exc.ProgrammingError)):
        migrations.upgrade(empty)

    assert contents(empty) == before
    assert migrations.current_revision(empty) is None


def test_the_audit_trail_is_guarded_by_the_database(market: Market) -> None:
    triggers = {
        name for kind, name, _sql in contents(market.database) if kind == "trigger" and name.startswith("audit_")
    }

    assert (
        triggers
        == {
            "sqlite": {"audit_entry_no_update", "audit_entry_no_delete", "audit_entry_no_replace"},
            "postgresql": {"audit_entry_no_change", "audit_entry_no_truncate"},
        }[market.database.engine.name]
    )

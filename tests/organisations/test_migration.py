"""A marketplace from before applications keeps what it has, on the way up and down."""

from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from market import migrations
from market.kernel.database import Database, open_database
from tests.databases import Databases

BEFORE, AFTER = "0003", "0004"
ROWS = (
    "INSERT INTO region (code, id, name, level) VALUES ('330213005208', 'rgn_1', '滕头村', 'VILLAGE')",
    "INSERT INTO village (id, region_code, name, story, latitude, longitude, is_place_checked)"
    " VALUES ('vil_1', '330213005208', '滕头村', '', 29.69, 121.39, true)",
    *[
        "INSERT INTO organisation (id, kind, state, name, story, village_id, region_code, latitude, longitude, created_at)"
        f" VALUES ('{which}', '{kind}', '{state}', '{which}', '', 'vil_1', '330213005208', 1, 1, '2026-06-02 01:30:00')"
        for which, kind, state in (("cop_1", "COOPERATIVE", "ACTIVE"), ("pdr_1", "HOUSEHOLD", "FROZEN"))
    ],
    "INSERT INTO membership (id, cooperative_id, producer_id, joined_on)"
    " VALUES ('mbr_1', 'cop_1', 'pdr_1', '2026-06-01')",
    "INSERT INTO certificate (id, organisation_id, kind, name) VALUES ('crt_1', 'pdr_1', 'ORGANIC', '有机产品')",
)


@pytest.fixture(name="before")
def _before(databases: Databases) -> Iterator[Database]:
    """A database at the revision before, with rows that point at one another."""
    url = databases.empty()
    with closing(open_database(url)) as database:
        migrations.upgrade(database, BEFORE)
        execute(database, *ROWS)
        yield database
    databases.drop(url)


def execute(database: Database, *statements: str) -> None:
    with database.transaction() as session:
        for statement in statements:
            session.execute(sa.text(statement))


def one(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.read() as session:
        return [tuple(row) for row in session.execute(sa.text(query))]


def test_what_there_was_stays_and_counts(before: Database) -> None:
    migrations.upgrade(before, AFTER)

    assert one(before, "SELECT id, state, credit_code FROM organisation ORDER BY id") == [
        ("cop_1", "ACTIVE", None),
        ("pdr_1", "FROZEN", None),
    ]
    assert one(before, "SELECT id, state FROM certificate") == [("crt_1", "ACCEPTED")]
    execute(before, "UPDATE organisation SET state = 'SUBMITTED' WHERE id = 'pdr_1'")
    with pytest.raises(sa.exc.IntegrityError):
        execute(before, "UPDATE organisation SET state = 'LOST' WHERE id = 'pdr_1'")
    with pytest.raises(sa.exc.IntegrityError):  # still what others point at
        execute(before, "DELETE FROM organisation WHERE id = 'pdr_1'")


def test_the_way_back_lets_nobody_sell_who_could_not(before: Database) -> None:
    migrations.upgrade(before, AFTER)
    execute(before, "UPDATE organisation SET state = 'DRAFT' WHERE id = 'cop_1'")

    migrations.downgrade(before, BEFORE)

    assert one(before, "SELECT id, state FROM organisation ORDER BY id") == [("cop_1", "FROZEN"), ("pdr_1", "FROZEN")]
    assert one(before, "SELECT id FROM membership") == [("mbr_1",)]
    with pytest.raises(sa.exc.IntegrityError):
        execute(before, "UPDATE organisation SET state = 'DRAFT' WHERE id = 'cop_1'")

"""Tables that only grow are guarded by the database itself."""

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from market.kernel.market import Market
from market.kernel.triggers import append_only, free


def run(session: Session, *statements: str) -> None:
    for statement in statements:
        session.execute(sa.text(statement))


@pytest.mark.parametrize("change", ["UPDATE kept SET note = 'b'", "DELETE FROM kept", "replace all"])
def test_an_append_only_table_refuses_change(market: Market, change: str) -> None:
    dialect = market.database.engine.name
    replace_all = {"sqlite": "INSERT OR REPLACE INTO kept VALUES (1, 'b')", "postgresql": "TRUNCATE kept"}[dialect]

    with pytest.raises(sa.exc.IntegrityError, match="append-only"), market.transaction() as session:
        run(session, "CREATE TABLE kept (id BIGINT PRIMARY KEY, note TEXT)", *append_only("kept", dialect) * 2)
        run(session, "INSERT INTO kept VALUES (1, 'a')")
        run(session, replace_all if change == "replace all" else change)


def test_a_freed_table_can_be_changed_again(market: Market) -> None:
    dialect = market.database.engine.name

    with market.transaction() as session:
        run(session, "CREATE TABLE kept (id BIGINT PRIMARY KEY, note TEXT)")
        run(session, *append_only("kept", dialect), *free("kept", dialect) * 2)
        run(session, "INSERT INTO kept VALUES (1, 'a')", "UPDATE kept SET note = 'b'", "DELETE FROM kept")
        session.rollback()


@pytest.mark.parametrize("name", ["", "Entry", "entry; DROP TABLE x", "1entry", "entry\n", "e" * 49])
def test_ddl_is_made_for_plain_names_and_known_engines_only(name: str) -> None:
    for act in (append_only, free, lambda key, dialect: append_only("entry", dialect, key=key)):
        with pytest.raises(ValueError, match="plain name"):
            act(name, "sqlite")
        with pytest.raises(ValueError, match="not supported"):
            act("entry", "mysql")

"""The schema's history. Alembic only: nothing else creates or alters tables.

A new migration: `market migrate --message "what changes"` compares models and database; read and complete what it
writes, for both engines.

Alembic is loaded when it has something to do, for a server has not: it only asks which revision there is.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import SQLModel

from market.kernel.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

TABLE_MODULES = (
    "market.kernel.topics",
    "market.kernel.idempotency",
    "market.kernel.outbox",
    "market.kernel.audit",
    "market.media.tables",
    "market.places.tables",
    "market.people.tables",
    "market.people.profile.tables",
    "market.organisations.tables",
    "market.catalogue.tables",
    "market.stock.tables",
    "market.sessions.tables",
    "market.ledger.tables",
    "market.ledger.sales.tables",
    "market.bookings.tables",
    "market.vouchers.tables",
    "market.orders.tables",
    "market.fulfilment.tables",
    "market.payments.tables",
    "market.checkout.tables",
    "market.aftersales.tables",
    "market.reviews.tables",
    "market.settlement.tables",
    "market.live.webhooks.tables",
    "market.bulk.tables",
    "market.reports.tables",
    "market.plan.tables",
)


def metadata() -> sa.MetaData:
    """Every room's tables."""
    for module in TABLE_MODULES:
        import_module(module)
    return SQLModel.metadata


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to a revision, or refuse with Unavailable; a migration that fails leaves nothing half done."""
    from alembic import command

    with database.transaction() as session:
        config = _config()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, revision)


def write_migration(database: Database, message: str) -> Path:
    """Write a new migration that makes the database equal to the models; where it is."""
    from alembic import command
    from alembic.script import Script

    with database.transaction() as session:
        config = _config()
        config.attributes["connection"] = session.connection()
        script = command.revision(config, message, autogenerate=True, rev_id=f"{int(head_revision()) + 1:04}")
    assert isinstance(script, Script), "one head, one script"
    return Path(script.path)


def downgrade(database: Database, revision: str) -> None:
    """Undo migrations down to a revision, or to "base": for tests and for taking back a release."""
    from alembic import command

    with database.transaction() as session:
        config = _config()
        config.attributes["connection"] = session.connection()
        command.downgrade(config, revision)


def current_revision(database: Database) -> str | None:
    """The revision the database is at, None when it is empty."""
    with database.read() as session:
        connection = session.connection()
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return found


def head_revision() -> str:
    """The revision this code needs: revisions are numbered, and their files begin with the number."""
    return max(path.name.partition("_")[0] for path in (Path(__file__).parent / "versions").glob("[0-9]*_*.py"))


def differences(database: Database) -> list[object]:
    """What models and database disagree about, as Alembic says it; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"include_name": include_name})
        return list(compare_metadata(context, metadata()))


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Whether Alembic should compare this table: not the search table (FTS5 has no model) nor SQLite's own."""
    return not (kind == "table" and name is not None and name.startswith(("listing_search", "sqlite_")))

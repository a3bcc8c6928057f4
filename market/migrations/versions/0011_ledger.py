"""Ledger."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SUM = "(SELECT COALESCE(SUM(amount_fen), 0) FROM ledger_entry WHERE txn_id = NEW.id)"
_PARTS = "(SELECT COUNT(*) FROM ledger_entry WHERE txn_id = NEW.id)"
# The only change of a transaction: it is posted, once, balanced; nothing else about it moves.
_SAME = " AND ".join(
    f"NEW.{column} {{same}} OLD.{column}" for column in ("id", "kind", "reference", "reverses", "at", "business_day")
)
_IS_POSTED = "(SELECT is_posted FROM ledger_txn WHERE id = NEW.txn_id)"

RULES = {
    "sqlite": [
        f"""CREATE TRIGGER ledger_txn_posts_balanced BEFORE UPDATE ON ledger_txn
        WHEN NOT (OLD.is_posted = 0 AND NEW.is_posted = 1 AND {_SUM} = 0 AND {_PARTS} > 1
                  AND {_SAME.format(same="IS")})
        BEGIN SELECT RAISE(ABORT, 'a ledger transaction is posted once, balanced, and then never changed'); END""",
        """CREATE TRIGGER ledger_txn_no_delete BEFORE DELETE ON ledger_txn
        BEGIN SELECT RAISE(ABORT, 'ledger_txn is append-only'); END""",
        """CREATE TRIGGER ledger_txn_starts_unposted BEFORE INSERT ON ledger_txn WHEN NEW.is_posted <> 0
        BEGIN SELECT RAISE(ABORT, 'a ledger transaction starts unposted'); END""",
        f"""CREATE TRIGGER ledger_entry_before_posting BEFORE INSERT ON ledger_entry WHEN {_IS_POSTED} <> 0
        BEGIN SELECT RAISE(ABORT, 'a posted ledger transaction takes no more entries'); END""",
        """CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
        BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END""",
        """CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
        BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END""",
        """CREATE TRIGGER ledger_entry_no_replace BEFORE INSERT ON ledger_entry
        WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE txn_id = NEW.txn_id AND account_id = NEW.account_id)
        BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END""",
    ],
    "postgresql": [
        f"""CREATE FUNCTION ledger_txn_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.is_posted THEN
                    RAISE EXCEPTION 'a ledger transaction starts unposted' USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NEW;
            END IF;
            IF NOT OLD.is_posted AND NEW.is_posted AND {_SUM} = 0 AND {_PARTS} > 1
               AND {_SAME.format(same="IS NOT DISTINCT FROM")} THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'a ledger transaction is posted once, balanced, and then never changed'
                USING ERRCODE = 'restrict_violation';
        END $$""",
        """CREATE TRIGGER ledger_txn_guarded BEFORE INSERT OR UPDATE ON ledger_txn
        FOR EACH ROW EXECUTE FUNCTION ledger_txn_guard()""",
        """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$""",
        """CREATE TRIGGER ledger_txn_no_delete BEFORE DELETE ON ledger_txn
        FOR EACH ROW EXECUTE FUNCTION ledger_refuse()""",
        """CREATE TRIGGER ledger_txn_no_truncate BEFORE TRUNCATE ON ledger_txn
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()""",
        f"""CREATE FUNCTION ledger_entry_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF {_IS_POSTED} THEN
                RAISE EXCEPTION 'a posted ledger transaction takes no more entries'
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$""",
        """CREATE TRIGGER ledger_entry_guarded BEFORE INSERT ON ledger_entry
        FOR EACH ROW EXECUTE FUNCTION ledger_entry_guard()""",
        # PostgreSQL can also see at the commit that nothing was left unposted; on SQLite `ledger_check` does.
        """CREATE FUNCTION ledger_txn_is_posted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NOT (SELECT is_posted FROM ledger_txn WHERE id = NEW.id) THEN
                RAISE EXCEPTION 'the ledger transaction % was not posted', NEW.id
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$""",
        """CREATE CONSTRAINT TRIGGER ledger_txn_posted_at_commit AFTER INSERT ON ledger_txn
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_txn_is_posted()""",
        *append_only("ledger_entry", "postgresql"),
    ],
}


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            _enum(
                "account_kind",
                "PROVIDER",
                "BANK",
                "SELLER_PENDING",
                "SELLER_PAYABLE",
                "MEMBER",
                "COMMISSION",
                "DELIVERY",
                "VOUCHER_PLATFORM",
                "VOUCHER_GOVERNMENT",
                "LATE_MONEY",
                "REFUND_CLEARING",
                "PAYOUT_CLEARING",
            ),
            nullable=False,
        ),
        sa.Column("owner", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "owner", name="ledger_account_once"),
    )
    op.create_table(
        "ledger_txn",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            _enum(
                "txn_kind",
                "SALE",
                "REFUND",
                "REFUND_PAID",
                "LATE_PAYMENT",
                "LATE_REFUND",
                "RELEASE",
                "PAYOUT",
                "PAYOUT_PAID",
                "CORRECTION",
                "REVERSAL",
            ),
            nullable=False,
        ),
        sa.Column("reference", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("reverses", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("is_posted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["reverses"], ["ledger_txn.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "reference", name="ledger_txn_once"),
        sa.UniqueConstraint("reverses", name="ledger_txn_reversed_once"),
    )
    op.create_index("ledger_txn_day", "ledger_txn", ["business_day", "id"])
    op.create_table(
        "ledger_entry",
        sa.Column("txn_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("account_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name="ledger_entry_moves"),
        sa.ForeignKeyConstraint(["account_id"], ["ledger_account.id"]),
        sa.ForeignKeyConstraint(["txn_id"], ["ledger_txn.id"]),
        sa.PrimaryKeyConstraint("txn_id", "account_id"),
    )
    op.create_index("ledger_entry_account", "ledger_entry", ["account_id", "txn_id"])
    for statement in RULES[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in free("ledger_entry", "postgresql"):
            op.execute(statement)
    # SQLite's triggers go with their tables; dropping one deletes its rows, which a trigger must not refuse.
    elif op.get_bind().dialect.name == "sqlite":
        for name in ("ledger_txn_posts_balanced", "ledger_txn_no_delete", "ledger_entry_no_update"):
            op.execute(f"DROP TRIGGER {name}")
        op.execute("DROP TRIGGER ledger_entry_no_delete")
    op.drop_table("ledger_entry")
    op.drop_table("ledger_txn")
    op.drop_table("ledger_account")
    if op.get_bind().dialect.name == "postgresql":
        for name in ("ledger_txn_guard", "ledger_refuse", "ledger_entry_guard", "ledger_txn_is_posted"):
            op.execute(f"DROP FUNCTION {name}()")

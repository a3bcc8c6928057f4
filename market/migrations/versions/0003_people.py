"""People: phones, passwords, second factors, devices, codes, API keys."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATES = ("ACTIVE", "BLOCKED", "ERASED")
_REASONS = (
    "SIGNED_OUT",
    "REVOKED",
    "TOKEN_REUSED",
    "PASSWORD_CHANGED",
    "SECOND_FACTOR_RESET",
    "ACCOUNT_BLOCKED",
    "ACCOUNT_ERASED",
)
_COUNTED = (
    "CODE_TO_PHONE",
    "CODE_FROM_IP",
    "CODE_TRY_FROM_IP",
    "WECHAT_FROM_IP",
    "PASSWORD_OF_NAME",
    "PASSWORD_FROM_IP",
    "SECOND_FACTOR_OF_ACCOUNT",
)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sqlmodel.AutoString(length=length), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sqlmodel.UTCDateTime(), nullable=nullable)


def _enum(name: str, kind: str, *values: str, nullable: bool = False) -> sa.Column[str]:
    made = sa.Enum(*values, name=kind, native_enum=False, create_constraint=True, length=32)
    return sa.Column(name, made, nullable=nullable)


def upgrade() -> None:
    _account()
    op.create_table(
        "identity",
        _enum("provider", "identity_provider", "WECHAT"),
        _text("subject_digest", 64),
        _text("subject_sealed", 256),
        _text("account_id", 30),
        _moment("created_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("provider", "subject_digest"),
    )
    op.create_index("identity_account", "identity", ["account_id"])
    op.create_table(
        "one_time_code",
        _text("phone_digest", 64),
        _text("code_digest", 64),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name="one_time_code_tries"),
        sa.PrimaryKeyConstraint("phone_digest"),
    )
    op.create_index("ix_one_time_code_expires_at", "one_time_code", ["expires_at"])
    op.create_table(
        "attempt_window",
        _enum("counted", "counted", *_COUNTED),
        _text("subject_digest", 64),
        sa.Column("moments", sa.JSON(), nullable=False),
        _moment("last_at"),
        sa.PrimaryKeyConstraint("counted", "subject_digest"),
    )
    op.create_index("ix_attempt_window_last_at", "attempt_window", ["last_at"])
    _password_and_second_factor()
    _device()
    _api_key()


def _account() -> None:
    # As text: both engines take a named check with a new column, Alembic would add it afterwards, which SQLite cannot.
    op.execute(
        "ALTER TABLE account ADD COLUMN state VARCHAR(32) DEFAULT 'ACTIVE' NOT NULL"
        f" CONSTRAINT account_state CHECK (state IN ({', '.join(map(repr, _STATES))}))"
    )
    op.execute("ALTER TABLE account ADD COLUMN phone_sealed VARCHAR(128)")
    op.execute(
        "ALTER TABLE account ADD COLUMN phone_digest VARCHAR(64)"
        " CONSTRAINT account_phone_whole CHECK ((phone_sealed IS NULL) = (phone_digest IS NULL))"
    )
    op.create_index("account_phone_once", "account", ["phone_digest"], unique=True)


def _password_and_second_factor() -> None:
    op.create_table(
        "password_held",
        _text("account_id", 30),
        _text("login_name", 32),
        _text("hash", 255),
        _moment("changed_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("login_name", name="password_held_name_once"),
    )
    op.create_table(
        "second_factor",
        _text("account_id", 30),
        _text("secret_sealed", 256),
        _moment("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "recovery_code",
        _text("account_id", 30),
        _text("code_digest", 64),
        _moment("used_at", nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("account_id", "code_digest"),
    )


def _device() -> None:
    op.create_table(
        "device",
        _text("id", 30),
        _text("account_id", 30),
        _enum("method", "sign_in_method", "PHONE", "WECHAT", "PASSWORD"),
        sa.Column("is_strong", sa.Boolean(), nullable=False),
        _text("name", 80),
        _text("user_agent", 200),
        _text("family_digest", 64),
        _text("refresh_digest", 64),
        _text("previous_digest", 64, nullable=True),
        _moment("rotated_at"),
        _moment("created_at"),
        _moment("last_seen_at"),
        _moment("expires_at"),
        _moment("revoked_at", nullable=True),
        _enum("revoked_for", "revoked_for", *_REASONS, nullable=True),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_for IS NULL)", name="device_revoked_for"),
        sa.CheckConstraint("NOT is_strong OR method = 'PASSWORD'", name="device_strong_by_password"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("family_digest", name="device_family_once"),
    )
    op.create_index("device_account", "device", ["account_id", "id"])
    op.create_index("ix_device_expires_at", "device", ["expires_at"])


def _api_key() -> None:
    op.create_table(
        "api_key",
        _text("id", 30),
        _text("organisation_id", 30),
        _text("name", 80),
        sa.Column("scopes", sa.JSON(), nullable=False),
        _text("secret_digest", 64),
        _text("created_by", 30),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("last_used_at", nullable=True),
        _text("revoked_by", 30, nullable=True),
        _moment("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_digest", name="api_key_secret_once"),
    )
    op.create_index("api_key_organisation", "api_key", ["organisation_id", "id"])
    op.create_index("api_key_creator", "api_key", ["created_by"])


def downgrade() -> None:
    for table in (
        "api_key",
        "device",
        "recovery_code",
        "second_factor",
        "password_held",
        "attempt_window",
        "one_time_code",
        "identity",
    ):
        op.drop_table(table)
    op.drop_index("account_phone_once", "account")
    # The column with the check first: SQLite drops it with the column, and keeps no check of a column that is gone.
    for column in ("phone_digest", "phone_sealed", "state"):
        op.drop_column("account", column)

"""The trail's entries, and the one row that knows the newest."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

GENESIS = "0" * 64
"""What the first entry follows."""


class AuditEntry(SQLModel, table=True):
    """One thing done, with what changed. Made by `record`; never changed or deleted, which triggers enforce.

    `actor` is the account (or VISITOR, SYSTEM), `principal` on whose behalf it acted: an organisation, or itself.
    `before` and `after` hold what changed and nothing personal, since entries cannot be erased.
    """

    __tablename__ = "audit_entry"
    # Each way of asking reads its newest first by one index, also at a million entries. By time, not by number: entries
    # of transactions that ran side by side are numbered in the order of their commits.
    __table_args__ = (
        sa.Index("audit_entry_at", "at", "seq"),
        sa.Index("audit_entry_subject", "subject", "at", "seq"),
        sa.Index("audit_entry_actor", "actor", "at", "seq"),
        sa.Index("audit_entry_principal", "principal", "at", "seq"),
        sa.Index("audit_entry_action", "action", "at", "seq"),
    )

    seq: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime
    actor: str = Field(max_length=64)
    principal: str = Field(max_length=64)
    action: str = Field(max_length=64)
    subject: str = Field(max_length=64)
    before: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    after: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    request_id: str = Field(max_length=64)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class AuditHead(SQLModel, table=True):
    """The one row that knows the newest entry. Its lock makes recorders queue, so that the chain never forks."""

    __tablename__ = "audit_head"
    __table_args__ = (sa.CheckConstraint("id = 1", name="audit_head_only_one"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(sa_type=sa.BigInteger)
    hash: str = Field(max_length=64)


ENTRIES = SQLModel.metadata.tables["audit_entry"]
HEADS = SQLModel.metadata.tables["audit_head"]

"""The search table: an FTS5 virtual table on SQLite, three tsvector columns with GIN indexes on PostgreSQL.

Its `rowid` is the listing's `search_rank`, so that both engines can walk it in order of relevance and stop early. It
has its own metadata because no model describes an FTS5 table; the migration creates it.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

SEARCH = sa.MetaData()

_WORDS = sa.Text().with_variant(TSVECTOR(), "postgresql")

listing_search = sa.Table(
    "listing_search",
    SEARCH,
    sa.Column("rowid", sa.BigInteger, primary_key=True),
    sa.Column("title", _WORDS),
    sa.Column("place", _WORDS),
    sa.Column("body", _WORDS),
)

"""The first schema: kernel, places, organisations, catalogue with search, stock, sessions."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from market.kernel.triggers import append_only, free

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Words of listings: see market/catalogue/tables/search.py. Each engine indexes text its own way.
SEARCH = {
    "sqlite": [
        "CREATE VIRTUAL TABLE listing_search USING fts5(title, place, body, tokenize='unicode61 remove_diacritics 0')",
    ],
    "postgresql": [
        "CREATE TABLE listing_search (rowid bigint PRIMARY KEY, title tsvector, place tsvector, body tsvector)",
        # Rare words and common ones are found in different ways: the planner must know which are which.
        "ALTER TABLE listing_search ALTER title SET STATISTICS 500, ALTER place SET STATISTICS 500,"
        " ALTER body SET STATISTICS 500",
        "CREATE INDEX listing_search_title ON listing_search USING gin (title) WITH (fastupdate = off)",
        "CREATE INDEX listing_search_place ON listing_search USING gin (place) WITH (fastupdate = off)",
        "CREATE INDEX listing_search_body ON listing_search USING gin (body) WITH (fastupdate = off)",
    ],
}


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("actor", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("principal", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("action", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("request_id", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("previous_hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject", "seq"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name="audit_head_only_one"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "category",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("parent_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "PRODUCT", "TOUR_PACKAGE", name="listing_kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("slug", sqlmodel.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["category.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
    )
    op.create_index("category_parent", "category", ["parent_id", "position", "id"], unique=False)
    op.create_table(
        "idempotency_key",
        sa.Column("actor", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("operation", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("key", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("fingerprint", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "operation", "key"),
    )
    op.create_index(op.f("ix_idempotency_key_expires_at"), "idempotency_key", ["expires_at"], unique=False)
    op.create_table(
        "outbox_head",
        sa.Column("aggregate", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("aggregate"),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("topic", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("aggregate", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("available_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("delivered_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("dead_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("last_error", sqlmodel.AutoString(length=500), nullable=True),
        sa.CheckConstraint("attempts >= 0", name="outbox_message_attempts_counted"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("aggregate", "seq", name="outbox_message_numbered_once"),
    )
    op.create_index(
        "ix_outbox_message_due",
        "outbox_message",
        ["available_at"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL"),
        sqlite_where=sa.text("delivered_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_message_head",
        "outbox_message",
        ["aggregate", "seq"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL"),
        sqlite_where=sa.text("delivered_at IS NULL"),
    )
    op.create_table(
        "region",
        sa.Column("code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "PROVINCE",
                "CITY",
                "COUNTY",
                "TOWNSHIP",
                "VILLAGE",
                name="region_level",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("parent_code", sqlmodel.AutoString(length=12), nullable=True),
        sa.ForeignKeyConstraint(
            ["parent_code"],
            ["region.code"],
        ),
        sa.PrimaryKeyConstraint("code"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("region_level", "region", ["level", "code"], unique=False)
    op.create_index("region_parent", "region", ["parent_code", "code"], unique=False)
    op.create_table(
        "topic_version",
        sa.Column("topic", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("topic"),
    )
    op.create_index(op.f("ix_topic_version_version"), "topic_version", ["version"], unique=False)
    op.create_table(
        "village",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("story", sqlmodel.AutoString(), nullable=False),
        sa.Column("story_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("is_place_checked", sa.Boolean(), nullable=False),
        sa.Column("picture", sqlmodel.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["region_code"],
            ["region.code"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("region_code"),
    )
    op.create_index("village_place", "village", ["latitude", "longitude"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "COOPERATIVE",
                "FAMILY_FARM",
                "HOUSEHOLD",
                "ENTERPRISE",
                "VILLAGE_COLLECTIVE",
                "HOMESTAY",
                name="organisation_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "ACTIVE", "FROZEN", name="organisation_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("story", sqlmodel.AutoString(), nullable=False),
        sa.Column("story_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("village_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_code"],
            ["region.code"],
        ),
        sa.ForeignKeyConstraint(
            ["village_id"],
            ["village.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("organisation_name", "organisation", ["name", "id"], unique=False)
    op.create_index("organisation_newest", "organisation", ["created_at", "id"], unique=False)
    op.create_index("organisation_place", "organisation", ["latitude", "longitude"], unique=False)
    op.create_index("organisation_region", "organisation", ["region_code"], unique=False)
    op.create_index("organisation_village", "organisation", ["village_id"], unique=False)
    op.create_table(
        "village_honour",
        sa.Column("village_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sqlmodel.AutoString(), nullable=False),
        sa.Column("title_en", sqlmodel.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["village_id"],
            ["village.id"],
        ),
        sa.PrimaryKeyConstraint("village_id", "position"),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("organisation_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "GREEN_FOOD",
                "ORGANIC",
                "GEOGRAPHICAL_INDICATION",
                "GI_TRADEMARK",
                "GOOD_AGRICULTURAL_PRACTICE",
                name="certificate_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("number", sqlmodel.AutoString(), nullable=True),
        sa.Column("issued_by", sqlmodel.AutoString(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("certificate_end", "certificate", ["valid_to"], unique=False)
    op.create_index("certificate_organisation", "certificate", ["organisation_id"], unique=False)
    op.create_table(
        "listing",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PRODUCT", "TOUR_PACKAGE", name="listing_kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "DRAFT",
                "LIVE",
                "SUSPENDED",
                "WITHDRAWN",
                name="listing_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sqlmodel.AutoString(), nullable=False),
        sa.Column("title_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("summary", sqlmodel.AutoString(), nullable=False),
        sa.Column("summary_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("description", sqlmodel.AutoString(), nullable=False),
        sa.Column("description_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("cooperative_id", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("category_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("category_1", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("category_2", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("category_3", sqlmodel.AutoString(length=30), nullable=True),
        sa.Column("village_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("region_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("township_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("county_code", sqlmodel.AutoString(length=12), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "storage",
            sa.Enum(
                "AMBIENT", "CHILLED", "FROZEN", name="storage", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column(
            "stock_state",
            sa.Enum(
                "IN_STOCK", "LOW", "SOLD_OUT", name="stock_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=True,
        ),
        sa.Column("season_start_1", sa.SmallInteger(), nullable=False),
        sa.Column("season_end_1", sa.SmallInteger(), nullable=False),
        sa.Column("season_start_2", sa.SmallInteger(), nullable=False),
        sa.Column("season_end_2", sa.SmallInteger(), nullable=False),
        sa.Column("next_session_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("popularity", sa.Integer(), nullable=False),
        sa.Column("rating_hundredths", sa.Integer(), nullable=True),
        sa.Column("rating_count", sa.Integer(), nullable=False),
        sa.Column("search_rank", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("updated_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint("price_fen >= 0", name="listing_price"),
        sa.CheckConstraint("rating_count >= 0", name="listing_rating"),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
        ),
        sa.ForeignKeyConstraint(
            ["cooperative_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["producer_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["village_id"],
            ["village.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("search_rank"),
    )
    op.create_index(
        "listing_category_1",
        "listing",
        [
            "kind",
            "category_1",
            "popularity",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_category_2",
        "listing",
        [
            "kind",
            "category_2",
            "popularity",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_category_3",
        "listing",
        [
            "kind",
            "category_3",
            "popularity",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_cooperative",
        "listing",
        [
            "cooperative_id",
            "kind",
            "popularity",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_county",
        "listing",
        [
            "kind",
            "county_code",
            "popularity",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_newest",
        "listing",
        ["kind", "published_at", "id", "season_start_1", "season_end_1", "season_start_2", "season_end_2", "price_fen"],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_next_session",
        "listing",
        [
            "kind",
            "next_session_at",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_place",
        "listing",
        [
            "latitude",
            "longitude",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_popularity",
        "listing",
        [
            "kind",
            "popularity",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_price",
        "listing",
        ["kind", "price_fen", "id", "season_start_1", "season_end_1", "season_start_2", "season_end_2", "published_at"],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_producer",
        "listing",
        [
            "producer_id",
            "kind",
            "popularity",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_region",
        "listing",
        [
            "kind",
            "region_code",
            "popularity",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_index(
        "listing_township",
        "listing",
        [
            "kind",
            "township_code",
            "popularity",
            "id",
            "season_start_1",
            "season_end_1",
            "season_start_2",
            "season_end_2",
            "price_fen",
            "published_at",
        ],
        unique=False,
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.create_table(
        "membership",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("cooperative_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("producer_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="membership_order"),
        sa.ForeignKeyConstraint(
            ["cooperative_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["producer_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("membership_cooperative", "membership", ["cooperative_id", "producer_id"], unique=False)
    op.create_index("membership_producer", "membership", ["producer_id", "cooperative_id"], unique=False)
    op.create_table(
        "image",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("alt", sqlmodel.AutoString(), nullable=False),
        sa.Column("alt_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("listing_id", "position", name="image_place"),
    )
    op.create_table(
        "listing_certificate",
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("certificate_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
        ),
        sa.PrimaryKeyConstraint("listing_id", "certificate_id"),
    )
    op.create_index("listing_certificate_back", "listing_certificate", ["certificate_id", "listing_id"], unique=False)
    op.create_table(
        "product",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("shelf_life_days", sa.Integer(), nullable=True),
        sa.Column("origin", sqlmodel.AutoString(), nullable=False),
        sa.Column("origin_en", sqlmodel.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"],
            ["listing.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "tour_package",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("meeting_point", sqlmodel.AutoString(), nullable=False),
        sa.Column("meeting_point_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("duration_minutes", sa.Integer(), nullable=False),
        sa.Column("notice_minutes", sa.Integer(), nullable=False),
        sa.Column("cutoff_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "pricing_per",
            sa.Enum("UNIT", "BOOKING", name="pricing_per", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("needs_travel_agency", sa.Boolean(), nullable=False),
        sa.CheckConstraint("duration_minutes > 0", name="tour_package_duration"),
        sa.ForeignKeyConstraint(
            ["id"],
            ["listing.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "cancellation_tier",
        sa.Column("package_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("hours_before", sa.Integer(), nullable=False),
        sa.Column("refund_percent", sa.Integer(), nullable=False),
        sa.CheckConstraint("refund_percent BETWEEN 0 AND 100", name="cancellation_tier_percent"),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["tour_package.id"],
        ),
        sa.PrimaryKeyConstraint("package_id", "hours_before"),
    )
    op.create_table(
        "package_note",
        sa.Column("package_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "INCLUDED", "EXCLUDED", "BRING", name="note_kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sqlmodel.AutoString(), nullable=False),
        sa.Column("text_en", sqlmodel.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["tour_package.id"],
        ),
        sa.PrimaryKeyConstraint("package_id", "kind", "position"),
    )
    op.create_table(
        "package_option",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("package_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["tour_package.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("package_id", "position", name="package_option_place"),
    )
    op.create_table(
        "season_window",
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "SALE", "HARVEST", "SHIPPING", name="window_kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("start_day", sa.SmallInteger(), nullable=False),
        sa.Column("end_day", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["product.id"],
        ),
        sa.PrimaryKeyConstraint("listing_id", "position"),
    )
    op.create_table(
        "variant",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("listing_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("net_weight_grams", sa.Integer(), nullable=False),
        sa.Column("pack_count", sa.Integer(), nullable=False),
        sa.Column("unit", sqlmodel.AutoString(), nullable=False),
        sa.Column("unit_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "stock_state",
            sa.Enum(
                "IN_STOCK", "LOW", "SOLD_OUT", name="stock_state", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.CheckConstraint("net_weight_grams > 0 AND pack_count > 0", name="variant_pack"),
        sa.CheckConstraint("price_fen > 0", name="variant_price"),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["product.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("listing_id", "position", name="variant_place"),
        sa.UniqueConstraint("sku"),
    )
    op.create_table(
        "package_gift",
        sa.Column("package_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("variant_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column(
            "per",
            sa.Enum("BOOKING", "PERSON", name="gift_per", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("note", sqlmodel.AutoString(), nullable=False),
        sa.Column("note_en", sqlmodel.AutoString(), nullable=True),
        sa.CheckConstraint("quantity > 0", name="package_gift_quantity"),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["tour_package.id"],
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["variant.id"],
        ),
        sa.PrimaryKeyConstraint("package_id", "position"),
    )
    op.create_index("package_gift_variant", "package_gift", ["variant_id"], unique=False)
    op.create_table(
        "stock_level",
        sa.Column("variant_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.CheckConstraint("on_hand >= 0 AND reserved >= 0 AND reserved <= on_hand", name="stock_level_never_oversold"),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["variant.id"],
        ),
        sa.PrimaryKeyConstraint("variant_id"),
    )
    op.create_table(
        "tour_session",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("package_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("option_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("cutoff_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "OPEN",
                "CLOSED",
                "CANCELLED",
                name="session_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name="tour_session_order"),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name="tour_session_never_oversold"),
        sa.ForeignKeyConstraint(
            ["option_id"],
            ["package_option.id"],
        ),
        sa.ForeignKeyConstraint(
            ["package_id"],
            ["tour_package.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("option_id", "starts_at", name="tour_session_once"),
    )
    op.create_index(
        "tour_session_package",
        "tour_session",
        ["package_id", "starts_at", "id"],
        unique=False,
        postgresql_include=["capacity", "taken", "state", "local_date"],
    )
    op.create_index("tour_session_start", "tour_session", ["starts_at", "package_id"], unique=False)
    op.create_table(
        "unit_type",
        sa.Column("id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("option_id", sqlmodel.AutoString(length=30), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "ADULT",
                "YOUTH",
                "CHILD",
                "INFANT",
                "FAMILY",
                "SENIOR",
                "STUDENT",
                "OTHER",
                name="unit_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("name_en", sqlmodel.AutoString(), nullable=True),
        sa.Column("pax_count", sa.Integer(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("min_age", sa.Integer(), nullable=True),
        sa.Column("max_age", sa.Integer(), nullable=True),
        sa.Column("max_quantity", sa.Integer(), nullable=True),
        sa.CheckConstraint("pax_count >= 0", name="unit_type_pax"),
        sa.CheckConstraint("price_fen >= 0", name="unit_type_price"),
        sa.ForeignKeyConstraint(
            ["option_id"],
            ["package_option.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("option_id", "position", name="unit_type_place"),
    )
    for statement in SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)
    for statement in append_only("audit_entry", op.get_bind().dialect.name, key="seq"):
        op.execute(statement)


def downgrade() -> None:
    for statement in free("audit_entry", op.get_bind().dialect.name):
        op.execute(statement)
    op.execute("DROP TABLE listing_search")
    op.drop_table("unit_type")
    op.drop_index("tour_session_start", table_name="tour_session")
    op.drop_index(
        "tour_session_package",
        table_name="tour_session",
        postgresql_include=["capacity", "taken", "state", "local_date"],
    )
    op.drop_table("tour_session")
    op.drop_table("stock_level")
    op.drop_index("package_gift_variant", table_name="package_gift")
    op.drop_table("package_gift")
    op.drop_table("variant")
    op.drop_table("season_window")
    op.drop_table("package_option")
    op.drop_table("package_note")
    op.drop_table("cancellation_tier")
    op.drop_table("tour_package")
    op.drop_table("product")
    op.drop_index("listing_certificate_back", table_name="listing_certificate")
    op.drop_table("listing_certificate")
    op.drop_table("image")
    op.drop_index("membership_producer", table_name="membership")
    op.drop_index("membership_cooperative", table_name="membership")
    op.drop_table("membership")
    op.drop_index(
        "listing_township",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_region",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_producer",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_price",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_popularity",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_place",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_next_session",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_newest",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_county",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_cooperative",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_category_3",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_category_2",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_index(
        "listing_category_1",
        table_name="listing",
        postgresql_where=sa.text("state = 'LIVE'"),
        sqlite_where=sa.text("state = 'LIVE'"),
    )
    op.drop_table("listing")
    op.drop_index("certificate_organisation", table_name="certificate")
    op.drop_index("certificate_end", table_name="certificate")
    op.drop_table("certificate")
    op.drop_table("village_honour")
    op.drop_index("organisation_village", table_name="organisation")
    op.drop_index("organisation_region", table_name="organisation")
    op.drop_index("organisation_place", table_name="organisation")
    op.drop_index("organisation_newest", table_name="organisation")
    op.drop_index("organisation_name", table_name="organisation")
    op.drop_table("organisation")
    op.drop_index("village_place", table_name="village")
    op.drop_table("village")
    op.drop_index(op.f("ix_topic_version_version"), table_name="topic_version")
    op.drop_table("topic_version")
    op.drop_index("region_parent", table_name="region")
    op.drop_index("region_level", table_name="region")
    op.drop_table("region")
    op.drop_index(
        "ix_outbox_message_head",
        table_name="outbox_message",
        postgresql_where=sa.text("delivered_at IS NULL"),
        sqlite_where=sa.text("delivered_at IS NULL"),
    )
    op.drop_index(
        "ix_outbox_message_due",
        table_name="outbox_message",
        postgresql_where=sa.text("delivered_at IS NULL"),
        sqlite_where=sa.text("delivered_at IS NULL"),
    )
    op.drop_table("outbox_message")
    op.drop_table("outbox_head")
    op.drop_index(op.f("ix_idempotency_key_expires_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_index("category_parent", table_name="category")
    op.drop_table("category")
    op.drop_table("audit_head")
    op.drop_index("ix_audit_entry_subject", table_name="audit_entry")
    op.drop_table("audit_entry")

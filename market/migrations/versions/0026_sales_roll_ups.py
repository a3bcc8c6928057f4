"""Sales: roll-ups by village, channel, category, seller and listing, each by day and by month.

They are added up from `sales_day`, which stays as it is and tells apart all that they do.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_COUNTS = ("orders", "kind_orders", "category_orders", "listing_orders")
_SIZES = ("units", "seats", "weight_grams")
_MONEY = ("gross_fen", "delivery_fen", "platform_fen", "seller_fen", "government_fen", "commission_fen")
_BACK = ("refunded_fen", "refunded_platform_fen", "refunded_government_fen")
_FIGURES = (*_COUNTS, *_SIZES, *_MONEY, "refunds", "refunded_units", *_BACK)
_LENGTHS = {"kind": 16, "channel": 16, "region_code": 12}
_DATES = {"business_day", "week", "month"}

_PLACE = ("village_id", "kind")
_CHANNEL = (*_PLACE, "channel")
_CATEGORY = (*_PLACE, "category_id")
_SELLER = (*_PLACE, "producer_id", "settlement_party")
_LISTING = ("listing_id", "kind", "channel", "settlement_party", "village_id", "category_id")
# As they were before.
_OLD_PLACE = ("village_id", "kind", "channel")
_OLD_MONTH = ("producer_id", "settlement_party", "village_id", "category_id", "kind", "channel")


def upgrade() -> None:
    _patiently()
    for table in ("sales_place_month", "sales_place_day", "sales_month"):
        op.drop_table(table)
    for name, by in (("place", _PLACE), ("channel", _CHANNEL), ("category", _CATEGORY)):
        _create(f"sales_{name}_day", ("business_day", *by), ("region_code", "week", "month"), in_key_order=True)
        _create(f"sales_{name}_month", ("month", *by), ("region_code",), in_key_order=True)
    _create("sales_seller_day", ("business_day", *_SELLER), ("region_code", "week", "month"))
    _create("sales_seller_month", ("month", *_SELLER), ("region_code",))
    _create("sales_month", ("month", *_LISTING), ("producer_id", "region_code"))
    for table, day in (("sales_seller_day", "business_day"), ("sales_seller_month", "month"), ("sales_month", "month")):
        op.create_index(f"{table}_producer", table, ["producer_id", day])
        op.create_index(f"{table}_party", table, ["settlement_party", day])
    op.create_index("sales_month_listing", "sales_month", ["listing_id", "month"])


def downgrade() -> None:
    _patiently()
    for table in (
        *[f"sales_{name}_{grain}" for name in ("place", "channel", "category", "seller") for grain in ("day", "month")],
        "sales_month",
    ):
        op.drop_table(table)
    _create("sales_place_day", ("business_day", *_OLD_PLACE), ("region_code", "week", "month"))
    _create("sales_place_month", ("month", *_OLD_PLACE), ("region_code",))
    _create("sales_month", ("month", *_OLD_MONTH), ("region_code",))
    op.create_index("sales_month_producer", "sales_month", ["producer_id", "month"])
    op.create_index("sales_month_party", "sales_month", ["settlement_party", "month"])


def _create(name: str, keys: Iterable[str], decided: Iterable[str], *, in_key_order: bool = False) -> None:
    """A roll-up, added up from the days; `decided` are columns that its key decides."""
    keys, decided = tuple(keys), tuple(decided)
    op.create_table(
        name,
        *[sa.Column(each, _type(each), nullable=False) for each in (*keys, *decided, *_FIGURES)],
        sa.PrimaryKeyConstraint(*keys),
        **({"sqlite_with_rowid": False} if in_key_order else {}),
    )
    said = ", ".join([*keys, *[f"max({each})" for each in decided], *[f"sum({each})" for each in _FIGURES]])
    by = ", ".join(keys)
    columns = ", ".join((*keys, *decided, *_FIGURES))
    op.execute(f"INSERT INTO {name} ({columns}) SELECT {said} FROM sales_day GROUP BY {by} ORDER BY {by}")  # noqa: S608 - our own names


def _type(name: str) -> sa.types.TypeEngine[Any]:
    if name in _DATES:
        return sa.Date()
    if name in _FIGURES:
        return sa.Integer() if name in (*_COUNTS, "refunds") else sa.BigInteger()
    return sa.String(length=_LENGTHS.get(name, 30))


def _patiently() -> None:
    """However many sales there are."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")

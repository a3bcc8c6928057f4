"""Stock by variant."""

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class StockLevel(SQLModel, table=True):
    """How much of a variant is on hand, and how much of that is promised. Free to sell is the difference."""

    __tablename__ = "stock_level"
    __table_args__ = (
        sa.CheckConstraint("on_hand >= 0 AND reserved >= 0 AND reserved <= on_hand", name="stock_level_never_oversold"),
    )

    variant_id: str = Field(primary_key=True, foreign_key="variant.id", max_length=30)
    on_hand: int
    reserved: int = 0

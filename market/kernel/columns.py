"""Column shapes that the tables share."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field


def enum_field(choices: type[StrEnum], **options: Any) -> Any:
    """A column that holds the member's value as text, checked by the database on both engines."""
    kind = sa.Enum(
        choices,
        native_enum=False,
        create_constraint=True,
        length=32,
        values_callable=lambda members: [member.value for member in members],
        name=f"{_snake(choices.__name__)}",
    )
    return Field(sa_type=kind, **options)


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def fen_field(**options: Any) -> Any:
    """Money in fen, BIGINT: an INTEGER would end at ¥21 million."""
    return Field(sa_type=sa.BigInteger, **options)

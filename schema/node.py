"""`Node`, and what many types share: money, ratings, points on the map."""

from decimal import Decimal
from typing import Annotated

import sqlalchemy as sa
import strawberry

from market.kernel.money import Currency
from market.media.rules import PIXELS
from schema.enums import MediaSize
from schema.pagination import field
from schema.permissions import PUBLIC, ruled
from schema.projection import Args, Build, Column, Embedded, column, number, quoted
from schema.projection.declare import Expression
from schema.scalars import described

SIZE = Annotated[MediaSize | None, strawberry.argument(description="Which size; LARGE when left out.")]
"""The argument of fields that say where a picture is."""

described(Currency, "A currency, ISO 4217.", CNY="Renminbi, in yuan.")


@strawberry.interface(description="Anything with an id of its own: fetch it again with `node`.")
@ruled(PUBLIC)
class Node:
    id: strawberry.ID = field("Its id, the same everywhere: a type prefix and a sortable code.")


@strawberry.type(description="An amount of money.")
@ruled(PUBLIC)
class Money:
    amount: Decimal = field('In the currency\'s main unit, exact: "88.00".')
    currency: Currency = field("The currency.")


@strawberry.type(description="A point on the map.")
@ruled(PUBLIC)
class Location:
    latitude: float = field("Degrees north, WGS 84.")
    longitude: float = field("Degrees east, WGS 84.")


@strawberry.type(description="What buyers thought, from verified reviews only.")
@ruled(PUBLIC)
class Rating:
    average: float | None = field("1 to 5 stars with two decimals; null before the first review.")
    count: int = field("How many reviews.")


def _constant(text: str) -> Column:
    return Column(lambda _t, _build, _args: quoted(text))


def money(name: str) -> Embedded:
    """Money from a column of fen."""

    def amount(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
        return fen_text(t.c[name])

    return Embedded({"amount": Column(amount), "currency": _constant("CNY")})


def fen_text(fen: Expression) -> Expression:
    """Fen as yuan with two decimals, by integer arithmetic: `/` of whole numbers cuts on both engines."""
    hundred = number(100)
    amount = sa.func.abs(fen)
    cents = sa.func.substr(sa.cast(hundred + amount % hundred, sa.Text), number(2))
    sign = sa.case((fen < number(0), quoted("-")), else_=quoted(""))
    return sign.concat(sa.cast(amount.op("/")(hundred), sa.Text)).concat(quoted(".")).concat(cents)


LOCATION = Embedded({"latitude": column("latitude"), "longitude": column("longitude")})

RATING = Embedded(
    {
        "average": Column(lambda t, _build, _args: sa.cast(t.c.rating_hundredths, sa.Float(53)) / number(100.0)),
        "count": column("rating_count"),
    }
)


def media_url(name: str) -> Column:
    """Where a stored picture is served, null when there is none; by the field's `size`, when it has one. The same as
    `market.media.rules.sized`."""

    def of(t: sa.FromClause, build: Build, args: Args) -> Expression:
        size = MediaSize(args.get("size") or MediaSize.LARGE)
        key: Expression = t.c[name]
        if size is not MediaSize.LARGE:
            key = sa.func.replace(key, quoted(".webp"), quoted(f"-{PIXELS[size]}.webp"), type_=sa.Text)
        return sa.literal(build.fact("media_url"), sa.Text).concat(key)

    return Column(of)

"""The category tree."""

from typing import Any

import sqlalchemy as sa
import strawberry
from strawberry import UNSET

from market.catalogue.tables import Category as CategoryTable
from market.kernel.pages import key_number
from schema.enums import ListingKind
from schema.node import Node
from schema.pagination import Connection, field, lazy, listed, localized_field
from schema.permissions import PUBLIC, ruled
from schema.projection import (
    Args,
    Build,
    Order,
    Projection,
    ToOne,
    column,
    localized,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition


@strawberry.type(description="A category of produce or of tour packages; at most three levels.")
@ruled(PUBLIC)
class Category(Node):
    slug: str = field("A short name for addresses.")
    name: str = localized_field("Its name.")
    kind: ListingKind = field("What its listings offer.")
    depth: int = field("1 for a root, at most 3.")
    parent: "Category | None" = field("The category above; null for a root.")
    children: "Connection[Category]" = listed("The categories right below, in their order.", Connection["Category"])
    products = listed(
        "Produce in it and below.",
        lazy("catalogue.products", "ProductConnection"),
        where=lazy("catalogue.products", "ProductWhere"),
        order=lazy("catalogue.products", "ProductOrder"),
        usual="POPULARITY",
    )
    tour_packages = listed(
        "Tour packages in it and below.",
        lazy("catalogue.tours", "TourPackageConnection"),
        where=lazy("catalogue.tours", "TourPackageWhere"),
        order=lazy("catalogue.tours", "TourPackageOrder"),
        usual="POPULARITY",
    )


@strawberry.input(description="Which categories.")
class CategoryWhere:
    kind: ListingKind | None = strawberry.field(default=UNSET, description="Of listings of this kind.")
    depth: int | None = strawberry.field(default=UNSET, description="At this level: 1 for the roots.")


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    conditions: list[Condition] = []
    if "kind" in where:
        conditions.append(t.c.kind == quoted(where.get("kind")))
    depth = where.slot("depth")
    if depth is not None:
        conditions.append(t.c.depth == build.bind(depth, type_=sa.Integer()))
    return conditions


ORDERS = {
    "POSITION": Order("o", lambda t, _build, _args: t.c.position, lambda text: key_number(text, bits=32), sa.Integer())
}

CATEGORY_FIELDS: dict[str, Any] = {
    "id": column("id"),
    "slug": column("slug"),
    "name": localized("name"),
    "kind": column("kind"),
    "depth": column("depth"),
    "parent": ToOne(lambda: CATEGORY, lambda t, parent: parent.c.id == t.c.parent_id),
    "children": Listed(lambda: CATEGORY, ORDERS, "POSITION", on=lambda t, child, _build: child.c.parent_id == t.c.id),
}
"""`products` and `tourPackages` are added where those lists are declared."""

CATEGORY: Projection = Projection("Category", table_of(CategoryTable), topic="categories", fields=CATEGORY_FIELDS)
CATEGORIES = Listed(lambda: CATEGORY, ORDERS, "POSITION", where=_where)

"""Reads: a GraphQL type that shows rows declares once where its fields come from, and a whole selection becomes one
SQL statement whose JSON goes out as it is.

- `declare.py`: what a type in `schema/` writes. Start here.
- `columns.py`: the common columns.
- `arguments.py`: arguments as the declaration sees them, values bound and never pasted.
- `selection.py`: which fields a document asks for, fragments and directives resolved.
- `compiler.py`, `roots.py`, `connection.py`, `page.py`, `facets.py`: from declaration and selection to one SQLAlchemy Core expression, the same for both
  engines.
- `plan.py`: a compiled operation, found again by document, variables' shape, locale and actor kind.
- `viewer.py`: who reads: which fields are allowed, which rows are within reach.
- `delivery.py`: runs plans; as bytes when everything asked is projected, else as values that graphql-core walks.

It knows no room. A declaration that cannot be compiled fails when the server starts.
"""

from schema.projection.arguments import Args, Slot
from schema.projection.columns import (
    among,
    column,
    exists,
    localized,
    looked_up,
    number,
    quoted,
    table_of,
)
from schema.projection.declare import (
    Build,
    ById,
    ByIds,
    Choice,
    Column,
    Computed,
    Connection,
    Embedded,
    Facet,
    Given,
    Mine,
    Order,
    Projection,
    Tiers,
    ToMany,
    ToOne,
)
from schema.projection.delivery import Delivery, attach, projected

__all__ = [
    "Args",
    "Build",
    "ById",
    "ByIds",
    "Choice",
    "Column",
    "Computed",
    "Connection",
    "Delivery",
    "Embedded",
    "Facet",
    "Given",
    "Mine",
    "Order",
    "Projection",
    "Slot",
    "Tiers",
    "ToMany",
    "ToOne",
    "among",
    "attach",
    "column",
    "exists",
    "localized",
    "looked_up",
    "number",
    "projected",
    "quoted",
    "table_of",
]

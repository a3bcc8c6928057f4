"""The GraphQL schema, ready to execute: types, scalars, projections attached."""

import strawberry
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from strawberry.schema.config import StrawberryConfig

from schema.catalogue.tours import TourPackage
from schema.mutation import Mutation
from schema.organisations import Certificate
from schema.permissions import declare_rules
from schema.projection import attach
from schema.query import QUERY, Query
from schema.scalars import SCALARS
from schema.subscription import Subscription, close_to_requests


def build_schema() -> strawberry.Schema:
    """The schema. Refuses with TypeError a field that no projection covers, see `projection.attach`."""
    made = strawberry.Schema(
        query=Query,
        mutation=Mutation if Mutation.__strawberry_definition__.fields else None,  # type: ignore[attr-defined]
        subscription=Subscription,
        types=[TourPackage, Certificate],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    attach(core_schema(made), QUERY)
    close_to_requests(core_schema(made))
    declare_rules(core_schema(made))
    price(core_schema(made))
    return made


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """The graphql-core schema beneath."""
    return schema._schema  # noqa: SLF001 - Strawberry has no public way to it


VALUES = {"Money", "Location", "Rating", "Image", "Honour"}
"""Objects made of a row that is there already: they cost nothing of their own."""
_REPORT = {"cost": 100}
COSTS = {
    "search": {"cost": 5, "cost_per_item": 5},
    **dict.fromkeys(("report", "reportDrift", "salesReport"), _REPORT),
}
"""Root fields dearer than a list, in points: see `schema/edge/limits`."""


def price(schema: GraphQLSchema) -> None:
    """Say what fields cost, where the kind of type does not say it."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                if get_named_type(field.type).name in VALUES and not is_list_type(get_nullable_type(field.type)):
                    field.extensions = {**field.extensions, "cost": 0}
                if kind.name == "ReportCatalogue":
                    field.extensions = {**field.extensions, **_REPORT}
                if kind is schema.query_type and name in COSTS:
                    field.extensions = {**field.extensions, **COSTS[name]}

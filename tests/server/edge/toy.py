"""A toy schema behind the real edge, served on a real socket: what the tests and audits talk to.

Run it by hand with `python -m tests.server.edge.toy 8000`.
"""

import logging
import sys
from typing import Any

import orjson
import uvicorn
from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationType,
    build_schema,
    execute,
)
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from schema.edge.documents import Documents, formatted, limit_error
from schema.edge.graphiql import Example, GraphiQL
from schema.edge.http import Answer, GraphQLEndpoint, Observation
from schema.edge.limits import LimitExceeded
from schema.edge.refusals import mutation_by_get
from schema.edge.requests import GraphQLRequest

SDL = """
interface Node { id: ID! }
type Money { amount: String! currency: String! }
type Image { url: String! }
type Producer implements Node { id: ID! name: String products(first: Int = 5): ProductConnection! }
type Product implements Node {
  id: ID! title: String price: Money! producer: Producer images: [Image!]!
}
type PageInfo { hasNextPage: Boolean! endCursor: String }
type ProductEdge { cursor: String node: Product! }
type ProductConnection {
  edges: [ProductEdge!]! nodes: [Product!]! pageInfo: PageInfo! totalCount: Int
}
input Where { text: String and: [Where!] kind: Kind }
enum Kind { FRUIT TEA }
type Query {
  hello(name: String): String
  count(n: Int): Int
  find(where: Where): String
  fail: String
  crash: String!
  same: Query
  product: Product
  node(id: ID!): Node
  nodes(ids: [ID!]): [Node]!
  products(first: Int, last: Int): ProductConnection!
  search(text: String!, first: Int): ProductConnection!
  related(producerIds: [ID!]!): [Product!]!
  matrix: [[Product!]!]!
  kinds: [Kind!]!
  report: String
}
type Mutation { pay(id: ID!): Product cancel(ids: [ID!]!): Boolean }
type Subscription { paid: Product }
"""

EXAMPLES: list[Example] = [
    ("Say hello", "query Hello($name: String) { hello(name: $name) }", {"name": "village"}),
    ("How many fit into an Int", "query Count($n: Int) { count(n: $n) }", {"n": 7}),
]


def schema() -> GraphQLSchema:
    """Build the toy schema with the price overrides that the tests ask about."""
    built = build_schema(SDL)
    query = built.query_type
    if query is None:  # for the type checker
        raise AssertionError
    query.fields["hello"].resolve = lambda _root, _info, name="world": f"hello {name}"
    query.fields["count"].resolve = lambda _root, _info, n=0: n
    query.fields["find"].resolve = lambda _root, _info, where=None: repr(where)
    query.fields["fail"].resolve = _fail
    query.fields["crash"].resolve = _fail
    query.fields["same"].resolve = lambda _root, _info: {}
    query.fields["search"].extensions = {"cost": 5, "cost_per_item": 5}
    query.fields["report"].extensions = {"cost": 100}
    return built


def _fail(_root: object, _info: object) -> str:
    message = "no luck"
    raise GraphQLError(message, extensions={"code": "UNAVAILABLE"})


class Toy:
    """The execution: documents, limits, variables, graphql-core; and what was observed."""

    def __init__(self, **options: bool) -> None:
        """Take the options of `Documents`."""
        self.schema = schema()
        self.documents = Documents(self.schema, **options)  # type: ignore[arg-type]
        self.seen: list[Observation] = []
        self.executed: list[GraphQLRequest] = []

    async def execute(self, request: GraphQLRequest) -> Answer:
        """Answer one request the way the real execution does."""
        self.executed.append(request)
        if request.authorization == "crash":
            message = "a secret with SQL in it"
            raise ValueError(message)
        document = self.documents.get(request.query)
        if document.errors:
            return refused(document.errors, request)
        operation = document.operation(request.operation_name)
        if isinstance(operation, GraphQLError):
            return refused([operation], request)
        if operation.operation is OperationType.MUTATION and not request.may_mutate:
            raise mutation_by_get()
        variables = self.documents.variables_for(document, operation, request.variables)
        if isinstance(variables, list):
            return refused(variables, request)
        if document.ast is None or document.limits is None:  # for the type checker
            raise AssertionError
        try:
            cost = document.limits.charge(request.operation_name, variables.coerced)
        except LimitExceeded as error:
            return refused([limit_error(error)], request)
        result = execute(
            self.schema,
            document.ast,
            root_value={},
            variable_values=request.variables,
            operation_name=request.operation_name,
        )
        body = orjson.dumps(result.formatted)  # type: ignore[union-attr]
        tag = b'"1"'
        same = tag in (request.if_none_match or b"")
        return Answer(
            body,
            ok=True,
            headers=((b"etag", tag), (b"cache-control", b"max-age=5")) if b"hello" in body else (),
            not_modified=same,
            operation=operation.name.value if operation.name else "",
            kind=operation.operation.value,
            cost=cost,
        )


def refused(errors: list[GraphQLError], request: GraphQLRequest) -> Answer:
    """Answer a request error: `errors` without `data`."""
    entries = formatted(errors, request.accept_language)
    codes = tuple(str(entry["extensions"]["code"]) for entry in entries)
    return Answer(orjson.dumps({"errors": entries}), ok=False, errors=codes)


def endpoint(toy: Toy, **options: Any) -> GraphQLEndpoint:
    """Put the edge before a toy."""
    return GraphQLEndpoint(toy.execute, log=logging.getLogger("edge"), observe=toy.seen.append, **options)


def app(toy: Toy) -> Starlette:
    """Route the endpoint and the page as a real server does."""
    page = GraphiQL(examples=EXAMPLES, title="toy")
    return Starlette(
        routes=[
            Route("/graphql", endpoint(toy, graphiql=page)),
            Mount("/graphiql", page),
        ]
    )


if __name__ == "__main__":
    uvicorn.run(app(Toy()), port=int(sys.argv[1]), log_level="warning")

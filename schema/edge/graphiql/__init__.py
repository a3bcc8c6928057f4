"""GraphiQL, the in-browser editor, served from this package: no CDN, no inline script."""

from schema.edge.graphiql.page import Example, GraphiQL

__all__ = ["Example", "GraphiQL"]

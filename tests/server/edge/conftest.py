"""A toy execution behind the edge, fresh for each test."""

import pytest

from schema.edge.http import GraphQLEndpoint
from tests.server.edge.toy import Toy, endpoint


@pytest.fixture(name="toy")
def _toy() -> Toy:
    return Toy()


@pytest.fixture(name="app")
def _app(toy: Toy) -> GraphQLEndpoint:
    return endpoint(toy)

"""API keys by API: made, used, listed, revoked by the organisation's owners, and by nobody else."""

from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.people.keys import list_keys
from market.people.rules import KEY_SCOPES
from schema.people.keys import ApiKeyScope
from tests.people.signing import COOPERATIVE, owner
from tests.schema.asking import Asker, asked
from tests.schema.people.client import Client

OTHER = "cop_00000000000000000000000001"
CREATE = """
mutation Create($input: CreateApiKeyInput!, $key: ID!) {
  createApiKey(input: $input, idempotencyKey: $key) {
    __typename
    ... on CreateApiKeyPayload { secret apiKey { id name organisationId scopes revokedAt expiresAt } }
    ... on UserError { code }
    ... on InvalidInput { field }
  }
}
"""
REVOKE = """
mutation Revoke($id: ID!) {
  revokeApiKey(keyId: $id) {
    __typename
    ... on RevokeApiKeyPayload { apiKey { id revokedAt } }
    ... on UserError { code message }
    ... on NotFound { field }
  }
}
"""
LIST = "query List($where: ApiKeyWhere) { apiKeys(where: $where, first: 2) { totalCount nodes { id name scopes } } }"
NODE = "query Node($id: ID!) { node(id: $id) { id } }"
INPUT = {"organisation": COOPERATIVE, "name": "仓库系统", "scopes": ["STOCK_READ", "STOCK_ADJUST"]}
EDITOR = Actor(ActorKind.MEMBER, "acc_1", organisations={COOPERATIVE: frozenset({Role.EDITOR})})


async def create(asker: Asker, actor: Actor, *, key: str = "k" * 16, **given: Any) -> Any:
    data = await asker.data(CREATE, {"input": {**INPUT, **given}, "key": key}, actor=actor)
    return data["createApiKey"]


def test_an_owner_makes_uses_lists_and_revokes_a_key(market: Market) -> None:
    async def walk(here: Market) -> None:
        asker = Asker(here)
        made = await create(asker, owner())
        key_id = made["apiKey"]["id"]
        assert made["apiKey"]["scopes"] == ["STOCK_ADJUST", "STOCK_READ"]
        assert made["apiKey"]["organisationId"] == COOPERATIVE
        assert await create(asker, owner()) == made, "a retry is answered the same"

        system = Client(here)
        system.token = made["secret"]
        assert (await system.ask("{ __typename }"))["data"] == {"__typename": "Query"}
        assert (await system.ask(LIST))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await system.do(REVOKE, id=key_id))["code"] == "FORBIDDEN"

        listed = await asker.data(LIST, {"where": {"organisation": COOPERATIVE}}, actor=owner())
        assert [each["id"] for each in listed["apiKeys"]["nodes"]] == [key_id]
        revoked = await asker.data(REVOKE, {"id": key_id}, actor=owner())
        assert revoked["revokeApiKey"]["apiKey"]["revokedAt"] is not None
        assert await system.ask("{ __typename }") == {"status": 401, "code": "UNAUTHENTICATED"}

    asked(market, walk)


def test_another_organisations_key_is_as_unknown_as_one_that_never_was(market: Market) -> None:
    async def walk(here: Market) -> None:
        asker, stranger = Asker(here), owner("acc_2", of=OTHER)
        key_id = (await create(asker, owner()))["apiKey"]["id"]
        unknown = "key_00000000000000000000000000"

        for query in (REVOKE, NODE):
            theirs = await asker.answer(query, {"id": key_id}, actor=stranger)
            assert theirs.body == (await asker.answer(query, {"id": unknown}, actor=stranger)).body
        where = {"where": {"organisation": COOPERATIVE}}
        assert (await asker.data(LIST, where, actor=stranger))["apiKeys"] == {"totalCount": 0, "nodes": []}

        assert (await asker.data(NODE, {"id": key_id}, actor=owner()))["node"] == {"id": key_id}

    asked(market, walk)


@pytest.mark.parametrize(
    ("actor", "code"),
    [(VISITOR, "UNAUTHENTICATED"), (Actor(ActorKind.CUSTOMER, "acc_1"), "FORBIDDEN"), (EDITOR, "FORBIDDEN"),
     (owner("acc_2", of=OTHER), "FORBIDDEN")],
)  # fmt: skip
def test_only_owners_make_keys(market: Market, actor: Actor, code: str) -> None:
    async def walk(here: Market) -> None:
        assert (await create(Asker(here), actor))["code"] == code

    asked(market, walk)

    assert list_keys(market, owner(), organisation_id=COOPERATIVE) == []


def test_what_cannot_be_is_told(market: Market) -> None:
    async def walk(here: Market) -> None:
        asker = Asker(here)
        for given, field in (
            ({"name": " "}, "name"),
            ({"scopes": []}, "scopes"),
            ({"expiresInDays": 0}, "expiresInDays"),
        ):
            told = await create(asker, owner(), **given)
            assert (told["__typename"], told["field"]) == ("InvalidInput", field)

    asked(market, walk)


def test_every_scope_is_one_that_owners_have() -> None:
    assert set(ApiKeyScope.__members__) <= {permission.name for permission in KEY_SCOPES}

"""Addresses by API: a person's book is theirs alone, and refusals are members of the result."""

from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission
from market.people.profile.addresses import add_address, list_addresses
from tests.people.profile.persons import KEY, TOWNSHIP, VILLAGE, draft, person, settle
from tests.schema.asking import Asker, asked

FIELDS = "id street recipient phone label isDefault region { code name }"
BOOK = f"{{ profile {{ addresses {{ totalCount nodes {{ {FIELDS} }} }} }} }}"
PAGES = """query($after: String) {
  profile { addresses(first: 2, after: $after) { nodes { label } pageInfo { hasNextPage endCursor } } }
}"""
REFUSAL = """
  ... on UserError { code message path }
  ... on InvalidInput { field }
  ... on NotFound { field }
  ... on LimitReached { limit }
"""
ANSWER = f"{{ __typename ... on AddressPayload {{ address {{ {FIELDS} }} }} {REFUSAL} }}"
ADD = f"""mutation($input: AddressInput!, $key: ID!, $isDefault: Boolean! = false) {{
  done: addAddress(input: $input, idempotencyKey: $key, isDefault: $isDefault) {ANSWER}
}}"""
EDIT = f"mutation($id: ID!, $input: AddressInput!) {{ done: editAddress(addressId: $id, input: $input) {ANSWER} }}"
DEFAULT = f"mutation($id: ID!) {{ done: makeDefaultAddress(addressId: $id) {ANSWER} }}"
REMOVE = f"""mutation($id: ID!) {{
  done: removeAddress(addressId: $id) {{ __typename ... on RemoveAddressPayload {{ removed }} {REFUSAL} }}
}}"""
NODE = f"query($id: ID!) {{ node(id: $id) {{ id ... on Address {{ {FIELDS} }} }} }}"
INPUT = {"region": VILLAGE, "street": "滕头路 12 号", "recipient": "王小明", "phone": "+86 13812345678", "label": "家"}
UNKNOWN = "adr_00000000000000000000000000"
ADMIN = Actor(ActorKind.ADMIN, "acc_00000000000000000000000000")


async def do(asker: Asker, query: str, actor: Actor, **variables: Any) -> Any:
    return (await asker.data(query, variables, actor=actor))["done"]


async def book(asker: Asker, actor: Actor) -> Any:
    return (await asker.data(BOOK, actor=actor))["profile"]["addresses"]


def test_an_address_book_is_kept_by_api(market: Market) -> None:
    settle(market)
    owner = person(market).actor

    async def walk(here: Market) -> None:
        asker = Asker(here)
        first = (await do(asker, ADD, owner, input=INPUT, key=f"{KEY}-1"))["address"]
        assert first == {
            "id": first["id"],
            "street": "滕头路 12 号",
            "recipient": "王小明",
            "phone": "13812345678",
            "label": "家",
            "isDefault": True,
            "region": {"code": VILLAGE, "name": "滕头村"},
        }
        again = await do(asker, ADD, owner, input=INPUT, key=f"{KEY}-1")
        assert again == {"__typename": "AddressPayload", "address": first}
        second = (await do(asker, ADD, owner, input={**INPUT, "label": "公司"}, key=f"{KEY}-2", isDefault=True))[
            "address"
        ]
        changed = {"region": TOWNSHIP, "street": "新街 1 号", "recipient": "王大明", "phone": "13900000000"}
        edited = (await do(asker, EDIT, owner, id=first["id"], input=changed))["address"]
        assert (edited["street"], edited["label"], edited["region"]["code"]) == ("新街 1 号", "", TOWNSHIP)
        assert await book(asker, owner) == {"totalCount": 2, "nodes": [second, edited]}
        assert (await do(asker, DEFAULT, owner, id=first["id"]))["address"]["isDefault"] is True
        assert [each["id"] for each in (await book(asker, owner))["nodes"]] == [first["id"], second["id"]]
        removed = await do(asker, REMOVE, owner, id=first["id"])
        assert removed == {"__typename": "RemoveAddressPayload", "removed": first["id"]}
        assert await book(asker, owner) == {"totalCount": 1, "nodes": [second]}

    asked(market, walk)


def test_the_book_is_paged_the_default_first_then_the_newest(market: Market) -> None:
    settle(market)
    owner = person(market).actor
    for number in range(5):
        add_address(market, owner, draft(label=str(number)), key=f"{KEY}-{number}", is_default=number == 2)

    async def walk(here: Market) -> list[str]:
        asker, labels, after = Asker(here), [], None
        while True:
            page = (await asker.data(PAGES, {"after": after}, actor=owner))["profile"]["addresses"]
            labels += [each["label"] for each in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return labels

    assert asked(market, walk) == ["2", "4", "3", "1", "0"]


def test_nobody_else_reads_an_address_administrators_neither(market: Market) -> None:
    settle(market)
    owner, other = person(market).actor, person(market, "李四", "13912345678").actor
    address_id = add_address(market, owner, draft(), key=KEY)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        mine = await asker.data(NODE, {"id": address_id}, actor=owner)
        assert mine["node"]["street"] == "滕头路 12 号"
        for actor in (other, ADMIN):
            foreign = await asker.answer(NODE, {"id": address_id}, actor=actor)
            unknown = await asker.answer(NODE, {"id": UNKNOWN}, actor=actor)
            assert foreign.body == unknown.body == b'{"data":{"node":null}}'
        assert await book(asker, other) == {"totalCount": 0, "nodes": []}
        assert (await asker.data(BOOK))["profile"] is None
        refused = await asker.ask(NODE, {"id": address_id})
        assert [error["extensions"]["code"] for error in refused["errors"]] == ["UNAUTHENTICATED"]

    asked(market, walk)


@pytest.mark.parametrize("query", [EDIT, DEFAULT, REMOVE])
def test_changing_somebody_elses_address_answers_as_an_unknown_one_byte_for_byte(market: Market, query: str) -> None:
    settle(market)
    owner, other = person(market).actor, person(market, "李四", "13912345678").actor
    theirs = add_address(market, other, draft(), key=KEY)
    before = list_addresses(market, other)

    async def walk(here: Market) -> list[bytes]:
        more = {"input": INPUT} if query is EDIT else {}
        return [(await Asker(here).answer(query, {"id": each, **more}, actor=owner)).body for each in (theirs, UNKNOWN)]

    foreign, unknown = asked(market, walk)
    assert foreign == unknown
    assert b'"NotFound"' in foreign
    assert list_addresses(market, other) == before


def test_every_kind_of_caller_is_answered_in_the_union(market: Market) -> None:
    settle(market)
    owner = person(market).actor
    key = Actor(ActorKind.CUSTOMER, owner.account_id, limits=frozenset({Permission.ORDER_READ}))

    async def walk(here: Market) -> list[str]:
        asker = Asker(here)
        calls = [(ADD, {"input": INPUT, "key": KEY}), (EDIT, {"id": UNKNOWN, "input": INPUT})]
        calls += [(DEFAULT, {"id": UNKNOWN}), (REMOVE, {"id": UNKNOWN})]
        return [
            (await do(asker, query, actor, **variables))["__typename"]
            for actor in (VISITOR, key)
            for query, variables in calls
        ]

    assert asked(market, walk) == ["NotSignedIn"] * 4 + ["Forbidden"] * 4
    assert list_addresses(market, owner) == []


def test_what_is_wrong_with_an_address_is_told_in_the_callers_language(market: Market) -> None:
    settle(market)
    owner = person(market).actor

    async def walk(here: Market) -> None:
        asker = Asker(here)
        wrong = {"input": {**INPUT, "phone": "0574"}, "key": KEY}
        told = await asker.data(ADD, wrong, actor=owner, language="en")
        assert told["done"] == {
            "__typename": "InvalidInput",
            "code": "BAD_USER_INPUT",
            "message": "“phone” is not valid: a mainland mobile number has 11 digits, such as 13812345678.",
            "path": ["done"],
            "field": "phone",
        }
        for number in range(50):
            await do(asker, ADD, owner, input=INPUT, key=f"{KEY}-{number}")
        full = await do(asker, ADD, owner, input=INPUT, key=f"{KEY}-50")
        assert (full["__typename"], full["code"], full["limit"]) == ("LimitReached", "TOO_MANY_ADDRESSES", 50)
        assert full["message"] == "收货地址最多 50 个，请先删除不再使用的地址。"

    asked(market, walk)

"""The audit trail by API: the same reach as the use case, in keyset pages."""

import json
from datetime import timedelta
from typing import Any

import pytest

from market.kernel.audit import AuditWhere, record
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.organisations.audit import read_audit
from tests.kernel.test_audit_reading import (
    ADMIN,
    COOPERATIVE,
    FAR,
    FARM,
    FENGHUA,
    NOW,
    member,
    note,
    organisations,
    staff,
)
from tests.schema.asking import Asker, asked

FIELDS = "number at actor principal action subject before after requestId"
LIST = f"""query($where: AuditEntryWhere, $first: Int, $after: String, $last: Int, $before: String) {{
  auditEntries(where: $where, first: $first, after: $after, last: $last, before: $before) {{
    totalCount
    nodes {{ {FIELDS} }}
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
  }}
}}"""


async def listed(asker: Asker, actor: Actor = ADMIN, **variables: Any) -> Any:
    return (await asker.data(LIST, variables, actor=actor))["auditEntries"]


async def numbers(asker: Asker, reader: Actor, where: dict[str, Any]) -> list[int]:
    return [int(each["number"]) for each in (await listed(asker, reader, where=where, first=100))["nodes"]]


def test_an_entry_is_told_whole(market: Market) -> None:
    with market.transaction() as session:
        who = Actor(ActorKind.MEMBER, "acc_1", request_id="req-1")
        changes: dict[str, Any] = {"before": {"价": 1}, "after": {"价": 2, "at": NOW}}
        record(session, who, action="listing.price", subject="prd_1", principal=FARM, now=NOW, **changes)

    async def walk(here: Market) -> Any:
        [entry] = (await listed(Asker(here)))["nodes"]
        return entry

    entry = asked(market, walk)
    before, after = (json.loads(entry.pop(name)) for name in ("before", "after"))
    assert (before, after) == ({"价": 1}, {"价": 2, "at": "2026-06-02T01:30:00.000000+00:00"})
    assert entry == {
        "number": "1",
        "at": "2026-06-02T01:30:00Z",
        "actor": "acc_1",
        "principal": FARM,
        "action": "listing.price",
        "subject": "prd_1",
        "requestId": "req-1",
    }


def test_each_reader_sees_by_api_what_the_use_case_gives_them(market: Market) -> None:
    organisations(market)
    note(
        market,
        ("listing.submit", "s", COOPERATIVE, 1),
        ("listing.approve", "s", FARM, 2),
        ("listing.submit", "t", FAR, 3),
        ("stock.adjust", "s", "", 4),
    )
    readers = [ADMIN, staff(FENGHUA), staff("330281"), member(Role.OWNER, FARM), member(Role.OWNER, FARM, FAR)]
    wheres: list[tuple[dict[str, Any], AuditWhere]] = [
        ({}, AuditWhere()),
        ({"action": "listing."}, AuditWhere(action="listing.")),
        ({"subject": "s", "action": "listing.submit"}, AuditWhere(subject="s", action="listing.submit")),
        ({"principal": FAR}, AuditWhere(principal=FAR)),
        ({"actor": "acc_1"}, AuditWhere(actor="acc_1")),
        (
            {"since": "2026-06-02T01:32:00Z", "until": "2026-06-02T01:34:00Z"},
            AuditWhere(since=NOW + timedelta(minutes=2), until=NOW + timedelta(minutes=4)),
        ),
    ]

    async def walk(here: Market) -> None:
        asker = Asker(here)
        for reader in readers:
            for asked_for, where in wheres:
                given = [entry.seq for entry in read_audit(here, reader, where).entries]
                assert await numbers(asker, reader, asked_for) == given, (reader, asked_for)

    asked(market, walk)


def test_pages_go_both_ways_also_within_one_moment(market: Market) -> None:
    note(market, *[("a.x", "s", "", minutes // 4) for minutes in range(12)])

    async def walk(here: Market) -> None:
        asker = Asker(here)
        seen, after = [], None
        while True:
            page = await listed(asker, first=5, after=after)
            seen += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert [int(each["number"]) for each in seen] == list(range(12, 0, -1))
        assert (page["totalCount"], page["pageInfo"]["hasPreviousPage"]) == (12, True)
        earlier = await listed(asker, last=4, before=page["pageInfo"]["startCursor"])
        assert earlier["nodes"] == seen[6:10]
        assert (earlier["pageInfo"]["hasPreviousPage"], earlier["pageInfo"]["hasNextPage"]) == (True, True)

    asked(market, walk)


def test_a_page_is_told_under_the_names_that_the_client_gives(market: Market) -> None:
    note(market, ("a.x", "s", "", 1), ("a.x", "s", "", 2))
    query = """{
      trail: auditEntries(first: 1) {
        isTotalCountExact
        edges { at: cursor it: node { no: number } }
        pageInfo { __typename more: hasNextPage ...P }
      }
    }
    fragment P on PageInfo { last: endCursor ... on PageInfo { startCursor } }"""

    async def walk(here: Market) -> Any:
        return (await Asker(here).data(query, actor=ADMIN))["trail"]

    told = asked(market, walk)
    [edge] = told["edges"]
    assert (edge["it"], told["isTotalCountExact"]) == ({"no": "2"}, True)
    page = {"__typename": "PageInfo", "more": True, "last": edge["at"], "startCursor": edge["at"]}
    assert told["pageInfo"] == page


def test_a_cursor_reads_on_to_the_microsecond(market: Market) -> None:
    with market.transaction() as session:
        for microseconds in (0, 1, 100_000, 999_999):
            at = NOW + timedelta(microseconds=microseconds)
            record(session, Actor(ActorKind.SYSTEM), action="a.x", subject="s", now=at)

    async def walk(here: Market) -> list[int]:
        asker, seen, after = Asker(here), [], None
        for _ in range(4):
            page = await listed(asker, first=1, after=after)
            seen += [int(each["number"]) for each in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
        return seen

    assert asked(market, walk) == [4, 3, 2, 1]


def test_whoever_may_not_look_is_refused(market: Market) -> None:
    note(market, ("a.x", "s", FARM, 1))

    async def walk(here: Market) -> list[list[str]]:
        asker = Asker(here)
        callers = [VISITOR, Actor(ActorKind.CUSTOMER, "acc_1"), member(Role.EDITOR, FARM)]
        answers = [await asker.ask(LIST, actor=actor) for actor in callers]
        return [[error["extensions"]["code"] for error in answer["errors"]] for answer in answers]

    assert asked(market, walk) == [["UNAUTHENTICATED"], ["FORBIDDEN"], ["FORBIDDEN"]]


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"where": {"action": "%"}}, "action"),
        ({"where": {"since": "2026-06-02T01:30:00Z", "until": "2026-06-02T01:30:00Z"}}, "until"),
        ({"after": "a~x~1"}, "after"),
        ({"last": 1, "before": "b~1~1"}, "before"),
        ({"first": 101}, "first"),
    ],
)
def test_what_cannot_be_asked_is_told(market: Market, variables: dict[str, Any], field: str) -> None:
    async def walk(here: Market) -> Any:
        return await Asker(here).ask(LIST, variables, actor=ADMIN)

    [error] = asked(market, walk)["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)

"""Imports by API: a file in, its progress, its problems, its end; each kind of caller."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from market.bulk.rules import SheetKind
from market.bulk.sheets import SHEETS
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.organisations.rules import OrganisationKind
from tests.bulk.desk import Desk, actor, csv_file, hire, key, open_desk, prices, register, work
from tests.schema.asking import Asker, asked
from tests.schema.media.uploading import upload_of
from tests.schema.stalls import sell

UPLOAD = """mutation($input: UploadImportInput!, $key: ID!) {
  uploadImport(input: $input, idempotencyKey: $key) { __typename
    ... on ImportPayload { importJob { id kind state fileName sizeBytes format } }
    ... on UserError { code message path retryable } ... on NotFound { field } ... on InvalidInput { field allowed }
  }
}"""
RUN = """mutation($id: ID!, $mode: ImportMode!, $key: ID!) {
  runImport(importId: $id, mode: $mode, idempotencyKey: $key) { __typename
    ... on ImportPayload { importJob { id state mode } }
    ... on UserError { code message path retryable } ... on NotFound { field } ... on ImportHasErrors { count }
  }
}"""
CANCEL = """mutation($id: ID!) {
  cancelImport(importId: $id) { __typename
    ... on ImportPayload { importJob { state } }
    ... on UserError { code message path retryable } ... on NotFound { field } ... on IllegalTransition { fromState toState allowed }
  }
}"""
READ = """query($id: ID!) {
  importJob(id: $id) {
    id kind state nextStates mode isSubmitting organisationId fileName format encoding rowsTotal rowsDone errorListUrl
    check { created changed unchanged failed } result { created changed unchanged failed }
    problemCode problem problems(first: 2) { nodes { row column value code message } pageInfo { hasNextPage } totalCount }
    createdAt checkedAt startedAt finishedAt
  }
  node(id: $id) { id }
}"""
LIST = """query($where: ImportJobWhere) { importJobs(where: $where) { nodes { id } totalCount } }"""
BAD = csv_file(["sku", "售价"], ["SKU-桃", 99], ["无", 1], ["SKU-桃", "x"], ["", 1])


@pytest.fixture(name="desk")
def _desk(market: Market) -> Desk:
    desk = open_desk(market)
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    return desk


def ask(market: Market, query: str, variables: dict[str, Any], who: Actor, *, language: str = "zh") -> Any:
    return asked(market, lambda here: Asker(here).ask(query, variables, actor=who, language=language))


def upload(market: Market, desk: Desk, who: Actor, content: bytes, organisation: str | None = None) -> Any:
    with upload_of(content) as file:
        given = {
            "file": file,
            "fileName": "价格.csv",
            "kind": "PRICES",
            "organisation": organisation or desk.stalls.producer,
        }
        return ask(market, UPLOAD, {"input": given, "key": key()}, who)["data"]["uploadImport"]


def test_a_file_is_taken_in_checked_run_and_told_of_on_the_way(market: Market, desk: Desk) -> None:
    taken = upload(market, desk, desk.owner, BAD)
    assert taken["__typename"] == "ImportPayload"
    job = taken["importJob"]
    assert job == {
        "id": job["id"],
        "kind": "PRICES",
        "state": "UPLOADED",
        "fileName": "价格.csv",
        "sizeBytes": len(BAD),
        "format": "CSV",
    }

    work(market)
    checked = ask(market, READ, {"id": job["id"]}, desk.owner)["data"]
    assert checked["node"] == {"id": job["id"]}
    told = checked["importJob"]
    assert (told["state"], told["nextStates"], told["encoding"]) == (
        "CHECKED",
        ["QUEUED", "CANCELLED", "EXPIRED"],
        "utf-8-sig",
    )
    assert (told["rowsTotal"], told["rowsDone"]) == (4, 4)
    assert told["check"] == {"created": 0, "changed": 1, "unchanged": 0, "failed": 3}
    assert told["problems"] == {
        "nodes": [
            {"row": 3, "column": "sku", "value": "无", "code": "NOT_FOUND", "message": "没有找到“无”，请核对"},
            {
                "row": 4,
                "column": "售价",
                "value": "x",
                "code": "ROW_REFUSED",
                "message": "请填写金额（元），至多两位小数",
            },
        ],
        "pageInfo": {"hasNextPage": True},
        "totalCount": 4,
    }
    assert told["errorListUrl"] == f"/downloads/imports/{job['id']}/errors.csv"
    assert (told["startedAt"], told["finishedAt"], told["problem"]) == (None, None, None)

    refused = ask(market, RUN, {"id": job["id"], "mode": "ABORT", "key": key()}, desk.owner)["data"]["runImport"]
    assert (refused["__typename"], refused["code"], refused["count"]) == ("ImportHasErrors", "IMPORT_HAS_ERRORS", 3)
    run = ask(market, RUN, {"id": job["id"], "mode": "SKIP", "key": key()}, desk.owner)["data"]["runImport"]
    assert run["importJob"] == {"id": job["id"], "state": "QUEUED", "mode": "SKIP"}
    work(market)

    done = ask(market, READ, {"id": job["id"]}, desk.owner, language="en")["data"]["importJob"]
    assert (done["state"], done["result"]) == ("DONE", {"created": 0, "changed": 1, "unchanged": 0, "failed": 3})
    assert done["problems"]["nodes"][0]["message"] == "nothing is known as “无”: check it"
    assert done["finishedAt"] == "2026-06-02T01:30:00Z"
    assert prices(market, ["SKU-桃"]) == {"SKU-桃": 9900}


def test_a_file_that_cannot_be_read_says_why_in_the_readers_language(market: Market, desk: Desk) -> None:
    job = upload(market, desk, desk.owner, b"sku,colour\nx,1")["importJob"]
    work(market)

    told = {
        language: ask(market, READ, {"id": job["id"]}, desk.owner, language=language)["data"]["importJob"]
        for language in ("zh", "en")
    }

    assert {each["problemCode"] for each in told.values()} == {"FILE_BAD_HEADER"}
    assert "colour" in told["zh"]["problem"]
    assert "does not know" in told["en"]["problem"]


def test_what_can_be_seen_at_once_is_an_invalid_input(market: Market, desk: Desk) -> None:
    answer = upload(market, desk, desk.owner, b"%PDF-1.7")

    assert (answer["__typename"], answer["code"], answer["field"]) == ("InvalidInput", "FILE_NOT_A_SHEET", "file")


def test_an_import_is_given_up_once(market: Market, desk: Desk) -> None:
    job = upload(market, desk, desk.owner, BAD)["importJob"]

    first, again = (ask(market, CANCEL, {"id": job["id"]}, desk.owner)["data"]["cancelImport"] for _ in range(2))

    assert first["importJob"] == {"state": "CANCELLED"}
    assert (again["__typename"], again["fromState"], again["allowed"]) == ("IllegalTransition", "CANCELLED", [])


def test_a_strangers_import_is_as_unknown_as_any(market: Market, desk: Desk) -> None:
    job = upload(market, desk, desk.owner, BAD)["importJob"]
    other = register(market, desk, OrganisationKind.HOUSEHOLD, "老李家")
    stranger = actor(market, hire(market, other, Role.OWNER))

    def answers(import_id: str, organisation_id: str) -> str:
        told = [
            ask(market, READ, {"id": import_id}, stranger),
            ask(market, RUN, {"id": import_id, "mode": "SKIP", "key": key()}, stranger),
            ask(market, CANCEL, {"id": import_id}, stranger),
            ask(market, LIST, {"where": {"organisation": organisation_id}}, stranger),
            upload(market, desk, stranger, BAD, organisation_id),
        ]
        return json.dumps(told).replace(import_id, "…").replace(organisation_id, "…")

    assert answers(job["id"], desk.stalls.producer) == answers(new_id("imp"), new_id("pdr"))
    assert ask(market, LIST, {}, stranger)["data"] == {"importJobs": {"nodes": [], "totalCount": 0}}


def test_lists_hold_what_one_imports_for_and_what_was_asked_for(market: Market, desk: Desk) -> None:
    job = upload(market, desk, desk.owner, BAD)["importJob"]["id"]
    colleague = actor(market, hire(market, desk.stalls.producer, Role.EDITOR))

    def ids(**where: Any) -> list[str]:
        data = ask(market, LIST, {"where": where}, colleague)["data"]
        return [node["id"] for node in data["importJobs"]["nodes"]]

    assert ids() == ids(organisation=desk.stalls.producer) == ids(kinds=["PRICES"], states=["UPLOADED"]) == [job]
    assert ids(kinds=["STOCK"]) == ids(states=["DONE"]) == ids(kinds=[]) == []


CALLERS: dict[str, tuple[Callable[[Desk], Actor], str, str]] = {
    "visitor": (lambda _desk: VISITOR, "NotSignedIn", "UNAUTHENTICATED"),
    "customer": (lambda _desk: Actor(ActorKind.CUSTOMER, "acc_1"), "Forbidden", "FORBIDDEN"),
    "viewer": (lambda desk: member(desk, Role.VIEWER), "Forbidden", "FORBIDDEN"),
    "analyst": (
        lambda _desk: Actor(
            ActorKind.STAFF,
            "acc_2",
            staff_roles=frozenset({Role.STAFF_ANALYST}),
            region_codes=frozenset({"330000000000"}),
        ),
        "Forbidden",
        "FORBIDDEN",
    ),
}


def member(desk: Desk, role: Role) -> Actor:
    return Actor(ActorKind.MEMBER, "acc_3", organisations={desk.stalls.producer: frozenset({role})})


@pytest.mark.parametrize("caller", CALLERS)
def test_whoever_may_not_import_is_told_so_and_nothing_changes(market: Market, desk: Desk, caller: str) -> None:
    job = upload(market, desk, desk.owner, BAD)["importJob"]["id"]
    make, kind, code = CALLERS[caller]
    who = make(desk)

    assert upload(market, desk, who, BAD)["__typename"] == kind
    for query, variables in ((RUN, {"id": job, "mode": "SKIP", "key": key()}), (CANCEL, {"id": job})):
        [answer] = ask(market, query, variables, who)["data"].values()
        assert answer["__typename"] == kind
    for query, variables in ((READ, {"id": job}), (LIST, {}), ("{ bulkSheets { kind } }", {})):
        assert {each["extensions"]["code"] for each in ask(market, query, variables, who)["errors"]} == {code}
    assert ask(market, LIST, {}, desk.owner)["data"]["importJobs"]["totalCount"] == 1


def test_sheets_tell_their_columns_in_the_readers_language(market: Market, desk: Desk) -> None:
    query = "{ bulkSheets { kind title templateUrl exportUrl columns { key header help format example isRequired } } }"

    told = {
        language: ask(market, query, {}, desk.owner, language=language)["data"]["bulkSheets"]
        for language in ("zh", "en")
    }

    assert [each["kind"] for each in told["zh"]] == [kind.value for kind in SheetKind]
    [sku, price] = next(each for each in told["zh"] if each["kind"] == "PRICES")["columns"]
    assert (sku["header"], price["header"], price["isRequired"]) == ("规格编码", "价格（元）", True)
    assert [each["title"] for each in told["en"]] == [SHEETS[kind].en for kind in SheetKind]
    assert all(column["format"] and column["help"] for each in told["en"] for column in each["columns"])

"""Uploading and reading pictures through the API."""

import asyncio
import json
from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Role
from market.media import keep
from market.media.links import PRIVATE_PATH
from market.media.rules import MediaKind, MediaSize
from market.media.store import MediaStore
from tests.organisations.county import County, key
from tests.schema.media.uploading import UPLOAD, read, rows, run, upload


def test_a_producers_picture_is_taken_in_and_shown(county: County, market: Market, store: MediaStore) -> None:
    producer = county.active()
    editor = county.holding(Role.EDITOR, producer)

    answer = upload(market, store, editor, organisation=producer)

    media = answer["media"]
    assert answer["__typename"] == "UploadPicturePayload"
    assert (media["kind"], media["width"], media["height"]) == ("LISTING", 640, 480)
    assert media["url"].startswith("/media/2026-06-02/")
    assert media["small"] == media["url"].replace(".webp", "-320.webp")
    assert (media["createdAt"], media["expiresAt"]) == ("2026-06-02T01:30:00Z", "2026-06-09T01:30:00Z")
    found = asyncio.run(store.public(media["url"].removeprefix("/media/")))
    assert found is not None
    assert found.content.startswith(b"RIFF")
    assert read(market, media["id"], editor)["data"]["node"] == {"id": media["id"]}


def test_a_private_picture_has_a_link_that_ends(county: County, market: Market, store: MediaStore) -> None:
    person = county.actor(county.person())

    media = upload(market, store, person, kind="CLAIM")["media"]

    assert media["url"].startswith(f"{PRIVATE_PATH}{media['id']}/large?expires=")
    assert media["small"].startswith(f"{PRIVATE_PATH}{media['id']}/small?expires=")
    expires, signature = media["url"].partition("?expires=")[2].split("&signature=")
    assert store.links.private(media["id"], MediaSize.LARGE, now=market.now()) == media["url"]
    assert int(expires) == int(market.now().timestamp()) + 600
    assert len(signature) == 64


def test_once_something_shows_it_it_stays(county: County, market: Market, store: MediaStore) -> None:
    producer = county.active()
    editor = county.holding(Role.EDITOR, producer)
    media = upload(market, store, editor, organisation=producer)["media"]
    with market.transaction() as session:
        keep.use_media(session, media["id"], owner_ids=[producer], kind=MediaKind.LISTING)

    assert read(market, media["id"], editor)["data"]["media"]["expiresAt"] is None


def test_a_file_that_is_no_picture_says_why(county: County, market: Market, store: MediaStore) -> None:
    person = county.actor(county.person())

    english = upload(market, store, person, kind="CLAIM", content=b"%PDF-1.7")
    chinese = upload(market, store, person, kind="CLAIM", content=b"%PDF-1.7", language="zh")

    assert english == {
        "__typename": "UnusableImage",
        "code": "UNUSABLE_IMAGE",
        "message": "This picture cannot be used: a picture is JPEG, PNG or WebP, and this is PDF: export it as JPEG.",
        "path": ["uploadPicture"],
        "retryable": False,
        "field": "file",
        "reason": "FORMAT",
        "allowed": "a picture is JPEG, PNG or WebP, and this is PDF: export it as JPEG",
    }
    assert chinese["message"] == "图片不可用：图片格式须为 JPEG、PNG 或 WebP，此文件为 PDF，请另存为 JPEG。"
    assert rows(market) == 0


def test_a_foreign_organisation_is_like_an_unknown_one(county: County, market: Market, store: MediaStore) -> None:
    mine, foreign = county.active(), county.active(name="老李家")
    editor = county.holding(Role.EDITOR, mine)

    answers = [
        upload(market, store, editor, organisation=each) for each in (foreign, "pdr_00000000000000000000000000", "x")
    ]

    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["__typename"], answers[0]["field"]) == ("NotFound", "organisation")
    assert rows(market) == 0


def test_each_kind_of_caller_gets_what_is_theirs(county: County, market: Market, store: MediaStore) -> None:
    producer = county.active()
    owner, person = county.holding(Role.OWNER, producer), county.actor(county.person())
    answers = {
        name: upload(market, store, actor, organisation=producer)["__typename"]
        for name, actor in {
            "visitor": VISITOR,
            "customer": person,
            "viewer": county.holding(Role.VIEWER, producer),
            "staff": county.moderator(),
            "owner": owner,
        }.items()
    }

    assert answers == {
        "visitor": "NotSignedIn",
        "customer": "NotFound",
        "viewer": "NotFound",
        "staff": "NotFound",
        "owner": "UploadPicturePayload",
    }
    assert upload(market, store, person)["__typename"] == "InvalidInput"  # a listing's picture is no person's
    assert rows(market) == 1


def test_others_do_not_see_it(county: County, market: Market, store: MediaStore) -> None:
    producer, other = county.active(), county.active(name="老李家")
    editor = county.holding(Role.EDITOR, producer)
    media_id = upload(market, store, editor, organisation=producer)["media"]["id"]
    unknown = "mda_00000000000000000000000000"

    for actor in (county.holding(Role.EDITOR, other), county.actor(county.person()), county.moderator()):
        answers = [json.dumps(read(market, each, actor)).replace(each, "") for each in (media_id, unknown)]
        assert answers[0] == answers[1]
        assert read(market, media_id, actor)["data"] == {"media": None, "node": None}
    visitor = read(market, media_id, VISITOR)
    assert {error["extensions"]["code"] for error in visitor["errors"]} == {"UNAUTHENTICATED"}
    assert json.dumps(visitor) == json.dumps(read(market, unknown, VISITOR))


def test_what_was_removed_is_gone(county: County, market: Market, store: MediaStore) -> None:
    person = county.actor(county.person())
    media_id = upload(market, store, person, kind="LICENCE")["media"]["id"]
    with market.transaction() as session:
        keep.remove_media(session, media_id, now=market.now())

    assert read(market, media_id, person)["data"] == {"media": None, "node": None}


def test_without_a_store_none_is_taken_in(county: County, market: Market) -> None:
    answer = upload(market, None, county.actor(county.person()), kind="CLAIM")

    assert (answer["__typename"], answer["code"], answer["retryable"]) == ("Unavailable", "UNAVAILABLE", True)


@pytest.mark.parametrize("value", ["text", 7, {"a": 1}, [], True])
def test_only_a_file_is_an_upload(county: County, market: Market, store: MediaStore, value: Any) -> None:
    variables = {"file": value, "kind": "CLAIM", "organisation": None, "key": key()}
    person = county.actor(county.person())

    response = run(market, store, lambda asker: asker.ask(UPLOAD, variables, actor=person))

    assert response["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in response


def test_an_upload_is_never_in_a_document(county: County, market: Market, store: MediaStore) -> None:
    query = UPLOAD.replace("$file: Upload!, ", "").replace("$file", '"text"')
    variables = {"kind": "CLAIM", "organisation": None, "key": key()}

    response = run(market, store, lambda asker: asker.ask(query, variables, actor=county.actor(county.person())))

    assert response["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"

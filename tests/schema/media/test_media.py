"""Uploading and reading pictures through the API."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlmodel import func, select

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, Role
from market.media import keep
from market.media.links import PRIVATE_PATH, Links
from market.media.objects import open_objects
from market.media.rules import MediaKind, MediaSize
from market.media.store import MediaStore
from market.media.tables import Media
from schema.edge.http import GraphQLEndpoint
from schema.edge.multipart import Upload, UploadLimits
from schema.services import Services
from tests.media.files import jpeg, photo, saved
from tests.organisations.county import County, key
from tests.schema.asking import Asker, asked
from tests.server.edge.asgi import Response
from tests.server.edge.forms import MULTIPART, form

UPLOAD = """mutation($file: Upload!, $kind: MediaKind!, $organisation: ID, $key: ID!) {
  uploadPicture(input: {file: $file, kind: $kind, organisation: $organisation}, idempotencyKey: $key) {
    __typename
    ... on UploadPicturePayload { media { id kind url small: url(size: SMALL) width height createdAt expiresAt } }
    ... on UserError { code message path retryable }
    ... on UnusableImage { field reason allowed }
    ... on InvalidInput { field allowed }
    ... on NotFound { field }
  }
}"""
READ = "query($id: ID!) { media(id: $id) { id kind url(size: MEDIUM) expiresAt } node(id: $id) { id } }"
PICTURE = jpeg(640, 480)


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


@pytest.fixture(name="store")
def _store(market: Market) -> Iterator[MediaStore]:
    links = Links.of(market.sealer, public_url="/media/")
    with closing(MediaStore(open_objects("memory:///"), links)) as store:
        yield store


@contextmanager
def upload_of(content: bytes) -> Iterator[Upload]:
    """A file as the edge hands it over, and takes it away again."""
    upload = Upload()
    upload.write(content)
    upload.file.seek(0)
    yield upload
    upload.file.close()


def run(market: Market, store: MediaStore | None, ask: Callable[[Asker], Coroutine[Any, Any, Any]]) -> Any:
    async def over(here: Market) -> Any:
        return await ask(Asker(here, services=Services(media=store)))

    return asked(market, over)


def upload(
    market: Market,
    store: MediaStore | None,
    actor: Actor,
    *,
    content: bytes = PICTURE,
    kind: str = "LISTING",
    organisation: str | None = None,
    language: str = "en",
) -> Any:
    """What `uploadPicture` answers."""
    with upload_of(content) as file:
        variables = {"file": file, "kind": kind, "organisation": organisation, "key": key()}
        data = run(market, store, lambda asker: asker.data(UPLOAD, variables, actor=actor, language=language))
    return data["uploadPicture"]


def read(market: Market, media_id: str, actor: Actor) -> Any:
    return run(market, None, lambda asker: asker.ask(READ, {"id": media_id}, actor=actor))


def rows(market: Market) -> int:
    with market.read() as session:
        return session.exec(select(func.count()).select_from(Media)).one()


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


# -- the whole way, from the bytes of a form ---------------------------------------------------------------------------


def post(market: Market, store: MediaStore, actor: Actor, body: bytes, *, is_cached: bool = False) -> Response:
    """Send a form through the edge; the answer."""
    sent: list[Any] = []

    async def over(here: Market) -> None:
        asker = Asker(here, services=Services(media=store), is_cached=is_cached)
        asker._actors["me"] = actor
        endpoint = GraphQLEndpoint(asker.execute, log=_Silent(), observe=lambda _seen: None, uploads=UploadLimits())
        messages = iter([body[at : at + 65536] for at in range(0, len(body), 65536)])
        pairs = {**MULTIPART, "accept-language": "en", **({} if actor is VISITOR else {"authorization": "Bearer me"})}

        async def receive() -> dict[str, Any]:
            piece = next(messages, b"")
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
            "client": ("192.0.2.7", 1),
        }
        await endpoint(scope, receive, send)

    asked(market, over)
    return Response(sent[0]["status"], {}, sent[1]["body"])


class _Silent:
    """A log that fails the test when something unexpected is told."""

    def error(self, msg: str, /, **facts: Any) -> None:
        raise AssertionError(msg) from facts["exc_info"]


@pytest.mark.parametrize("is_cached", [False, True])
def test_a_form_becomes_a_picture(county: County, market: Market, store: MediaStore, *, is_cached: bool) -> None:
    producer = county.active()
    variables = {"file": None, "kind": "LISTING", "organisation": producer, "key": key()}
    content = saved(photo(2000, 1500), "PNG")
    body = form({"query": UPLOAD, "variables": variables}, {"0": ["variables.file"]}, ("0", content))

    editor = county.holding(Role.EDITOR, producer)
    response = post(market, store, editor, body, is_cached=is_cached)
    again = post(market, store, editor, body, is_cached=is_cached)

    media = response.json["data"]["uploadPicture"]["media"]
    assert (response.status, media["width"], media["height"]) == (200, 1920, 1440)
    assert again.json == response.json
    assert rows(market) == 1


def test_several_files_come_in_one_request(county: County, market: Market, store: MediaStore) -> None:
    names = [f"f{number}" for number in range(5)]
    declared = " ".join(f"${name}: Upload!" for name in names)
    fields = " ".join(
        f'{name}: uploadPicture(input: {{file: ${name}, kind: CLAIM}}, idempotencyKey: "{key()}")'
        " { ... on UploadPicturePayload { media { id } } ... on UserError { code } }"
        for name in names
    )
    files = [(name, jpeg(60, 40, seed=number)) for number, name in enumerate(names)]
    operations = {"query": f"mutation({declared}) {{ {fields} }}", "variables": dict.fromkeys(names)}
    body = form(operations, {name: [f"variables.{name}"] for name in names}, *files)

    response = post(market, store, county.actor(county.person()), body)

    assert len({response.json["data"][name]["media"]["id"] for name in names}) == 5


def test_a_query_may_bring_files_and_is_not_kept(market: Market, store: MediaStore) -> None:
    """Whatever stands for a file is no JSON, so it is no part of a key of kept answers."""
    operations = {"query": "{ products(first: 1) { totalCount } }", "variables": {"file": None}}
    body = form(operations, {"0": ["variables.file"]}, ("0", b"x"))

    answers = [post(market, store, VISITOR, body, is_cached=True) for _ in range(2)]

    assert [each.json for each in answers] == [{"data": {"products": {"totalCount": 0}}}] * 2

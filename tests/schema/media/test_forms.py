"""The whole way: from the bytes of a form to a picture."""

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Role
from market.media.store import MediaStore
from tests.media.files import jpeg, photo, saved
from tests.organisations.county import County, key
from tests.schema.media.uploading import UPLOAD, post, rows
from tests.server.edge.forms import form


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

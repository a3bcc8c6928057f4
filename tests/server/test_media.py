"""Pictures over HTTP: public ones for good, private ones by a link that ends, and nothing else of the store."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from market.kernel.clock import business_day
from market.kernel.market import Market
from market.media import keep
from market.media.errors import StoreUnavailable
from market.media.keep import MediaDraft
from market.media.links import PRIVATE_PATH, Links
from market.media.objects import Found, Objects, open_objects
from market.media.render import Rendered
from market.media.rules import LINK_KEPT, MediaKind, MediaSize, sized
from market.media.store import MediaStore
from market.server.cli import build_cli
from market.server.media import media_routes, open_media
from market.server.settings import read_settings
from schema.cli import PARTS
from tests.clock import FakeClock
from tests.media.fake_s3 import BUCKET, KEY_ID, REGION, fake_s3
from tests.media.fake_s3 import SECRET as SECRET_KEY
from tests.media.test_objects import bucket
from tests.server.test_worker import log

FOR_GOOD = "public, max-age=31536000, immutable"
PICTURE = Rendered({size: b"RIFF" + size.value.encode() for size in MediaSize}, 1920, 1440)
SECRET = "the license of somebody"


@pytest.fixture(name="store", params=["file", "memory", "s3"])
def _store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MediaStore]:
    with fake_s3() as server:
        objects = {
            "file": lambda: open_objects((tmp_path / "media").as_uri()),
            "memory": lambda: open_objects("memory:///"),
            "s3": lambda: bucket(server),
        }[request.param]()
        (tmp_path / "secret.webp").write_text(SECRET)
        with closing(MediaStore(objects, Links("/media/", b"k" * 32))) as store:
            yield store


def kept(market: Market, store: MediaStore, kind: MediaKind) -> tuple[str, str]:
    """A picture's id and key."""
    digest = kind.value.encode().hex().ljust(64, "0")
    key = store.put(PICTURE, kind=kind, sha256=digest, day=business_day(market.now()))
    owner = "acc_00000000000000000000000001"
    with market.transaction() as session:
        draft = MediaDraft(owner, kind, key, digest, PICTURE.width, PICTURE.height, PICTURE.size_bytes)
        return keep.add_media(session, draft, now=market.now())[0], key


class Browser:
    """Asks the server's picture routes."""

    def __init__(self, market: Market, store: MediaStore) -> None:
        self._app = Starlette(routes=media_routes(store, market, log()))

    async def get(self, path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            # As bytes on the wire: httpx would tidy the path first.
            url = httpx.URL("http://shop").copy_with(raw_path=path.encode())
            return await client.send(client.build_request(method, url, headers=named))


@pytest.fixture(name="browser")
def _browser(market: Market, store: MediaStore) -> Browser:
    return Browser(market, store)


@pytest.mark.anyio
async def test_public_pictures_are_kept_for_good(market: Market, store: MediaStore, browser: Browser) -> None:
    size = MediaSize.SMALL
    _, key = kept(market, store, MediaKind.LISTING)
    url = store.links.public(key, size)

    first = await browser.get(url)
    again = await browser.get(url, if_none_match=first.headers["etag"])
    head = await browser.get(url, method="HEAD")

    assert (first.status_code, first.content) == (200, PICTURE.files[size])
    assert first.headers["content-type"] == "image/webp"
    assert first.headers["content-length"] == str(len(first.content))
    assert first.headers["cache-control"] == FOR_GOOD
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert head.headers["etag"] == first.headers["etag"]


@pytest.mark.anyio
async def test_private_pictures_need_a_link_that_is_good(
    market: Market, store: MediaStore, browser: Browser, clock: FakeClock
) -> None:
    media_id, key = kept(market, store, MediaKind.LICENCE)
    link = store.links.private(media_id, MediaSize.MEDIUM, now=market.now())

    shown = await browser.get(link)
    bare = await browser.get(link.partition("?")[0])
    forged = await browser.get(link[:-1] + ("0" if link[-1] != "0" else "1"))
    as_public = [await browser.get(f"/media/{path}") for path in (key, sized(key, MediaSize.MEDIUM))]
    as_part = await browser.get(f"/media/private/{key}")
    clock.now += LINK_KEPT - timedelta(seconds=1)
    later = await browser.get(link)
    clock.advance(seconds=1)
    over = await browser.get(link)

    assert (shown.status_code, shown.content) == (200, PICTURE.files[MediaSize.MEDIUM])
    assert shown.headers["cache-control"] == "private, no-store"
    assert shown.headers["content-type"] == "image/webp"
    assert (bare.status_code, forged.status_code, later.status_code, over.status_code) == (403, 403, 200, 403)
    assert [each.status_code for each in (*as_public, as_part)] == [404, 404, 404]
    assert over.headers["cache-control"] == "no-store"


@pytest.mark.anyio
async def test_a_link_ends_with_its_picture(market: Market, store: MediaStore, browser: Browser) -> None:
    media_id, _ = kept(market, store, MediaKind.CLAIM)
    public_id, _ = kept(market, store, MediaKind.LISTING)
    link = store.links.private(media_id, MediaSize.LARGE, now=market.now())
    assert (await browser.get(link)).status_code == 200

    with market.transaction() as session:
        keep.remove_media(session, media_id, now=market.now())

    assert (await browser.get(link)).status_code == 404
    for other in (public_id, "mda_00000000000000000000000000", "x"):
        signed = store.links.private(other, MediaSize.LARGE, now=market.now())
        assert (await browser.get(signed)).status_code == 404


TRAPS = [
    "/media/",
    "/media/2026-06-02",
    "/media/2026-06-02/",
    "/media/2026-06-02/none.webp",
    "/media/../secret.webp",
    "/media/../../secret.webp",
    "/media/%2e%2e/secret.webp",
    "/media/..%2fsecret.webp",
    "/media/x/..%2f..%2f..%2fsecret.webp",
    "/media/x/%2e%2e/%2e%2e/%2e%2e/secret.webp",
    "/media//secret.webp",
    "/media/%2fetc%2fpasswd",
    "/media/x%00.webp",
    "/media/x/y.webp%00",
    "/media/x/y.webp%0a",
    "/media/x/y.webp/",
    "/media/x/y.WEBP",
    "/media/x/y.webp?x=../../secret.webp/../../..",
    "/media/..%5csecret.webp",
    "/media/" + "a/" * 500 + "b.webp",
    "/media/x/" + "a" * 5000 + ".webp",
    "/media/x/%E5%9B%BE.webp",
    "/media/x/" + "%FF" * 10 + ".webp",
    f"{PRIVATE_PATH}x/large",
    f"{PRIVATE_PATH}../secret.webp",
    f"{PRIVATE_PATH}x/huge?expires=9&signature=9",
    f"{PRIVATE_PATH}x/LARGE?expires=9&signature=9",
    f"{PRIVATE_PATH}x/large?expires=9&expires=8&signature=%FF",
]


@pytest.mark.anyio
async def test_nothing_but_pictures_is_found(browser: Browser) -> None:
    for path in TRAPS:
        for method in ("GET", "HEAD"):
            response = await browser.get(path, method=method)

            assert response.status_code in {403, 404}, path
            assert SECRET not in response.text, path


@pytest.mark.anyio
async def test_pictures_are_only_read(market: Market, store: MediaStore, browser: Browser) -> None:
    _, key = kept(market, store, MediaKind.LISTING)

    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await browser.get(f"/media/{key}", method=method)).status_code == 405
    assert (await browser.get(f"/media/{key}")).status_code == 200


@pytest.mark.anyio
async def test_a_store_that_is_down_is_said_to_be_so(market: Market) -> None:
    class Down(Objects):
        async def get(self, path: str) -> Found | None:
            raise StoreUnavailable

    with closing(MediaStore(Down(open_objects("memory:///")._store), Links("/media/", b"k" * 32))) as store:
        response = await Browser(market, store).get("/media/2026-06-02/ab.webp")

    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.anyio
async def test_where_another_server_has_the_public_ones_only_private_ones_are_here(market: Market) -> None:
    links = Links("https://cdn.example.cn/media/", b"k" * 32)
    with closing(MediaStore(open_objects("memory:///"), links)) as store:
        media_id, _ = kept(market, store, MediaKind.CLAIM)
        _, key = kept(market, store, MediaKind.LISTING)
        browser = Browser(market, store)

        assert store.links.public(key, MediaSize.LARGE) == f"https://cdn.example.cn/media/{key}"
        assert (await browser.get(f"/media/{key}")).status_code == 404
        private = await browser.get(store.links.private(media_id, MediaSize.LARGE, now=market.now()))
        assert private.status_code == 200


def test_the_settings_say_where_pictures_are(market: Market, tmp_path: Path) -> None:
    settings = read_settings(media_path=tmp_path / "pictures", media_url="/shown/")

    with closing(open_media(settings, market)) as store:
        _, key = kept(market, store, MediaKind.LISTING)

        assert (tmp_path / "pictures" / "public" / key).exists()
        assert store.links.public(key, MediaSize.LARGE) == f"/shown/{key}"


def test_links_are_signed_with_this_marketplaces_secret(market: Market, tmp_path: Path) -> None:
    settings = read_settings(media_store=tmp_path.as_uri())

    with closing(open_media(settings, market)) as store:
        assert store.links.key == market.sealer.key("media-url")
        assert len(store.links.key) == 32


@pytest.mark.parametrize("is_down", [False, True])
def test_check_says_whether_a_bucket_answers(tmp_path: Path, *, is_down: bool) -> None:
    with fake_s3() as server:
        server.is_down = is_down
        environment = {
            "MARKET_DATABASE_URL": f"sqlite:///{tmp_path}/m.db",
            "MARKET_MEDIA_STORE": f"s3://{BUCKET}/shop",
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }
        said = CliRunner().invoke(build_cli(PARTS), ["check"], env=environment).stdout

    expected = "wrong  media store: cannot be reached: " if is_down else "ok     media store\n"
    assert expected in said
    assert server.asked

"""A folder, a bucket and memory keep files alike.

The bucket is `fake_s3`: a server of ours that checks signatures, not Amazon's.
"""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from obstore.store import LocalStore

from market.media.errors import StoreUnavailable
from market.media.links import Links
from market.media.objects import Found, Objects, open_objects
from market.media.render import Rendered
from market.media.rules import MediaKind, MediaSize, sized
from market.media.store import MediaStore
from tests.media.fake_s3 import BUCKET, KEY_ID, REGION, SECRET, FakeS3, fake_s3

CACHE = "public, max-age=31536000, immutable"


@pytest.fixture(name="s3")
def _s3() -> Iterator[FakeS3]:
    with fake_s3() as server:
        yield server


def bucket(server: FakeS3, *, secret: str = SECRET) -> Objects:
    said: Any = {"endpoint": server.url, "region": REGION, "access_key_id": KEY_ID, "secret_access_key": secret}
    return open_objects(f"s3://{BUCKET}/shop", bucket=said)


@pytest.fixture(name="objects", params=["file", "memory", "s3"])
def _objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    match request.param:
        case "file":
            return open_objects((tmp_path / "媒体 files").as_uri())
        case "memory":
            return open_objects("memory:///")
    return bucket(request.getfixturevalue("s3"))


def got(objects: Objects, path: str) -> Found | None:
    return asyncio.run(objects.get(path))


def test_a_file_is_found_again_until_it_is_deleted(objects: Objects) -> None:
    objects.put("public/a/b.webp", b"one", cache_control=CACHE)
    first = got(objects, "public/a/b.webp")
    objects.put("public/a/b.webp", b"another", cache_control=CACHE)
    second = got(objects, "public/a/b.webp")
    objects.delete(["public/a/none.webp", "public/a/b.webp"])

    assert first is not None
    assert second is not None
    assert (first.content, second.content) == (b"one", b"another")
    assert first.etag.startswith('"')
    assert first.etag != second.etag
    assert got(objects, "public/a/b.webp") is None


def test_files_are_listed_by_folder(objects: Objects) -> None:
    for path in ("public/1/a.webp", "public/1/b.webp", "public/2/c.webp", "private/1/d.webp"):
        objects.put(path, b"x", cache_control=CACHE)

    assert objects.folders("public/") == ["1", "2"]
    assert sorted(path for some in objects.paths("public/1/") for path in some) == [
        "public/1/a.webp",
        "public/1/b.webp",
    ]
    assert objects.folders("nothing/") == []
    assert list(objects.paths("nothing/")) == []


def test_a_bucket_is_told_how_to_serve_a_file(s3: FakeS3) -> None:
    bucket(s3).put("public/a.webp", b"x", cache_control=CACHE)

    (stored,) = s3.objects.values()
    assert list(s3.objects) == ["shop/public/a.webp"]
    assert stored.headers == {"content-type": "image/webp", "cache-control": CACHE}


def test_a_wrong_secret_stores_nothing(s3: FakeS3) -> None:
    objects = bucket(s3, secret="wrong")

    with pytest.raises(StoreUnavailable):
        objects.put("public/a.webp", b"x", cache_control=CACHE)
    with pytest.raises(StoreUnavailable):
        got(objects, "public/a.webp")
    assert s3.objects == {}


def test_a_store_that_is_down_is_tried_again_and_then_unavailable(s3: FakeS3) -> None:
    s3.is_down = True

    with pytest.raises(StoreUnavailable) as refused:
        bucket(s3).put("public/a.webp", b"x", cache_control=CACHE)

    assert refused.value.retryable
    assert len(s3.asked) == 3


def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    objects = open_objects((tmp_path / "media").as_uri())
    (tmp_path / "media" / "public").write_text("a file where a folder should be")

    with pytest.raises(StoreUnavailable):
        objects.put("public/a.webp", b"x", cache_control=CACHE)


def test_a_folders_files_are_on_the_disk_before_they_are_relied_on(tmp_path: Path) -> None:
    """Their contents and the folders that name them: without either a loss of power would lose the file."""
    synced: list[str] = []
    store = LocalStore(tmp_path)
    objects = Objects(store, fsync=lambda number: synced.append(str(Path(f"/proc/self/fd/{number}").readlink())))
    picture = Rendered(dict.fromkeys(MediaSize, b"x"), 1, 1)

    with closing(MediaStore(objects, Links("/media/", b"k" * 32))) as media:
        key = media.put(picture, kind=MediaKind.LISTING, sha256="ab" * 32, day=date(2026, 11, 25))

    day = tmp_path / "public" / "2026-11-25"
    files = [tmp_path / "public" / sized(key, size) for size in MediaSize]
    assert set(synced) == {str(each) for each in (*files, day, day.parent)}
    assert synced.index(str(day)) > max(synced.index(str(each)) for each in files)


@pytest.mark.parametrize(
    "url", ["", "var/media", "/var/media", "file://", "file:///", "file://host/x", "s3://", "ftp://x/y", "http://x/y"]
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="use file:///var/lib/market/media or s3://bucket/prefix"):
        open_objects(url)

"""What the worker takes away, and what it must never take."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from market.kernel.clock import business_day
from market.kernel.market import Market
from market.media import keep, sweep
from market.media.errors import StoreUnavailable
from market.media.keep import MediaDraft
from market.media.links import Links
from market.media.objects import Objects, open_objects
from market.media.render import Rendered
from market.media.rules import NEW_KEPT, MediaKind, MediaSize, MediaState, charge, sized
from market.media.store import MediaStore, path_of
from market.media.tables import Media, MediaUsage
from market.server.media import media_duties
from market.server.worker import run_once
from tests.clock import FakeClock
from tests.media.fake_s3 import fake_s3
from tests.media.test_objects import bucket
from tests.server.test_worker import log

OWNER, OTHER = "pdr_00000000000000000000000001", "pdr_00000000000000000000000002"
PICTURE = Rendered(dict.fromkeys(MediaSize, b"x" * 100), 10, 10)


@pytest.fixture(name="store", params=["file", "s3"])
def _store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MediaStore]:
    with fake_s3() as server:
        objects = open_objects(tmp_path.as_uri()) if request.param == "file" else bucket(server)
        with closing(MediaStore(objects, Links("/media/", b"k" * 32))) as store:
            yield store


def put(market: Market, store: MediaStore, name: str = "a", *, kind: MediaKind = MediaKind.LISTING) -> str:
    """The files of an upload that has not come to its row; their key."""
    return store.put(PICTURE, kind=kind, sha256=name * 64, day=business_day(market.now()))


def upload(
    market: Market, store: MediaStore, name: str = "a", *, owner: str = OWNER, kind: MediaKind = MediaKind.LISTING
) -> str:
    """A whole upload; the picture's id."""
    key = put(market, store, name, kind=kind)
    draft = MediaDraft(owner, kind, key, name * 64, PICTURE.width, PICTURE.height, PICTURE.size_bytes)
    with market.transaction() as session:
        return keep.add_media(session, draft, now=market.now())[0]


def use(market: Market, media_id: str, kind: MediaKind = MediaKind.LISTING) -> None:
    with market.transaction() as session:
        keep.use_media(session, media_id, owner_ids=[OWNER, OTHER], kind=kind)


def files(store: MediaStore) -> set[str]:
    return {path for part in ("public/", "private/") for some in store.objects.paths(part) for path in some}


def files_of(key: str, kind: MediaKind = MediaKind.LISTING) -> set[str]:
    return {path_of(kind, sized(key, size)) for size in MediaSize}


def ids(market: Market) -> dict[str, MediaState]:
    with market.read() as session:
        return {each.id: each.state for each in session.exec(select(Media))}


def work(market: Market, store: MediaStore) -> dict[str, int]:
    return run_once(market, log(), media_duties(store))


def test_a_picture_that_nothing_shows_goes_after_seven_days(
    market: Market, store: MediaStore, clock: FakeClock
) -> None:
    shown, forgotten = upload(market, store, "a"), upload(market, store, "b")
    use(market, shown)
    everything = files(store)

    clock.now += NEW_KEPT - timedelta(seconds=1)
    assert set(work(market, store).values()) == {0}
    clock.advance(seconds=1)
    assert work(market, store)["expire pictures"] == 1
    assert ids(market) == {shown: MediaState.USED, forgotten: MediaState.REMOVED}
    assert files(store) == everything  # a page that is open still shows it
    clock.advance(days=2)
    done = work(market, store)

    assert done["delete removed pictures"] == 1
    assert ids(market) == {shown: MediaState.USED}
    assert len(files(store)) == 3
    with market.read() as session:
        assert session.exec(select(MediaUsage.size_bytes)).one() == charge(PICTURE.size_bytes)
    assert set(work(market, store).values()) == {0}


@pytest.mark.parametrize("days", [400])
def test_what_is_shown_stays_for_good(market: Market, store: MediaStore, clock: FakeClock, days: int) -> None:
    use(market, upload(market, store))

    for _ in range(days // 20):
        clock.advance(days=20)
        work(market, store)

    assert len(files(store)) == 3


def test_files_that_another_picture_has_too_stay(market: Market, store: MediaStore, clock: FakeClock) -> None:
    """Two producers upload the same file on the same day; one of them takes it away."""
    mine, others = upload(market, store), upload(market, store, owner=OTHER)
    use(market, others)
    with market.transaction() as session:
        keep.remove_media(session, mine, now=market.now())
    clock.advance(days=3)

    work(market, store)

    assert ids(market) == {others: MediaState.USED}
    assert len(files(store)) == 3

    with market.transaction() as session:
        keep.remove_media(session, others, now=market.now())
    clock.advance(days=3)
    work(market, store)

    assert (ids(market), files(store)) == ({}, set())


def test_a_private_picture_goes_though_a_public_one_of_the_same_file_stays(
    market: Market, store: MediaStore, clock: FakeClock
) -> None:
    public, private = upload(market, store), upload(market, store, kind=MediaKind.LICENCE)
    use(market, public)
    with market.transaction() as session:
        keep.remove_media(session, private, now=market.now())
    clock.advance(days=3)

    work(market, store)

    assert {path.partition("/")[0] for path in files(store)} == {"public"}


@pytest.mark.parametrize("kind", [MediaKind.LISTING, MediaKind.CLAIM])
def test_files_without_a_row_go_after_two_days(
    market: Market, store: MediaStore, clock: FakeClock, kind: MediaKind
) -> None:
    """An upload that was cut off between its files and its row."""
    stray = put(market, store, "a", kind=kind)
    known = upload(market, store, "b")
    for days in (0, 1):
        clock.advance(days=days)
        assert work(market, store)["delete stray files"] == 0

    clock.advance(days=1)
    assert work(market, store)["delete stray files"] == 3

    assert files_of(stray, kind).isdisjoint(files(store))
    assert len(files(store)) == 3
    assert ids(market) == {known: MediaState.NEW}


def test_the_same_file_uploaded_while_its_stray_is_deleted_is_whole(
    market: Market, store: MediaStore, clock: FakeClock
) -> None:
    """The race that content-addressed stores lose: it cannot happen, for the upload writes to another day's place."""
    put(market, store, "a")
    clock.advance(days=2)
    uploaded: list[str] = []

    class Racing(Objects):
        """Lets an upload through between the look at the rows and the deletion."""

        def delete(self, paths: object) -> None:
            if not uploaded:
                uploaded.append(upload(market, store, "a"))
            super().delete(paths)  # type: ignore[arg-type]

    racing = MediaStore(Racing(store.objects._store), store.links)
    assert sweep.delete_strays(market, racing) == 3

    with market.read() as session:
        (row,) = session.exec(select(Media))
    assert row.id == uploaded[0]
    assert files_of(row.key) <= files(store)


def test_the_seeds_pictures_and_other_folders_are_left_alone(
    market: Market, store: MediaStore, clock: FakeClock
) -> None:
    for path in ("public/demo/peach-1.webp", "public/2026-13-40/a.webp", "public/20260602/a.webp", "other/x.webp"):
        store.objects.put(path, b"x", cache_control="")
    before = files(store)
    clock.advance(days=3)

    assert work(market, store)["delete stray files"] == 0
    assert files(store) == before


def _removed(market: Market, store: MediaStore) -> str:
    media_id = upload(market, store)
    with market.transaction() as session:
        keep.remove_media(session, media_id, now=market.now())
    return media_id


def test_a_row_stays_until_its_files_are_gone(market: Market, store: MediaStore, clock: FakeClock) -> None:
    media_id = _removed(market, store)
    clock.advance(days=3)

    class Down(Objects):
        def delete(self, paths: object) -> None:
            raise StoreUnavailable

    down = MediaStore(Down(store.objects._store), store.links)
    with pytest.raises(StoreUnavailable):
        sweep.delete_removed(market, down, limit=10)
    assert ids(market) == {media_id: MediaState.REMOVED}

    assert sweep.delete_removed(market, store, limit=10) == 1
    assert (ids(market), files(store)) == ({}, set())


def test_two_workers_give_the_room_back_once(market: Market, store: MediaStore, clock: FakeClock) -> None:
    upload(market, store, "b")
    _removed(market, store)
    clock.advance(days=3)
    twice: list[int] = []

    class Racing(Objects):
        """Another worker comes in between."""

        def delete(self, paths: object) -> None:
            if not twice:
                twice.append(0)
                twice[0] = sweep.delete_removed(market, store, limit=10)
            super().delete(paths)  # type: ignore[arg-type]

    assert sweep.delete_removed(market, MediaStore(Racing(store.objects._store), store.links), limit=10) == 0
    assert twice == [1]
    with market.read() as session:
        assert session.exec(select(MediaUsage.size_bytes)).one() == charge(PICTURE.size_bytes)


def test_batches_are_bounded(market: Market, store: MediaStore, clock: FakeClock) -> None:
    for name in "abcde":
        upload(market, store, name)
    clock.now += NEW_KEPT

    assert [sweep.expire_pictures(market, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    clock.advance(days=2)
    deleted: Callable[[], int] = lambda: sweep.delete_removed(market, store, limit=2)  # noqa: E731
    assert [deleted() for _ in range(4)] == [2, 2, 1, 0]

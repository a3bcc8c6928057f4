"""The demo marketplace: whole, true, the same each time, and finished wherever it was stopped."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest
from sqlmodel import Session, col, func, select

from market.catalogue.tables import Image, Listing
from market.kernel.database import open_database
from market.kernel.market import Market
from market.kernel.permissions import ActorKind, Role
from market.media.rules import MediaSize, sized
from market.migrations import upgrade
from market.people.manage import actor_of
from market.places.tables import Village
from market.sessions.rules import AvailabilityStatus, status_of
from market.sessions.tables import TourSession
from seeds.demo import seed_demo
from seeds.media import all_pictures, draw_missing
from seeds.people import known_people, told_people
from seeds.report import SeedReport
from tests.seeds.kept import assert_every_listing_can_be_found, assert_kept_columns_are_true, titles_found
from tests.seeds.snapshot import Snapshot, rows, snapshot

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
SRC = Path(__file__).parents[2]


class Stopped(Exception):
    """The seeding was stopped here."""


@pytest.fixture(scope="session", name="media")
def _media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session", name="expected")
def _expected(tmp_path_factory: pytest.TempPathFactory, media: Path) -> Iterator[Snapshot]:
    """What a seeding that nobody stops makes of TODAY."""
    market = fresh(tmp_path_factory.mktemp("expected") / "market.db")
    seed(market, media)
    with market.read() as session:
        yield snapshot(session)
    market.close()


@pytest.fixture(name="morning")
def _morning(market: Market) -> Market:
    """The market, early on TODAY."""
    return Market(market.database, clock=lambda: NOW)


def fresh(path: Path) -> Market:
    database = open_database(f"sqlite:///{path}")
    upgrade(database)
    return Market(database, clock=lambda: NOW)


def seed(market: Market, media: Path, *, stop: tuple[str, int] | None = None) -> SeedReport:
    def progress(what: str, done: int, _total: int) -> None:
        if (what, done) == stop:
            raise Stopped

    return seed_demo(market, media.as_uri(), today=TODAY, progress=progress)


def content(market: Market) -> Snapshot:
    with market.read() as session:
        return snapshot(session)


def test_the_demo_is_whole_and_true(morning: Market, media: Path, expected: Snapshot) -> None:
    report = seed(morning, media)

    assert report.is_new
    assert report.counts["villages"] == 38
    assert report.counts["cooperatives"] >= 12
    assert report.counts["producers"] >= 60
    assert report.counts["products"] >= 150
    assert report.counts["packages"] >= 40
    assert set(report.examples) == {"visitor", "cooperative", "producer", "product", "package"}
    with morning.read() as session:
        assert snapshot(session) == expected
        assert_kept_columns_are_true(session, NOW)
        assert_every_listing_can_be_found(session)
        assert_sessions_are_interesting(session)
        assert_pictures_are_drawn(session, media)
        titles = set(session.exec(select(Listing.title).where(col(Listing.title).contains("年糕"))))
    assert titles
    assert titles_found(morning, "年糕") >= titles


def assert_sessions_are_interesting(session: Session) -> None:
    sessions = session.exec(select(TourSession)).all()
    statuses = [
        status_of(each.state, capacity=each.capacity, vacancies=each.capacity - each.taken, is_past_cutoff=False)
        for each in sessions
    ]

    assert {each.local_date for each in sessions} == {TODAY + timedelta(days=number) for number in range(90)}
    for status in (AvailabilityStatus.AVAILABLE, AvailabilityStatus.LIMITED, AvailabilityStatus.SOLD_OUT):
        assert statuses.count(status) > len(sessions) / 50, status


def assert_pictures_are_drawn(session: Session, media: Path) -> None:
    keys = {*session.exec(select(Image.key)), *session.exec(select(Village.picture))}
    of_listings = session.exec(select(func.count()).select_from(Image).group_by(col(Image.listing_id))).all()

    files = {path.relative_to(media / "public").as_posix() for path in media.rglob("*.webp")}
    assert files == {sized(str(key), size) for key in keys for size in MediaSize}
    assert len(of_listings) == session.exec(select(func.count()).select_from(Listing)).one()
    assert set(of_listings) == {1, 2, 3}


def test_a_second_run_changes_nothing(morning: Market, media: Path) -> None:
    seed(morning, media)
    with morning.read() as session:
        before = rows(session)

    report = seed_demo(morning, media.as_uri(), today=TODAY + timedelta(days=9))

    assert not report.is_new
    with morning.read() as session:
        assert rows(session) == before


def test_a_run_that_is_stopped_again_and_again_is_completed(morning: Market, media: Path, expected: Snapshot) -> None:
    for stop in [("village", 5), ("organisation", 50), ("certificate", 9), ("product", 70), ("package", 20)]:
        with pytest.raises(Stopped):
            seed(morning, media, stop=stop)

    assert seed(morning, media).is_new

    assert content(morning) == expected
    with morning.read() as session:
        assert_kept_columns_are_true(session, NOW)


def test_a_killed_run_is_completed(tmp_path: Path, expected: Snapshot) -> None:
    market, media = fresh(tmp_path / "market.db"), tmp_path / "media"
    program = (
        "import sys\nfrom pathlib import Path\nfrom tests.seeds.test_demo import fresh, seed_demo, TODAY\n"
        f"seed_demo(fresh(Path({str(tmp_path / 'market.db')!r})), {media.as_uri()!r}, today=TODAY,"
        " progress=lambda what, done, total: print(what, done, flush=True))"
    )
    for line in ("product 60\n", "package 15\n"):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=SRC) as running:
            assert running.stdout is not None
            assert line in iter(running.stdout.readline, "")
            running.kill()

    seed(market, media)

    assert content(market) == expected
    with market.read() as session:
        assert_pictures_are_drawn(session, media)
    market.close()


@pytest.mark.parametrize("size", MediaSize)
def test_a_picture_that_is_gone_is_drawn_again(tmp_path: Path, media: Path, size: MediaSize) -> None:
    draw_missing(media.as_uri())
    folder = Path(copytree(media, tmp_path / "media"))
    gone = folder / "public" / sized(all_pictures()[7].key, size)
    gone.unlink()

    assert draw_missing(folder.as_uri()) == 1

    assert gone.read_bytes() == (media / gone.relative_to(folder)).read_bytes()


def test_there_are_demo_people_for_each_role(seeded_market: Market) -> None:
    with seeded_market.read() as session:
        told = told_people(session)
        actors = {name: actor_of(session, account) for name, account in known_people(session).items()}

    assert set(told) == {role.value.lower() for role in Role} - {"visitor", "system"}
    assert {actor.kind for actor in actors.values()} == set(ActorKind) - {ActorKind.VISITOR, ActorKind.SYSTEM}

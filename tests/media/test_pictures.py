"""Taking a picture in: who may, once, and nothing kept of what is refused."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256

import pytest
from sqlmodel import select

from market.catalogue.pictures import store_picture
from market.kernel.audit import AuditEntry
from market.kernel.clock import business_day
from market.kernel.errors import Forbidden, IdempotencyConflict, Invalid, NotFound, NotSignedIn
from market.kernel.idempotency import IdempotencyRow
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.media.errors import QuotaReached, StoreUnavailable, UnusableImage
from market.media.links import Links
from market.media.objects import Objects, open_objects
from market.media.rules import QUOTA_BYTES, MediaKind, MediaSize, MediaState, sized
from market.media.store import MediaStore
from market.media.tables import Media, MediaUsage
from market.organisations.manage import grant_powers, join_cooperative
from market.organisations.rules import Power
from market.people.manage import take_role
from tests.media.files import jpeg, located, opened
from tests.organisations.county import ADMIN, UNKNOWN, County, key

PICTURE = jpeg(exif=located())


@pytest.fixture(name="store")
def _store() -> Iterator[MediaStore]:
    with closing(MediaStore(open_objects("memory:///"), Links("/media/", b"k" * 32))) as store:
        yield store


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


def upload(
    market: Market,
    actor: Actor,
    store: MediaStore,
    *,
    organisation: str | None = None,
    kind: MediaKind = MediaKind.LISTING,
    content: bytes = PICTURE,
    with_key: str | None = None,
) -> str:
    return store_picture(
        market, actor, store, io.BytesIO(content), kind=kind, organisation_id=organisation, key=with_key or key()
    )


def files(store: MediaStore) -> list[str]:
    return sorted(path for part in ("public/", "private/") for some in store.objects.paths(part) for path in some)


def kept(market: Market) -> list[Media]:
    with market.read() as session:
        return list(session.exec(select(Media)))


def test_a_producers_picture_is_kept_and_on_record(county: County, market: Market, store: MediaStore) -> None:
    producer = county.active()
    editor = county.holding(Role.EDITOR, producer)

    media_id = upload(market, editor, store, organisation=producer)

    (row,) = kept(market)
    digest = sha256(PICTURE).hexdigest()
    assert (row.id, row.owner_id, row.kind, row.state) == (media_id, producer, MediaKind.LISTING, MediaState.NEW)
    assert (row.width, row.height, row.sha256) == (480, 640, digest)  # upright
    assert row.key == f"{business_day(market.now())}/{digest[:32]}.webp"
    assert files(store) == sorted(f"public/{sized(row.key, size)}" for size in MediaSize)
    with market.read() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.subject == media_id)).one()
    assert (entry.action, entry.actor, entry.principal) == ("media.upload", editor.account_id, producer)
    assert entry.after == {"kind": "LISTING", "owner": producer, "bytes": row.size_bytes}


def test_a_persons_picture_is_private(county: County, market: Market, store: MediaStore) -> None:
    person = county.actor(county.person())

    upload(market, person, store, kind=MediaKind.CLAIM)

    (row,) = kept(market)
    assert row.owner_id == person.account_id
    assert all(path.startswith("private/") for path in files(store))


def test_the_same_file_twice_has_one_row_and_one_set_of_files(
    county: County, market: Market, store: MediaStore
) -> None:
    producer = county.active()
    editor = county.holding(Role.EDITOR, producer)

    first = upload(market, editor, store, organisation=producer)
    second = upload(market, editor, store, organisation=producer)

    assert first == second
    assert len(kept(market)) == 1
    assert len(files(store)) == 3


def test_of_two_producers_with_the_same_file_each_has_its_own_picture(
    county: County, market: Market, store: MediaStore
) -> None:
    one, other = county.active(), county.active(name="老李家")

    ids = {upload(market, county.holding(Role.EDITOR, each), store, organisation=each) for each in (one, other)}

    assert len(ids) == 2
    assert len(files(store)) == 3  # and the bytes are stored once


def test_a_key_gives_its_first_answer(county: County, market: Market, store: MediaStore) -> None:
    producer = county.active()
    editor, same = county.holding(Role.EDITOR, producer), key()
    first = upload(market, editor, store, organisation=producer, with_key=same)

    assert upload(market, editor, store, organisation=producer, with_key=same) == first
    with pytest.raises(IdempotencyConflict):
        upload(market, editor, store, organisation=producer, with_key=same, content=jpeg(seed=2))
    with pytest.raises(IdempotencyConflict):
        upload(market, editor, store, organisation=producer, with_key=same, kind=MediaKind.LICENCE)
    assert len(kept(market)) == 1


def test_a_cooperative_uploads_for_its_members_with_the_power_for_it(
    county: County, market: Market, store: MediaStore
) -> None:
    cooperative, member, today = county.cooperative(), county.active(), business_day(market.now())
    editor = county.holding(Role.EDITOR, cooperative)
    membership = join_cooperative(market, ADMIN, cooperative_id=cooperative, producer_id=member, joined_on=today)
    with pytest.raises(NotFound):
        upload(market, editor, store, organisation=member)

    powers = [Power.MANAGE_LISTINGS]
    grant_powers(market, ADMIN, membership_id=membership, powers=powers, valid_from=today, idempotency_key=key())

    assert upload(market, editor, store, organisation=member)
    assert kept(market)[0].owner_id == member


def test_a_foreign_organisation_answers_like_an_unknown_one(county: County, market: Market, store: MediaStore) -> None:
    mine, foreign = county.active(), county.active(name="老李家")
    editor = county.holding(Role.EDITOR, mine)

    answers = set()
    for organisation in (foreign, UNKNOWN["pdr"], UNKNOWN["cop"], "", "x"):
        with pytest.raises(NotFound) as refused:
            upload(market, editor, store, organisation=organisation)
        answers.add((refused.value.code, refused.value.message("zh-CN"), str(refused.value.facts)))

    assert len(answers) == 1
    assert (kept(market), files(store)) == ([], [])


def refusals(county: County, producer: str) -> list[tuple[Actor, str | None, MediaKind, type[Exception]]]:
    """Who may not, for whom, as what, and how that is said."""
    person = county.actor(county.person())
    return [
        (VISITOR, None, MediaKind.CLAIM, NotSignedIn),
        (VISITOR, producer, MediaKind.LISTING, NotSignedIn),
        (Actor(ActorKind.SYSTEM), producer, MediaKind.LISTING, Forbidden),
        (person, producer, MediaKind.LISTING, NotFound),
        (county.holding(Role.VIEWER, producer), producer, MediaKind.LISTING, NotFound),
        (county.holding(Role.FULFILMENT, producer), producer, MediaKind.LISTING, NotFound),
        (county.moderator(), producer, MediaKind.LISTING, NotFound),
        (person, None, MediaKind.LISTING, Invalid),
        (county.holding(Role.OWNER, producer), producer, MediaKind.CLAIM, Invalid),
    ]


def test_nothing_is_kept_of_who_may_not(county: County, market: Market, store: MediaStore) -> None:
    producer = county.active()

    for actor, organisation, kind, expected in refusals(county, producer):
        with pytest.raises(expected):
            upload(market, actor, store, organisation=organisation, kind=kind)

    assert (kept(market), files(store)) == ([], [])
    with market.read() as session:
        assert session.exec(select(IdempotencyRow).where(IdempotencyRow.operation == "storePicture")).all() == []


@pytest.mark.parametrize("content", [b"", b"hello", PICTURE[: len(PICTURE) // 2], PICTURE + bytes(11 * 2**20)])
def test_nothing_is_kept_of_a_file_that_is_none(
    county: County, market: Market, store: MediaStore, content: bytes
) -> None:
    producer = county.active()

    with pytest.raises(UnusableImage):
        upload(market, county.holding(Role.EDITOR, producer), store, organisation=producer, content=content)

    assert (kept(market), files(store)) == ([], [])


class Breaking(Objects):
    """A store that breaks after so many files."""

    def __init__(self, after: int) -> None:
        super().__init__(open_objects("memory:///")._store)
        self._left = after

    def put(self, path: str, content: bytes, *, cache_control: str) -> None:
        if self._left == 0:
            raise StoreUnavailable
        self._left -= 1
        super().put(path, content, cache_control=cache_control)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_store_that_breaks_leaves_no_row(county: County, market: Market, after: int) -> None:
    """The files are there before the row is: never a row without files."""
    producer, same = county.active(), key()
    editor = county.holding(Role.EDITOR, producer)
    with closing(MediaStore(Breaking(after), Links("/media/", b"k" * 32))) as broken:
        with pytest.raises(StoreUnavailable):
            upload(market, editor, broken, organisation=producer, with_key=same)
        assert kept(market) == []

    with closing(MediaStore(open_objects("memory:///"), Links("/media/", b"k" * 32))) as sound:
        assert upload(market, editor, sound, organisation=producer, with_key=same)  # the key is free


class Revoking(Objects):
    """A store that takes a person's role away while it keeps the files."""

    def __init__(self, market: Market, account_id: str, producer: str) -> None:
        super().__init__(open_objects("memory:///")._store)
        self._market, self._account_id, self._producer = market, account_id, producer
        self._is_done = False

    def put(self, path: str, content: bytes, *, cache_control: str) -> None:
        if not self._is_done:
            take_role(self._market, ADMIN, account_id=self._account_id, role=Role.EDITOR, within=self._producer)
            self._is_done = True
        super().put(path, content, cache_control=cache_control)


def test_whoever_may_no_longer_when_it_is_stored_may_not(county: County, market: Market) -> None:
    producer = county.active()
    editor = county.holding(Role.EDITOR, producer)
    assert editor.account_id is not None
    objects = Revoking(market, editor.account_id, producer)

    with closing(MediaStore(objects, Links("/media/", b"k" * 32))) as store:
        with pytest.raises(NotFound):
            upload(market, editor, store, organisation=producer)
        assert len(files(store)) == 3  # what the sweep is for

    assert kept(market) == []


def test_a_full_quota_refuses_and_keeps_no_row(county: County, market: Market, store: MediaStore) -> None:
    producer = county.active()
    with market.transaction() as session:
        session.add(MediaUsage(owner_id=producer, size_bytes=QUOTA_BYTES["pdr"] - 1))

    with pytest.raises(QuotaReached):
        upload(market, county.holding(Role.EDITOR, producer), store, organisation=producer)

    assert kept(market) == []


def test_what_is_kept_is_only_the_picture(county: County, market: Market, store: MediaStore) -> None:
    producer = county.active()
    upload(market, county.holding(Role.EDITOR, producer), store, organisation=producer)

    for path in files(store):
        found = asyncio.run(store.objects.get(path))
        assert found is not None
        content = found.content
        assert opened(content).info.keys() & {"exif", "xmp", "icc_profile"} == set()
        assert b"13800138000" not in content

"""Rows of pictures: one for each, never over the quota, and kept as long as something shows them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from sqlmodel import col, func, select

from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.media import keep
from market.media.errors import QuotaReached
from market.media.keep import MediaDraft
from market.media.rules import (
    CHARGED_BYTES_MIN,
    MIB,
    NEW_KEPT,
    QUOTA_BYTES,
    TRANSITIONS,
    MediaKind,
    MediaSize,
    MediaState,
    key_of,
    large,
    sized,
)
from market.media.tables import Media, MediaUsage
from tests.clock import FakeClock

OWNER, OTHER = "pdr_00000000000000000000000001", "pdr_00000000000000000000000002"
UNKNOWN = "mda_00000000000000000000000000"


def draft(name: str = "a", *, owner: str = OWNER, kind: MediaKind = MediaKind.LISTING, size: int = MIB) -> MediaDraft:
    return MediaDraft(owner, kind, f"2026-06-02/{name}.webp", name * 64, 1920, 1440, size)


def add(market: Market, made: MediaDraft) -> tuple[str, bool]:
    with market.transaction() as session:
        return keep.add_media(session, made, now=market.now())


def use(market: Market, media_id: str, *, owner: str = OWNER, kind: MediaKind = MediaKind.LISTING) -> Media:
    with market.transaction() as session:
        return keep.use_media(session, media_id, owner_ids=[owner], kind=kind, field="images")


def rows(market: Market) -> list[Media]:
    with market.read() as session:
        return list(session.exec(select(Media).order_by(col(Media.id))))


def usage(market: Market, owner: str = OWNER) -> int:
    with market.read() as session:
        return session.exec(select(MediaUsage.size_bytes).where(MediaUsage.owner_id == owner)).first() or 0


def test_a_picture_is_new_until_something_shows_it(market: Market) -> None:
    media_id, is_new = add(market, draft())

    (row,) = rows(market)
    assert (row.id, is_new, row.state) == (media_id, True, MediaState.NEW)
    assert row.expires_at == market.now() + NEW_KEPT
    used = use(market, media_id)
    assert (used.key, used.width, used.state, used.expires_at) == ("2026-06-02/a.webp", 1920, MediaState.USED, None)
    assert use(market, media_id).id == media_id


def test_the_same_file_is_one_picture_and_its_time_starts_anew(market: Market, clock: FakeClock) -> None:
    first = add(market, draft())
    clock.advance(days=3)
    again = add(market, replace(draft(), key="2026-06-05/a.webp"))

    (row,) = rows(market)
    assert again == (first[0], False)
    assert (row.key, row.expires_at) == ("2026-06-02/a.webp", clock.now + NEW_KEPT)
    assert usage(market) == MIB

    use(market, first[0])
    assert add(market, draft()) == (first[0], False)
    assert rows(market)[0].state is MediaState.USED


def test_the_same_file_of_others_or_for_another_use_is_another_picture(market: Market) -> None:
    made = [draft(), draft(owner=OTHER), draft(kind=MediaKind.LICENCE)]

    assert len({add(market, each)[0] for each in made}) == 3


def test_a_file_that_was_taken_away_may_come_again(market: Market) -> None:
    first, _ = add(market, draft())
    with market.transaction() as session:
        assert keep.remove_media(session, first, now=market.now())
        assert not keep.remove_media(session, first, now=market.now())

    second, is_new = add(market, draft())

    assert is_new
    assert first != second
    assert sorted(row.state for row in rows(market)) == [MediaState.NEW, MediaState.REMOVED]


def test_what_is_not_ones_own_answers_like_what_is_unknown(market: Market) -> None:
    mine, _ = add(market, draft())
    others, _ = add(market, draft("b", owner=OTHER))
    licence, _ = add(market, draft("c", kind=MediaKind.LICENCE))
    removed, _ = add(market, draft("d"))
    with market.transaction() as session:
        keep.remove_media(session, removed, now=market.now())
    before = rows(market)

    answers = set()
    for media_id in (UNKNOWN, others, licence, removed, "", "x" * 1000):
        with pytest.raises(NotFound) as refused:
            use(market, media_id)
        answers.add((refused.value.code, refused.value.message("en"), str(refused.value.facts)))

    assert len(answers) == 1
    assert rows(market) == before
    assert use(market, mine)


def test_an_owner_has_only_so_much_room(market: Market) -> None:
    quota = QUOTA_BYTES["pdr"]
    add(market, draft("a", size=quota - MIB))
    add(market, draft("b", size=MIB))

    with pytest.raises(QuotaReached) as refused:
        add(market, draft("c", size=1))

    assert refused.value.facts["limit"] == quota // MIB
    assert len(rows(market)) == 2
    assert usage(market) == quota
    assert add(market, draft("a")) == (rows(market)[0].id, False)  # nothing more to keep
    assert add(market, draft("c", owner=OTHER))[1]


def test_tiny_pictures_count_for_something(market: Market) -> None:
    add(market, draft("a", size=1))

    assert usage(market) == CHARGED_BYTES_MIN


def test_many_at_once_stay_within_the_quota(market: Market) -> None:
    quota, writers = QUOTA_BYTES["pdr"], 8
    add(market, draft("0", size=quota - 3 * MIB))
    together = Barrier(writers)

    def try_it(name: str) -> bool:
        together.wait()
        try:
            return add(market, draft(name))[1]
        except QuotaReached:
            return False

    with ThreadPoolExecutor(writers) as threads:
        kept = list(threads.map(try_it, "abcdefgh"))

    assert sum(kept) == 3
    assert usage(market) == quota
    assert len(rows(market)) == 4


def test_the_same_file_at_once_is_one_picture(market: Market) -> None:
    writers = 6
    together = Barrier(writers)

    def try_it(_number: int) -> tuple[str, bool]:
        together.wait()
        return add(market, draft())

    with ThreadPoolExecutor(writers) as threads:
        answers = list(threads.map(try_it, range(writers)))

    assert len({media_id for media_id, _is_new in answers}) == 1
    assert sum(is_new for _media_id, is_new in answers) == 1
    assert usage(market) == MIB


def test_a_picture_put_to_use_at_the_last_moment_stays(market: Market, clock: FakeClock) -> None:
    """Whoever expires pictures and whoever uses one meet at the row: one of them wins, and the other knows."""
    ids = [add(market, draft(name))[0] for name in "abcdefgh"]
    clock.now += NEW_KEPT
    together = Barrier(2)

    def use_all() -> list[str]:
        together.wait()
        kept = []
        for media_id in ids:
            try:
                kept.append(use(market, media_id).id)
            except NotFound:
                continue
        return kept

    def expire() -> int:
        together.wait()
        removed = 0
        for _ in ids:
            with market.transaction() as session:
                removed += keep.expire_media(session, now=market.now(), limit=1)
        return removed

    with ThreadPoolExecutor(2) as threads:
        using, expiring = threads.submit(use_all), threads.submit(expire)
        kept, removed = using.result(), expiring.result()

    by_state = {row.id: row.state for row in rows(market)}
    assert len(kept) + removed == len(ids)
    assert all(by_state[each] is MediaState.USED for each in kept)


def test_all_of_a_persons_pictures_are_taken_away_together(market: Market) -> None:
    person = "acc_00000000000000000000000001"
    for name in "ab":
        add(market, draft(name, owner=person, kind=MediaKind.CLAIM))
    add(market, draft("c"))

    with market.transaction() as session:
        assert keep.remove_media_of(session, person, now=market.now()) == 2

    assert [row.state for row in rows(market)].count(MediaState.REMOVED) == 2


@pytest.mark.parametrize(
    "wrong", ["state = 'USED'", "expires_at = NULL", "width = 0", "size_bytes = 0", "kind = 'OTHER'", "state = 'GONE'"]
)
def test_the_database_refuses_what_cannot_be(market: Market, wrong: str) -> None:
    add(market, draft())

    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        session.execute(sa.text(f"UPDATE media SET {wrong}"))


def test_usage_cannot_fall_below_nothing(market: Market) -> None:
    add(market, draft())

    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        session.execute(sa.text("UPDATE media_usage SET size_bytes = -1"))


def test_private_keys_are_told_for_private_pictures_only(market: Market) -> None:
    public, _ = add(market, draft())
    private, _ = add(market, draft("b", kind=MediaKind.CLAIM, owner="acc_00000000000000000000000001"))

    with market.transaction() as session:
        assert keep.private_key(session, public) is None
        assert keep.private_key(session, private) == "2026-06-02/b.webp"
        keep.remove_media(session, private, now=market.now())
        assert keep.private_key(session, private) is None


def test_every_state_has_its_moves() -> None:
    assert set(TRANSITIONS) == set(MediaState)
    assert not TRANSITIONS[MediaState.REMOVED]


def test_a_files_key_leads_to_its_picture() -> None:
    key = key_of(FakeClock().now.date() + timedelta(days=1), "0123456789abcdef" * 4)

    assert {large(sized(key, size)) for size in MediaSize} == {key}
    assert len({sized(key, size) for size in MediaSize}) == 3


def test_nothing_counts_pictures_twice(market: Market) -> None:
    for name in "abc":
        add(market, draft(name))

    with market.read() as session:
        total = session.exec(select(func.sum(Media.size_bytes)).where(Media.owner_id == OWNER)).one()
    assert usage(market) == total

"""Reviews: only of what somebody had, once for each, and the stars of a listing are always those of its shown reviews."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.catalogue.tables import Listing
from market.kernel.errors import Forbidden, IllegalTransition, Invalid, MarketError, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.media.rules import MediaKind
from market.orders.rules import LineKind
from market.reviews.errors import EditTooLate, NotReviewable, ReviewedBefore
from market.reviews.respond import hide_review, reply_to_review, show_review
from market.reviews.rules import BuyerReviewState, HiddenFor
from market.reviews.tables import Review, ReviewPhoto
from market.reviews.write import ReviewDraft, edit_review, write_review
from tests.aftersales.claiming import MODERATOR, photo
from tests.aftersales.sales import bought, line_of, send, staff_of
from tests.checkout.shop import Shop, buyers, key, open_shop
from tests.clock import FakeClock


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def had(market: Market, shop: Shop) -> tuple[Actor, str]:
    """Somebody to whom a box of peaches has come; the line."""
    buyer, part = bought(market, shop, 1)
    send(market, part)
    return buyer, line_of(market, part).id


def stars(market: Market, line_id: str) -> tuple[int, int, int | None]:
    """Reviews, their stars and the average of the listing that a line is of."""
    with market.read() as session:
        found = session.execute(
            sa.text(
                "SELECT rating_count, rating_sum, rating_hundredths FROM listing"
                " WHERE id = (SELECT listing_id FROM order_line WHERE id = :line)"
            ),
            {"line": line_id},
        ).one()
        return (found[0], found[1], found[2])


def review_of(market: Market, review_id: str) -> Review:
    with market.read() as session:
        return session.get_one(Review, review_id)


def test_three_buyers_make_an_average_and_changes_follow(market: Market, clock: FakeClock, shop: Shop) -> None:
    people = [had(market, shop) for _ in range(3)]
    line = people[0][1]
    ids = [
        write_review(market, buyer, line_id, ReviewDraft(rating, "甜"), key=key())
        for (buyer, line_id), rating in zip(people, (5, 5, 4), strict=True)
    ]
    assert stars(market, line) == (3, 14, 467)

    clock.now += timedelta(days=30)
    edit_review(market, people[2][0], ids[2], ReviewDraft(1, "放两天就坏了"))
    assert stars(market, line) == (3, 11, 367)
    changed = review_of(market, ids[2])
    assert (changed.rating, changed.text, changed.edited_at) == (1, "放两天就坏了", clock.now)
    clock.now += timedelta(seconds=1)
    with pytest.raises(EditTooLate):
        edit_review(market, people[2][0], ids[2], ReviewDraft(5))

    hide_review(market, MODERATOR, review_id=ids[2], reason=HiddenFor.ABUSE, note="辱骂")
    assert stars(market, line) == (2, 10, 500)
    with pytest.raises(IllegalTransition):
        hide_review(market, MODERATOR, review_id=ids[2], reason=HiddenFor.ABUSE)
    show_review(market, MODERATOR, review_id=ids[2])
    assert stars(market, line) == (3, 11, 367)
    for each in ids:
        hide_review(market, MODERATOR, review_id=each, reason=HiddenFor.ADVERTISING)
    assert stars(market, line) == (0, 0, None)


def test_only_what_came_is_reviewed_and_only_by_who_had_it(market: Market, clock: FakeClock, shop: Shop) -> None:
    buyer, part = bought(market, shop, 1, adults=1)
    (stranger,) = buyers(market, 1)
    peach, visit, gift = (line_of(market, part, kind).id for kind in LineKind)
    for line in (peach, visit, gift):
        with pytest.raises(NotReviewable):
            write_review(market, buyer, line, ReviewDraft(5), key=key())
    send(market, part)
    with market.transaction() as session:
        now = market.now()
        session.execute(sa.text("UPDATE booking SET state = 'REDEEMED', redeemed_at = :now"), {"now": now})
    told = []
    for of in (peach, "lin_" + "0" * 26):
        with pytest.raises(NotFound) as refused:
            write_review(market, stranger, of, ReviewDraft(1), key=key())
        told.append(str(refused.value))
    assert told[0] == told[1]
    for wrong in (
        ReviewDraft(0),
        ReviewDraft(6),
        ReviewDraft(5, "长" * 1_001),
        ReviewDraft(5, photo_ids=tuple(f"mda_{n}" for n in range(10))),
        ReviewDraft(5, photo_ids=("mda_a", "mda_a")),
    ):
        with pytest.raises(Invalid):
            write_review(market, buyer, peach, wrong, key=key())
    with pytest.raises(NotFound):
        write_review(market, buyer, peach, ReviewDraft(5, photo_ids=(photo(market, buyer),)), key=key())
    with pytest.raises(NotReviewable):
        write_review(market, buyer, gift, ReviewDraft(5), key=key())

    clock.now += timedelta(days=180)
    shown = photo(market, buyer, "b", MediaKind.REVIEW)
    first = write_review(market, buyer, peach, ReviewDraft(5, "好", (shown,)), key=key())
    second = write_review(market, buyer, visit, ReviewDraft(3), key=key())
    with pytest.raises(ReviewedBefore) as before:
        write_review(market, buyer, peach, ReviewDraft(1), key=key())
    assert before.value.facts == {"review": first}
    assert review_of(market, second).listing_id.startswith("pkg_")
    with market.read() as session:
        assert [each.media_id for each in session.exec(select(ReviewPhoto)).all()] == [shown]
    edit_review(market, buyer, first, ReviewDraft(5, "好"))
    with market.read() as session:
        assert session.exec(select(ReviewPhoto)).all() == []


def test_half_a_year_later_it_is_too_late(market: Market, clock: FakeClock, shop: Shop) -> None:
    buyer, line = had(market, shop)
    clock.now += timedelta(days=180, seconds=1)
    with pytest.raises(NotReviewable):
        write_review(market, buyer, line, ReviewDraft(5), key=key())
    assert stars(market, line) == (0, 0, None)


def test_ten_taps_are_one_review_and_everybody_at_once_counts(market: Market, shop: Shop) -> None:
    people = [had(market, shop) for _ in range(4)]
    told: list[str] = []

    def write(buyer: Actor, line: str, with_key: str) -> None:
        try:
            told.append(write_review(market, buyer, line, ReviewDraft(4), key=with_key))
        except MarketError as error:
            told.append(error.code)

    same = key()
    taps = [(*people[0], same)] * 4 + [(*people[0], key()) for _ in range(2)]
    threads = [Thread(target=write, args=each) for each in [*taps, *[(*each, key()) for each in people[1:]]]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with market.read() as session:
        ids = set(session.exec(select(Review.id)).all())
    assert len(ids) == 4
    assert set(told) <= ids | {ReviewedBefore.code}
    assert stars(market, people[0][1]) == (4, 16, 400)


def test_hidden_twice_at_once_is_taken_away_once(market: Market, shop: Shop) -> None:
    people = [had(market, shop) for _ in range(2)]
    ids = [write_review(market, buyer, line, ReviewDraft(5), key=key()) for buyer, line in people]

    def attempt(act: Callable[[], str]) -> None:
        with suppress(IllegalTransition, EditTooLate):
            act()

    acts: list[Callable[[], str]] = [
        *[lambda: hide_review(market, MODERATOR, review_id=ids[0], reason=HiddenFor.ABUSE)] * 3,
        lambda: edit_review(market, people[0][0], ids[0], ReviewDraft(1)),
    ]
    threads = [Thread(target=attempt, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert review_of(market, ids[0]).state == BuyerReviewState.HIDDEN
    assert stars(market, people[0][1]) == (1, 5, 500)


def test_a_seller_answers_and_strangers_learn_nothing(market: Market, shop: Shop) -> None:
    buyer, line = had(market, shop)
    review = write_review(market, buyer, line, ReviewDraft(2, "小"), key=key())
    seller = staff_of(market, shop.stalls.producer, Role.EDITOR)
    elsewhere = Actor(
        ActorKind.STAFF,
        "acc_elsewhere",
        staff_roles=frozenset({Role.STAFF_MODERATOR}),
        region_codes=frozenset({"330281000000"}),
    )
    (stranger,) = buyers(market, 1)
    with pytest.raises(Invalid):
        reply_to_review(market, seller, review_id=review, text=" ")
    reply_to_review(market, seller, review_id=review, text="下次补上")
    assert review_of(market, review).reply == "下次补上"
    with pytest.raises(Forbidden):
        reply_to_review(market, stranger, review_id=review, text="我")
    with pytest.raises(Forbidden):
        hide_review(market, seller, review_id=review, reason=HiddenFor.ABUSE)
    told = set()
    for of in (review, "rvw_" + "0" * 26):
        acts: list[Callable[[], str]] = [
            lambda of=of: edit_review(market, stranger, of, ReviewDraft(5)),  # type: ignore[misc]
            lambda of=of: hide_review(market, elsewhere, review_id=of, reason=HiddenFor.ABUSE),  # type: ignore[misc]
        ]
        for act in acts:
            with pytest.raises(NotFound) as refused:
                act()
            told.add(str(refused.value))
    assert len(told) == 1


def test_the_stars_of_a_listing_with_older_ones_go_on_from_there(market: Market, shop: Shop) -> None:
    """What was loaded with a rating keeps it: one more review moves it a little."""
    buyer, line = had(market, shop)
    with market.transaction() as session:
        for listing in session.exec(select(Listing)).all():
            listing.rating_count, listing.rating_sum, listing.rating_hundredths = 9, 36, 400
    write_review(market, buyer, line, ReviewDraft(5), key=key())
    assert stars(market, line) == (10, 41, 410)

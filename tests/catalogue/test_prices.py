"""Prices and seasons change at once, all or none, and are kept."""

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import col, select

from market.catalogue.content.drafts import WindowDraft
from market.catalogue.errors import NotApproved, NotReady
from market.catalogue.manage.prices import NewPrice, change_prices
from market.catalogue.manage.seasons import change_seasons
from market.catalogue.rules import ListingState, WindowKind
from market.catalogue.tables import PriceChange, UnitType
from market.kernel.errors import IdempotencyConflict, Invalid, NotFound
from tests.catalogue.fair import Fair, a_key, a_variant, refused


def change(fair: Fair, prices: dict[str, int], **more: Any) -> int:
    said = {"reason": "行情", "idempotency_key": a_key()} | more
    return change_prices(fair.market, fair.owner, [NewPrice(*each) for each in prices.items()], **said)


def seasons(fair: Fair, listing_id: str, *windows: WindowDraft) -> str:
    return change_seasons(fair.market, fair.owner, listing_id=listing_id, windows=windows, idempotency_key=a_key())


def history(fair: Fair) -> list[tuple[str, int, int, str]]:
    with fair.market.read() as session:
        rows = session.exec(select(PriceChange).order_by(col(PriceChange.id)))
        return [(each.item_id, each.before_fen, each.after_fen, each.reason) for each in rows]


def test_prices_change_at_once_and_are_kept(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃", a_variant("A", 100), a_variant("B", 200)))
    a, b = (row.id for row in fair.variants(listing_id).values())

    assert change(fair, {a: 300, b: 200}) == 1
    assert change(fair, {a: 250, b: 150}) == 2

    assert {sku: row.price_fen for sku, row in fair.variants(listing_id).items()} == {"A": 250, "B": 150}
    assert fair.listing(listing_id).price_fen == 150
    assert fair.state(listing_id) is ListingState.LIVE
    assert history(fair) == [(a, 100, 300, "行情"), (a, 300, 250, "行情"), (b, 200, 150, "行情")]
    assert fair.audited()[-1] == (fair.owner.account_id, "listing.price", fair.producer)


def test_ticket_types_have_prices_too_and_may_be_free(fair: Fair) -> None:
    package_id = fair.live(fair.package())
    with fair.market.read() as session:
        units = session.exec(select(UnitType).order_by(col(UnitType.price_fen))).all()
    child = units[0]

    change(fair, {child.id: 0})

    assert fair.listing(package_id).price_fen == 12800
    assert history(fair) == [(child.id, 6800, 0, "行情")]


def test_all_or_none(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃", a_variant("A", 100)))
    draft = fair.product("桃", a_variant("F"))
    owner = fair.stranger
    foreign = replace(draft, listing=replace(draft.listing, producer_id=fair.other_producer))
    submitted = fair.submit(fair.save(foreign, owner).listing_id, owner)
    fair.decide(submitted.revision_id)
    mine = fair.variants(listing_id)["A"].id
    theirs = fair.variants(submitted.listing_id)["F"].id

    for other in (theirs, "var_00000000000000000000000000"):
        assert isinstance(refused(change, fair, {mine: 50, other: 50}), NotFound)

    assert fair.variants(listing_id)["A"].price_fen == 100
    assert history(fair) == []


def test_what_is_retired_or_a_draft_has_no_price_to_change(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃", a_variant("A", 100), a_variant("B", 200)))
    fair.save(fair.product("桃", a_variant("B", 200), a_variant("C", 300)), listing_id=listing_id)
    new = next(each.id for each in fair.wanted(listing_id).variants if each.sku == "C")
    assert isinstance(refused(change, fair, {new: 50}), NotFound)
    fair.decide(fair.submit(listing_id).revision_id)

    assert isinstance(refused(change, fair, {fair.variants(listing_id)["A"].id: 50}), NotFound)


@pytest.mark.parametrize(
    ("prices", "reason"),
    [([], ""), ([0], ""), ([-1], ""), ([1_000_000_001], ""), ([5, 5], ""), ([5] * 101, ""), ([5], "长" * 201)],
    ids=str,
)
def test_prices_that_cannot_be_are_refused(fair: Fair, prices: list[int], reason: str) -> None:
    variant_id = fair.variants(fair.live())["A"].id

    refusal = refused(
        change_prices,
        fair.market,
        fair.owner,
        [NewPrice(variant_id, each) for each in prices],
        reason=reason,
        idempotency_key=a_key(),
    )

    assert isinstance(refusal, Invalid)
    assert history(fair) == []


def test_the_same_key_changes_once(fair: Fair) -> None:
    variant_id, key = fair.variants(fair.live())["A"].id, a_key()

    assert [change(fair, {variant_id: 5}, idempotency_key=key) for _ in range(2)] == [1, 1]
    change(fair, {variant_id: 6})
    assert change(fair, {variant_id: 5}, idempotency_key=key) == 1

    assert fair.listing(fair.live(fair.product("梨", a_variant("P")))).price_fen == 8800
    assert [after for _id, _before, after, _reason in history(fair)] == [5, 6]
    assert isinstance(refused(change, fair, {variant_id: 7}, idempotency_key=key), IdempotencyConflict)


def test_seasons_change_at_once_and_are_on_record(fair: Fair) -> None:
    listing_id = fair.live()

    seasons(
        fair,
        listing_id,
        WindowDraft(WindowKind.SALE, "11-15", "01-31"),
        WindowDraft(WindowKind.HARVEST, "11-01", "12-01"),
    )

    listing = fair.listing(listing_id)
    assert (listing.season_start_1, listing.season_end_1) == (101, 131)
    assert (listing.season_start_2, listing.season_end_2) == (1115, 1231)
    assert [each.kind for each in fair.saying(listing_id).windows] == [WindowKind.SALE, WindowKind.HARVEST]
    assert fair.audited()[-1][1] == "listing.season"
    before = len(fair.audited())
    seasons(fair, listing_id, *fair.saying(listing_id).windows)
    assert len(fair.audited()) == before


def test_seasons_that_cannot_be_are_refused(fair: Fair) -> None:
    listing_id, package_id = fair.live(), fair.live(fair.package())
    draft_id = fair.save(fair.product("稿", a_variant("D"))).listing_id
    good = WindowDraft(WindowKind.SALE, "01-01", "02-01")

    assert isinstance(refused(seasons, fair, listing_id, WindowDraft(WindowKind.SALE, "13-01", "02-01")), NotReady)
    assert isinstance(refused(seasons, fair, listing_id, *[good] * 13), Invalid)
    assert isinstance(refused(seasons, fair, package_id, good), Invalid)
    assert isinstance(refused(seasons, fair, draft_id, good), NotApproved)

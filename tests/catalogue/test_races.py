"""Several at once: one wins, the others are told, and what is kept is true."""

import time
from dataclasses import replace
from functools import partial
from threading import Event

from sqlmodel import col, select

from market.catalogue.access import bump
from market.catalogue.errors import EditedMeanwhile, NotReady
from market.catalogue.keep import keep_stock_state
from market.catalogue.manage.drafting import SavedListing
from market.catalogue.manage.prices import NewPrice, change_prices
from market.catalogue.review.approve import approve_step, content_to_approve, take_sellers_of
from market.catalogue.review.decide import ReviewedListing
from market.catalogue.review.freezing import freeze_organisation
from market.catalogue.rules import ListingState, StockState
from market.catalogue.rules.states import RevisionState, Verdict
from market.catalogue.tables import Listing, ListingRevision, PriceChange
from market.kernel.errors import IllegalTransition
from market.kernel.permissions import Role
from market.organisations.errors import NotSelling
from tests.catalogue.fair import DISTRICT, Fair, a_key, a_variant, at_once


def test_of_reviewers_at_once_one_decides_and_the_others_are_told(fair: Fair) -> None:
    reviewers = [fair.moderator, *[fair.holding(Role.STAFF_MODERATOR, DISTRICT) for _ in range(3)]]
    for _ in range(3):
        submitted = fair.submitted(fair.product("桃", a_variant(a_key())))
        verdicts = [Verdict.APPROVE, Verdict.REJECT, Verdict.APPROVE, Verdict.REQUEST_CHANGES]

        version = submitted.version
        results = at_once(
            *[
                partial(fair.decide, submitted.revision_id, verdict, actor=reviewer, version=version)
                for reviewer, verdict in zip(reviewers, verdicts, strict=True)
            ]
        )

        won = [each for each in results if isinstance(each, ReviewedListing)]
        told = [each for each in results if isinstance(each, IllegalTransition)]
        assert (len(won), len(told)) == (1, 3)
        state = fair.revision(submitted.revision_id).state
        assert {each.facts["from_state"] for each in told} == {state.value}
        assert won[0].state is state


def test_of_editors_at_once_one_saves_and_the_others_are_told(fair: Fair) -> None:
    listing_id = fair.live(fair.product("水蜜桃"))
    for _ in range(3):
        version = fair.listing(listing_id).version
        drafts = [fair.saying(listing_id, title=f"桃{number}{version}") for number in range(4)]

        results = at_once(*[partial(fair.save, draft, listing_id=listing_id, version=version) for draft in drafts])

        saved = [each for each in results if isinstance(each, SavedListing)]
        told = [each for each in results if isinstance(each, EditedMeanwhile)]
        assert (len(saved), len(told)) == (1, 3)
        assert {each.facts["version"] for each in told} == {version + 1}
        assert fair.wanted(listing_id) == drafts[results.index(saved[0])]


def test_an_editor_who_missed_an_approval_does_not_undo_it(fair: Fair) -> None:
    listing_id = fair.live(fair.product("水蜜桃"))
    seen, old = fair.listing(listing_id).version, fair.saying(listing_id, summary="老样子")
    fair.decide(fair.edited(listing_id, title="黄桃").revision_id)

    results = at_once(partial(fair.save, old, listing_id=listing_id, version=seen))

    assert isinstance(results[0], EditedMeanwhile)
    assert fair.open(listing_id) is None


def test_a_reviewer_does_not_approve_what_they_have_not_read(fair: Fair) -> None:
    """Handed in, sent back, rewritten and handed in again under the eyes of a second reviewer."""
    submitted = fair.submitted(fair.product("水蜜桃"))
    fair.decide(submitted.revision_id, Verdict.REQUEST_CHANGES)
    fair.save(fair.product("神桃"), listing_id=submitted.listing_id)
    fair.submit(submitted.listing_id)

    results = at_once(partial(fair.decide, submitted.revision_id, version=submitted.version))

    assert isinstance(results[0], EditedMeanwhile)
    assert fair.revision(submitted.revision_id).state is RevisionState.SUBMITTED
    assert fair.state(submitted.listing_id) is ListingState.DRAFT


def test_prices_changed_at_once_leave_a_history_without_gaps_and_a_true_lowest_price(fair: Fair) -> None:
    skus = ["A", "B", "C", "D"]
    listing_id = fair.live(fair.product("桃", *[a_variant(sku, 5000) for sku in skus]))
    ids = {sku: row.id for sku, row in fair.variants(listing_id).items()}

    def reprice(sku: str, price_fen: int) -> int:
        prices = [NewPrice(ids[sku], price_fen)]
        return change_prices(fair.market, fair.owner, prices, reason="", idempotency_key=a_key())

    for base in (4000, 6000, 3000):
        results = at_once(*[partial(reprice, sku, base + number) for number, sku in enumerate(skus + skus)])

        assert all(each in {0, 1} for each in results)
        rows = fair.variants(listing_id)
        assert fair.listing(listing_id).price_fen == min(row.price_fen for row in rows.values())
    with fair.market.read() as session:
        for sku, variant_id in ids.items():
            changes = session.exec(
                select(PriceChange).where(PriceChange.item_id == variant_id).order_by(col(PriceChange.id))
            ).all()
            prices = [5000, *[each.after_fen for each in changes]]
            assert [each.before_fen for each in changes] == prices[:-1]
            assert rows[sku].price_fen == prices[-1]


def test_stock_states_kept_at_once_leave_a_true_one_on_the_product(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃", a_variant("A"), a_variant("B")))
    ids = [row.id for row in fair.variants(listing_id).values()]

    def keep(variant_id: str, state: StockState) -> None:
        with fair.market.transaction() as session:
            keep_stock_state(session, variant_id, state)

    for state in (StockState.IN_STOCK, StockState.SOLD_OUT, StockState.LOW, StockState.SOLD_OUT) * 3:
        at_once(*[partial(keep, variant_id, state) for variant_id in ids])

        assert fair.listing(listing_id).stock_state is state


def test_nothing_goes_on_sale_beside_a_freeze(fair: Fair) -> None:
    for number in range(4):
        producer = fair.organisation(f"农户{number}")
        draft = fair.product("桃", a_variant(a_key()))
        draft = replace(draft, listing=replace(draft.listing, producer_id=producer))
        owner = fair.holding(Role.OWNER, producer)
        submitted = fair.submit(fair.save(draft, owner).listing_id, owner)

        results = at_once(
            partial(fair.decide, submitted.revision_id, version=submitted.version),
            partial(
                freeze_organisation,
                fair.market,
                fair.moderator,
                organisation_id=producer,
                reason="停业整顿",
                idempotency_key=a_key(),
            ),
        )

        assert isinstance(results[0], ReviewedListing | NotSelling)
        assert fair.state(submitted.listing_id) is not ListingState.LIVE


def test_a_freeze_waits_for_whoever_has_looked_at_the_seller_and_takes_off_what_they_put_on_sale(fair: Fair) -> None:
    """The seller was looked at before the freeze, the listing goes on sale after it."""
    submitted = fair.submitted(fair.product("桃"))
    looked = Event()

    def freeze() -> int:
        looked.wait()
        return freeze_organisation(
            fair.market,
            fair.moderator,
            organisation_id=fair.producer,
            reason="停业整顿",
            idempotency_key=a_key(),
        )

    def approve() -> None:
        now, engine = fair.market.now(), fair.market.database.engine
        with fair.market.transaction() as session:
            revision = session.get_one(ListingRevision, submitted.revision_id)
            listing = session.get_one(Listing, submitted.listing_id)
            take_sellers_of(session, listing, revision)
            looked.set()
            time.sleep(0.5)  # long enough for a freeze that does not wait
            bump(session, listing, seen=None, now=now)
            draft = content_to_approve(session, listing, revision, now=now)
            approve_step(session, engine, fair.moderator, listing, revision, draft=draft, now=now)

    assert at_once(freeze, approve) == [1, None]

    assert fair.state(submitted.listing_id) is ListingState.SUSPENDED
    assert fair.causes(submitted.listing_id) == ["FROZEN"]


def test_a_sku_goes_to_one_of_two_approved_at_once(fair: Fair) -> None:
    for _ in range(3):
        sku = a_key()
        both = [fair.submitted(fair.product(title, a_variant(sku))) for title in ("桃", "梨")]

        results = at_once(*[partial(fair.decide, each.revision_id, version=each.version) for each in both])

        assert [type(each) for each in results if not isinstance(each, ReviewedListing)] == [NotReady]
        assert sorted(fair.state(each.listing_id) for each in both) == [ListingState.DRAFT, ListingState.LIVE]

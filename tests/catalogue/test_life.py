"""A listing's life: written, reviewed, sold, changed, withdrawn, sold again."""

from dataclasses import replace

from sqlmodel import col, select

from market.catalogue.content.drafts import WindowDraft
from market.catalogue.errors import NoOpenRevision, NotApproved, NotReady
from market.catalogue.manage.drafting import SaveOutcome
from market.catalogue.manage.drafts import withdraw_revision
from market.catalogue.manage.sale import relist_listing, withdraw_listing
from market.catalogue.rules import ListingState, StockState, WindowKind
from market.catalogue.rules.states import ListingEventKind, RevisionState, Verdict
from market.catalogue.tables import (
    Listing,
    ListingEvent,
)
from market.kernel.errors import IllegalTransition
from tests.catalogue.fair import Fair, a_gift, a_key, a_variant, refused


def withdraw(fair: Fair, listing_id: str) -> ListingState:
    return withdraw_listing(fair.market, fair.owner, listing_id=listing_id, idempotency_key=a_key())


def relist(fair: Fair, listing_id: str) -> ListingState:
    return relist_listing(fair.market, fair.owner, listing_id=listing_id, idempotency_key=a_key())


def test_a_product_is_written_reviewed_and_sold(fair: Fair) -> None:
    saved = fair.save(fair.product("水蜜桃"))
    assert (saved.outcome, fair.state(saved.listing_id)) == (SaveOutcome.CREATED, ListingState.DRAFT)
    assert fair.found("水蜜桃") == []

    submitted = fair.submit(saved.listing_id)
    assert (submitted.state, submitted.rule) == (RevisionState.SUBMITTED, None)
    assert fair.found("水蜜桃") == []

    reviewed = fair.decide(submitted.revision_id)

    assert (reviewed.state, reviewed.listing_state) == (RevisionState.APPROVED, ListingState.LIVE)
    assert fair.found("水蜜桃") == [saved.listing_id]
    listing = fair.listing(saved.listing_id)
    assert (listing.price_fen, listing.stock_state) == (8800, StockState.SOLD_OUT)
    assert (listing.season_start_1, listing.season_end_1) == (620, 831)


def test_what_was_approved_is_what_was_written(fair: Fair) -> None:
    peach = fair.product("水蜜桃")
    fair.live(peach)
    variant_id = next(iter(fair.variants(fair.live(fair.product("桃干", a_variant("C"))))))
    for draft in (fair.product("梨", a_variant("D")), fair.package(gifts=())):
        saved = fair.save(draft)
        wanted = fair.wanted(saved.listing_id)
        fair.decide(fair.submit(saved.listing_id).revision_id)

        assert fair.saying(saved.listing_id) == wanted
    assert variant_id


def test_a_package_with_a_gift_is_sold(fair: Fair) -> None:
    peach = fair.variants(fair.live())["A"]

    package_id = fair.live(fair.package(gifts=(a_gift(peach.id),)))

    assert fair.state(package_id) is ListingState.LIVE
    assert fair.saying(package_id).gifts == (a_gift(peach.id),)
    assert fair.listing(package_id).price_fen == 6800
    assert fair.found("摘桃") == [package_id]


def test_a_draft_may_say_little_and_is_found_by_its_people(fair: Fair) -> None:
    nothing = fair.product("", storage=None, variants=(), windows=())

    saved = fair.save(nothing)

    assert fair.wanted(saved.listing_id) == nothing
    saved = fair.save(replace(nothing, listing=replace(nothing.listing, title="桃")), listing_id=saved.listing_id)
    assert saved.outcome is SaveOutcome.CHANGED
    assert fair.listing(saved.listing_id).title == "桃"


def test_handing_in_tells_all_that_is_wrong_at_once(fair: Fair) -> None:
    saved = fair.save(
        fair.product(
            " ",
            a_variant("", 0),
            a_variant("X"),
            a_variant("X", net_weight_grams=0),
            storage=None,
            windows=(WindowDraft(WindowKind.SALE, "02-30", "03-01"),),
        )
    )

    refusal = refused(fair.submit, saved.listing_id)

    assert isinstance(refusal, NotReady)
    assert [each.path for each in refusal.facts["problems"]] == [
        "title",
        "storage",
        "variants.1.sku",
        "variants.1.price_fen",
        "variants.2.sku",
        "variants.3.sku",
        "variants.3.net_weight_grams",
        "windows.1",
    ]
    open_ = fair.open(saved.listing_id)
    assert open_ is not None
    assert open_.state is RevisionState.DRAFT


def test_the_live_one_stays_on_sale_until_its_revision_is_approved(fair: Fair) -> None:
    listing_id = fair.live(fair.product("水蜜桃"))

    submitted = fair.edited(listing_id, title="黄桃")

    assert (fair.listing(listing_id).title, fair.state(listing_id)) == ("水蜜桃", ListingState.LIVE)
    assert (fair.found("水蜜桃"), fair.found("黄桃")) == ([listing_id], [])
    fair.decide(submitted.revision_id)
    assert fair.listing(listing_id).title == "黄桃"
    assert (fair.found("水蜜桃"), fair.found("黄桃")) == ([], [listing_id])


def test_a_rejected_revision_changes_nothing_and_another_may_follow(fair: Fair) -> None:
    listing_id = fair.live(fair.product("水蜜桃"))
    submitted = fair.edited(listing_id, title="神桃")

    reviewed = fair.decide(submitted.revision_id, Verdict.REJECT)

    assert (reviewed.state, reviewed.listing_state) == (RevisionState.REJECTED, ListingState.LIVE)
    assert fair.listing(listing_id).title == "水蜜桃"
    assert fair.revision(submitted.revision_id).reasons == [{"code": "MISLEADING", "note": "产地写错了"}]
    again = fair.edited(listing_id, title="黄桃")
    assert fair.revision(again.revision_id).number == 3


def test_a_revision_goes_back_and_forth_until_it_is_right(fair: Fair) -> None:
    submitted = fair.submitted(fair.product("神桃"))

    assert fair.decide(submitted.revision_id, Verdict.REQUEST_CHANGES).state is RevisionState.CHANGES_REQUESTED
    fair.save(fair.product("桃"), listing_id=submitted.listing_id)
    again = fair.submit(submitted.listing_id)
    fair.decide(again.revision_id)

    assert again.revision_id == submitted.revision_id
    assert (fair.state(submitted.listing_id), fair.listing(submitted.listing_id).title) == (ListingState.LIVE, "桃")
    assert events(fair, submitted.listing_id) == [
        ListingEventKind.CREATED,
        ListingEventKind.SUBMITTED,
        ListingEventKind.CHANGES_REQUESTED,
        ListingEventKind.SUBMITTED,
        ListingEventKind.APPROVED,
    ]


def test_a_seller_withdraws_and_relists(fair: Fair) -> None:
    listing_id = fair.live(fair.product("水蜜桃"))

    assert withdraw(fair, listing_id) is ListingState.WITHDRAWN
    assert fair.found("水蜜桃") == []

    assert relist(fair, listing_id) is ListingState.LIVE
    assert fair.found("水蜜桃") == [listing_id]


def test_an_approval_does_not_bring_back_what_its_seller_withdrew(fair: Fair) -> None:
    listing_id = fair.live(fair.product("水蜜桃"))
    submitted = fair.edited(listing_id, title="黄桃")
    withdraw(fair, listing_id)

    reviewed = fair.decide(submitted.revision_id)

    assert (reviewed.state, reviewed.listing_state) == (RevisionState.APPROVED, ListingState.WITHDRAWN)
    assert fair.found("黄桃") == []
    relist(fair, listing_id)
    assert fair.found("黄桃") == [listing_id]


def test_a_draft_that_is_given_up_can_be_taken_up_again_but_not_sold(fair: Fair) -> None:
    saved = fair.save(fair.product())

    withdraw(fair, saved.listing_id)

    assert fair.open(saved.listing_id) is None
    assert isinstance(refused(relist, fair, saved.listing_id), NotApproved)
    assert isinstance(refused(fair.submit, saved.listing_id), NoOpenRevision)
    fair.save(fair.product(), listing_id=saved.listing_id)
    assert fair.state(saved.listing_id) is ListingState.DRAFT
    fair.decide(fair.submit(saved.listing_id).revision_id)
    assert fair.state(saved.listing_id) is ListingState.LIVE


def test_what_is_being_reviewed_cannot_be_edited_but_taken_back(fair: Fair) -> None:
    submitted = fair.submitted(fair.product("桃"))

    refusal = refused(fair.save, fair.product("梨"), listing_id=submitted.listing_id)
    assert isinstance(refusal, IllegalTransition)
    assert refusal.facts["from_state"] == "SUBMITTED"

    withdraw_revision(fair.market, fair.owner, listing_id=submitted.listing_id, idempotency_key=a_key())
    assert fair.revision(submitted.revision_id).state is RevisionState.WITHDRAWN
    saved = fair.save(fair.product("梨"), listing_id=submitted.listing_id)
    assert fair.revision(str(saved.revision_id)).number == 2


def test_saving_the_same_again_changes_nothing(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃"))
    before = fair.listing(listing_id).version

    saved = fair.save(fair.product("桃"), listing_id=listing_id)

    assert (saved.outcome, saved.revision_id) == (SaveOutcome.UNCHANGED, None)
    assert fair.listing(listing_id).version == before
    assert fair.open(listing_id) is None


def test_handing_in_without_a_change_is_refused(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃"))
    fair.save(fair.product("梨"), listing_id=listing_id)
    fair.save(fair.product("桃"), listing_id=listing_id)

    refusal = refused(fair.submit, listing_id)

    assert isinstance(refusal, NotReady)
    assert [each.path for each in refusal.facts["problems"]] == ["draft"]


def test_the_same_key_saves_and_hands_in_once(fair: Fair) -> None:
    key, again = a_key(), a_key()

    saved = [fair.save(fair.product(), idempotency_key=key) for _ in range(2)]
    submitted = [fair.submit(saved[0].listing_id, idempotency_key=again) for _ in range(2)]

    assert saved[0] == saved[1]
    assert submitted[0] == submitted[1]
    with fair.market.read() as session:
        assert len(session.exec(select(Listing)).all()) == 1


def events(fair: Fair, listing_id: str) -> list[ListingEventKind]:
    with fair.market.read() as session:
        rows = select(ListingEvent).where(ListingEvent.listing_id == listing_id).order_by(col(ListingEvent.id))
        return [each.kind for each in session.exec(rows)]

"""What imports call: products by the seller's own code, prices by SKU."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from market.catalogue.content.drafts import ImageDraft, ProductDraft
from market.catalogue.errors import NotReady
from market.catalogue.manage.drafting import SavedListing, SaveOutcome
from market.catalogue.manage.steps import save_product, set_price
from market.catalogue.publish import CategoryDraft, add_category, publish_product
from market.catalogue.queries import needs_conformity
from market.catalogue.rules import ListingKind, ListingState
from market.catalogue.rules.states import RevisionState
from market.kernel.errors import Conflict, Invalid, NotFound
from market.media.keep import MediaDraft, add_media
from market.media.rules import MediaKind
from tests.catalogue.fair import ADMIN, Fair, a_key, a_variant, at_once, refused


def save(
    fair: Fair, draft: ProductDraft, code: str = "P-1", *, submit: bool = False, actor: Any = None
) -> SavedListing:
    with fair.market.transaction() as session:
        return save_product(
            session,
            fair.market,
            actor or fair.owner,
            draft,
            external_code=code,
            submit=submit,
            now=fair.market.now(),
        )


def price(fair: Fair, sku: str, price_fen: int) -> bool:
    with fair.market.transaction() as session:
        return set_price(
            session, fair.market, fair.owner, sku=sku, price_fen=price_fen, reason="imp", now=fair.market.now()
        )


def test_a_code_makes_one_product_and_changes_it_afterwards(fair: Fair) -> None:
    made = save(fair, fair.product("桃"))
    same = save(fair, fair.product("桃"))
    changed = save(fair, fair.product("桃子"))
    other = save(fair, fair.product("梨", a_variant("P")), "P-2")

    assert [each.outcome for each in (made, same, changed, other)] == [
        SaveOutcome.CREATED,
        SaveOutcome.UNCHANGED,
        SaveOutcome.CHANGED,
        SaveOutcome.CREATED,
    ]
    assert made.listing_id == same.listing_id == changed.listing_id != other.listing_id
    assert fair.listing(made.listing_id).external_code == "P-1"


def test_a_file_that_is_read_twice_hands_in_once(fair: Fair) -> None:
    first = save(fair, fair.product("桃"), submit=True)
    second = save(fair, fair.product("桃"), submit=True)

    assert (first.outcome, second.outcome) == (SaveOutcome.SUBMITTED, SaveOutcome.UNCHANGED)
    fair.decide(str(first.revision_id))
    third = save(fair, fair.product("桃"), submit=True)
    assert (third.outcome, third.revision_id) == (SaveOutcome.UNCHANGED, None)
    assert fair.state(first.listing_id) is ListingState.LIVE


def test_a_draft_saved_before_is_handed_in_when_asked(fair: Fair) -> None:
    save(fair, fair.product("桃"))

    assert save(fair, fair.product("桃"), submit=True).outcome is SaveOutcome.SUBMITTED


def test_what_waits_for_review_is_taken_back_and_replaced(fair: Fair) -> None:
    first = save(fair, fair.product("桃"), submit=True)

    second = save(fair, fair.product("桃子"), submit=True)

    assert second.outcome is SaveOutcome.SUBMITTED
    assert fair.revision(str(first.revision_id)).state is RevisionState.WITHDRAWN
    assert fair.revision(str(second.revision_id)).state is RevisionState.SUBMITTED


def test_a_row_that_is_not_ready_is_refused_with_all_that_is_wrong(fair: Fair) -> None:
    refusal = refused(save, fair, fair.product("", a_variant("A", 0)), submit=True)

    assert isinstance(refusal, NotReady)
    assert [each.path for each in refusal.facts["problems"]] == ["title", "variants.1.price_fen"]


def test_a_code_is_its_producer_s_own(fair: Fair) -> None:
    mine = save(fair, fair.product("桃"))
    draft = fair.product("李", a_variant("L"))
    theirs = replace(draft, listing=replace(draft.listing, producer_id=fair.other_producer))

    assert isinstance(refused(save, fair, theirs), NotFound)
    assert save(fair, theirs, actor=fair.stranger).listing_id != mine.listing_id


def test_the_same_code_at_once_makes_one_product(fair: Fair) -> None:
    for _ in range(3):
        code = a_key()
        results = at_once(*[partial(save, fair, fair.product("桃", a_variant(sku)), code) for sku in "ABC"])

        assert {each.listing_id for each in results if isinstance(each, SavedListing)} != set()
        assert len({each.listing_id for each in results if isinstance(each, SavedListing)}) == 1
        assert all(isinstance(each, SavedListing | Conflict) for each in results)


def test_prices_are_set_by_sku(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃", a_variant("A", 100)))

    assert [price(fair, "A", 120), price(fair, "A", 120)] == [True, False]

    assert fair.listing(listing_id).price_fen == 120
    for sku in ("no such SKU", "A" * 64):
        assert isinstance(refused(price, fair, sku, 5), NotFound)
    assert isinstance(refused(price, fair, "A", 0), Invalid)


def test_a_foreign_sku_answers_like_an_unknown_one(fair: Fair) -> None:
    draft = fair.product("李", a_variant("L"))
    publish_product(fair.market, ADMIN, replace(draft, listing=replace(draft.listing, producer_id=fair.other_producer)))

    foreign, unknown = refused(price, fair, "L", 5), refused(price, fair, "U", 5)

    assert (type(foreign), foreign.facts) == (type(unknown), unknown.facts)


def picture(fair: Fair, owner_id: str) -> str:
    draft = MediaDraft(owner_id, MediaKind.LISTING, f"2026/{a_key()}.webp", a_key(), 800, 600, 1000)
    with fair.market.transaction() as session:
        return add_media(session, draft, now=fair.market.now())[0]


def with_images(draft: ProductDraft, *images: ImageDraft) -> ProductDraft:
    return replace(draft, listing=replace(draft.listing, images=images))


def test_uploaded_pictures_become_the_listing_s_and_an_import_leaves_them(fair: Fair) -> None:
    media_id = picture(fair, fair.producer)
    made = save(fair, with_images(fair.product("桃"), ImageDraft.uploaded(media_id, "一箱桃")))

    (image,) = fair.wanted(made.listing_id).listing.images
    assert (image.alt, image.width, image.height, image.media_id) == ("一箱桃", 800, 600, None)
    save(fair, fair.product("桃子"), submit=True)
    assert fair.wanted(made.listing_id).listing.images == (image,)

    # Told by its key from then on.
    renamed = ImageDraft(image.key, "两箱桃", None, 0, 0)
    save(fair, with_images(fair.product("桃子"), renamed))
    assert fair.wanted(made.listing_id).listing.images == (replace(image, alt="两箱桃"),)


@pytest.mark.parametrize("image", ["foreign", "unknown", "key"])
def test_pictures_of_others_are_refused(fair: Fair, image: str) -> None:
    images = {
        "foreign": lambda: ImageDraft.uploaded(picture(fair, fair.other_producer), ""),
        "unknown": lambda: ImageDraft.uploaded("mda_00000000000000000000000000", ""),
        "key": lambda: ImageDraft("seed/peach.webp", "", None, 1, 1),
    }

    refusal = refused(save, fair, with_images(fair.product(), images[image]()))

    assert isinstance(refusal, NotFound)
    assert refusal.facts == {"field": "images"}


def test_a_picture_is_shown_once(fair: Fair) -> None:
    image = ImageDraft.uploaded(picture(fair, fair.producer), "")

    assert isinstance(refused(save, fair, with_images(fair.product(), image, image)), Invalid)


def test_what_is_in_a_covered_category_or_below_needs_a_conformity_certificate(fair: Fair) -> None:
    def category(slug: str, parent_id: str | None) -> str:
        return add_category(fair.market, ADMIN, CategoryDraft(slug, slug, None, ListingKind.PRODUCT, parent_id))

    def needs(category_id: str) -> bool:
        draft = fair.product("桃", a_variant(category_id))
        listing_id = fair.live(replace(draft, listing=replace(draft.listing, category_id=category_id)))
        with fair.market.read() as session:
            return needs_conformity(session, fair.variants(listing_id)[category_id].id)

    assert needs(fair.fruit)
    assert needs(category("peach", fair.fruit))
    assert not needs(category("honey", None))
    with fair.market.read() as session:
        assert not needs_conformity(session, "var_00000000000000000000000000")

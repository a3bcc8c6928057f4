"""Listings through the API: written, handed in, reviewed, taken off sale and put back, by those who may."""

from market.kernel.permissions import VISITOR
from tests.catalogue.fair import a_variant
from tests.schema.listings.walking import (
    DRAFT,
    FREEZE,
    LIFT,
    MANAGED,
    MANY,
    MODERATE,
    PRICES,
    PUBLIC,
    QUEUE,
    READ_REVIEW,
    REVIEW,
    SAVE,
    SAVE_PACKAGE,
    SEASONS,
    SUBMIT,
    UNFREEZE,
    Walk,
)


def test_a_product_from_the_first_draft_to_its_second_revision(walk: Walk) -> None:
    fair = walk.fair
    saved = walk.ask(SAVE, fair.owner, input=walk.product())
    listing_id, revision_id = saved["listing"]["listingId"], saved["revision"]["id"]
    assert saved["__typename"] == "SaveDraftPayload"
    assert (saved["isChanged"], saved["listing"]["state"], saved["listing"]["publishedAt"]) == (True, "DRAFT", None)
    assert saved["listing"]["price"] == {"amount": "88.00"}
    assert walk.ask(PUBLIC, VISITOR, id=listing_id) is None

    submitted = walk.ask(SUBMIT, fair.owner, id=listing_id, version=saved["listing"]["version"])
    assert submitted["revision"] == {"id": revision_id, "state": "SUBMITTED", "waitingHours": 0}

    queue = walk.ask(QUEUE, fair.moderator)
    assert queue["totalCount"] == 1
    assert queue["nodes"][0]["id"] == revision_id
    assert queue["nodes"][0]["listing"]["title"] == "水蜜桃"

    review = walk.ask(READ_REVIEW, fair.moderator, id=revision_id)
    assert review["problems"] == []
    assert {"path": "title", "before": None, "after": "水蜜桃"} in review["changes"]
    decision = {"revisionId": revision_id, "version": review["version"], "verdict": "APPROVE"}
    reviewed = walk.ask(REVIEW, fair.moderator, input=decision)
    assert reviewed["revision"]["state"] == "APPROVED"
    assert reviewed["listing"]["state"] == "LIVE"
    assert reviewed["listing"]["product"] == {"title": "水蜜桃", "variants": [{"sku": "A"}]}
    assert walk.ask(PUBLIC, VISITOR, id=listing_id)["title"] == "水蜜桃"

    # The second revision: told field by field, on sale only once it is approved.
    draft = walk.ask(DRAFT, fair.owner, id=listing_id)
    variant_id = draft["content"]["product"]["variants"][0]["variantId"]
    variants = [
        {"sku": "B", "name": "两盒", "netWeightGrams": 5000, "unit": "盒", "price": "158.00"},
        {"variantId": variant_id, "sku": "A", "name": "小盒", "netWeightGrams": 2500, "unit": "盒"},
    ]
    saved = walk.ask(
        SAVE,
        fair.owner,
        input=walk.product("国家级水蜜桃", listingId=listing_id, version=draft["version"], variants=variants),
    )
    walk.ask(SUBMIT, fair.owner, id=listing_id)
    assert walk.ask(PUBLIC, VISITOR, id=listing_id)["title"] == "水蜜桃"
    review = walk.ask(READ_REVIEW, fair.moderator, id=saved["revision"]["id"])
    assert review["riskyWords"] == ["国家级"]
    changes = {each["path"]: (each["before"], each["after"]) for each in review["changes"]}
    new_id = review["content"]["product"]["variants"][0]["variantId"]
    assert changes["title"] == ("水蜜桃", "国家级水蜜桃")
    assert changes[f"variants.{variant_id}.name"] == ("一盒", "小盒")
    assert changes[f"variants.{new_id}"][1]["price"] == "158.00"
    assert set(changes) == {"title", f"variants.{variant_id}.name", f"variants.{new_id}"}
    decision = {
        "revisionId": saved["revision"]["id"],
        "version": review["version"],
        "verdict": "REJECT",
        "reasons": [{"code": "FORBIDDEN_WORDS", "note": "国家级"}],
    }
    rejected = walk.ask(REVIEW, fair.moderator, input=decision)
    assert rejected["revision"]["reasons"] == ["FORBIDDEN_WORDS"]
    listing = walk.ask(MANAGED, fair.owner, id=listing_id)
    assert [(each["number"], each["state"], each["reasonNotes"]) for each in listing["revisions"]["nodes"]] == [
        (2, "REJECTED", ["国家级"]),
        (1, "APPROVED", []),
    ]
    assert [each["kind"] for each in listing["history"]["nodes"]] == [
        "REJECTED",
        "SUBMITTED",
        "APPROVED",
        "SUBMITTED",
        "CREATED",
    ]
    assert listing["variants"] == [{"sku": "A", "price": {"amount": "88.00"}}]


def test_a_tour_package_is_written_and_read_back(walk: Walk) -> None:
    fair = walk.fair
    peach = fair.variants(fair.live())["A"].id
    content = walk.product("摘桃半日")["listing"] | {"categoryId": fair.tours}
    given = {
        "listing": content,
        "meetingPoint": "村口",
        "durationMinutes": 180,
        "noticeMinutes": 1440,
        "cutoffMinutes": 720,
        "options": [{"name": "上午", "units": [{"kind": "CHILD", "name": "儿童", "price": "68.5", "minAge": 3}]}],
        "notes": [{"kind": "BRING", "text": "帽子"}],
        "cancellationTiers": [{"hoursBefore": 48, "refundPercent": 100}],
        "gifts": [{"variantId": peach, "quantity": 1, "per": "BOOKING"}],
    }

    saved = walk.ask(SAVE_PACKAGE, fair.owner, input=given)
    draft = walk.ask(DRAFT, fair.owner, id=saved["listing"]["listingId"])

    shown = draft["content"]["tourPackage"]
    (option,) = shown["options"]
    assert (option["name"], option["units"][0]["price"], option["units"][0]["minAge"]) == (
        "上午",
        "68.50",
        3,
    )
    assert shown["notes"] == [{"kind": "BRING", "text": "帽子"}]
    assert shown["cancellationTiers"] == [{"hoursBefore": 48, "refundPercent": 100}]
    assert shown["gifts"] == [{"variantId": peach, "quantity": 1, "per": "BOOKING"}]
    assert draft["problems"] == []


def test_all_that_is_wrong_is_told_in_words_and_paths_of_the_api(walk: Walk) -> None:
    variants = [{"sku": "A", "name": "", "price": "0"}]
    saved = walk.ask(SAVE, walk.fair.owner, input=walk.product("", variants=variants))

    refused = walk.ask(SUBMIT, walk.fair.owner, id=saved["listing"]["listingId"])

    assert (refused["__typename"], refused["code"]) == ("ListingNotReady", "LISTING_NOT_READY")
    assert [each["path"] for each in refused["problems"]] == [
        "title",
        "variants.1.name",
        "variants.1.unit",
        "variants.1.netWeightGrams",
        "variants.1.price",
    ]
    assert refused["problems"][0]["message"] == "give it a title"


def test_two_editors_notice_each_other(walk: Walk) -> None:
    saved = walk.ask(SAVE, walk.fair.owner, input=walk.product())
    given = {"listingId": saved["listing"]["listingId"], "version": saved["listing"]["version"]}
    walk.ask(SAVE, walk.fair.owner, input=walk.product("黄桃", **given))

    refused = walk.ask(SAVE, walk.fair.owner, input=walk.product("白桃", **given))

    assert (refused["__typename"], refused["version"]) == ("EditedMeanwhile", given["version"] + 1)


def test_staff_take_off_sale_freeze_and_undo_it(walk: Walk) -> None:
    fair = walk.fair
    listing_id = fair.live()

    suspended = walk.ask(MODERATE, fair.moderator, id=listing_id)["listing"]
    assert suspended == {
        "state": "SUSPENDED",
        "suspensions": [{"cause": "MODERATION", "reasons": ["PICTURES"], "reasonNotes": ["不是桃"]}],
    }
    assert walk.ask(PUBLIC, VISITOR, id=listing_id) is None
    assert walk.ask(LIFT, fair.moderator, id=listing_id)["listing"] == {"state": "LIVE", "suspensions": []}

    assert walk.ask(FREEZE, fair.moderator, id=fair.producer) == {"count": 1, "organisation": {"state": "FROZEN"}}
    assert walk.ask(PUBLIC, VISITOR, id=listing_id) is None
    shown = walk.ask(MANAGED, fair.owner, id=listing_id)
    assert ([each["cause"] for each in shown["suspensions"]], shown["producer"]["id"]) == (["FROZEN"], fair.producer)
    assert walk.ask(UNFREEZE, fair.moderator, id=fair.producer) == {"count": 1, "organisation": {"state": "ACTIVE"}}
    assert walk.ask(PUBLIC, VISITOR, id=listing_id) is not None


def test_prices_and_seasons_are_public_at_once(walk: Walk) -> None:
    fair = walk.fair
    listing_id = fair.live(fair.product("桃", a_variant("A")))
    variant_id = fair.variants(listing_id)["A"].id

    done = walk.ask(PRICES, fair.owner, prices=[{"itemId": variant_id, "price": "99.5"}])
    refused = walk.ask(PRICES, fair.owner, prices=[{"itemId": variant_id, "price": "0"}])
    seasons = walk.ask(SEASONS, fair.owner, id=listing_id, windows=[{"kind": "SALE", "from": "11-15", "to": "01-31"}])
    impossible = walk.ask(
        SEASONS, fair.owner, id=listing_id, windows=[{"kind": "SALE", "from": "13-15", "to": "01-31"}]
    )

    assert done == {"__typename": "ChangePricesPayload", "count": 1}
    assert refused == {"__typename": "InvalidInput", "field": "price"}
    assert walk.ask(PUBLIC, VISITOR, id=listing_id)["price"] == {"amount": "99.50"}
    assert walk.ask(MANAGED, fair.owner, id=listing_id)["priceChanges"]["nodes"] == [
        {"itemId": variant_id, "before": {"amount": "88.00"}, "after": {"amount": "99.50"}, "reason": "行情"}
    ]
    assert seasons["listing"]["product"]["seasonWindows"] == [{"from": "11-15", "to": "01-31"}]
    assert impossible == {"__typename": "ListingNotReady", "problems": [{"path": "seasonWindows.1"}]}


def test_many_are_decided_at_once_each_by_itself(walk: Walk) -> None:
    fair = walk.fair
    one, other = (fair.submitted(fair.product(f"桃{each}", a_variant(f"S{each}"))) for each in range(2))
    decisions = [
        {"revisionId": one.revision_id, "version": one.version, "verdict": "APPROVE"},
        {"revisionId": other.revision_id, "version": other.version - 1, "verdict": "APPROVE"},
        {"revisionId": "rev_00000000000000000000000000", "version": 1, "verdict": "APPROVE"},
    ]

    outcomes = walk.ask(MANY, fair.moderator, input=decisions)["outcomes"]

    assert [(each["isDone"], each["code"]) for each in outcomes] == [
        (True, None),
        (False, "EDITED_MEANWHILE"),
        (False, "NOT_FOUND"),
    ]
    assert fair.state(one.listing_id).value == "LIVE"


def test_buyers_see_only_the_forms_that_are_offered(walk: Walk) -> None:
    fair = walk.fair
    listing_id = fair.live(fair.product("桃", a_variant("A"), a_variant("B")))
    gone = fair.variants(listing_id)["A"].id
    fair.save(fair.product("桃", a_variant("B")), listing_id=listing_id)
    fair.decide(fair.submit(listing_id).revision_id)

    assert walk.ask(PUBLIC, VISITOR, id=listing_id)["variants"] == [{"sku": "B"}]
    assert walk.ask("query N($id: ID!) { node(id: $id) { id } }", VISITOR, id=gone) is None

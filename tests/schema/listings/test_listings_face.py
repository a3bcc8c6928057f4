"""Listings through the API: written, handed in, reviewed, taken off sale and put back, by those who may."""

from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from tests.catalogue.fair import UNKNOWN, Fair, a_key, a_variant
from tests.schema.asking import Asker, asked

LISTING = """
fragment L on ManagedListing {
  listingId kind state nextStates version title price { amount } category { slug } producer { id name }
  cooperative { id } village { name } externalCode publishedAt
  variants { sku price { amount } } options { name }
  product { title variants { sku } } tourPackage { title }
  suspensions { cause reasons reasonNotes }
  openRevision { id number state nextStates }
  revisions(first: 5) { totalCount nodes { number state reasons reasonNotes rule } }
  history(first: 20) { nodes { kind cause rule reasons revision { number } } }
  priceChanges(first: 5) { nodes { itemId before { amount } after { amount } reason } }
}
"""
ERRORS = """
  __typename
  ... on UserError { code message retryable }
  ... on NotFound { field }
  ... on InvalidInput { field allowed }
  ... on IllegalTransition { fromState toState next: allowed }
"""
SAVE = (
    LISTING
    + """
mutation Save($input: ProductDraftInput!, $key: ID!) {
  saveProductDraft(input: $input, idempotencyKey: $key) {"""
    + ERRORS
    + """
    ... on SaveDraftPayload { isChanged listing { ...L } revision { id number state } }
    ... on EditedMeanwhile { version }
  }
}
"""
)
SAVE_PACKAGE = (
    LISTING
    + """
mutation SavePackage($input: TourPackageDraftInput!, $key: ID!) {
  saveTourPackageDraft(input: $input, idempotencyKey: $key) {"""
    + ERRORS
    + """
    ... on SaveDraftPayload { isChanged listing { ...L } revision { id } }
  }
}
"""
)
SUBMIT = (
    LISTING
    + """
mutation Submit($id: ID!, $version: Int, $key: ID!) {
  submitListing(listingId: $id, version: $version, idempotencyKey: $key) {"""
    + ERRORS
    + """
    ... on ListingRevisionPayload { listing { ...L } revision { id state waitingHours } }
    ... on ListingNotReady { problems { path message } }
    ... on EditedMeanwhile { version }
  }
}
"""
)
REVIEW = (
    LISTING
    + """
mutation Review($input: ReviewListingInput!, $key: ID!) {
  reviewListing(input: $input, idempotencyKey: $key) {"""
    + ERRORS
    + """
    ... on ReviewListingPayload { listing { ...L } revision { id state reasons reasonNotes decidedAt } }
    ... on EditedMeanwhile { version }
  }
}
"""
)
QUEUE = """
query Queue($where: ToReviewWhere, $first: Int, $after: String) {
  listingsToReview(where: $where, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id number state waitingHours listing { listingId title kind producer { name } } }
  }
}
"""
READ_REVIEW = """
query Read($id: ID!) {
  revisionReview(revisionId: $id) {
    version riskyWords
    changes { path before after }
    problems { path message }
    content { title product { variants { variantId sku price } seasonWindows { kind from to } } }
    revision { id state listing { listingId } }
  }
}
"""
DRAFT = """
query Draft($id: ID!) {
  listingDraft(listingId: $id) {
    version problems { path message }
    listing { listingId state } revision { id state }
    content {
      title titleEn summary description categoryId producerId cooperativeId villageId certificateIds
      images { key url alt }
      product {
        storage shelfLifeDays origin
        variants { variantId sku name netWeightGrams packCount unit price }
        seasonWindows { kind from to }
      }
      tourPackage {
        meetingPoint durationMinutes pricingPer needsTravelAgency
        options { optionId name units { unitId kind name paxCount price minAge } }
        notes { kind text } cancellationTiers { hoursBefore refundPercent } gifts { variantId quantity per }
      }
    }
  }
}
"""
MANAGED = LISTING + "query Managed($id: ID!) { managedListing(listingId: $id) { ...L } }"
PUBLIC = "query Public($id: ID!) { product(id: $id) { title price { amount } variants { sku } } }"


class Walk:
    """A fair asked through the API."""

    def __init__(self, fair: Fair) -> None:
        self.fair = fair

    def ask(self, query: str, actor: Actor, **variables: Any) -> Any:
        """The one root field's answer; the request must have no errors."""
        if "$key: ID!" in query:
            variables.setdefault("key", a_key())
        data = asked(self.fair.market, lambda here: Asker(here).data(query, variables, actor=actor, language="en"))
        (value,) = data.values()
        return value

    def errors(self, query: str, actor: Actor) -> list[str]:
        """The codes of a request's errors."""
        answer = asked(self.fair.market, lambda here: Asker(here).ask(query, actor=actor))
        return [each["extensions"]["code"] for each in answer["errors"]]

    def product(self, title: str = "水蜜桃", **more: Any) -> dict[str, Any]:
        """A product's whole content."""
        content = {
            "producerId": self.fair.producer,
            "categoryId": self.fair.fruit,
            "villageId": self.fair.village,
            "title": title,
        }
        variant = {"sku": "A", "name": "一盒", "netWeightGrams": 2500, "unit": "盒", "price": "88.00"}
        return {
            "listing": content,
            "storage": "CHILLED",
            "variants": [variant],
            "seasonWindows": [{"kind": "SALE", "from": "06-20", "to": "08-31"}],
        } | more


@pytest.fixture(name="walk")
def _walk(market: Market) -> Walk:
    return Walk(Fair(market))


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
        {"amount": "68.50"},
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


CHANGES: dict[str, tuple[str, str]] = {
    "submitListing": ("listingId: $id, idempotencyKey: $key", "seller"),
    "withdrawRevision": ("listingId: $id, idempotencyKey: $key", "seller"),
    "withdrawListing": ("listingId: $id, idempotencyKey: $key", "seller"),
    "relistListing": ("listingId: $id, idempotencyKey: $key", "seller"),
    "changeSeasons": ("listingId: $id, seasonWindows: [], idempotencyKey: $key", "seller"),
    "suspendListing": ("listingId: $id, reasons: [{code: PICTURES}], idempotencyKey: $key", "staff"),
    "liftListingSuspension": ("listingId: $id, idempotencyKey: $key", "staff"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_not_the_callers_answers_like_what_does_not_exist(walk: Walk, name: str) -> None:
    fair = walk.fair
    listing_id = fair.live()
    version = fair.listing(listing_id).version
    arguments, who = CHANGES[name]
    query = f"mutation M($id: ID!, $key: ID!) {{ {name}({arguments}) {{ {ERRORS} }} }}"
    caller = fair.stranger if who == "seller" else fair.far_moderator

    foreign, unknown = walk.ask(query, caller, id=listing_id), walk.ask(query, caller, id=UNKNOWN)

    assert foreign == unknown
    assert foreign["__typename"] == "NotFound"
    for actor, kind in (
        (VISITOR, "NotSignedIn"),
        (Actor(ActorKind.CUSTOMER, "somebody"), "Forbidden"),
        (fair.moderator if who == "seller" else fair.owner, "Forbidden"),
    ):
        assert walk.ask(query, actor, id=listing_id)["__typename"] == kind
    assert fair.listing(listing_id).version == version


def test_reads_show_nothing_of_others(walk: Walk) -> None:
    fair = walk.fair
    listing_id = fair.live()
    revision_id = fair.edited(listing_id, title="黄桃").revision_id
    asks = [(MANAGED, listing_id), (DRAFT, listing_id), (READ_REVIEW, revision_id)]

    for query, id_ in asks:
        for actor in (fair.stranger, fair.far_moderator, fair.holding(Role.EDITOR, fair.cooperative)):
            assert walk.ask(query, actor, id=id_) is None
        for actor in (fair.owner, fair.moderator, fair.holding(Role.VIEWER, fair.producer)):
            assert walk.ask(query, actor, id=id_) is not None
    node = "query N($id: ID!) { node(id: $id) { __typename id } }"
    assert walk.ask(node, fair.owner, id=revision_id) == {"__typename": "ListingRevision", "id": revision_id}
    assert walk.ask(node, fair.stranger, id=revision_id) is None


@pytest.mark.parametrize("field", ["managedListings { totalCount }", "listingsToReview { totalCount }"])
def test_lists_refuse_whoever_manages_and_reviews_nothing(walk: Walk, field: str) -> None:
    for actor, code in ((VISITOR, "UNAUTHENTICATED"), (Actor(ActorKind.CUSTOMER, "somebody"), "FORBIDDEN")):
        assert walk.errors(f"{{ {field} }}", actor) == [code]


def test_people_find_their_listings_in_any_state(walk: Walk) -> None:
    fair = walk.fair
    live = fair.live(fair.product("桃", a_variant("A")))
    draft = fair.save(fair.product("梨", a_variant("B"))).listing_id
    waiting = fair.submitted(fair.product("李", a_variant("C"))).listing_id
    query = """
      query Mine($where: ManagedListingWhere) {
        managedListings(where: $where) { totalCount nodes { listingId state } }
      }
    """
    by_organisation = """
      query Of($id: ID!, $where: ManagedListingWhere) {
        organisation(id: $id) { listings(where: $where) { totalCount nodes { listingId } } }
      }
    """

    def ids(actor: Actor, **where: Any) -> set[str]:
        return {each["listingId"] for each in walk.ask(query, actor, where=where)["nodes"]}

    assert ids(fair.owner) == {live, draft, waiting}
    assert ids(fair.moderator) == {live, draft, waiting}
    assert ids(fair.stranger) == ids(fair.far_moderator) == set()
    assert ids(fair.owner, states=["LIVE"]) == {live}
    assert ids(fair.owner, revisionStates=["SUBMITTED"]) == {waiting}
    assert ids(fair.owner, kind="TOUR_PACKAGE") == set()
    assert ids(fair.owner, organisation=fair.producer, category=fair.fruit) == {live, draft, waiting}
    of = walk.ask(by_organisation, fair.owner, id=fair.producer, where={"states": ["DRAFT"]})
    assert {each["listingId"] for each in of["listings"]["nodes"]} == {draft, waiting}


def test_the_queue_goes_by_age_and_pages_and_filters(walk: Walk) -> None:
    fair = walk.fair
    ids = [fair.submitted(fair.product(f"桃{each}", a_variant(f"S{each}"))).revision_id for each in range(3)]
    package = fair.submitted(fair.package()).revision_id

    first = walk.ask(QUEUE, fair.moderator, first=2)
    rest = walk.ask(QUEUE, fair.moderator, first=2, after=first["pageInfo"]["endCursor"])

    assert [each["id"] for each in first["nodes"] + rest["nodes"]] == sorted([*ids, package])
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert walk.ask(QUEUE, fair.far_moderator)["totalCount"] == 0
    for where, found in (
        ({"kind": "TOUR_PACKAGE"}, [package]),
        ({"category": fair.fruit, "organisation": fair.producer}, sorted(ids)),
        ({"region": "330226000000"}, []),
        ({"region": "330213005208"}, sorted([*ids, package])),
        ({"submittedBefore": "2020-01-01T00:00:00Z"}, []),
    ):
        assert [each["id"] for each in walk.ask(QUEUE, fair.moderator, where=where)["nodes"]] == found


MODERATE = """
mutation Moderate($id: ID!, $key: ID!) {
  suspendListing(listingId: $id, reasons: [{code: PICTURES, note: "不是桃"}], idempotencyKey: $key) {
    ... on ModeratedListingPayload { listing { state suspensions { cause reasons reasonNotes } } }
  }
}
"""
LIFT = """
mutation Lift($id: ID!, $key: ID!) {
  liftListingSuspension(listingId: $id, idempotencyKey: $key) {
    ... on ModeratedListingPayload { listing { state suspensions { cause } } }
  }
}
"""
FREEZE = """
mutation Freeze($id: ID!, $key: ID!) {
  freezeOrganisation(organisationId: $id, reason: "停业", idempotencyKey: $key) {
    ... on FreezePayload { count organisation { state } }
  }
}
"""
UNFREEZE = FREEZE.replace("freezeOrganisation", "unfreezeOrganisation")
PRICES = """
mutation Prices($prices: [NewPriceInput!]!, $key: ID!) {
  changePrices(prices: $prices, reason: "行情", idempotencyKey: $key) {
    __typename ... on ChangePricesPayload { count } ... on InvalidInput { field }
  }
}
"""
SEASONS = """
mutation Seasons($id: ID!, $windows: [SeasonWindowInput!]!, $key: ID!) {
  changeSeasons(listingId: $id, seasonWindows: $windows, idempotencyKey: $key) {
    __typename ... on ListingPayload { listing { product { seasonWindows { from to } } } }
    ... on ListingNotReady { problems { path } }
  }
}
"""
MANY = """
mutation Many($input: [ReviewListingInput!]!, $key: ID!) {
  reviewListings(input: $input, idempotencyKey: $key) {
    ... on ReviewListingsPayload { outcomes { revisionId isDone code message } }
  }
}
"""


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

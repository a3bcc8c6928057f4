"""Who sees and changes listings through the API; whoever may not cannot tell what there is."""

from typing import Any

import pytest

from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from tests.catalogue.fair import UNKNOWN, a_variant
from tests.schema.listings.walking import DRAFT, ERRORS, MANAGED, QUEUE, READ_REVIEW, Walk

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

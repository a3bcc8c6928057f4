"""A fair asked through the API: its questions, and who asks."""

from typing import Any

from market.kernel.permissions import Actor
from tests.catalogue.fair import Fair, a_key
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

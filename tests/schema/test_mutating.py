"""How mutations answer: done, with the row as it is now; or refused, as a member of the result, nothing changed."""

from typing import Any

import pytest
import sqlalchemy as sa
import strawberry
from graphql import GraphQLSchema
from sqlmodel import col
from strawberry.schema.config import StrawberryConfig

from market.catalogue.tables import Listing
from market.kernel.errors import Conflict, IllegalTransition, Invalid, MarketError, NotFound
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission, Role
from market.kernel.topics import touch
from schema.build import core_schema
from schema.catalogue.products import PRODUCT, Product
from schema.catalogue.tours import TourPackage
from schema.mutations import Info, UserError, changed, mutation, told_as
from schema.organisations import Certificate
from schema.permissions import PUBLIC, declare_rules, ruled
from schema.projection import attach
from schema.query import QUERY, Query
from schema.scalars import SCALARS
from tests.schema.asking import Asker, asked
from tests.schema.stalls import Stalls, sell, set_up

EDITOR = Actor(ActorKind.MEMBER, "acc_e", organisations={"cop_a": frozenset({Role.EDITOR})})
CUSTOMER = Actor(ActorKind.CUSTOMER, "acc_c")


class TooSoonError(Conflict):
    """Not yet."""

    code = "TOO_SOON"
    zh = "还要等 {days} 天。"
    en = "Wait {days} more days."


@told_as(TooSoonError, lambda error, _language: {"days": error.facts["days"]})
@strawberry.type(description="Not yet.")
@ruled(PUBLIC)
class TooSoon(UserError):
    days: int


@strawberry.type(description="Renamed.")
@ruled(Permission.LISTING_EDIT)
class RenamePayload:
    listing_id: strawberry.Private[str]
    product: Product | None = changed(
        "The product now.", Product | None, lambda: PRODUCT, lambda payload: payload.listing_id
    )


def rename(market: Market, actor: Actor, listing_id: str, title: str) -> str:
    """A use case to try: gives a listing another title."""
    del actor
    refusals: dict[str, MarketError] = {
        "invalid": Invalid(field="title", allowed="a title", allowed_zh="标题"),
        "unknown": NotFound(field="listing"),
        "soon": TooSoonError(days=3),
        "state": IllegalTransition(from_state="LIVE", to_state="DRAFT", allowed=("WITHDRAWN",)),
    }
    with market.transaction() as session:
        session.execute(sa.update(Listing).where(col(Listing.id) == listing_id).values(title=title))
        touch(session, listing_id)
        if title in refusals:
            raise refusals[title]
        if title == "bug":
            raise ZeroDivisionError(title)
    return listing_id


@strawberry.type(description="Changes.")
class Mutation:
    @mutation("Give a listing another title.", rule=Permission.LISTING_EDIT, errors=(TooSoon,))
    async def rename_listing(self, info: Info, listing_id: strawberry.ID, title: str) -> RenamePayload:
        return RenamePayload(listing_id=await info.context.act(rename, str(listing_id), title))


def _toy_schema() -> GraphQLSchema:
    made = core_schema(
        strawberry.Schema(
            query=Query,
            mutation=Mutation,
            types=[TourPackage, Certificate],
            config=StrawberryConfig(scalar_map=SCALARS),
        )
    )
    attach(made, QUERY)
    declare_rules(made)
    return made


TOY = _toy_schema()
RENAME = """
mutation Rename($id: ID!, $title: String!) {
  renamed: renameListing(listingId: $id, title: $title) {
    __typename
    ... on RenamePayload { product { id title price { amount } variants { name } producer { name(locale: EN) } } }
    ... on UserError { code message path retryable }
    ... on InvalidInput { field allowed }
    ... on IllegalTransition { fromState toState allowedStates: allowed }
    ... on TooSoon { days }
  }
}
"""


@pytest.fixture(name="stalls")
def _stalls(market: Market) -> Stalls:
    return set_up(market)


@pytest.fixture(name="peach")
def _peach(market: Market, stalls: Stalls) -> str:
    return sell(market, stalls, "水蜜桃", stalls.peach)


def _renamed(market: Market, peach: str, title: str, *, actor: Actor = EDITOR, language: str = "zh") -> Any:
    async def ask(here: Market) -> Any:
        asker = Asker(here, schema=TOY)
        return await asker.ask(RENAME, {"id": peach, "title": title}, actor=actor, language=language)

    return asked(market, ask)


def _title(market: Market, listing_id: str) -> str:
    with market.read() as session:
        found = session.get(Listing, listing_id)
        assert found is not None
        return found.title


def test_what_was_changed_is_shown_as_it_is_now_through_its_projection(market: Market, peach: str) -> None:
    answer = _renamed(market, peach, "玉露桃")

    assert answer["data"]["renamed"] == {
        "__typename": "RenamePayload",
        "product": {
            "id": peach,
            "title": "玉露桃",
            "price": {"amount": "88.00"},
            "variants": [{"name": "盒装"}],
            "producer": {"name": "Wang"},
        },
    }


def test_a_refusal_is_a_member_of_the_result_in_the_callers_language(market: Market, peach: str) -> None:
    chinese = _renamed(market, peach, "invalid")["data"]["renamed"]
    english = _renamed(market, peach, "invalid", language="en")["data"]["renamed"]

    assert chinese == {
        "__typename": "InvalidInput",
        "code": "BAD_USER_INPUT",
        "message": "“title”无效：标题。",
        "path": ["renamed"],
        "retryable": False,
        "field": "title",
        "allowed": "标题",
    }
    assert (english["message"], english["allowed"]) == ("“title” is not valid: a title.", "a title")
    assert _title(market, peach) == "水蜜桃"


def test_a_rooms_own_error_has_its_own_facts_and_others_are_told_as_their_kind(market: Market, peach: str) -> None:
    soon = _renamed(market, peach, "soon")["data"]["renamed"]
    state = _renamed(market, peach, "state")["data"]["renamed"]
    unknown = _renamed(market, peach, "unknown")["data"]["renamed"]

    assert (soon["__typename"], soon["code"], soon["days"]) == ("TooSoon", "TOO_SOON", 3)
    assert (state["fromState"], state["toState"], state["allowedStates"]) == ("LIVE", "DRAFT", ["WITHDRAWN"])
    assert unknown["__typename"] == "NotFound"
    assert _title(market, peach) == "水蜜桃"


@pytest.mark.parametrize(("actor", "told"), [(VISITOR, "NotSignedIn"), (CUSTOMER, "Forbidden")])
def test_whoever_may_not_is_refused_before_anything_is_done(
    market: Market, peach: str, actor: Actor, told: str
) -> None:
    answer = _renamed(market, peach, "玉露桃", actor=actor)

    assert answer["data"]["renamed"]["__typename"] == told
    assert _title(market, peach) == "水蜜桃"


def test_a_bug_is_masked_and_leaves_nothing_half_done(market: Market, peach: str) -> None:
    answer = _renamed(market, peach, "bug")

    assert answer["data"] is None
    assert answer["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "test"}
    assert "ZeroDivision" not in str(answer)
    assert _title(market, peach) == "水蜜桃"

"""Reviews by API: a product shows what buyers wrote, hidden ones are seen by those they concern alone."""

import pytest

from market.kernel.market import Market
from market.kernel.permissions import Role
from market.media.rules import MediaKind
from tests.aftersales.claiming import MODERATOR, photo
from tests.aftersales.sales import bought, line_of, send, staff_of
from tests.checkout.shop import Shop, buyers, key, open_shop
from tests.schema.asking import Asker, asked

FIELDS = """
  id listingId bought rating text author photos { url(size: SMALL) width } writtenAt editedAt
  reply repliedAt state hiddenFor hiddenNote
"""
WRITE = f"""
mutation Write($line: ID!, $input: ReviewInput!, $key: ID!) {{
  writeReview(lineId: $line, input: $input, idempotencyKey: $key) {{
    __typename
    ... on ReviewPayload {{ review {{ {FIELDS} }} }}
    ... on ReviewedBefore {{ reviewId }}
    ... on UserError {{ code message }}
  }}
}}
"""
EDIT = f"""
mutation Edit($id: ID!, $input: ReviewInput!) {{
  editReview(reviewId: $id, input: $input) {{
    __typename ... on ReviewPayload {{ review {{ {FIELDS} }} }} ... on UserError {{ code }}
  }}
}}
"""
REPLY = f"""
mutation Reply($id: ID!) {{
  replyToReview(reviewId: $id, text: "谢谢") {{
    __typename ... on ReviewPayload {{ review {{ {FIELDS} }} }} ... on UserError {{ code }}
  }}
}}
"""
HIDE = f"""
mutation Hide($id: ID!) {{
  hideReview(reviewId: $id, reason: PERSONAL_DATA, note: "有电话") {{
    __typename ... on ReviewPayload {{ review {{ {FIELDS} }} }} ... on UserError {{ code }}
  }}
}}
"""
SHOW = f"""
mutation Show($id: ID!) {{
  showReview(reviewId: $id) {{
    __typename ... on ReviewPayload {{ review {{ {FIELDS} }} }} ... on UserError {{ code }}
  }}
}}
"""
PRODUCT = f"""
query Product($id: ID!, $where: ReviewWhere) {{
  product(id: $id) {{ rating {{ average count }} reviews(where: $where) {{ totalCount nodes {{ {FIELDS} }} }} }}
}}
"""
LIST = "query List($where: ManagedReviewWhere) { reviews(where: $where) { totalCount nodes { id } } }"
ONE = f"query One($id: ID!) {{ review(id: $id) {{ {FIELDS} }} }}"


@pytest.fixture(name="shop")
def _shop(market: Market) -> Shop:
    return open_shop(market)


def test_what_a_buyer_wrote_is_shown_and_answered(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 1)
    send(market, part)
    line = line_of(market, part)
    editor = staff_of(market, shop.stalls.producer, Role.EDITOR)
    given = {"rating": 4, "text": "很甜", "photoIds": [photo(market, buyer, "b", MediaKind.REVIEW)]}

    async def walk(here: Market) -> None:
        asker = Asker(here, is_cached=True)
        await here.database.news.open()
        product = {"id": line.listing_id}
        empty = (await asker.data(PRODUCT, product))["product"]
        assert empty == {"rating": {"average": None, "count": 0}, "reviews": {"totalCount": 0, "nodes": []}}
        wrote = await asker.data(WRITE, {"line": line.id, "input": given, "key": key()}, actor=buyer)
        review = wrote["writeReview"]["review"]
        assert (review["bought"], review["author"], review["state"]) == ("水蜜桃", "买**", "SHOWN")
        assert review["photos"][0]["url"].endswith("-320.webp")
        again = await asker.data(WRITE, {"line": line.id, "input": given, "key": key()}, actor=buyer)
        assert again["writeReview"]["reviewId"] == review["id"]
        shown = (await asker.data(PRODUCT, product))["product"]
        assert shown["rating"] == {"average": 4.0, "count": 1}
        assert shown["reviews"]["nodes"] == [review]
        for where, count in (
            ({"rating": 5}, 0),
            ({"rating": 4, "hasPhotos": True}, 1),
            ({"hasPhotos": False}, 0),
        ):
            found = (await asker.data(PRODUCT, {**product, "where": where}))["product"]["reviews"]
            assert found["totalCount"] == count, where
        part_shown = await asker.data(
            "query Part($id: ID!) { sellerOrder(id: $id) { lines { review { rating } } } }", {"id": part}, actor=buyer
        )
        assert part_shown["sellerOrder"]["lines"] == [{"review": {"rating": 4}}]

        mine = {"id": review["id"]}
        edited = await asker.data(EDIT, {**mine, "input": {"rating": 5, "text": "更甜"}}, actor=buyer)
        assert (edited["editReview"]["review"]["rating"], edited["editReview"]["review"]["photos"]) == (5, [])
        answered = (await asker.data(REPLY, mine, actor=editor))["replyToReview"]["review"]
        assert answered["reply"] == "谢谢"
        assert (await asker.data(PRODUCT, product))["product"]["reviews"]["nodes"][0]["reply"] == "谢谢"

        await here.database.news.close()

    asked(market, walk)


def test_what_is_hidden_is_seen_by_whom_it_concerns(market: Market, shop: Shop) -> None:
    buyer, part = bought(market, shop, 1)
    send(market, part)
    line = line_of(market, part)
    (stranger,) = buyers(market, 1)
    owner = staff_of(market, shop.stalls.producer, Role.OWNER)
    given = {"rating": 1, "text": "打我电话 13800001234"}

    async def walk(here: Market) -> None:
        asker = Asker(here, is_cached=True)
        await here.database.news.open()
        product = {"id": line.listing_id}
        empty = (await asker.data(PRODUCT, product))["product"]
        wrote = await asker.data(WRITE, {"line": line.id, "input": given, "key": key()}, actor=buyer)
        mine = {"id": wrote["writeReview"]["review"]["id"]}
        assert (await asker.data(PRODUCT, product))["product"]["rating"] == {"average": 1.0, "count": 1}
        assert (await asker.data(HIDE, mine, actor=stranger))["hideReview"]["__typename"] == "Forbidden"
        hidden = (await asker.data(HIDE, mine, actor=MODERATOR))["hideReview"]["review"]
        assert (hidden["state"], hidden["hiddenFor"], hidden["hiddenNote"]) == ("HIDDEN", "PERSONAL_DATA", "有电话")
        gone = (await asker.data(PRODUCT, product))["product"]
        assert gone == empty
        for actor in (buyer, owner, MODERATOR):
            assert (await asker.data(ONE, mine, actor=actor))["review"]["state"] == "HIDDEN"
            assert (await asker.data(LIST, {"where": {"states": ["HIDDEN"]}}, actor=actor))["reviews"][
                "totalCount"
            ] == 1
        theirs = await asker.answer(ONE, mine, actor=stranger)
        nobodys = await asker.answer(ONE, {"id": "rvw_" + "0" * 26}, actor=stranger)
        assert theirs.body == nobodys.body
        assert (await asker.data(LIST, actor=stranger))["reviews"]["totalCount"] == 0
        assert (await asker.data(LIST, {"where": {"isMine": True}}, actor=buyer))["reviews"]["totalCount"] == 1
        back = (await asker.data(SHOW, mine, actor=MODERATOR))["showReview"]["review"]
        assert back["state"] == "SHOWN"
        assert (await asker.data(PRODUCT, product))["product"]["rating"]["count"] == 1
        refused = await asker.ask(LIST)
        assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        await here.database.news.close()

    asked(market, walk)

"""Stock through the API: received, corrected and read by its sellers; by nobody else, who cannot tell what is there."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.organisations.rules import OrganisationKind, Power
from market.organisations.tables import Membership, MembershipPower
from tests.schema.asking import Asker, asked
from tests.stock.doing import hold
from tests.stock.farms import (
    ADMIN,
    EARLY,
    a_key,
    a_producer,
    everything,
    people_of,
    receive,
    variants_of,
)

LEVEL = """
query Level($variant: ID!) {
  stockLevel(variantId: $variant) {
    variant { id sku stockState } onHand reserved free version lowAt
    lots(first: 10) {
      totalCount
      nodes {
        id code harvestedOn plot received remaining bestBefore isPastBestBefore conformity receivedAt
        certificate { number issuedOn issuer basis commitments recordedAt }
        movements(first: 5) { nodes { id quantity } }
      }
    }
    movements(first: 2) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes { kind quantity onHand version reason note reference actor at lot { id } }
    }
  }
}
"""
RECEIVE = """
mutation Receive($input: ReceiveStockInput!, $key: ID!) {
  receiveStock(input: $input, idempotencyKey: $key) {
    __typename
    ... on ReceiveStockPayload { stockLevel { onHand version } lot { id code conformity } }
    ... on UserError { code message retryable }
    ... on ConformityRequired { rule }
    ... on LotCodeTaken { lotCode }
    ... on NotFound { field }
  }
}
"""
ADJUST = """
mutation Adjust($input: AdjustStockInput!, $key: ID!) {
  adjustStock(input: $input, idempotencyKey: $key) {
    __typename
    ... on StockPayload { stockLevel { onHand free version variant { stockState } } }
    ... on UserError { code message }
    ... on StockPromised { onHand promised wanted }
    ... on LotShort { remaining asked }
    ... on InvalidInput { field allowed }
    ... on NotFound { field }
  }
}
"""
COUNT = """
mutation Count($input: CountStockInput!, $key: ID!) {
  countStock(input: $input, idempotencyKey: $key) {
    __typename
    ... on StockPayload { stockLevel { onHand version } }
    ... on StockMoved { onHand version message }
  }
}
"""
MOVE = """
mutation Move($input: MoveStockInput!, $key: ID!) {
  moveStock(input: $input, idempotencyKey: $key) {
    __typename
    ... on StockPayload { stockLevel { onHand lots(where: { hasRemaining: true }) { nodes { id remaining } } } }
    ... on LotShort { remaining asked }
  }
}
"""
CERTIFY = """
mutation Certify($lot: ID!, $certificate: ConformityCertificateInput!, $key: ID!) {
  recordConformity(lotId: $lot, certificate: $certificate, idempotencyKey: $key) {
    __typename
    ... on RecordConformityPayload { lot { conformity certificate { number } } }
    ... on IllegalTransition { fromState toState allowed }
    ... on NotFound { field message }
  }
}
"""
LOW = """
mutation Low($variant: ID!, $at: Int) {
  setLowStock(variantId: $variant, lowAt: $at) {
    __typename
    ... on StockPayload { stockLevel { lowAt variant { stockState } } }
    ... on InvalidInput { field }
  }
}
"""
LEVELS = """
query Levels($producer: ID!, $where: StockLevelWhere, $after: String) {
  stockLevels(producerId: $producer, where: $where, first: 2, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { variant { id } onHand }
  }
}
"""
CERTIFICATE = {
    "issuedOn": "2026-06-01",
    "issuer": "FARMER",
    "basis": "OWN_TEST",
    "commitments": ["NO_BANNED_SUBSTANCES", "RESIDUES_WITHIN_LIMITS"],
    "number": "HGZ-1",
}
UNKNOWN_VARIANT = "var_00000000000000000000000000"
UNKNOWN_LOT = "lot_00000000000000000000000000"


def ask(market: Market, query: str, actor: Actor = ADMIN, **variables: Any) -> Any:
    """The data of one operation, the only root field's."""

    async def run(here: Market) -> Any:
        return await Asker(here).data(query, variables, actor=actor)

    [answer] = asked(market, run).values()
    return answer


def whole(market: Market, query: str, actor: Actor, **variables: Any) -> Any:
    """The whole response."""

    async def run(here: Market) -> Any:
        return await Asker(here).ask(query, variables, actor=actor)

    return asked(market, run)


def change(market: Market, query: str, given: dict[str, Any], *, key: str = "once", actor: Actor = ADMIN) -> Any:
    return ask(market, query, actor, input=given, key=a_key(key))


def test_a_lot_comes_in_and_is_read_back(market: Market) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer, is_covered=True, shelf_life_days=4)
    actor = people_of(market, producer)
    given = {
        "variantId": variant,
        "quantity": 40,
        "harvestedOn": "2026-05-20",
        "code": "A-1",
        "plot": "东坡三号棚",
        "certificate": CERTIFICATE,
        "note": "早熟",
    }

    done = change(market, RECEIVE, given, actor=actor)
    again = change(market, RECEIVE, given, actor=actor)

    lot = done["lot"]["id"]
    assert (
        done
        == again
        == {
            "__typename": "ReceiveStockPayload",
            "stockLevel": {"onHand": 40, "version": 1},
            "lot": {"id": lot, "code": "A-1", "conformity": "ISSUED"},
        }
    )
    read = ask(market, LEVEL, actor, variant=variant)
    [seen] = read["lots"]["nodes"]
    movement = seen.pop("movements")["nodes"]
    assert [each["quantity"] for each in movement] == [40]
    assert seen == {
        "id": lot,
        "code": "A-1",
        "harvestedOn": "2026-05-20",
        "plot": "东坡三号棚",
        "received": 40,
        "remaining": 40,
        "bestBefore": "2026-05-24",
        "isPastBestBefore": True,
        "conformity": "ISSUED",
        "receivedAt": "2026-06-02T01:30:00Z",
        "certificate": CERTIFICATE | {"recordedAt": "2026-06-02T01:30:00Z"},
    }
    assert read["variant"] == {"id": variant, "sku": f"SKU-{variant}", "stockState": "IN_STOCK"}
    assert read["movements"]["nodes"] == [
        {
            "kind": "RECEIVED",
            "quantity": 40,
            "onHand": 40,
            "version": 1,
            "reason": None,
            "note": "早熟",
            "reference": None,
            "actor": actor.account_id,
            "at": "2026-06-02T01:30:00Z",
            "lot": {"id": lot},
        }
    ]


def test_what_the_law_asks_for_is_refused_or_flagged(market: Market) -> None:
    [strict] = variants_of(market, a_producer(market, OrganisationKind.COOPERATIVE), is_covered=True)
    [lenient] = variants_of(market, a_producer(market), is_covered=True)

    refused = change(market, RECEIVE, {"variantId": strict, "quantity": 1, "harvestedOn": "2026-06-01"}, key="strict")
    taken = change(market, RECEIVE, {"variantId": lenient, "quantity": 1, "harvestedOn": "2026-06-01"}, key="lenient")

    assert (refused["__typename"], refused["code"]) == ("ConformityRequired", "CONFORMITY_REQUIRED")
    assert "农业农村部令2025年第4号" in refused["rule"]
    assert "承诺达标合格证" in refused["message"]
    assert taken["lot"]["conformity"] == "MISSING"
    certified = ask(market, CERTIFY, lot=taken["lot"]["id"], certificate=CERTIFICATE, key=a_key("certify"))
    assert certified["lot"] == {"conformity": "ISSUED", "certificate": {"number": "HGZ-1"}}
    twice = ask(market, CERTIFY, lot=taken["lot"]["id"], certificate=CERTIFICATE, key=a_key("twice"))
    assert twice == {"__typename": "IllegalTransition", "fromState": "ISSUED", "toState": "ISSUED", "allowed": []}


def test_a_code_that_is_taken_says_so(market: Market) -> None:
    [variant] = variants_of(market, a_producer(market))
    given = {"variantId": variant, "quantity": 1, "harvestedOn": "2026-06-01", "code": "A-1"}
    change(market, RECEIVE, given)

    refused = change(market, RECEIVE, given | {"quantity": 2}, key="again")

    assert (refused["__typename"], refused["lotCode"]) == ("LotCodeTaken", "A-1")


def test_stock_is_adjusted_counted_and_moved(market: Market) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer)
    actor = people_of(market, producer)
    loose = receive(market, variant, 10, actor=actor)
    lot = change(market, RECEIVE, {"variantId": variant, "quantity": 5, "harvestedOn": "2026-06-01"}, actor=actor)[
        "lot"
    ]["id"]

    adjusted = change(market, ADJUST, {"variantId": variant, "by": -3, "reason": "SPOILED", "lotId": lot}, actor=actor)
    assert adjusted["stockLevel"] == {"onHand": 12, "free": 12, "version": 3, "variant": {"stockState": "IN_STOCK"}}
    short = change(
        market, ADJUST, {"variantId": variant, "by": -3, "reason": "GIFT", "lotId": lot}, key="short", actor=actor
    )
    assert (short["__typename"], short["remaining"], short["asked"]) == ("LotShort", 2, 3)
    wordless = change(market, ADJUST, {"variantId": variant, "by": -1, "reason": "OTHER"}, key="other", actor=actor)
    assert (wordless["__typename"], wordless["field"]) == ("InvalidInput", "note")
    hold(market, {variant: 11})
    promised = change(market, ADJUST, {"variantId": variant, "by": -2, "reason": "GIFT"}, key="promised", actor=actor)
    assert [promised[name] for name in ("__typename", "onHand", "promised", "wanted")] == ["StockPromised", 12, 11, 10]

    stale = change(market, COUNT, {"variantId": variant, "counted": 14, "version": 2}, actor=actor)
    assert (stale["__typename"], stale["onHand"], stale["version"]) == ("StockMoved", 12, 3)
    counted = change(market, COUNT, {"variantId": variant, "counted": 14, "version": 3}, key="count", actor=actor)
    assert counted["stockLevel"] == {"onHand": 14, "version": 4}

    moved = change(market, MOVE, {"fromLotId": loose, "toLotId": lot, "quantity": 10}, actor=actor)
    assert moved["stockLevel"] == {"onHand": 14, "lots": {"nodes": [{"id": lot, "remaining": 14}]}}
    low = ask(market, LOW, actor, variant=variant, at=3)
    assert low["stockLevel"] == {"lowAt": 3, "variant": {"stockState": "LOW"}}
    assert ask(market, LOW, actor, variant=variant, at=-1) == {"__typename": "InvalidInput", "field": "low_at"}


def test_what_ended_is_free_though_nobody_took_it_back(market: Market, clock: Any) -> None:
    [variant] = variants_of(market, a_producer(market))
    receive(market, variant, 10)
    hold(market, {variant: 4})
    before = ask(market, LEVEL, variant=variant)
    clock.advance(minutes=15)

    after = ask(market, LEVEL, variant=variant)

    assert [(each["reserved"], each["free"]) for each in (before, after)] == [(4, 6), (4, 10)]


def test_movements_and_levels_come_in_pages_both_ways(market: Market) -> None:
    producer = a_producer(market)
    variants = variants_of(market, producer, 5)
    for number, variant in enumerate(variants):
        receive(market, variant, number + 1)
    for number in range(4):
        receive(market, variants[0], 10 + number)

    seen, after = [], None
    while True:
        page = ask(market, LEVELS, producer=producer, after=after)
        seen += [each["variant"]["id"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (seen, page["totalCount"]) == (variants, 5)

    walk = (
        "query Walk($variant: ID!, $after: String, $before: String, $first: Int, $last: Int) {"
        " stockLevel(variantId: $variant) { movements(first: $first, after: $after, last: $last, before: $before)"
        " { edges { cursor node { quantity } } } } }"
    )

    def quantities(**page: Any) -> list[tuple[str, int]]:
        edges = ask(market, walk, variant=variants[0], **page)["movements"]["edges"]
        return [(edge["cursor"], edge["node"]["quantity"]) for edge in edges]

    assert [quantity for _cursor, quantity in quantities(first=10)] == [13, 12, 11, 10, 1]
    second = quantities(first=10)[1][0]
    assert [quantity for _cursor, quantity in quantities(first=2, after=second)] == [11, 10]
    assert [quantity for _cursor, quantity in quantities(last=2, before=second)] == [13]


def test_levels_are_filtered_by_product_and_by_what_buyers_are_told(market: Market) -> None:
    producer = a_producer(market)
    plenty, few, none = variants_of(market, producer, 3)
    [other] = variants_of(market, producer)
    for variant, quantity in ((plenty, 10), (few, 2), (none, 1), (other, 10)):
        receive(market, variant, quantity)
    change(market, ADJUST, {"variantId": none, "by": -1, "reason": "GIFT"})
    with market.read() as session:
        product = session.connection().exec_driver_sql(f"SELECT listing_id FROM variant WHERE id = '{few}'").scalar()

    def found(**where: Any) -> set[str]:
        return {each["variant"]["id"] for each in ask(market, LEVELS, producer=producer, where=where)["nodes"]}

    assert found(states=["LOW", "SOLD_OUT"]) == {few, none}
    assert found(states=["IN_STOCK"], product=product) == {plenty}
    assert found(states=[]) == set()


def _cooperative_of(market: Market, producer: str, *powers: Power) -> str:
    """A cooperative in which the producer is, with these powers for it."""
    cooperative, membership = a_producer(market, OrganisationKind.COOPERATIVE), new_id("mbr")
    since = date(2026, 1, 1)
    with market.transaction() as session:
        session.add(Membership(id=membership, cooperative_id=cooperative, producer_id=producer, joined_on=since))
        session.flush()
        for power in powers:
            session.add(
                MembershipPower(
                    id=new_id("pow"),
                    membership_id=membership,
                    power=power,
                    valid_from=since,
                    granted_by="acc_1",
                    granted_at=EARLY,
                )
            )
    return cooperative


def test_a_cooperative_with_the_power_acts_for_its_member(market: Market) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer)
    receive(market, variant, 10)
    able = people_of(market, _cooperative_of(market, producer, Power.MANAGE_STOCK))
    unable = people_of(market, _cooperative_of(market, producer, Power.FULFIL))
    given = {"variantId": variant, "by": -1, "reason": "GIFT"}

    assert change(market, ADJUST, given, actor=able)["stockLevel"]["onHand"] == 9
    assert change(market, ADJUST, given, actor=unable)["__typename"] == "NotFound"
    assert ask(market, LEVEL, able, variant=variant)["onHand"] == 9
    assert ask(market, LEVEL, unable, variant=variant) is None
    assert ask(market, LEVELS, able, producer=producer)["totalCount"] == 1
    assert ask(market, LEVELS, unable, producer=producer)["totalCount"] == 0


def test_staff_of_the_region_look_and_touch_nothing(market: Market) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer)
    lot = receive(market, variant, 10)
    roles = frozenset({Role.STAFF_MODERATOR})
    here = Actor(ActorKind.STAFF, "acc_1", staff_roles=roles, region_codes=frozenset({"330213000000"}))
    elsewhere = Actor(ActorKind.STAFF, "acc_2", staff_roles=roles, region_codes=frozenset({"330225000000"}))

    assert ask(market, LEVEL, here, variant=variant)["movements"]["totalCount"] == 1
    assert ask(market, LEVEL, elsewhere, variant=variant) is None
    assert ask(market, "query($id: ID!) { node(id: $id) { id } }", here, id=lot) == {"id": lot}
    assert ask(market, "query($id: ID!) { node(id: $id) { id } }", elsewhere, id=lot) is None
    refused = change(market, ADJUST, {"variantId": variant, "by": -1, "reason": "GIFT"}, actor=here)
    assert refused["__typename"] == "Forbidden"


Ask = Callable[[Market, str, str], tuple[str, dict[str, Any]]]
QUESTIONS: dict[str, Ask] = {
    "stockLevel": lambda _market, variant, _lot: (LEVEL, {"variant": variant}),
    "stockLot": lambda _market, _variant, lot: ("query($id: ID!) { stockLot(id: $id) { id } }", {"id": lot}),
    "node": lambda _market, _variant, lot: ("query($id: ID!) { node(id: $id) { id } }", {"id": lot}),
    "receiveStock": lambda _market, variant, _lot: (
        RECEIVE,
        {"input": {"variantId": variant, "quantity": 1}, "key": a_key("foreign")},
    ),
    "adjustStock": lambda _market, variant, _lot: (
        ADJUST,
        {"input": {"variantId": variant, "by": 1, "reason": "COUNTED"}, "key": a_key("foreign")},
    ),
    "countStock": lambda _market, variant, _lot: (
        COUNT,
        {"input": {"variantId": variant, "counted": 1, "version": 1}, "key": a_key("foreign")},
    ),
    "moveStock": lambda _market, _variant, lot: (
        MOVE,
        {"input": {"fromLotId": lot, "toLotId": UNKNOWN_LOT, "quantity": 1}, "key": a_key("foreign")},
    ),
    "recordConformity": lambda _market, _variant, lot: (
        CERTIFY,
        {"lot": lot, "certificate": CERTIFICATE, "key": a_key("foreign")},
    ),
    "setLowStock": lambda _market, variant, _lot: (LOW, {"variant": variant, "at": 1}),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_foreign_id_answers_like_an_unknown_one_and_changes_nothing(market: Market, name: str) -> None:
    [variant] = variants_of(market, a_producer(market), is_covered=True)
    lot = change(market, RECEIVE, {"variantId": variant, "quantity": 9, "harvestedOn": "2026-06-01"})["lot"]["id"]
    stranger = people_of(market, a_producer(market), Role.OWNER)
    before = everything(market)
    answers = []

    for ids in ((variant, lot), (UNKNOWN_VARIANT, UNKNOWN_LOT)):
        query, variables = QUESTIONS[name](market, *ids)
        answers.append(whole(market, query, stranger, **variables))

    assert answers[0] == answers[1]
    assert "errors" not in answers[0]
    [answer] = answers[0]["data"].values()
    assert answer is None or answer["__typename"] == "NotFound"
    assert everything(market) == before


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize(
    ("who", "code"), [(VISITOR, "UNAUTHENTICATED"), (Actor(ActorKind.CUSTOMER, "acc_1"), "FORBIDDEN")]
)
def test_nobody_else_sees_or_changes_stock(market: Market, name: str, who: Actor, code: str) -> None:
    [variant] = variants_of(market, a_producer(market))
    lot = receive(market, variant, 9)
    before = everything(market)
    query, variables = QUESTIONS[name](market, variant, lot)

    answer = whole(market, query, who, **variables)

    if "errors" in answer:
        assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
        assert list(answer["data"].values()) == [None]
    else:
        [refused] = answer["data"].values()
        assert refused["__typename"] == {"UNAUTHENTICATED": "NotSignedIn", "FORBIDDEN": "Forbidden"}[code]
    assert everything(market) == before

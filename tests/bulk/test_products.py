"""Products from a sheet: a row for each variant, the rows of one product under one code."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlmodel import col, select

from market.bulk.rules import ImportState, Outcome, SheetKind
from market.catalogue.content.codec import decoded
from market.catalogue.content.drafts import ProductDraft
from market.catalogue.rules import ListingState
from market.catalogue.rules.states import RevisionState
from market.catalogue.tables import Listing, ListingRevision, SeasonWindow, Variant
from market.kernel.market import Market
from tests.bulk.desk import Desk, checked, csv_file, imported, open_desk, outcomes, problems, prospects
from tests.schema.stalls import sell

PRODUCTS = SheetKind.PRODUCTS
CREATED, CHANGED, UNCHANGED, FAILED = Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.FAILED

HEADER = [
    "商品编码",
    "商品名称",
    "类目",
    "储存方式",
    "规格编码",
    "规格名称",
    "净重（克）",
    "每件数量",
    "单位",
    "价格（元）",
]
BIG = ["XM-1", "水蜜桃", "水果/桃", "冷藏", "XM-1-大", "大盒", '"2,500"', 12, "盒", "88"]
SMALL = ["XM-1", "水蜜桃", "水果/桃", "冷藏", "XM-1-小", "小盒", 1250, 6, "盒", "48.5"]
TEA = ["CH-1", "明前茶", "tea", "常温", "CH-1", "罐", 250, 1, "罐", "128"]


@pytest.fixture(name="desk")
def _desk(market: Market) -> Desk:
    return open_desk(market)


def sheet(*rows: Sequence[object], header: Sequence[str] = HEADER) -> bytes:
    return csv_file(header, *rows)


def but(row: Sequence[object], **changes: object) -> list[object]:
    """The row with other cells, by the first letters of their headers."""
    return [
        next((new for name, new in changes.items() if head.startswith(name)), old)
        for head, old in zip(HEADER, row, strict=True)
    ]


def drafts(market: Market) -> dict[str | None, ProductDraft]:
    """What the open revisions say, by code."""
    with market.read() as session:
        found = session.exec(
            select(Listing.external_code, ListingRevision.content).join(
                ListingRevision, col(ListingRevision.listing_id) == col(Listing.id)
            )
        )
        return {code: draft for code, content in found if isinstance(draft := decoded(dict(content)), ProductDraft)}


def listings(market: Market) -> dict[str, Listing]:
    with market.read() as session:
        return {each.title: each for each in session.exec(select(Listing))}


def states(market: Market) -> list[RevisionState]:
    with market.read() as session:
        return sorted(each.state for each in session.exec(select(ListingRevision)))


def all_of(market: Market, model: type[Any]) -> list[Any]:
    with market.read() as session:
        return list(session.exec(select(model)))


def test_products_are_made_as_drafts_and_the_same_file_again_changes_nothing(market: Market, desk: Desk) -> None:
    first = imported(market, desk, PRODUCTS, sheet(BIG, TEA, SMALL))
    again = imported(market, desk, PRODUCTS, sheet(BIG, SMALL, TEA))

    assert (prospects(first), outcomes(first)) == ({CREATED: 3}, {CREATED: 3})
    assert (prospects(again), outcomes(again)) == ({UNCHANGED: 3}, {UNCHANGED: 3})
    made = drafts(market)
    assert made.keys() == {"XM-1", "CH-1"}
    peach = made["XM-1"]
    assert (peach.listing.title, peach.listing.category_id, peach.listing.village_id, peach.listing.producer_id) == (
        "水蜜桃",
        desk.stalls.peach,
        desk.stalls.village,
        desk.stalls.producer,
    )
    assert [(each.sku, each.net_weight_grams, each.price_fen) for each in peach.variants] == [
        ("XM-1-大", 2500, 8800),
        ("XM-1-小", 1250, 4850),
    ]
    assert {each.state for each in listings(market).values()} == {ListingState.DRAFT}


def test_a_known_code_changes_what_the_file_says_and_nothing_else(market: Market, desk: Desk) -> None:
    header = [*HEADER, "简介", "产地"]
    imported(market, desk, PRODUCTS, sheet([*BIG, "皮薄", "奉化"], [*SMALL, "皮薄", "奉化"], header=header))

    found = imported(market, desk, PRODUCTS, sheet([*but(BIG, 价格="99"), ""], header=[*HEADER, "产地"]))

    assert outcomes(found) == {CHANGED: 1}
    draft = drafts(market)["XM-1"]
    assert (draft.listing.summary, draft.origin) == ("皮薄", "")
    assert [(each.sku, each.price_fen) for each in draft.variants] == [("XM-1-大", 9900), ("XM-1-小", 4850)]


def test_handing_in_is_part_of_the_import_when_asked_for(market: Market, desk: Desk) -> None:
    drafted = imported(market, desk, PRODUCTS, sheet(TEA))
    assert (outcomes(drafted), states(market)) == ({CREATED: 1}, [RevisionState.DRAFT])

    handed_in = imported(market, desk, PRODUCTS, sheet(TEA, BIG), submit=True)
    again = imported(market, desk, PRODUCTS, sheet(TEA, BIG), submit=True)

    assert (outcomes(handed_in), outcomes(again)) == ({CHANGED: 1, CREATED: 1}, {UNCHANGED: 2})
    assert states(market) == [RevisionState.SUBMITTED] * 2


def test_prices_and_seasons_of_what_is_on_sale_change_at_once_and_the_rest_by_revision(
    market: Market, desk: Desk
) -> None:
    listing_id = sell(market, desk.stalls, "桃", desk.stalls.peach)
    row = [listing_id, "桃", "水果/桃", "常温", "SKU-桃", "盒装", 1000, 1, "盒", 88, ""]
    header = [*HEADER, "销售时段"]
    same = imported(market, desk, PRODUCTS, sheet(row, header=header))
    assert outcomes(same) == {UNCHANGED: 1}

    found = imported(market, desk, PRODUCTS, sheet([*row[:9], 99, "06-20~08-31"], header=header))
    titled = imported(market, desk, PRODUCTS, sheet([row[0], "水蜜桃", *row[2:9], 99, "06-20~08-31"], header=header))

    assert (outcomes(found), outcomes(titled)) == ({CHANGED: 1}, {CHANGED: 1})
    assert [each.price_fen for each in all_of(market, Variant)] == [9900]
    assert [(each.start_day, each.end_day) for each in all_of(market, SeasonWindow)] == [(620, 831)]
    assert listings(market).keys() == {"桃"}
    assert {code: draft.listing.title for code, draft in drafts(market).items()} == {listing_id: "水蜜桃"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([but(BIG, 类目="水果/梨")], [(2, "类目")]),
        ([but(BIG, 储存="凉")], [(2, "储存方式")]),
        ([but(BIG, 净重=0, 价格="")], [(2, "净重（克）"), (2, "价格（元）")]),
        ([BIG, but(SMALL, 商品名称="黄桃")], [(2, None), (3, "商品名称")]),
        ([BIG, but(SMALL, 规格编码="XM-1-大")], [(2, None), (3, "规格编码")]),
        ([BIG, but(SMALL, 价格="x"), TEA], [(2, None), (3, "价格（元）")]),
        ([but(BIG, 商品编码="prd_01k00000000000000000000000")], [(2, "商品编码")]),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column_and_the_whole_product_is_left_out(
    market: Market, desk: Desk, rows: list[list[object]], expected: list[tuple[int, str | None]]
) -> None:
    found = checked(market, desk, PRODUCTS, sheet(*rows))

    assert found.state is ImportState.CHECKED
    assert [(row, column) for row, column, _ in problems(market, found.id)] == expected
    assert found.would_fail == len({row for row, _ in expected})


def test_a_sku_of_somebody_else_is_refused_where_it_stands(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)

    found = checked(market, desk, PRODUCTS, sheet(BIG, but(SMALL, 规格编码="SKU-桃")), submit=True)

    assert [(row, column) for row, column, _ in problems(market, found.id)] == [(2, None), (3, "规格编码")]


def test_rows_of_one_product_need_not_stand_together(market: Market, desk: Desk) -> None:
    teas = [but(TEA, 商品编码=f"CH-{at}", 规格编码=f"CH-{at}") for at in range(250)]

    found = imported(market, desk, PRODUCTS, sheet(BIG, *teas, SMALL))

    assert outcomes(found) == {CREATED: 252}
    assert len(drafts(market)["XM-1"].variants) == 2

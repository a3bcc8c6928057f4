"""The seed's hand-written content: it refers only to itself, obeys its own rules and claims nothing unproven."""

from __future__ import annotations

import csv
import datetime as dt
import re
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from seeds.pictures import MOTIFS

DATA = Path(__file__).parents[2] / "seeds" / "data"
TODAY = dt.date(2026, 11, 24)
SEVERAL_SIZES_AT_MOST = 4

Row = dict[str, Any]


def _rows(file: str, key: str) -> list[Row]:
    """The tables of one content file."""
    with (DATA / f"{file}.toml").open("rb") as source:
        rows: list[Row] = tomllib.load(source)[key]
    return rows


VILLAGES = _rows("villages", "village")
CATEGORIES = _rows("categories", "category")
ORGANISATIONS = _rows("organisations", "organisation")
CERTIFICATES = _rows("certificates", "certificate")
PRODUCTS = _rows("products", "product")
PACKAGES = _rows("packages", "package")
COOPERATIVES = {o["slug"] for o in ORGANISATIONS if o["kind"] == "COOPERATIVE"}
PRODUCERS = {o["slug"]: o for o in ORGANISATIONS if o["kind"] != "COOPERATIVE"}
VILLAGE_CODES = {v["code"] for v in VILLAGES}
VARIANTS = {v["sku"]: (p["slug"], v) for p in PRODUCTS for v in p["variants"]}
LISTED = PRODUCTS + PACKAGES
INDICATIONS = {"GEOGRAPHICAL_INDICATION", "GI_TRADEMARK"}
REGISTERED = {  # the names on record as agro-product geographical indications, and one national product
    "余姚杨梅", "慈溪麦冬", "宁海白枇杷", "余姚榨菜", "宁波岱衢族大黄鱼", "鄞州雪菜", "奉化水蜜桃", "溪口雷笋",
    "余姚瀑布仙茗", "余姚甲鱼", "慈溪葡萄", "慈溪杨梅", "长街蛏子", "象山红柑桔", "慈溪蜜梨", "奉化芋艿头",
}  # fmt: skip
TRADEMARKS = {"象山白鹅", "象山大黄鱼", "象山梭子蟹", "象山紫菜", "象山南田泥螺", "象山柑橘"}


def _covers(first: str, last: str, day: dt.date) -> bool:
    """Whether a window of month and day, perhaps across the new year, holds a date."""
    at = day.strftime("%m-%d")
    return first <= at <= last if first <= last else at >= first or at <= last


def _memberships(slug: str) -> set[str]:
    """The cooperatives a producer belongs to."""
    return {m["cooperative"] for m in PRODUCERS[slug]["member_of"]}


def test_there_is_enough_of_everything() -> None:
    assert len(VILLAGES) == 38
    assert len(COOPERATIVES) >= 12
    assert len(PRODUCERS) >= 60
    assert len(PRODUCTS) >= 150
    assert len(PACKAGES) >= 40
    assert {o["village"] for o in ORGANISATIONS} == VILLAGE_CODES


@pytest.mark.parametrize("rows", [CATEGORIES, ORGANISATIONS, CERTIFICATES, PRODUCTS, PACKAGES])
def test_slugs_are_unique_and_fit_a_web_address(rows: list[Row]) -> None:
    slugs = [row["slug"] for row in rows]

    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)


def test_villages_are_regions_of_the_same_name() -> None:
    with (DATA / "regions.csv").open(encoding="utf-8", newline="") as source:
        regions = {row["code"]: row for row in csv.DictReader(source)}

    assert len(regions) == 3215
    for village in VILLAGES:
        region = regions[village["code"]]
        assert region["level"] == "VILLAGE"
        # The register writes the committee's name: 林家村委会, 湾底村村委会.
        assert region["name"] in {village["name"], village["name"] + "委会", village["name"] + "村委会"}


def test_villages_lie_in_ningbo_and_their_stories_have_the_agreed_length() -> None:
    for village in VILLAGES:
        assert 28.8 < village["latitude"] < 30.5
        assert 120.9 < village["longitude"] < 122.3
        assert 60 <= len(village["story"]) <= 140, village["name"]
        assert village["story_en"]


def test_the_category_tree_has_two_roots_and_every_leaf_is_of_its_parents_kind() -> None:
    kinds = {c["slug"]: c["kind"] for c in CATEGORIES}

    assert [c["slug"] for c in CATEGORIES if c["parent"] == ""] == ["produce", "tours"]
    assert all(kinds[c["parent"]] == c["kind"] for c in CATEGORIES if c["parent"])


def test_offers_are_filed_under_leaves_of_their_kind() -> None:
    parents = {c["parent"] for c in CATEGORIES}
    leaves = {c["slug"]: c["kind"] for c in CATEGORIES if c["slug"] not in parents}

    assert {leaves[p["category"]] for p in PRODUCTS} == {"PRODUCT"}
    assert {leaves[p["category"]] for p in PACKAGES} == {"TOUR_PACKAGE"}


def test_every_leaf_category_has_an_offer() -> None:
    parents = {c["parent"] for c in CATEGORIES}

    assert {c["slug"] for c in CATEGORIES if c["slug"] not in parents} == {p["category"] for p in LISTED}


def test_producers_join_at_most_two_cooperatives_and_cooperatives_join_none() -> None:
    for organisation in ORGANISATIONS:
        memberships = organisation.get("member_of", [])
        assert len(memberships) <= (0 if organisation["kind"] == "COOPERATIVE" else 2)
        for membership in memberships:
            assert membership["cooperative"] in COOPERATIVES
            assert membership["joined"] < TODAY
    assert {m for slug in PRODUCERS for m in _memberships(slug)} == COOPERATIVES


def test_every_name_of_an_organisation_is_its_own() -> None:
    assert max(Counter(o["name"] for o in ORGANISATIONS).values()) == 1


def test_geographical_indications_are_only_those_on_record() -> None:
    for certificate in CERTIFICATES:
        if certificate["kind"] == "GEOGRAPHICAL_INDICATION":
            assert any(certificate["name"].startswith(name) for name in REGISTERED), certificate["name"]
            assert "valid_to" not in certificate
        elif certificate["kind"] == "GI_TRADEMARK":
            assert any(certificate["name"].startswith(name) for name in TRADEMARKS), certificate["name"]
        else:
            assert "（演示）" in certificate["name"]


def test_the_one_number_is_the_one_on_record() -> None:
    numbers = {c["slug"]: c["number"] for c in CERTIFICATES if "number" in c}

    assert numbers == {"gi-yinzhou-xuecai": "AGI2010-07-00372"}


def test_certificates_and_products_belong_to_the_same_hands() -> None:
    owners = {c["slug"]: c["organisation"] for c in CERTIFICATES}

    for product in PRODUCTS:
        hands = {product["producer"], product.get("cooperative")}
        assert all(owners[slug] in hands for slug in product["certificates"]), product["slug"]


@pytest.mark.parametrize("name", ["望海茶", "曲毫", "红美人", "浙东白鹅"])
def test_names_without_evidence_carry_no_registered_indication(name: str) -> None:
    kinds = {c["slug"]: c["kind"] for c in CERTIFICATES}

    for product in PRODUCTS:
        if name in product["title"]:
            assert not INDICATIONS & {kinds[slug] for slug in product["certificates"]}, product["slug"]
    assert not any(name in c["name"] for c in CERTIFICATES)


def test_a_cooperative_sells_only_for_its_members() -> None:
    for offer, owner in [(p, p["producer"]) for p in PRODUCTS] + [(p, p["host"]) for p in PACKAGES]:
        assert owner in PRODUCERS
        if "cooperative" in offer:
            assert offer["cooperative"] in _memberships(owner), offer["slug"]


def test_summaries_and_descriptions_have_the_agreed_length_and_no_two_are_alike() -> None:
    for offer in LISTED:
        assert len(offer["summary"]) <= 40, offer["slug"]
        assert 60 <= len(offer["description"]) <= 160, offer["slug"]
    for field in ("title", "title_en", "summary", "summary_en", "description", "description_en"):
        assert max(Counter(offer[field] for offer in LISTED).values()) == 1, field


def test_chinese_is_chinese_and_english_is_english() -> None:
    for offer in LISTED:
        for field in ("title", "summary", "description"):
            assert re.search(r"[一-鿿]", offer[field])
            assert not re.search(r"[一-鿿]", offer[f"{field}_en"]), offer["slug"]


def test_products_sell_in_one_or_two_windows_of_real_days() -> None:
    for product in PRODUCTS:
        sales = [w for w in product["windows"] if w["kind"] == "SALE"]
        assert 1 <= len(sales) <= (1 if any(w["from"] > w["to"] for w in sales) else 2), product["slug"]
        for window in product["windows"]:
            assert window["kind"] in {"SALE", "HARVEST", "SHIPPING"}
            for edge in (window["from"], window["to"]):
                dt.date.fromisoformat(f"2024-{edge}")


def test_winter_has_plenty_in_season() -> None:
    for day in (TODAY, dt.date(2026, 12, 21), dt.date(2027, 1, 15), dt.date(2027, 2, 15)):
        on_sale = [
            p for p in PRODUCTS if any(w["kind"] == "SALE" and _covers(w["from"], w["to"], day) for w in p["windows"])
        ]
        assert len(on_sale) >= 100, day


def test_variants_have_their_own_sku_and_an_exact_price() -> None:
    assert len(VARIANTS) == sum(len(p["variants"]) for p in PRODUCTS)
    for product in PRODUCTS:
        assert 1 <= len(product["variants"]) <= SEVERAL_SIZES_AT_MOST
        for variant in product["variants"]:
            assert re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]+)+", variant["sku"])
            assert re.fullmatch(r"\d+\.\d\d", variant["price"])
            assert 5 <= Decimal(variant["price"]) <= 1000
            assert variant["net_weight_g"] > 0
            assert variant["pack"] > 0


def test_some_stock_is_gone_and_some_is_nearly_gone() -> None:
    stock = [variant["on_hand"] for _, variant in VARIANTS.values()]

    assert stock.count(0) >= 5
    assert sum(1 for left in stock if 1 <= left <= 5) >= 5


def test_every_picture_has_a_painter() -> None:
    assert {row["picture"] for row in VILLAGES + LISTED} <= set(MOTIFS)


def test_packages_start_in_their_hosts_village_and_take_bookings_before_they_start() -> None:
    for package in PACKAGES:
        assert package["village"] == PRODUCERS[package["host"]]["village"]
        assert 0 < package["cutoff_hours"] <= package["notice_hours"], package["slug"]
        assert package["duration_minutes"] > 0
        assert package["included"]
        assert package["excluded"]
        assert package["bring"]


def test_refunds_only_shrink_as_the_start_comes_near() -> None:
    for package in PACKAGES:
        steps = package["cancellation"]
        hours = [step["hours_before"] for step in steps]
        refunds = [step["refund_percent"] for step in steps]
        assert hours == sorted(set(hours), reverse=True), package["slug"]
        assert refunds == sorted(refunds, reverse=True)
        assert 0 <= refunds[-1] <= refunds[0] <= 100


def test_gifts_are_sizes_of_the_product_they_name() -> None:
    with_gifts = [p for p in PACKAGES if p["gifts"]]

    assert len(with_gifts) >= 12
    for package in with_gifts:
        for gift in package["gifts"]:
            assert VARIANTS[gift["sku"]][0] == gift["product"]
            assert gift["per"] in {"BOOKING", "PERSON"}
            assert gift["quantity"] > 0


def test_gifts_can_be_had_on_every_day_their_package_runs() -> None:
    """A gift that is out of season while the package runs is a promise broken at the gate."""
    windows = {p["slug"]: [w for w in p["windows"] if w["kind"] == "SALE"] for p in PRODUCTS}
    for package in PACKAGES:
        season = package.get("season", {"from": "01-01", "to": "12-31"})
        for gift in package["gifts"]:
            for offset in range(365):
                day = TODAY + dt.timedelta(days=offset)
                if _covers(season["from"], season["to"], day):
                    assert any(_covers(w["from"], w["to"], day) for w in windows[gift["product"]]), (
                        package["slug"],
                        day,
                    )


def test_options_say_when_how_many_and_for_whom() -> None:
    kinds = {"ADULT", "CHILD", "FAMILY", "SENIOR", "STUDENT", "YOUTH", "INFANT", "OTHER"}
    for package in PACKAGES:
        assert package["options"]
        for option in package["options"]:
            assert option["weekdays"] == sorted(set(option["weekdays"]) & set(range(1, 8)))
            assert all(dt.time.fromisoformat(start) for start in option["start_times"])
            for unit in option["units"]:
                assert unit["kind"] in kinds
                assert re.fullmatch(r"\d+\.\d\d", unit["price"])
                assert 1 <= unit["pax_count"] <= option["capacity"] * 2
                assert unit.get("min_age", 0) <= unit.get("max_age", 120)


def test_thirty_packages_have_sessions_in_the_next_ninety_days() -> None:
    days = [TODAY + dt.timedelta(days=offset) for offset in range(90)]
    running = 0
    for package in PACKAGES:
        season = package.get("season", {"from": "01-01", "to": "12-31"})
        weekdays = {weekday for option in package["options"] for weekday in option["weekdays"]}
        running += any(_covers(season["from"], season["to"], day) and day.isoweekday() in weekdays for day in days)

    assert running >= 30

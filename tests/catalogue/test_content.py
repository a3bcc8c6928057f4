"""What a draft is, as values: kept as JSON without loss, its parts recognised, its changes told, its faults found."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from market.catalogue.content.bounds import COUNTS_MAX, NUMBER_MAX, TEXTS_MAX, check_bounds
from market.catalogue.content.codec import decoded, encoded
from market.catalogue.content.diff import Change, diff
from market.catalogue.content.drafts import (
    Draft,
    ImageDraft,
    ListingDraft,
    OptionDraft,
    PackageDraft,
    ProductDraft,
    TierDraft,
    UnitDraft,
    VariantDraft,
    WindowDraft,
)
from market.catalogue.content.identity import Known, identified, known_in
from market.catalogue.content.live import with_live_prices
from market.catalogue.content.problems import problems_of
from market.catalogue.rules import PricingPer, Storage, UnitKind, WindowKind
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import canonical_json

LISTING = ListingDraft("桃", None, "", None, "", None, "cat", "pdr", None, "vil")
A, B = (VariantDraft(sku, sku, None, 500, 1, "盒", None, 100) for sku in "AB")
PRODUCT = ProductDraft(
    LISTING, Storage.CHILLED, 3, "奉化", None, (A, B), (WindowDraft(WindowKind.SALE, "06-20", "08-31"),)
)
ADULT = UnitDraft(UnitKind.ADULT, "成人", None, 1, 12800)
PACKAGE = PackageDraft(
    LISTING, "村口", None, 60, 120, 60, PricingPer.UNIT, False, (OptionDraft("上午", None, (ADULT,)),)
)
DRAFTS = some.one_of(some.from_type(ProductDraft), some.from_type(PackageDraft))


@settings(max_examples=200)
@given(DRAFTS)
def test_a_draft_survives_being_kept(draft: Draft) -> None:
    data = encoded(draft)

    assert decoded(data) == draft
    assert canonical_json(encoded(decoded(data))) == canonical_json(data)


def test_data_of_another_format_is_not_misread() -> None:
    with pytest.raises(ValueError, match="format 2"):
        decoded({**encoded(PRODUCT), "format": 2})


@settings(max_examples=200)
@given(DRAFTS, DRAFTS)
def test_nothing_differs_exactly_when_drafts_are_equal(one: Draft, other: Draft) -> None:
    assert diff(one, one) == ()
    if type(one) is type(other):
        assert bool(diff(one, other)) == (encoded(one) != encoded(other))


def test_a_diff_names_fields_and_parts() -> None:
    before = identified(
        replace(PRODUCT, listing=replace(LISTING, images=(ImageDraft("k", "桃", None, 9, 9),))), Known()
    )
    assert isinstance(before, ProductDraft)
    a, b = before.variants
    listing = replace(before.listing, title="黄桃", images=(ImageDraft("k", "黄桃", None, 9, 9),))
    added = replace(A, sku="C", id="var_new")

    after = replace(before, listing=listing, variants=(b, replace(a, name="大盒"), added), windows=())

    assert [(each.path, each.before, each.after) for each in diff(before, after)] == [
        ("title", "桃", "黄桃"),
        ("images.k.alt", "桃", "黄桃"),
        (f"variants.{a.id}.name", "A", "大盒"),
        ("variants.var_new", None, encoded(after)["draft"]["variants"][2]),
        ("variants.order", [a.id, b.id], [b.id, a.id, "var_new"]),
        ("windows", [{"kind": "SALE", "start": "06-20", "end": "08-31"}], []),
    ]


def test_a_first_draft_differs_in_all_that_it_says() -> None:
    changes = diff(None, PRODUCT)

    assert Change("title", None, "桃") in changes
    assert {"storage", "origin", "variants", "windows"} <= {each.path.partition(".")[0] for each in changes}


def test_parts_are_recognised_by_what_sellers_call_them() -> None:
    first = identified(PACKAGE, Known())
    assert isinstance(first, PackageDraft)

    again = identified(
        replace(PACKAGE, options=(OptionDraft("夜间", None, (ADULT,)), *PACKAGE.options)), known_in(first)
    )

    assert isinstance(again, PackageDraft)
    assert again.options[1] == first.options[0]
    assert again.options[0].id != first.options[0].id
    assert again.options[0].units[0].id != first.options[0].units[0].id


def test_two_that_are_called_alike_are_two() -> None:
    twice = replace(PACKAGE, options=PACKAGE.options * 2)
    first = identified(twice, Known())

    again = identified(twice, known_in(first))

    assert isinstance(first, PackageDraft)
    assert first.options[0].id != first.options[1].id
    assert again == first


@pytest.mark.parametrize(
    ("variants", "refusal"),
    [
        ((replace(A, id="var_of_somebody"),), NotFound),
        ((replace(A, id="var_a"), replace(B, id="var_a")), Invalid),
    ],
)
def test_ids_of_others_and_ids_twice_are_refused(variants: Any, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        identified(replace(PRODUCT, variants=variants), Known(variants=(("A", "var_a"), ("B", "var_b"))))


def test_a_ticket_type_does_not_move_to_another_option() -> None:
    known = Known(options=(("上午", "opt_a"), ("下午", "opt_b")), units=((("opt_a", UnitKind.ADULT, "成人"), "unt_a"),))
    moved = OptionDraft("下午", None, (replace(ADULT, id="unt_a"),), id="opt_b")

    with pytest.raises(NotFound):
        identified(replace(PACKAGE, options=(moved,)), known)


def test_live_prices_and_seasons_go_over_those_of_a_draft() -> None:
    live = replace(PRODUCT, variants=(replace(A, id="var_a"),), windows=())
    draft = replace(PRODUCT, variants=(replace(A, id="var_a", price_fen=1), replace(B, id="var_b", price_fen=2)))

    over = with_live_prices(draft, live)

    assert isinstance(over, ProductDraft)
    assert [each.price_fen for each in over.variants] == [100, 2]
    assert over.windows == ()
    assert with_live_prices(draft, None) == draft


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (replace(PRODUCT, listing=replace(LISTING, title="桃" * (TEXTS_MAX["title"] + 1))), "title"),
        (replace(PRODUCT, listing=replace(LISTING, summary="a\x00b")), "summary"),
        (replace(PRODUCT, variants=(A,) * (COUNTS_MAX["variants"] + 1)), "variants"),
        (replace(PRODUCT, variants=(A, replace(B, name="\x1b"))), "variants.2.name"),
        (replace(PRODUCT, variants=(replace(A, price_fen=NUMBER_MAX + 1),)), "variants.1.price_fen"),
        (replace(PRODUCT, shelf_life_days=-NUMBER_MAX - 1), "shelf_life_days"),
        (replace(PACKAGE, options=(OptionDraft("x" * 201, None, ()),)), "options.1.name"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_path(draft: Draft, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_bounds(draft)

    assert refusal.value.facts["field"] == field


def test_what_is_at_its_bounds_is_kept() -> None:
    check_bounds(replace(PRODUCT, listing=replace(LISTING, title="桃" * TEXTS_MAX["title"], description="一\n二\t三")))
    check_bounds(replace(PRODUCT, variants=(replace(A, price_fen=NUMBER_MAX),) * COUNTS_MAX["variants"]))


@pytest.mark.parametrize(
    ("draft", "paths"),
    [
        (PRODUCT, []),
        (PACKAGE, []),
        (replace(PRODUCT, variants=()), ["variants"]),
        (replace(PRODUCT, shelf_life_days=0), ["shelf_life_days"]),
        (
            replace(PRODUCT, variants=(replace(A, name="", unit=" ", pack_count=0),)),
            [
                "variants.1.name",
                "variants.1.unit",
                "variants.1.pack_count",
            ],
        ),
        (
            replace(
                PRODUCT, windows=tuple(WindowDraft(WindowKind.SALE, f"{m:02}-01", f"{m:02}-02") for m in (1, 3, 5))
            ),
            ["windows"],
        ),
        (
            replace(PACKAGE, meeting_point="", duration_minutes=0, cutoff_minutes=121),
            [
                "meeting_point",
                "duration_minutes",
                "cutoff_minutes",
            ],
        ),
        (replace(PACKAGE, options=()), ["options"]),
        (replace(PACKAGE, options=(OptionDraft("", None, ()),)), ["options.1.name", "options.1.units"]),
        (
            replace(PACKAGE, options=(OptionDraft("a", None, (replace(ADULT, name="", price_fen=-1, pax_count=-1),)),)),
            [
                "options.1.units.1.name",
                "options.1.units.1.price_fen",
                "options.1.units.1.pax_count",
            ],
        ),
        (
            replace(PACKAGE, options=(OptionDraft("a", None, (replace(ADULT, min_age=9, max_age=3),)),)),
            ["options.1.units.1.max_age"],
        ),
        (replace(PACKAGE, tiers=(TierDraft(48, 50), TierDraft(12, 100))), ["tiers"]),
        (replace(PACKAGE, tiers=(TierDraft(48, 100), TierDraft(48, 100))), ["tiers"]),
        (replace(PACKAGE, tiers=(TierDraft(48, 101),)), ["tiers"]),
    ],
)
def test_faults_are_told_by_their_path(draft: Draft, paths: list[str]) -> None:
    assert [each.path for each in problems_of(draft)] == paths

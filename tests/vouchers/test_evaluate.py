"""What vouchers give off: to the fen, in their order, never more than there is to pay."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from market.vouchers.evaluate import Refusal, Scope, Terms, VoucherLine, evaluate
from market.vouchers.rules import DiscountKind, Funder, WhyNot

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PEACH = VoucherLine("peach", 10_000, "PRODUCT", "prd_p", "pdr_a", "vil_a", "330213005208", ("fruit", "peach"))
TEA = VoucherLine("tea", 5_000, "PRODUCT", "prd_t", "pdr_b", "vil_b", "330281115200", ("tea",))
TOUR = VoucherLine(
    "tour", 20_000, "TOUR_PACKAGE", "pkg_t", "pdr_a", "vil_a", "330213005208", ("tours",), NOW + timedelta(days=10)
)
ALL = [PEACH, TEA, TOUR]


def terms(
    number: str,
    funder: Funder = Funder.PLATFORM,
    kind: DiscountKind = DiscountKind.FIXED,
    *,
    code: str | None = None,
    owner: str = "",
    scope: Scope | None = None,
    percent: int = 0,
    amount_fen: int = 0,
    minimum_fen: int = 0,
    cap_fen: int | None = None,
) -> Terms:
    return Terms(number, code, number, funder, owner, kind, scope or Scope(), percent, amount_fen, minimum_fen, cap_fen)


def given_off(*campaigns: Terms, lines: list[VoucherLine] = ALL) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for share in evaluate(campaigns, lines, now=NOW).shares:
        found.setdefault(share.campaign_id, {})[share.key] = share.amount_fen
    return found


def refused(*campaigns: Terms, lines: list[VoucherLine] = ALL) -> list[tuple[str, WhyNot]]:
    return [(each.code, each.why) for each in evaluate(campaigns, lines, now=NOW).refused]


def test_an_amount_is_shared_by_what_each_line_costs() -> None:
    assert given_off(terms("a", amount_fen=1_000)) == {"a": {"peach": 286, "tea": 143, "tour": 571}}


def test_a_share_stops_at_its_cap() -> None:
    ten = terms("a", kind=DiscountKind.PERCENT, percent=10)
    capped = terms("b", kind=DiscountKind.PERCENT, percent=10, cap_fen=1_000)

    assert given_off(ten) == {"a": {"peach": 1_000, "tea": 500, "tour": 2_000}}
    assert sum(given_off(capped)["b"].values()) == 1_000


def test_a_threshold_counts_what_it_is_for() -> None:
    fruit = Scope(category_id="fruit")
    enough = terms("a", kind=DiscountKind.THRESHOLD, code="FRUIT", scope=fruit, amount_fen=2_000, minimum_fen=10_000)
    more = terms("b", kind=DiscountKind.THRESHOLD, code="MORE", scope=fruit, amount_fen=2_000, minimum_fen=10_001)

    assert given_off(enough) == {"a": {"peach": 2_000}}
    assert refused(more) == [("MORE", WhyNot.BELOW_MINIMUM)]


def test_scopes() -> None:
    for scope, keys in [
        (Scope(producer_id="pdr_a"), {"peach", "tour"}),
        (Scope(village_id="vil_b"), {"tea"}),
        (Scope(region_code="330213000000"), {"peach", "tour"}),
        (Scope(region_code="330200000000"), {"peach", "tea", "tour"}),
        (Scope(category_id="peach"), {"peach"}),
        (Scope(listing_id="prd_t"), {"tea"}),
        (Scope(kind="TOUR_PACKAGE"), {"tour"}),
        (Scope(early_days=10), {"tour"}),
        (Scope(producer_id="pdr_a", kind="PRODUCT"), {"peach"}),
    ]:
        assert set(given_off(terms("a", amount_fen=3_000, scope=scope))["a"]) == keys, scope
    late = terms("a", code="EARLY", amount_fen=100, scope=Scope(early_days=11))
    assert refused(late) == [("EARLY", WhyNot.NOT_APPLICABLE)]


def test_sellers_first_then_public_money_then_the_platforms_each_of_what_is_left() -> None:
    half = {"kind": DiscountKind.PERCENT, "percent": 50}
    found = given_off(
        terms("platform", Funder.PLATFORM, **half),  # type: ignore[arg-type]
        terms("public", Funder.GOVERNMENT, **half),  # type: ignore[arg-type]
        terms("own", Funder.SELLER, owner="pdr_a", scope=Scope(producer_id="pdr_a"), **half),  # type: ignore[arg-type]
        lines=[PEACH],
    )

    assert found == {"own": {"peach": 5_000}, "public": {"peach": 2_500}, "platform": {"peach": 1_250}}


def test_a_code_goes_before_what_comes_by_itself_and_two_of_a_kind_do_not_go_together() -> None:
    best, worse = terms("best", amount_fen=900), terms("worse", amount_fen=800)
    typed, other = terms("typed", code="TYPED", amount_fen=100), terms("other", code="ZZZZ", amount_fen=200)

    assert set(given_off(best, worse)) == {"best"}
    assert set(given_off(best, typed, worse, other)) == {"other"}
    assert refused(best, typed, other) == [("TYPED", WhyNot.NOT_TOGETHER)]


def test_each_seller_may_give_something() -> None:
    a = terms("a", Funder.SELLER, owner="pdr_a", amount_fen=100, scope=Scope(producer_id="pdr_a"))
    b = terms("b", Funder.SELLER, owner="pdr_b", amount_fen=100, scope=Scope(producer_id="pdr_b"))

    assert set(given_off(a, b)) == {"a", "b"}


def test_a_refusal_says_which_code() -> None:
    evaluation = evaluate([terms("x", code="HAM", amount_fen=5, scope=Scope(listing_id="none"))], ALL, now=NOW)

    assert evaluation.refused == (Refusal("HAM", WhyNot.NOT_APPLICABLE),)
    assert evaluation.by_campaign() == {}


@given(
    st.lists(st.integers(0, 50_000), min_size=1, max_size=6),
    st.lists(
        st.tuples(
            st.sampled_from(Funder),
            st.booleans(),
            st.integers(1, 100),
            st.integers(1, 60_000),
            st.none() | st.integers(1, 60_000),
            st.integers(0, 60_000),
        ),
        max_size=8,
    ),
)
def test_never_more_than_there_is_to_pay_and_every_part_adds_up(
    amounts: list[int], campaigns: list[tuple[Funder, bool, int, int, int | None, int]]
) -> None:
    lines = [
        VoucherLine(str(at), amount, "PRODUCT", str(at), "pdr_a", "vil_a", "330213005208", ("fruit",))
        for at, amount in enumerate(amounts)
    ]
    made = [
        terms(
            str(at),
            funder,
            DiscountKind.PERCENT if is_percent else DiscountKind.FIXED,
            owner="pdr_a",
            percent=percent if is_percent else 0,
            amount_fen=0 if is_percent else amount,
            minimum_fen=minimum,
            cap_fen=cap,
        )
        for at, (funder, is_percent, percent, amount, cap, minimum) in enumerate(campaigns)
    ]

    found = evaluate(made, lines, now=NOW)

    for line in lines:
        assert sum(share.amount_fen for share in found.shares if share.key == line.key) <= line.amount_fen
    assert all(share.amount_fen > 0 for share in found.shares)
    assert sum(found.by_campaign().values()) == sum(share.amount_fen for share in found.shares)
    for campaign in made:
        if campaign.cap_fen is not None:
            assert found.by_campaign().get(campaign.id, 0) <= campaign.cap_fen
    assert len({share.campaign_id for share in found.shares}) <= 3

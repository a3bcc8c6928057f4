"""Which revisions a rule approves at once, and which a person looks at."""

from dataclasses import replace

import pytest
from sqlmodel import col, select

from market.catalogue.errors import AgencyLicenceNeeded, NotReady
from market.catalogue.manage.submit import seller_record
from market.catalogue.rules import ListingState
from market.catalogue.rules.approval import APPROVALS_MIN, LOW_RISK_FIELDS, REJECTION_DAYS, Record, Submission, rule_for
from market.catalogue.rules.states import RevisionState, Verdict
from market.catalogue.rules.words import risky_words
from market.catalogue.tables import ListingRevision
from market.organisations.manage import end_membership
from market.organisations.rules import LicenceKind
from tests.catalogue.fair import Fair, a_key, a_variant, refused
from tests.clock import FakeClock

GOOD = Submission(
    frozenset({"summary", "images"}), (), is_live=True, seller=Record(approvals=APPROVALS_MIN, was_rejected=False)
)


def test_low_risk_needs_no_reviewer() -> None:
    assert rule_for(GOOD) == "TEXTS_AND_PICTURES"
    assert rule_for(replace(GOOD, fields=LOW_RISK_FIELDS)) == "TEXTS_AND_PICTURES"


@pytest.mark.parametrize(
    "otherwise",
    [
        {"fields": frozenset({"summary", "title"})},
        {"fields": frozenset({"variants"})},
        {"fields": frozenset({"certificate_ids"})},
        {"fields": frozenset({"category_id"})},
        {"risky_words": ["最佳"]},
        {"is_live": False},
        {"seller": Record(approvals=APPROVALS_MIN - 1, was_rejected=False)},
        {"seller": Record(approvals=APPROVALS_MIN, was_rejected=True)},
    ],
    ids=[
        "words",
        "variants",
        "certificates",
        "category",
        "risky words",
        "on sale already",
        "new seller",
        "once rejected",
    ],
)
def test_everything_else_is_for_people(otherwise: dict[str, object]) -> None:
    assert rule_for(replace(GOOD, **otherwise)) is None  # type: ignore[arg-type]  # each is a field's value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("早上摘，下午发。", []),
        ("国家级非遗，全国第一", ["国家级", "全国第一"]),
        ("可降血压、防癌", ["防癌", "降血压"]),
        ("加我 WeChat 下单", ["wechat"]),
        ("Wechatty is no wechatx", []),
        ("电话13800001234", ["CONTACT"]),
        ("编号 9138000012345", []),
        ("见 https://example.com", ["CONTACT"]),
        ("100%原汁", ["100%"]),
    ],
)
def test_risky_words_are_found(text: str, words: list[str]) -> None:
    assert risky_words(text) == words


def trusted(fair: Fair) -> str:
    """A listing on sale, of a seller with a good record."""
    listing_ids = [fair.live(fair.product(f"桃{number}", a_variant(f"T{number}"))) for number in range(APPROVALS_MIN)]
    return listing_ids[0]


def test_a_trusted_seller_s_new_words_are_on_sale_at_once(fair: Fair) -> None:
    listing_id = trusted(fair)

    submitted = fair.edited(listing_id, summary="早上六点采摘", description="树上熟")

    assert (submitted.state, submitted.rule) == (RevisionState.APPROVED, "TEXTS_AND_PICTURES")
    revision = fair.revision(submitted.revision_id)
    assert (revision.decided_by, revision.rule) == ("SYSTEM", "TEXTS_AND_PICTURES")
    assert fair.listing(listing_id).summary == "早上六点采摘"
    assert fair.found("早上六点") == [listing_id]
    assert fair.open(listing_id) is None


def test_risky_words_of_a_trusted_seller_wait_for_people(fair: Fair) -> None:
    listing_id = trusted(fair)

    submitted = fair.edited(listing_id, summary="全国第一的桃")

    assert (submitted.state, submitted.rule) == (RevisionState.SUBMITTED, None)


def test_a_rejection_counts_for_ninety_days(fair: Fair, clock: FakeClock) -> None:
    listing_id = trusted(fair)
    fair.decide(fair.edited(listing_id, title="神桃").revision_id, Verdict.REJECT)

    assert fair.edited(listing_id, summary="新词").rule is None
    fair.decide(str(fair.open(listing_id).id))  # type: ignore[union-attr]  # just handed in
    clock.advance(days=REJECTION_DAYS)
    assert fair.edited(listing_id, summary="更新的词").rule == "TEXTS_AND_PICTURES"


def test_what_a_rule_approved_earns_no_trust(fair: Fair) -> None:
    listing_id = trusted(fair)
    for number in range(3):
        assert fair.edited(listing_id, summary=f"词{number}").rule is not None

    # Of the five that people approved, let one have been a rule's: three more by rules do not stand in for it.
    with fair.market.transaction() as session:
        by_people = select(ListingRevision).where(
            ListingRevision.state == RevisionState.APPROVED, col(ListingRevision.rule).is_(None)
        )
        session.exec(by_people).first().rule = "ANOTHER"  # type: ignore[union-attr]  # there are five
    with fair.market.read() as session:
        record = seller_record(session, fair.producer, fair.market.now())
    assert record == Record(approvals=APPROVALS_MIN - 1, was_rejected=False)
    assert fair.edited(listing_id, summary="又一句").rule is None


def test_the_first_revision_is_never_approved_by_a_rule(fair: Fair) -> None:
    trusted(fair)

    assert fair.submitted(fair.product("新桃", a_variant("N"))).rule is None


def test_a_package_for_agencies_needs_the_licence_or_a_word(fair: Fair) -> None:
    submitted = fair.submitted(fair.package(needs_travel_agency=True))

    assert isinstance(refused(fair.decide, submitted.revision_id), AgencyLicenceNeeded)
    assert fair.revision(submitted.revision_id).state is RevisionState.SUBMITTED
    reviewed = fair.decide(submitted.revision_id, confirms_agency=True)
    assert reviewed.listing_state is ListingState.LIVE

    fair.licence(LicenceKind.TRAVEL_AGENCY, None)
    again = fair.submitted(fair.package("又一个", needs_travel_agency=True))
    assert fair.decide(again.revision_id).listing_state is ListingState.LIVE


def test_what_went_wrong_since_it_was_handed_in_is_told_at_the_decision(fair: Fair) -> None:
    draft = fair.product()
    submitted = fair.submitted(replace(draft, listing=replace(draft.listing, cooperative_id=fair.cooperative)))
    end_membership(
        fair.market,
        fair.owner,
        membership_id=fair.membership(),
        idempotency_key=a_key(),
    )

    refusal = refused(fair.decide, submitted.revision_id)

    assert isinstance(refusal, NotReady)
    assert [each.path for each in refusal.facts["problems"]] == ["cooperative_id"]
    assert fair.decide(submitted.revision_id, Verdict.REQUEST_CHANGES).state is RevisionState.CHANGES_REQUESTED

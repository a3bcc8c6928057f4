"""Pieces come in: lots, codes, best before, certificates, who may."""

from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import select

from market.kernel.errors import (
    Forbidden,
    IdempotencyConflict,
    Invalid,
    LimitReached,
    MarketError,
    NotFound,
    NotSignedIn,
)
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.organisations.rules import OrganisationKind
from market.stock.drafts import ConformityDraft, LotDraft
from market.stock.errors import ConformityRequired, LotCodeTaken
from market.stock.manage import receive_stock
from market.stock.rules import Commitment, ConformityBasis, ConformityState, IssuerKind
from market.stock.tables import ConformityCertificate
from tests.stock.farms import (
    ADMIN,
    VISITOR,
    a_key,
    a_producer,
    a_variant,
    assert_adds_up,
    audited,
    everything,
    level,
    lots,
    movements,
    people_of,
    receive,
    told,
    variants_of,
)

PICKED = date(2026, 6, 1)
CERTIFICATE = ConformityDraft(PICKED, IssuerKind.COOPERATIVE, ConformityBasis.OWN_TEST, number="HGZ-1")


def take_in(market: Market, draft: LotDraft, *, key: str = "once", actor: Actor = ADMIN) -> str:
    return receive_stock(market, actor, draft, idempotency_key=a_key(key))


def test_a_lot_comes_in_with_all_that_is_known_of_it(market: Market) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer, shelf_life_days=4)
    actor = people_of(market, producer)

    lot_id = take_in(market, LotDraft(variant, 40, PICKED, code="A-1", plot="东坡三号棚", note="早熟"), actor=actor)

    [lot] = lots(market, variant)
    assert (lot.id, lot.producer_id, lot.code, lot.plot) == (lot_id, producer, "A-1", "东坡三号棚")
    assert (lot.harvested_on, lot.best_before) == (PICKED, date(2026, 6, 5))
    assert (lot.received, lot.remaining, lot.conformity) == (40, 40, ConformityState.NOT_REQUIRED)
    [movement] = movements(market, variant)
    assert (movement.kind, movement.quantity, movement.on_hand, movement.version) == ("RECEIVED", 40, 40, 1)
    assert (movement.lot_id, movement.actor, movement.note, movement.at) == (
        lot_id,
        actor.account_id,
        "早熟",
        market.now(),
    )
    assert (level(market, variant).on_hand, level(market, variant).free, told(market, variant)) == (40, 40, "IN_STOCK")
    assert audited(market) == [(actor.account_id, "stock.receive", producer)]
    assert_adds_up(market)


def test_pieces_without_a_harvest_date_belong_to_one_lot_of_the_variant(market: Market) -> None:
    variant = a_variant(market)

    assert receive(market, variant, 3) == receive(market, variant, 4)

    [lot] = lots(market, variant)
    assert (lot.harvested_on, lot.received, lot.remaining, lot.best_before) == (None, 7, 7, None)
    assert [each.quantity for each in movements(market, variant)] == [3, 4]
    assert_adds_up(market)


def test_a_best_before_that_is_said_counts_more_than_the_shelf_life(market: Market) -> None:
    variant = a_variant(market, shelf_life_days=4)

    take_in(market, LotDraft(variant, 1, PICKED, best_before=date(2026, 6, 30)))

    assert lots(market, variant)[0].best_before == date(2026, 6, 30)


def test_the_same_key_receives_once(market: Market) -> None:
    variant = a_variant(market)
    draft = LotDraft(variant, 5, PICKED)

    assert take_in(market, draft) == take_in(market, draft)
    with pytest.raises(IdempotencyConflict):
        take_in(market, replace(draft, quantity=6))

    assert level(market, variant).on_hand == 5
    assert len(audited(market)) == 1


def test_an_answer_is_not_given_again_to_who_may_do_it_no_more(market: Market) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer)
    actor = people_of(market, producer)
    take_in(market, LotDraft(variant, 5, PICKED), actor=actor)

    with pytest.raises(Forbidden):
        take_in(market, LotDraft(variant, 5, PICKED), actor=Actor(ActorKind.CUSTOMER, actor.account_id))


def test_the_same_code_receives_once_and_is_recorded_once(market: Market) -> None:
    variant = a_variant(market)
    draft = LotDraft(variant, 5, PICKED, code="A-1")
    first = take_in(market, draft)
    before = everything(market)

    assert take_in(market, draft, key="again") == first

    assert everything(market) == before


@pytest.mark.parametrize("other", [{"quantity": 6}, {"harvested_on": date(2026, 5, 31)}])
def test_a_code_with_other_facts_is_refused(market: Market, other: dict[str, object]) -> None:
    variant = a_variant(market)
    draft = LotDraft(variant, 5, PICKED, code="A-1")
    take_in(market, draft)
    before = everything(market)

    with pytest.raises(LotCodeTaken) as refusal:
        take_in(market, replace(draft, **other), key="again")  # type: ignore[arg-type]  # one of its fields

    assert refusal.value.facts == {"lot_code": "A-1"}
    assert everything(market) == before


def test_a_code_names_one_lot_of_a_producer_and_another_of_the_next(market: Market) -> None:
    mine, neighbour = a_producer(market), a_producer(market)
    one, two = variants_of(market, mine, 2)
    [theirs] = variants_of(market, neighbour)
    take_in(market, LotDraft(one, 5, PICKED, code="A-1"), key="one")
    take_in(market, LotDraft(theirs, 5, PICKED, code="A-1"), key="theirs")

    with pytest.raises(LotCodeTaken):
        take_in(market, LotDraft(two, 5, PICKED, code="A-1"), key="two")

    assert (len(lots(market, one)), len(lots(market, two)), len(lots(market, theirs))) == (1, 0, 1)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("quantity", {"quantity": 0}),
        ("quantity", {"quantity": -1}),
        ("quantity", {"quantity": 1_000_001}),
        ("harvested_on", {"harvested_on": date(2026, 6, 3)}),
        ("harvested_on", {"harvested_on": None, "code": "A-1"}),
        ("harvested_on", {"harvested_on": None, "plot": "东坡"}),
        ("harvested_on", {"harvested_on": None, "certificate": CERTIFICATE}),
        ("best_before", {"best_before": date(2026, 5, 31)}),
        ("code", {"code": ""}),
        ("code", {"code": " A"}),
        ("code", {"code": "A\n1"}),
        ("code", {"code": "A" * 65}),
        ("plot", {"plot": "坡" * 201}),
        ("note", {"note": "\0"}),
        ("certificate.issued_on", {"certificate": replace(CERTIFICATE, issued_on=date(2026, 6, 3))}),
        ("certificate.commitments", {"certificate": replace(CERTIFICATE, commitments=())}),
        (
            "certificate.commitments",
            {"certificate": replace(CERTIFICATE, commitments=(Commitment.NO_BANNED_SUBSTANCES,))},
        ),
        ("certificate.number", {"certificate": replace(CERTIFICATE, number="")}),
    ],
)
def test_what_no_lot_can_be_is_refused(market: Market, field: str, wrong: dict[str, object]) -> None:
    draft = LotDraft(a_variant(market), 5, PICKED)

    with pytest.raises(Invalid) as refusal:
        take_in(market, replace(draft, **wrong))  # type: ignore[arg-type]  # one of its fields

    assert refusal.value.facts["field"] == field
    assert not any(everything(market).values())


def test_no_more_than_a_hundred_million_are_ever_on_hand(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 1_000_000)
    with market.transaction() as session:
        session.connection().exec_driver_sql("UPDATE stock_level SET on_hand = 99999999")

    with pytest.raises(LimitReached):
        receive(market, variant, 2)

    receive(market, variant, 1)
    assert level(market, variant).on_hand == 100_000_000


KINDS_THAT_MUST = [OrganisationKind.COOPERATIVE, OrganisationKind.ENTERPRISE, OrganisationKind.VILLAGE_COLLECTIVE]


@pytest.mark.parametrize("kind", OrganisationKind)
@pytest.mark.parametrize("picked", [PICKED, None])
def test_covered_produce_without_a_certificate(market: Market, kind: OrganisationKind, picked: date | None) -> None:
    [variant] = variants_of(market, a_producer(market, kind), is_covered=True)
    draft = LotDraft(variant, 5, picked)

    if kind in KINDS_THAT_MUST:
        with pytest.raises(ConformityRequired) as refusal:
            take_in(market, draft)
        assert "农业农村部令2025年第4号" in refusal.value.message("zh-CN")
        assert not any(everything(market).values())
    else:
        take_in(market, draft)
        assert [lot.conformity for lot in lots(market, variant)] == [ConformityState.MISSING]


@pytest.mark.parametrize("kind", [OrganisationKind.COOPERATIVE, OrganisationKind.HOUSEHOLD])
def test_covered_produce_with_a_certificate_comes_in_and_keeps_it(market: Market, kind: OrganisationKind) -> None:
    [variant] = variants_of(market, a_producer(market, kind), is_covered=True)

    lot_id = take_in(market, LotDraft(variant, 5, PICKED, certificate=CERTIFICATE))

    assert lots(market, variant)[0].conformity is ConformityState.ISSUED
    with market.read() as session:
        kept = session.exec(select(ConformityCertificate)).one()
    assert (kept.lot_id, kept.number, kept.issued_on, kept.recorded_by) == (lot_id, "HGZ-1", PICKED, "account")
    assert (kept.issuer, kept.basis) == (IssuerKind.COOPERATIVE, ConformityBasis.OWN_TEST)
    assert kept.commitments == ["NO_BANNED_SUBSTANCES", "RESIDUES_WITHIN_LIMITS"]


def test_unlotted_pieces_lack_a_certificate_as_soon_as_some_of_them_do(market: Market) -> None:
    variant = a_variant(market)
    receive(market, variant, 1)
    with market.transaction() as session:
        session.connection().exec_driver_sql("UPDATE category SET needs_conformity_certificate = TRUE")

    receive(market, variant, 1)

    assert [lot.conformity for lot in lots(market, variant)] == [ConformityState.MISSING]


def test_a_foreign_variant_answers_like_an_unknown_one(market: Market) -> None:
    stranger = people_of(market, a_producer(market))
    variant = a_variant(market)
    answers = []

    for each in (variant, "var_00000000000000000000000000"):
        with pytest.raises(NotFound) as refusal:
            take_in(market, LotDraft(each, 5, PICKED), actor=stranger)
        answers.append((refusal.value.facts, refusal.value.message("zh-CN")))

    assert answers[0] == answers[1] == ({"field": "variant"}, "没有找到“variant”所指的内容。")
    assert not any(everything(market).values())


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        (VISITOR, NotSignedIn),
        (Actor(ActorKind.CUSTOMER, "acc_1"), Forbidden),
        (Actor(ActorKind.STAFF, "acc_1", staff_roles=frozenset({Role.STAFF_MODERATOR})), Forbidden),
    ],
)
def test_who_may_not_is_refused_whatever_they_ask_for(market: Market, who: Actor, refusal: type[MarketError]) -> None:
    variant = a_variant(market)

    for each in (variant, "var_00000000000000000000000000"):
        with pytest.raises(refusal):
            take_in(market, LotDraft(each, 5, PICKED), actor=who)

    assert not any(everything(market).values())


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FINANCE])
def test_people_who_only_look_may_not_receive(market: Market, role: Role) -> None:
    producer = a_producer(market)
    [variant] = variants_of(market, producer)

    with pytest.raises(Forbidden):
        take_in(market, LotDraft(variant, 5, PICKED), actor=people_of(market, producer, role))

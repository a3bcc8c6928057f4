"""An application from its first draft to the review, and what its owner may change when."""

import dataclasses
from typing import Any

import pytest
from sqlmodel import col, select

from market.kernel.errors import (
    Forbidden,
    IdempotencyConflict,
    IllegalTransition,
    Invalid,
    LimitReached,
    NotFound,
    NotSignedIn,
)
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.organisations.errors import LicenceMissing, NotEditable
from market.organisations.manage import (
    LegalFacts,
    OrganisationChanges,
    OrganisationDraft,
    apply_for_organisation,
    edit_organisation,
    register_organisation,
    review_licence,
    submit_organisation,
    withdraw_organisation,
)
from market.organisations.rules import LicenceKind, OrganisationKind, OrganisationState, Reason, ReviewReason
from market.organisations.tables import CONTACT_PHONE, REPRESENTATIVE, Organisation, OrganisationEvent
from market.people.tables import RoleHeld
from tests.organisations.county import ADMIN, CODE, OTHER_DISTRICT, County, key


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


def organisation(county: County, organisation_id: str) -> Organisation:
    with county.market.read() as session:
        found = session.get(Organisation, organisation_id)
    assert found is not None
    return found


def history(county: County, organisation_id: str) -> list[tuple[str | None, str]]:
    with county.market.read() as session:
        events = session.exec(
            select(OrganisationEvent)
            .where(OrganisationEvent.organisation_id == organisation_id)
            .order_by(col(OrganisationEvent.id))
        )
        return [(each.from_state, each.to_state.value) for each in events]


def test_whoever_applies_owns_the_draft(county: County) -> None:
    applicant = county.actor(county.person())

    organisation_id = county.application(applicant)

    made = organisation(county, organisation_id)
    assert made.id.startswith("cop_")
    assert made.state is OrganisationState.DRAFT
    assert made.credit_code == CODE
    assert (made.region_code, made.village_id) == ("330213005208", county.village)
    assert county.actor(applicant.account_id or "").organisations == {organisation_id: frozenset({Role.OWNER})}
    assert history(county, organisation_id) == [(None, "DRAFT")]


def test_persons_are_sealed_in_the_row(county: County) -> None:
    made = organisation(county, county.application(county.actor(county.person())))

    assert made.contact_phone_sealed is not None and made.representative_sealed is not None
    assert "13800000001" not in made.contact_phone_sealed and "王小明" not in made.representative_sealed
    assert county.market.sealer.open(made.contact_phone_sealed, purpose=CONTACT_PHONE) == "13800000001"
    assert county.market.sealer.open(made.representative_sealed, purpose=REPRESENTATIVE) == "王小明"


def test_the_same_key_applies_once(county: County) -> None:
    applicant, once = county.actor(county.person()), key()
    facts = LegalFacts(contact_phone="13800000001")

    first, again = (
        apply_for_organisation(county.market, applicant, county.draft(), facts, idempotency_key=once) for _ in range(2)
    )

    assert first == again
    other = dataclasses.replace(facts, contact_phone="13800000002")
    with pytest.raises(IdempotencyConflict):
        apply_for_organisation(county.market, applicant, county.draft(), other, idempotency_key=once)
    with county.market.read() as session:
        assert len(session.exec(select(Organisation)).all()) == 1


def test_a_sixth_application_under_way_is_refused(county: County) -> None:
    applicant = county.actor(county.person())
    first, *_rest = [county.application(applicant) for _ in range(5)]

    with pytest.raises(LimitReached):
        county.application(applicant)

    owner = county.actor(applicant.account_id or "")
    withdraw_organisation(county.market, owner, organisation_id=first, idempotency_key=key())
    county.application(applicant)


@pytest.mark.parametrize("draft", [{"name": " "}, {"name": "字" * 61}, {"story": "字" * 4001}])
def test_a_draft_that_cannot_be_is_refused(county: County, draft: dict[str, Any]) -> None:
    wrong = dataclasses.replace(county.draft(), **draft)

    with pytest.raises(Invalid):
        apply_for_organisation(county.market, county.actor(county.person()), wrong, LegalFacts(), idempotency_key=key())

    with county.market.read() as session:
        assert session.exec(select(Organisation)).all() == []
        assert session.exec(select(RoleHeld)).all() == []


@pytest.mark.parametrize(
    "facts", [{"credit_code": "91350100M000100Y44"}, {"contact_phone": "0574-88888888"}, {"representative": "x" * 61}]
)
def test_a_wrong_legal_fact_is_refused(county: County, facts: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        apply_for_organisation(
            county.market,
            county.actor(county.person()),
            county.draft(),
            LegalFacts(**facts),
            idempotency_key=key(),
        )


def test_an_unknown_village_is_refused(county: County) -> None:
    lost = dataclasses.replace(county.draft(), village_id="vil_00000000000000000000000000")

    with pytest.raises(NotFound):
        apply_for_organisation(county.market, county.actor(county.person()), lost, LegalFacts(), idempotency_key=key())


def test_only_who_is_signed_in_applies(county: County) -> None:
    for actor, refusal in ((VISITOR, NotSignedIn), (Actor(ActorKind.SYSTEM), Forbidden)):
        with pytest.raises(refusal):
            apply_for_organisation(county.market, actor, county.draft(), LegalFacts(), idempotency_key=key())


@pytest.mark.parametrize("missing", ["legal_name", "credit_code", "representative", "contact_phone"])
def test_an_application_without_a_legal_fact_is_not_submitted(county: County, missing: str) -> None:
    account = county.person()
    organisation_id = county.application(county.actor(account))
    owner = county.actor(account)
    county.licence(owner, organisation_id)
    changes = OrganisationChanges(**{missing: ""})
    edit_organisation(county.market, owner, organisation_id=organisation_id, changes=changes, idempotency_key=key())

    with pytest.raises(Invalid) as refused:
        submit_organisation(county.market, owner, organisation_id=organisation_id, idempotency_key=key())

    assert refused.value.facts["field"] == missing
    assert organisation(county, organisation_id).state is OrganisationState.DRAFT


@pytest.mark.parametrize(
    ("kind", "licence", "is_enough"),
    [
        (OrganisationKind.COOPERATIVE, {"kind": LicenceKind.IDENTITY, "number": None}, False),
        (OrganisationKind.COOPERATIVE, {}, True),
        (OrganisationKind.HOUSEHOLD, {"kind": LicenceKind.IDENTITY, "number": None}, True),
        (OrganisationKind.HOUSEHOLD, {"kind": LicenceKind.FOOD_PRODUCTION, "number": "SC10"}, False),
    ],
)
def test_an_application_shows_the_licence_of_its_kind(
    county: County, kind: OrganisationKind, licence: dict[str, object], is_enough: bool
) -> None:
    account = county.person()
    organisation_id = county.application(county.actor(account), kind=kind)
    owner = county.actor(account)
    county.licence(owner, organisation_id, **licence)

    if is_enough:
        submit_organisation(county.market, owner, organisation_id=organisation_id, idempotency_key=key())
    else:
        with pytest.raises(LicenceMissing):
            submit_organisation(county.market, owner, organisation_id=organisation_id, idempotency_key=key())


def test_a_returned_licence_does_not_count(county: County) -> None:
    account = county.person()
    organisation_id = county.application(county.actor(account))
    owner = county.actor(account)
    licence_id = county.licence(owner, organisation_id)
    review_licence(
        county.market,
        county.moderator(),
        licence_id=licence_id,
        accept=False,
        reasons=[Reason(ReviewReason.DOCUMENT_UNREADABLE)],
        idempotency_key=key(),
    )

    with pytest.raises(LicenceMissing):
        submit_organisation(county.market, owner, organisation_id=organisation_id, idempotency_key=key())


def test_what_staff_look_at_does_not_change_under_them(county: County) -> None:
    owner, organisation_id = county.submitted()

    for changes in (OrganisationChanges(name="新名"), OrganisationChanges(story="新事")):
        with pytest.raises(NotEditable):
            edit_organisation(
                county.market, owner, organisation_id=organisation_id, changes=changes, idempotency_key=key()
            )
    with pytest.raises(IllegalTransition):
        submit_organisation(county.market, owner, organisation_id=organisation_id, idempotency_key=key())

    assert organisation(county, organisation_id).name == "滕头果业"


def test_an_active_organisation_changes_its_story_and_phone_and_nothing_else(county: County) -> None:
    organisation_id = county.active()
    owner = county.holding(Role.OWNER, organisation_id)
    allowed = OrganisationChanges(story="第一行\n第二行", story_en="", contact_phone="13900000000")

    edit_organisation(county.market, owner, organisation_id=organisation_id, changes=allowed, idempotency_key=key())

    made = organisation(county, organisation_id)
    assert (made.story, made.story_en) == ("第一行\n第二行", None)
    assert made.contact_phone_sealed is not None
    for refused in ({"name": "新名"}, {"credit_code": CODE}, {"village_id": county.village}, {"legal_name": "x"}):
        with pytest.raises(NotEditable):
            edit_organisation(
                county.market,
                owner,
                organisation_id=organisation_id,
                changes=OrganisationChanges(**refused),
                idempotency_key=key(),
            )
    assert organisation(county, organisation_id).name == "老王家"


def test_only_owners_change_an_organisation(county: County) -> None:
    organisation_id = county.active()
    changes = OrganisationChanges(story="新")

    for role in (Role.EDITOR, Role.FULFILMENT, Role.FINANCE, Role.VIEWER):
        with pytest.raises(Forbidden):
            edit_organisation(
                county.market,
                county.holding(role, organisation_id),
                organisation_id=organisation_id,
                changes=changes,
                idempotency_key=key(),
            )

    assert organisation(county, organisation_id).story == "种桃三十年。"


def test_a_withdrawn_application_is_over(county: County) -> None:
    owner, organisation_id = county.submitted()

    withdraw_organisation(county.market, owner, organisation_id=organisation_id, idempotency_key=key())

    assert organisation(county, organisation_id).state is OrganisationState.CLOSED
    assert history(county, organisation_id)[-1] == ("SUBMITTED", "CLOSED")
    with pytest.raises(IllegalTransition):
        withdraw_organisation(county.market, owner, organisation_id=organisation_id, idempotency_key=key())


def test_staff_register_within_their_regions(county: County) -> None:
    draft = OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", None, "", None, county.village)

    made = register_organisation(county.market, county.moderator(), draft)

    assert organisation(county, made).state is OrganisationState.ACTIVE
    assert history(county, made) == [(None, "ACTIVE")]
    for actor, refusal in (
        (county.moderator(OTHER_DISTRICT), Forbidden),
        (county.actor(county.person()), Forbidden),
        (VISITOR, NotSignedIn),
    ):
        with pytest.raises(refusal):
            register_organisation(county.market, actor, draft)
    with county.market.read() as session:
        assert len(session.exec(select(Organisation)).all()) == 1


def test_an_organisation_that_cannot_be_is_not_registered(county: County) -> None:
    with pytest.raises(Invalid):
        register_organisation(county.market, ADMIN, county.draft(name=" "))
    with pytest.raises(NotFound):
        register_organisation(
            county.market, ADMIN, dataclasses.replace(county.draft(), village_id="vil_00000000000000000000000000")
        )

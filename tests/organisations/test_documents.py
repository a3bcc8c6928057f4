"""Licences and certificates: who submits, who reviews, what is seen of them."""

import dataclasses
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from market.kernel.errors import Forbidden, IllegalTransition, Invalid, LimitReached, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, Role
from market.media.rules import MediaKind, MediaState
from market.media.tables import Media
from market.organisations.errors import NotEditable
from market.organisations.manage import (
    CertificateDraft,
    LicenceDraft,
    record_certificate,
    review_certificate,
    review_licence,
    submit_certificate,
    submit_licence,
)
from market.organisations.queries import certificates_ending, licences_ending
from market.organisations.rules import (
    DOCUMENT_MOVES,
    CertificateKind,
    DocumentState,
    LicenceKind,
    OrganisationState,
    Reason,
    ReviewReason,
)
from market.organisations.tables import Certificate, Licence, Organisation
from tests.organisations.county import CODE, OTHER_DISTRICT, UNKNOWN, County, at_once, key

BLURRED = (Reason(ReviewReason.DOCUMENT_UNREADABLE),)
DAY = date(2026, 12, 31)
Kind = Any
"""One of the two tables; they have the same columns of a review."""
BOTH = pytest.mark.parametrize("kind", [Licence, Certificate])


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


@pytest.fixture(name="producer")
def _producer(county: County) -> str:
    return county.active()


@pytest.fixture(name="owner")
def _owner(county: County, producer: str) -> Actor:
    return county.holding(Role.OWNER, producer)


def submit(county: County, kind: Kind, actor: Actor, organisation_id: str, /, **of: Any) -> str:
    if kind is Licence:
        said: dict[str, Any] = {"kind": LicenceKind.FOOD_OPERATION, "number": "JY1"} | of
        said.setdefault("scan_id", county.scan(organisation_id))
        return submit_licence(county.market, actor, LicenceDraft(organisation_id, **said), idempotency_key=key())
    said = {"kind": CertificateKind.ORGANIC, "name": "有机产品"} | of
    said.setdefault("scan_id", county.scan(organisation_id))
    return submit_certificate(county.market, actor, CertificateDraft(organisation_id, **said), idempotency_key=key())


def review(county: County, kind: Kind, actor: Actor, document_id: str, *, accept: bool = True) -> str:
    reasons = () if accept else BLURRED
    if kind is Licence:
        return review_licence(
            county.market, actor, licence_id=document_id, accept=accept, reasons=reasons, idempotency_key=key()
        )
    return review_certificate(
        county.market, actor, certificate_id=document_id, accept=accept, reasons=reasons, idempotency_key=key()
    )


def states(county: County, kind: Kind) -> list[DocumentState]:
    with county.market.read() as session:
        return [each.state for each in session.exec(select(kind).order_by(col(kind.id))).all()]


@BOTH
def test_what_is_submitted_waits_for_staff(county: County, kind: Kind, producer: str, owner: Actor) -> None:
    moderator = county.moderator()
    first, second = (submit(county, kind, owner, producer) for _ in range(2))

    assert states(county, kind) == [DocumentState.PENDING, DocumentState.PENDING]
    review(county, kind, moderator, first)
    review(county, kind, moderator, second, accept=False)

    with county.market.read() as session:
        accepted, returned = session.get(kind, first), session.get(kind, second)
    assert accepted is not None and returned is not None
    assert (accepted.state, accepted.reasons) == (DocumentState.ACCEPTED, None)
    assert accepted.reviewed_by == returned.reviewed_by == moderator.account_id
    assert returned.state is DocumentState.RETURNED
    assert returned.reasons == [{"code": "DOCUMENT_UNREADABLE", "note": ""}]


@BOTH
def test_every_state_lets_a_document_go_where_its_table_says(
    county: County, kind: Kind, producer: str, owner: Actor
) -> None:
    moderator, document_id = county.moderator(), submit(county, kind, owner, producer)

    for state in DocumentState:
        for accept, target in ((True, DocumentState.ACCEPTED), (False, DocumentState.RETURNED)):
            with county.market.transaction() as session:
                session.execute(sa.update(kind).values(state=state))
            if target in DOCUMENT_MOVES[state]:
                review(county, kind, moderator, document_id, accept=accept)
                assert states(county, kind) == [target]
            else:
                with pytest.raises(IllegalTransition) as refused:
                    review(county, kind, moderator, document_id, accept=accept)
                assert refused.value.facts["from_state"] == state.value
                assert states(county, kind) == [state]


@BOTH
def test_two_reviewers_at_once_decide_once(county: County, kind: Kind, producer: str, owner: Actor) -> None:
    one, other = county.moderator(), county.moderator()

    for _ in range(6):
        document_id = submit(county, kind, owner, producer)

        answers = at_once(
            partial(review, county, kind, one, document_id),
            partial(review, county, kind, other, document_id, accept=False),
        )

        (refusal,) = [each for each in answers if not isinstance(each, str)]
        with county.market.read() as session:
            document = session.get(kind, document_id)
        assert document is not None
        assert isinstance(refusal, IllegalTransition)
        assert refusal.facts["from_state"] == document.state.value
        winner = one if document.state is DocumentState.ACCEPTED else other
        assert document.reviewed_by == winner.account_id


@BOTH
def test_staff_review_in_their_regions_alone(county: County, kind: Kind, producer: str, owner: Actor) -> None:
    document_id = submit(county, kind, owner, producer)
    unknown_id = document_id[:4] + "0" * 26

    with pytest.raises(NotFound) as outside:
        review(county, kind, county.moderator(OTHER_DISTRICT), document_id)
    with pytest.raises(NotFound) as unknown:
        review(county, kind, county.moderator(), unknown_id)
    for actor, refusal in ((owner, Forbidden), (VISITOR, NotSignedIn)):
        with pytest.raises(refusal):
            review(county, kind, actor, document_id)

    assert outside.value.args == unknown.value.args
    assert states(county, kind) == [DocumentState.PENDING]


@BOTH
def test_only_owners_submit(county: County, kind: Kind, producer: str) -> None:
    elsewhere = county.holding(Role.OWNER, county.active(name="老李家"))

    with pytest.raises(NotFound) as foreign:
        submit(county, kind, elsewhere, producer)
    with pytest.raises(NotFound) as unknown:
        submit(county, kind, elsewhere, UNKNOWN["pdr"])
    for actor, refusal in ((county.holding(Role.EDITOR, producer), Forbidden), (VISITOR, NotSignedIn)):
        with pytest.raises(refusal):
            submit(county, kind, actor, producer)

    assert foreign.value.args == unknown.value.args
    assert states(county, kind) == []


@BOTH
def test_twenty_documents_may_wait(county: County, kind: Kind, producer: str, owner: Actor) -> None:
    first, *_rest = [submit(county, kind, owner, producer) for _ in range(20)]

    with pytest.raises(LimitReached):
        submit(county, kind, owner, producer)

    review(county, kind, county.moderator(), first)
    submit(county, kind, owner, producer)


@BOTH
@pytest.mark.parametrize("state", [OrganisationState.CLOSED, OrganisationState.REJECTED])
def test_an_organisation_that_is_no_more_submits_nothing(
    county: County, kind: Kind, producer: str, owner: Actor, state: OrganisationState
) -> None:
    with county.market.transaction() as session:
        session.execute(sa.update(Organisation).values(state=state))

    with pytest.raises(NotEditable):
        submit(county, kind, owner, producer)


@BOTH
def test_a_document_ends_on_its_last_day(county: County, kind: Kind, producer: str, owner: Actor) -> None:
    ending = certificates_ending if kind is Certificate else licences_ending
    accepted = submit(county, kind, owner, producer, valid_to=DAY)
    submit(county, kind, owner, producer, valid_to=DAY)
    review(county, kind, county.moderator(), accepted)

    with county.market.read() as session:
        assert [each.id for each in ending(session, DAY)] == [accepted]
        assert not ending(session, date(2026, 12, 30))
        assert not ending(session, date(2027, 1, 1))


@pytest.mark.parametrize(
    "of",
    [
        {"kind": LicenceKind.IDENTITY, "number": "330213199001011234"},
        {"kind": LicenceKind.BUSINESS_LICENCE, "number": None},
        {"kind": LicenceKind.BUSINESS_LICENCE, "number": CODE[:-1] + "0"},
        {"number": " "},
        {"number": "x" * 61},
        {"valid_from": DAY, "valid_to": date(2026, 1, 1)},
    ],
)
def test_a_licence_that_cannot_be_is_refused(county: County, producer: str, owner: Actor, of: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        submit(county, Licence, owner, producer, **of)

    assert states(county, Licence) == []


def test_the_database_keeps_no_identity_numbers(county: County, producer: str, owner: Actor) -> None:
    submit(county, Licence, owner, producer, kind=LicenceKind.IDENTITY, number=None)

    with pytest.raises(sa.exc.IntegrityError), county.market.transaction() as session:
        session.execute(sa.update(Licence).values(number="330213199001011234"))


@pytest.mark.parametrize(
    "of", [{"scan_id": None}, {"name": ""}, {"number": "17"}, {"valid_from": DAY, "valid_to": date(2026, 1, 1)}]
)
def test_a_certificate_that_cannot_be_is_refused(
    county: County, producer: str, owner: Actor, of: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        submit(county, Certificate, owner, producer, **of)

    assert states(county, Certificate) == []


def test_reasons_go_with_returning_alone(county: County, producer: str, owner: Actor) -> None:
    licence_id = submit(county, Licence, owner, producer)

    for accept, reasons in ((True, BLURRED), (False, ())):
        with pytest.raises(Invalid):
            review_licence(
                county.market,
                county.moderator(),
                licence_id=licence_id,
                accept=accept,
                reasons=reasons,
                idempotency_key=key(),
            )

    assert states(county, Licence) == [DocumentState.PENDING]


def test_staff_record_certificates_as_accepted(county: County, producer: str) -> None:
    draft = CertificateDraft(producer, CertificateKind.ORGANIC, "有机产品")

    record_certificate(county.market, county.moderator(), draft)

    assert states(county, Certificate) == [DocumentState.ACCEPTED]
    with pytest.raises(NotFound) as outside:
        record_certificate(county.market, county.moderator(OTHER_DISTRICT), draft)
    with pytest.raises(NotFound) as unknown:
        record_certificate(
            county.market, county.moderator(), dataclasses.replace(draft, organisation_id=UNKNOWN["pdr"])
        )
    assert outside.value.args == unknown.value.args


@pytest.mark.parametrize("submitted", [submit_licence, submit_certificate])
def test_the_same_key_submits_once(county: County, producer: str, owner: Actor, submitted: Callable[..., str]) -> None:
    draft: Any = (
        LicenceDraft(producer, LicenceKind.FOOD_OPERATION, county.scan(producer))
        if submitted is submit_licence
        else CertificateDraft(
            producer, CertificateKind.ORGANIC, "有机产品", scan_id=county.scan(producer), valid_to=DAY
        )
    )
    once = key()

    assert submitted(county.market, owner, draft, idempotency_key=once) == submitted(
        county.market, owner, draft, idempotency_key=once
    )
    assert len(states(county, Licence) + states(county, Certificate)) == 1


@BOTH
def test_a_scan_is_of_the_organisation_or_of_whoever_submits_it(
    county: County, kind: Kind, producer: str, owner: Actor
) -> None:
    elsewhere = county.active(name="老李家")
    refusals = []
    for scan_id in (
        county.scan(elsewhere),
        county.scan(county.person()),
        county.scan(producer, MediaKind.LISTING),
        "mda_00000000000000000000000000",
    ):
        with pytest.raises(NotFound) as refused:
            submit(county, kind, owner, producer, scan_id=scan_id)
        refusals.append(refused.value.args)
    assert len(set(refusals)) == 1
    assert states(county, kind) == []

    for mine in (county.scan(producer), county.scan(owner.account_id or "")):
        submit(county, kind, owner, producer, scan_id=mine)
        with county.market.read() as session:
            assert session.get_one(Media, mine).state is MediaState.USED

"""The room's rules as functions of values."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.errors import Invalid
from market.organisations.rules import (
    MOVES,
    NAME_MAX,
    CertificateKind,
    LicenceKind,
    OrganisationKind,
    OrganisationState,
    Reason,
    ReviewReason,
    check_certificate_number,
    check_character,
    check_dates,
    check_reasons,
    credit_code_of,
    is_valid_on,
    licences_needed,
    needs_credit_code,
    next_states,
    text_of,
)

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FIRST_17 = st.builds(
    lambda head, region, tail: head + region + tail,
    st.text(ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
)


@pytest.mark.parametrize("code", ["91350100M000100Y43", " 91350100m000100y43 ", "9135 0100 M000 100Y 43"])
def test_the_standards_own_example_is_a_credit_code(code: str) -> None:
    assert credit_code_of(code) == "91350100M000100Y43"


@given(first=FIRST_17, place=st.integers(0, 17), other=st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes(first: str, place: int, other: str) -> None:
    code = first + check_character(first)
    assert credit_code_of(code) == code
    wrong = code[:place] + other + code[place + 1 :]

    if wrong != code:
        with pytest.raises(Invalid):
            credit_code_of(wrong)


@given(first=FIRST_17, place=st.integers(8, 16))
def test_two_neighbours_swapped_never_pass(first: str, place: int) -> None:
    code = first + check_character(first)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    if swapped != code:
        with pytest.raises(Invalid):
            credit_code_of(swapped)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "91350100M000100Y4",
        "91350100M000100Y433",
        "9135010OM000100Y43",
        "91350100I000100Y43",
        "甲" * 18,
        "\x00" * 18,
    ],
)
def test_what_is_no_credit_code_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        credit_code_of(text)


def test_only_who_sells_what_they_grew_needs_no_credit_code() -> None:
    free = {kind for kind in OrganisationKind if not needs_credit_code(kind)}

    assert free == {OrganisationKind.HOUSEHOLD, OrganisationKind.FAMILY_FARM}
    for kind in OrganisationKind:
        assert (LicenceKind.IDENTITY in licences_needed(kind)) == (kind in free)


def test_the_states_lead_where_they_should() -> None:
    named = {state.value: {each.value for each in next_states(state)} for state in OrganisationState}

    assert named == {
        "DRAFT": {"SUBMITTED", "CLOSED"},
        "SUBMITTED": {"RETURNED", "ACTIVE", "REJECTED", "CLOSED"},
        "RETURNED": {"SUBMITTED", "CLOSED"},
        "REJECTED": set(),
        "ACTIVE": {"FROZEN"},
        "FROZEN": {"ACTIVE", "CLOSED"},
        "CLOSED": set(),
    }
    assert all(to not in sources for sources, to in MOVES.values())


@pytest.mark.parametrize(
    ("kind", "number", "is_right"),
    [
        (CertificateKind.GREEN_FOOD, "GF330213200001", True),
        (CertificateKind.GREEN_FOOD, "LB-18-20031234567A", True),
        (CertificateKind.GREEN_FOOD, "330213200001", False),
        (CertificateKind.ORGANIC, "12345678901234567", True),
        (CertificateKind.ORGANIC, "1234567890123456", False),
        (CertificateKind.GEOGRAPHICAL_INDICATION, "AGI2010-07-00372", True),
        (CertificateKind.GEOGRAPHICAL_INDICATION, "AGI00372", True),
        (CertificateKind.GEOGRAPHICAL_INDICATION, "AGI2010", False),
        (CertificateKind.GI_TRADEMARK, "whatever", True),
        (CertificateKind.ORGANIC, None, True),
    ],
)
def test_a_certificate_number_is_of_its_kinds_format(kind: CertificateKind, number: str | None, is_right: bool) -> None:
    if is_right:
        check_certificate_number(kind, number)
    else:
        with pytest.raises(Invalid):
            check_certificate_number(kind, number)


def test_both_ends_of_a_documents_days_count() -> None:
    first, last = date(2026, 6, 1), date(2026, 6, 30)

    days = [date(2026, 5, 31), first, last, date(2026, 7, 1)]
    assert [is_valid_on(day, valid_from=first, valid_to=last) for day in days] == [False, True, True, False]
    check_dates(first, first)
    with pytest.raises(Invalid):
        check_dates(last, first)


@pytest.mark.parametrize(
    "reasons",
    [
        [],
        [Reason(ReviewReason.OTHER)],
        [Reason(ReviewReason.OTHER, "  ")],
        [Reason(ReviewReason.TEXT_UNSUITABLE, "字" * 501)],
        [Reason(ReviewReason.DOCUMENT_MISSING)] * 11,
    ],
)
def test_reasons_that_help_nobody_are_refused(reasons: list[Reason]) -> None:
    with pytest.raises(Invalid):
        check_reasons(reasons)


@pytest.mark.parametrize("text", ["", "  ", "字" * (NAME_MAX + 1), "老\n王", "老\x00王", "x" * 100_000])
def test_a_name_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        text_of(text, field="name", characters_max=NAME_MAX)


def test_a_long_text_may_have_lines_and_be_empty() -> None:
    assert text_of("一\n二", field="story", characters_max=10, is_long=True) == "一\n二"
    assert not text_of(" ", field="story", characters_max=10, is_long=True)

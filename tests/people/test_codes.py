"""One-time codes: one opens once, soon, for its number, and guessing or asking again and again does not help."""

import re
from dataclasses import replace

import pytest

from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.people.caller import Caller
from market.people.codes import make_code
from market.people.errors import TooManyAttempts, WrongCode
from market.people.manage import open_account
from market.people.sign_in import sign_in_with_code
from tests.clock import FakeClock
from tests.people.signing import ADMIN, CALLER, OTHER_PHONE, PHONE, at_once, by_phone, everything, refused, statements


def code_for(market: Market, phone: str = PHONE) -> str:
    return make_code(market, CALLER, phone=phone).code


def elsewhere(number: int) -> Caller:
    """A caller of another network: those of one are let try one after the other."""
    return replace(CALLER, ip=f"198.51.100.{number}")


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_first_sign_in_opens_the_account_and_the_next_finds_it(market: Market, clock: FakeClock) -> None:
    first = by_phone(market)
    clock.advance(minutes=1)
    second = by_phone(market, "+86 199-0000-0001")

    assert first.is_new
    assert not second.is_new
    assert second.account_id == first.account_id
    assert second.device_id != first.device_id


def test_an_account_that_was_opened_with_a_number_is_signed_in_to_with_it(market: Market) -> None:
    account_id = open_account(market, ADMIN, name="林顾客", phone=PHONE)

    assert by_phone(market).account_id == account_id


def test_what_is_no_mobile_number_is_refused(market: Market) -> None:
    for phone in ("", "12345678901", "1990000000", "+1 212 555 0100", "19900000001x", "1" * 1000):
        with pytest.raises(Invalid):
            make_code(market, CALLER, phone=phone)


def test_a_code_has_six_digits(market: Market) -> None:
    assert re.fullmatch("[0-9]{6}", code_for(market))


def test_a_code_opens_once(market: Market) -> None:
    code = code_for(market)
    sign_in_with_code(market, CALLER, phone=PHONE, code=code)

    with pytest.raises(WrongCode):
        sign_in_with_code(market, CALLER, phone=PHONE, code=code)


def test_the_right_code_opens_after_four_wrong_ones(market: Market) -> None:
    code = code_for(market)
    for _ in range(4):
        with pytest.raises(WrongCode):
            sign_in_with_code(market, CALLER, phone=PHONE, code=wrong(code))

    assert sign_in_with_code(market, CALLER, phone=PHONE, code=code).is_new


def test_the_sixth_try_is_refused_even_when_it_is_right(market: Market) -> None:
    code = code_for(market)
    for _ in range(5):
        with pytest.raises(WrongCode):
            sign_in_with_code(market, CALLER, phone=PHONE, code=wrong(code))

    with pytest.raises(WrongCode):
        sign_in_with_code(market, CALLER, phone=PHONE, code=code)


def test_a_code_lives_for_five_minutes(market: Market, clock: FakeClock) -> None:
    code = code_for(market)
    clock.advance(minutes=5)
    with pytest.raises(WrongCode):
        sign_in_with_code(market, CALLER, phone=PHONE, code=code)

    code = code_for(market)
    clock.advance(minutes=4, seconds=59)
    assert sign_in_with_code(market, CALLER, phone=PHONE, code=code)


def test_a_clock_that_is_put_back_gives_a_code_no_longer_life(market: Market, clock: FakeClock) -> None:
    code = code_for(market)
    clock.advance(hours=-1)

    with pytest.raises(WrongCode):
        sign_in_with_code(market, CALLER, phone=PHONE, code=code)


def test_a_code_is_of_one_number(market: Market) -> None:
    code = code_for(market)
    make_code(market, CALLER, phone=OTHER_PHONE)

    with pytest.raises(WrongCode):
        sign_in_with_code(market, CALLER, phone=OTHER_PHONE, code=code)


def test_a_new_code_takes_the_place_of_the_one_before(market: Market, clock: FakeClock) -> None:
    earlier = code_for(market)
    clock.advance(minutes=1)
    later = code_for(market)

    if later != earlier:
        with pytest.raises(WrongCode):
            sign_in_with_code(market, CALLER, phone=PHONE, code=earlier)
    assert sign_in_with_code(market, CALLER, phone=PHONE, code=later)


def test_what_twenty_use_at_once_opens_for_one(market: Market) -> None:
    code = code_for(market)

    results = at_once(20, lambda number: sign_in_with_code(market, elsewhere(number), phone=PHONE, code=code))

    assert refused(results, WrongCode) == 19, results


def test_guesses_made_at_once_share_the_five_tries(market: Market) -> None:
    code = code_for(market)

    at_once(20, lambda number: sign_in_with_code(market, elsewhere(number), phone=PHONE, code=wrong(code)))

    with pytest.raises(WrongCode):
        sign_in_with_code(market, CALLER, phone=PHONE, code=code)


def test_a_number_gets_one_code_a_minute_five_an_hour_and_ten_a_day(market: Market, clock: FakeClock) -> None:
    """Asked for every ten seconds, for a day and a bit: rolling windows, and refusals that do not count."""
    began, sent = clock.now, []
    while clock.now < began.replace(day=began.day + 1, hour=began.hour + 2):
        try:
            make_code(market, CALLER, phone=PHONE)
        except TooManyAttempts as refusal:
            clock.advance(seconds=refusal.facts["retry_after_seconds"])
        else:
            sent.append((clock.now - began).total_seconds() / 60)
            clock.advance(seconds=10)

    assert sent[:11] == [0, 1, 2, 3, 4, 60, 61, 62, 63, 64, 24 * 60]
    assert all(sum(0 <= late - early < 24 * 60 for late in sent) <= 10 for early in sent)


def test_a_network_gets_twenty_codes_an_hour_whatever_the_numbers(market: Market, clock: FakeClock) -> None:
    for number in range(20):
        make_code(market, CALLER, phone=f"199000001{number:02}")

    with pytest.raises(TooManyAttempts) as refusal:
        make_code(market, CALLER, phone=PHONE)
    make_code(market, replace(CALLER, ip="203.0.113.8"), phone=PHONE)

    assert refusal.value.facts["retry_after_seconds"] == 3600
    clock.advance(hours=1)
    make_code(market, CALLER, phone=OTHER_PHONE)


def test_one_customer_of_ipv6_is_one_network(market: Market) -> None:
    for number in range(20):
        make_code(market, replace(CALLER, ip=f"2001:db8::{number:x}"), phone=f"199000001{number:02}")

    with pytest.raises(TooManyAttempts):
        make_code(market, replace(CALLER, ip="2001:db8::ffff"), phone=PHONE)


def test_codes_that_are_asked_for_at_once_are_counted_one_by_one(market: Market) -> None:
    results = at_once(10, lambda _number: make_code(market, CALLER, phone=PHONE))

    assert refused(results, TooManyAttempts) == 9, results


def test_a_clock_that_is_put_back_allows_no_more(market: Market, clock: FakeClock) -> None:
    for _ in range(5):
        make_code(market, CALLER, phone=PHONE)
        clock.advance(minutes=1)
    clock.advance(minutes=-30)

    with pytest.raises(TooManyAttempts):
        make_code(market, CALLER, phone=PHONE)


def test_a_hundred_tries_an_hour_from_one_network_are_counted_each(market: Market) -> None:
    """As many as one request with aliases may send: the limit is where the try is made."""
    outcomes = []
    for number in range(110):
        try:
            sign_in_with_code(market, CALLER, phone=f"19900000{number:03}", code="000000")
        except (WrongCode, TooManyAttempts) as error:
            outcomes.append(type(error))

    assert outcomes == [WrongCode] * 100 + [TooManyAttempts] * 10


def test_known_and_unknown_numbers_take_the_same_statements(market: Market) -> None:
    open_account(market, ADMIN, name="林顾客", phone=PHONE)
    taken = {}
    for phone in (PHONE, OTHER_PHONE):
        with statements(market) as sending:
            code = code_for(market, phone)
        with statements(market) as failing, pytest.raises(WrongCode):
            sign_in_with_code(market, CALLER, phone=phone, code=wrong(code))
        taken[phone] = (sending, failing)
    with statements(market) as without, pytest.raises(WrongCode):
        sign_in_with_code(market, CALLER, phone="19900000009", code="123456")

    assert taken[PHONE] == taken[OTHER_PHONE]
    assert without == taken[PHONE][1], "nor does it take another way when no code was sent"
    assert len(taken[PHONE][0]) == 5


def test_neither_numbers_nor_codes_are_kept_or_told_in_plain(market: Market) -> None:
    message = make_code(market, CALLER, phone=PHONE)
    kept = everything(market)
    with pytest.raises(WrongCode) as refusal:
        sign_in_with_code(market, CALLER, phone=PHONE, code=wrong(message.code))
    with pytest.raises(TooManyAttempts) as limit:
        make_code(market, CALLER, phone=PHONE)
    sign_in_with_code(market, CALLER, phone=PHONE, code=message.code)
    told = repr((message, refusal.value, refusal.value.facts, limit.value, limit.value.facts))
    told += refusal.value.message("zh-CN") + limit.value.message("zh-CN")

    for text in (kept, everything(market), told):
        assert not re.search(r"(?<![0-9a-f])1[3-9]\d{9}(?![0-9a-f])", text)  # digests may have such a run of digits
        assert not re.search(rf"(?<![\w-]){message.code}(?![\w-])", text)

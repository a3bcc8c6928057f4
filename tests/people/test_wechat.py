"""Signing in from the mini-program, against a server that behaves as WeChat's documents say."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlmodel import func, select

from market.kernel.errors import Invalid, NotSignedIn, Unavailable
from market.kernel.market import Market
from market.kernel.permissions import VISITOR
from market.people.errors import AccountBlocked, PhoneHeld, PhoneTaken, TooManyAttempts, WeChatRefused
from market.people.gateways.wechat import MiniProgram, NoWeChat
from market.people.manage import block_account
from market.people.rules import SignInMethod
from market.people.tables import Account, Device, Identity
from market.people.tokens import SignedIn
from market.people.wechat import account_of_openid, bind_phone, bind_wechat_phone, let_in_by_openid, sign_in_with_wechat
from tests.clock import FakeClock
from tests.people.fake_wechat import APP_ID, APP_SECRET, SESSION_KEY, FakeWeChat
from tests.people.signing import ADMIN, CALLER, OTHER_PHONE, PHONE, actor, at_once, by_phone, everything, later, refused
from tests.people.test_sms import Log

OPENID = "oABCD-0123456789abcdefghijkl"


class Phone:
    """A WeChat user's phone, the mini-program's server that it speaks to, and the log of that."""

    def __init__(self, market: Market, clock: FakeClock, *, secret: str = APP_SECRET) -> None:
        self.market, self.wechat, self.log = market, FakeWeChat(clock), Log()
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.wechat))
        self.gateway = MiniProgram(client, app_id=APP_ID, app_secret=secret, log=self.log, clock=clock)

    def sign_in(self, openid: str = OPENID, *, number: str | None = None, code: str | None = None) -> SignedIn:
        phone_code = self.wechat.share_phone(number) if number else None
        signing_in = sign_in_with_wechat(
            self.market, self.gateway, CALLER, code=code or self.wechat.sign_in(openid), phone_code=phone_code
        )
        signed_in: SignedIn = later(signing_in)
        return signed_in

    def bind(self, signed_in: SignedIn, number: str = PHONE, *, country: str = "86") -> None:
        code = self.wechat.share_phone(number, country=country)
        me = actor(self.market, signed_in.access_token)
        later(bind_wechat_phone(self.market, self.gateway, me, CALLER, phone_code=code))


@pytest.fixture(name="phone")
def _phone(market: Market, clock: FakeClock) -> Phone:
    return Phone(market, clock)


def count(market: Market, kind: type[Any]) -> int:
    with market.read() as session:
        return session.exec(select(func.count()).select_from(kind)).one()


def test_the_first_sign_in_opens_an_account_and_the_next_finds_it(phone: Phone) -> None:
    first, second = phone.sign_in(), phone.sign_in()

    assert (first.is_new, second.is_new) == (True, False)
    assert first.account_id == second.account_id
    assert phone.sign_in("another-openid").account_id != first.account_id
    with phone.market.read() as session:
        assert set(session.exec(select(Device.method))) == {SignInMethod.WECHAT}


def test_a_first_sign_in_with_a_number_is_to_the_account_of_that_number(phone: Phone) -> None:
    account_id = by_phone(phone.market).account_id

    signed_in = phone.sign_in(number=PHONE)

    assert signed_in.account_id == account_id
    assert not signed_in.is_new
    assert phone.sign_in().account_id == account_id


def test_an_openid_that_is_known_is_not_moved_by_another_number(phone: Phone) -> None:
    theirs, mine = by_phone(phone.market).account_id, phone.sign_in().account_id

    assert phone.sign_in(number=PHONE).account_id == mine
    assert mine != theirs


def test_two_first_sign_ins_at_once_open_one_account(phone: Phone) -> None:
    results = at_once(8, lambda _number: let_in_by_openid(phone.market, CALLER, openid=OPENID, phone=None))

    assert refused(results, Exception) == 0, results
    assert len({result.account_id for result in results if isinstance(result, SignedIn)}) == 1
    assert (count(phone.market, Account), count(phone.market, Identity), count(phone.market, Device)) == (1, 1, 8)


def test_a_first_sign_in_that_was_overtaken_leaves_no_account_behind(phone: Phone, clock: FakeClock) -> None:
    market = phone.market
    with ThreadPoolExecutor(1) as threads:
        with market.transaction() as session:
            first, _is_new = account_of_openid(session, market.sealer, OPENID, None, clock.now)
            second = threads.submit(let_in_by_openid, market, CALLER, openid=OPENID, phone=None)
            time.sleep(0.5)  # so that it has looked, found nobody, and waits for this one

        assert second.result().account_id == first

    assert (count(market, Account), count(market, Identity)) == (1, 1)


def test_neither_openid_nor_session_key_is_kept_or_told(phone: Phone) -> None:
    signed_in = phone.sign_in()
    kept = everything(phone.market)

    assert OPENID not in kept + repr(signed_in)
    assert SESSION_KEY not in kept + repr(signed_in)
    assert phone.market.sealer.digest(OPENID, purpose="identity.subject") in kept


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (40029, WeChatRefused),
        (40163, WeChatRefused),
        (40226, WeChatRefused),
        (45011, TooManyAttempts),
        (-1, Unavailable),
    ],
)
def test_what_wechat_refuses_is_refused(phone: Phone, error: int, refusal: type[Exception]) -> None:
    phone.wechat.error = error

    with pytest.raises(refusal):
        phone.sign_in()

    assert count(phone.market, Account) == 0


def test_a_code_serves_once_and_for_five_minutes(phone: Phone, clock: FakeClock) -> None:
    code = phone.wechat.sign_in(OPENID)
    phone.sign_in(code=code)
    with pytest.raises(WeChatRefused):
        phone.sign_in(code=code)

    stale = phone.wechat.sign_in(OPENID)
    clock.advance(minutes=5)
    with pytest.raises(WeChatRefused):
        phone.sign_in(code=stale)


@pytest.mark.parametrize("code", ["", "x" * 129, "代码", "a\nb", "a&secret=x"])
def test_a_code_that_cannot_be_one_is_refused(phone: Phone, code: str) -> None:
    with pytest.raises(WeChatRefused):
        later(sign_in_with_wechat(phone.market, phone.gateway, CALLER, code=code))


def test_what_is_wrong_with_wechat_is_for_the_operators_and_holds_no_secret(market: Market, clock: FakeClock) -> None:
    wrong, down = Phone(market, clock, secret="f" * 32), Phone(market, clock)
    down.wechat.is_down = True
    for each in (wrong, down):
        with pytest.raises(Unavailable) as refusal:
            each.sign_in()
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__ or refusal.value.__context__ is None

    assert [facts["reason"] for _event, facts in wrong.log.lines + down.log.lines] == [40125, "ConnectTimeout"]
    assert APP_SECRET not in str(down.log.lines)
    with pytest.raises(Unavailable):
        later(sign_in_with_wechat(market, NoWeChat(), CALLER, code="x"))


def test_a_hundred_an_hour_from_one_network(phone: Phone) -> None:
    for _ in range(100):
        phone.sign_in()
    with pytest.raises(TooManyAttempts):
        phone.sign_in()
    asked = len(phone.wechat.calls)

    with pytest.raises(TooManyAttempts):
        phone.sign_in()

    assert len(phone.wechat.calls) == asked, "WeChat is not even asked"


def test_who_is_blocked_is_not_let_in(phone: Phone) -> None:
    block_account(phone.market, ADMIN, account_id=phone.sign_in().account_id)

    with pytest.raises(AccountBlocked):
        phone.sign_in()


# -- binding a number --------------------------------------------------------------------------------------------------


def test_the_number_that_wechat_vouches_for_is_bound(phone: Phone) -> None:
    signed_in = phone.sign_in()

    phone.bind(signed_in)
    phone.bind(signed_in)

    assert by_phone(phone.market).account_id == signed_in.account_id


def test_a_number_of_another_account_is_not_bound(phone: Phone) -> None:
    by_phone(phone.market)
    signed_in = phone.sign_in()

    with pytest.raises(PhoneTaken):
        phone.bind(signed_in)

    with phone.market.read() as session:
        held = session.exec(select(Account.phone_digest).where(Account.id == signed_in.account_id)).one()
    assert held is None


def test_a_number_is_not_replaced(phone: Phone) -> None:
    signed_in = phone.sign_in(number=PHONE)

    with pytest.raises(PhoneHeld):
        phone.bind(signed_in, OTHER_PHONE)

    assert by_phone(phone.market).account_id == signed_in.account_id


def test_a_number_of_elsewhere_is_not_bound(phone: Phone) -> None:
    signed_in = phone.sign_in()

    with pytest.raises(Invalid, match="phone"):
        phone.bind(signed_in, "2125550100", country="1")


def test_nobody_binds_a_number_to_no_account(phone: Phone) -> None:
    with pytest.raises(NotSignedIn):
        later(bind_wechat_phone(phone.market, phone.gateway, VISITOR, CALLER, phone_code="x"))

    assert phone.wechat.calls == []


def test_one_number_bound_at_once_is_one_accounts(phone: Phone) -> None:
    signed_in = [phone.sign_in(f"openid-{number}") for number in range(6)]
    people = [actor(phone.market, each.access_token) for each in signed_in]

    results = at_once(6, lambda number: bind_phone(phone.market, people[number], phone=PHONE))

    assert refused(results, PhoneTaken) == 5, results


# -- our own token at WeChat -------------------------------------------------------------------------------------------


def tokens_asked_for(phone: Phone) -> int:
    return phone.wechat.calls.count("POST /cgi-bin/stable_token")


def test_our_token_is_asked_for_once_and_again_before_it_ends(phone: Phone, clock: FakeClock) -> None:
    for number in range(3):
        phone.sign_in(f"openid-{number}", number=f"1990000010{number}")
    assert tokens_asked_for(phone) == 1

    clock.advance(minutes=115)
    phone.sign_in("openid-9", number="19900000109")
    assert tokens_asked_for(phone) == 2


def test_a_token_that_wechat_ended_early_is_renewed_once(phone: Phone) -> None:
    phone.sign_in("openid-1", number=PHONE)
    phone.wechat.end_token()

    assert phone.sign_in("openid-2", number=OTHER_PHONE).is_new
    assert tokens_asked_for(phone) == 2


def test_many_at_once_share_one_token(phone: Phone) -> None:
    codes = [phone.wechat.share_phone(f"1990000010{number}") for number in range(5)]

    async def ask() -> list[str]:
        return await asyncio.gather(*(phone.gateway.phone(code) for code in codes))

    assert sorted(later(ask())) == [f"1990000010{number}" for number in range(5)]
    assert tokens_asked_for(phone) == 1


def test_callers_of_different_networks_are_counted_apart(phone: Phone) -> None:
    for number in range(3):
        caller = replace(CALLER, ip=f"203.0.113.{number}")
        code = phone.wechat.sign_in(OPENID)
        assert later(sign_in_with_wechat(phone.market, phone.gateway, caller, code=code))

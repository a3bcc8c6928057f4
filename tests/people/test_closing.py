"""Accounts that are blocked or closed, roles that are taken, and what is forgotten."""

from collections.abc import Callable

import pytest
from sqlmodel import func, select

from market.kernel.audit import AuditEntry
from market.kernel.errors import Forbidden, IllegalTransition, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Permission, Role
from market.people.codes import make_code
from market.people.errors import AccountBlocked, PhoneTaken, SignInExpired, WrongPassword
from market.people.forget import forget_expired
from market.people.keys import KeyDraft, create_key
from market.people.manage import (
    ERASED_NAME,
    block_account,
    close_account,
    give_role,
    open_account,
    take_role,
    unblock_account,
)
from market.people.rules import MOVES, AccountState
from market.people.sign_in import sign_in_with_code
from market.people.tables import Account, AttemptWindow, Device, OneTimeCode
from market.people.tokens import refresh
from market.people.wechat import let_in_by_openid
from tests.clock import FakeClock
from tests.people.signing import (
    ADMIN,
    CALLER,
    COOPERATIVE,
    LOGIN_NAME,
    PHONE,
    actor,
    at_once,
    by_password,
    by_phone,
    everything,
    owner,
    staff,
    totp,
)


def close(market: Market, account_id: str) -> None:
    with market.transaction() as session:
        close_account(session, account_id, market.now())


def state_of(market: Market, account_id: str) -> str:
    with market.read() as session:
        return session.exec(select(Account.state).where(Account.id == account_id)).one()


# -- roles -------------------------------------------------------------------------------------------------------------


def test_a_role_that_is_taken_counts_no_more_from_the_next_request_on(market: Market) -> None:
    signed_in = by_phone(market)
    give_role(market, ADMIN, account_id=signed_in.account_id, role=Role.OWNER, within=COOPERATIVE)
    assert actor(market, signed_in.access_token).kind is ActorKind.MEMBER

    take_role(market, ADMIN, account_id=signed_in.account_id, role=Role.OWNER, within=COOPERATIVE)

    assert actor(market, signed_in.access_token).kind is ActorKind.CUSTOMER
    with pytest.raises(NotFound):
        take_role(market, ADMIN, account_id=signed_in.account_id, role=Role.OWNER, within=COOPERATIVE)


def test_a_role_given_at_once_is_held_once(market: Market) -> None:
    account_id = open_account(market, ADMIN, name="甲")

    results = at_once(
        8, lambda _number: give_role(market, ADMIN, account_id=account_id, role=Role.OWNER, within=COOPERATIVE)
    )

    assert results == [None] * 8
    with market.read() as session:
        gave = session.exec(select(func.count()).where(AuditEntry.action == "role.give")).one()
    assert gave == 1


def test_nobody_takes_their_own_roles_or_blocks_themselves(market: Market) -> None:
    account_id = open_account(market, ADMIN, name="李管理")
    give_role(market, ADMIN, account_id=account_id, role=Role.ADMIN)
    me = Actor(ActorKind.ADMIN, account_id)

    with pytest.raises(Forbidden):
        take_role(market, me, account_id=account_id, role=Role.ADMIN)
    with pytest.raises(Forbidden):
        block_account(market, me, account_id=account_id)

    assert state_of(market, account_id) == AccountState.ACTIVE


def test_a_number_is_one_accounts(market: Market) -> None:
    open_account(market, ADMIN, name="甲", phone="+86 199 0000 0001")

    with pytest.raises(PhoneTaken):
        open_account(market, ADMIN, name="乙", phone=PHONE)

    with market.read() as session:
        assert session.exec(select(Account.name)).all() == ["甲"]


def test_a_number_that_is_taken_at_once_opens_one_account(market: Market) -> None:
    results = at_once(8, lambda number: open_account(market, ADMIN, name=f"{number}", phone=PHONE))

    assert sum(isinstance(result, PhoneTaken) for result in results) == 7, results


# -- blocking ----------------------------------------------------------------------------------------------------------


def test_who_is_blocked_cannot_sign_in_and_uses_up_the_code(market: Market, clock: FakeClock) -> None:
    account_id = by_phone(market).account_id
    block_account(market, ADMIN, account_id=account_id)
    clock.advance(minutes=1)
    code = make_code(market, CALLER, phone=PHONE).code

    with pytest.raises(AccountBlocked):
        sign_in_with_code(market, CALLER, phone=PHONE, code=code)
    unblock_account(market, ADMIN, account_id=account_id)

    with pytest.raises(Exception, match="no longer valid"):
        sign_in_with_code(market, CALLER, phone=PHONE, code=code)
    clock.advance(minutes=1)
    assert by_phone(market).account_id == account_id


def test_only_legal_moves_are_made(market: Market) -> None:
    account_id = open_account(market, ADMIN, name="甲")

    with pytest.raises(IllegalTransition) as refusal:
        unblock_account(market, ADMIN, account_id=account_id)
    assert refusal.value.facts["allowed"] == ("BLOCKED", "ERASED")
    close(market, account_id)
    for move in (block_account, unblock_account):
        with pytest.raises(IllegalTransition):
            move(market, ADMIN, account_id=account_id)
    with pytest.raises(IllegalTransition):
        close(market, account_id)
    with pytest.raises(NotFound):
        close(market, "acc_00000000000000000000000000")

    assert state_of(market, account_id) == AccountState.ERASED


MAKES: dict[AccountState, Callable[[Market, str], None]] = {
    AccountState.BLOCKED: lambda market, account_id: block_account(market, ADMIN, account_id=account_id),
    AccountState.ACTIVE: lambda market, account_id: unblock_account(market, ADMIN, account_id=account_id),
    AccountState.ERASED: close,
}


@pytest.mark.parametrize("to_state", AccountState)
def test_an_account_moves_as_the_table_says(market: Market, to_state: AccountState) -> None:
    for state in AccountState:
        account_id = open_account(market, ADMIN, name="甲")
        if state is not AccountState.ACTIVE:
            MAKES[state](market, account_id)
        if to_state in MOVES[state]:
            MAKES[to_state](market, account_id)
            assert state_of(market, account_id) is to_state
        else:
            with pytest.raises(IllegalTransition) as refusal:
                MAKES[to_state](market, account_id)
            assert refusal.value.facts["from_state"] == state.value
            assert refusal.value.facts["allowed"] == tuple(each.value for each in MOVES[state])
            assert state_of(market, account_id) is state


# -- closing -----------------------------------------------------------------------------------------------------------


def test_a_closed_account_opens_to_nothing_and_says_nothing(market: Market, clock: FakeClock) -> None:
    account_id = staff(market)
    give_role(market, ADMIN, account_id=account_id, role=Role.OWNER, within=COOPERATIVE)
    strong = by_password(market, second_factor=totp(clock))
    by_wechat = let_in_by_openid(market, CALLER, openid="o-openid-of-sun", phone=PHONE)
    draft = KeyDraft(COOPERATIVE, "仓库系统", frozenset({Permission.STOCK_READ}), 90)
    key = create_key(market, owner(account_id), draft, idempotency_key="k" * 16)
    make_code(market, CALLER, phone=PHONE)
    assert by_wechat.account_id == account_id
    digests = (
        market.sealer.digest(PHONE, purpose="account.phone"),
        market.sealer.digest("o-openid-of-sun", purpose="identity.subject"),
    )
    assert all(digest in everything(market) for digest in digests)

    close(market, account_id)

    for credential in (strong.access_token, by_wechat.access_token, key.secret):
        with pytest.raises(SignInExpired):
            actor(market, credential)
    with pytest.raises(SignInExpired):
        refresh(market, refresh_token=strong.refresh_token)
    with pytest.raises(WrongPassword):
        by_password(market, second_factor=totp(clock))
    kept = everything(market)
    assert not [secret for secret in (*digests, LOGIN_NAME, "孙审核", "我的手机", "Tester/1.0") if secret in kept]
    assert ERASED_NAME in kept


def test_the_number_and_the_openid_of_a_closed_account_open_new_ones(market: Market, clock: FakeClock) -> None:
    first = by_phone(market).account_id
    let_in_by_openid(market, CALLER, openid="o-openid", phone=PHONE)

    close(market, first)
    clock.advance(minutes=1)

    assert by_phone(market).account_id != first
    assert let_in_by_openid(market, CALLER, openid="o-openid", phone=None).is_new


# -- forgetting --------------------------------------------------------------------------------------------------------


def counts(market: Market) -> tuple[int, ...]:
    with market.read() as session:
        return tuple(
            session.exec(select(func.count()).select_from(kind)).one() for kind in (OneTimeCode, AttemptWindow, Device)
        )


def test_what_counts_no_more_is_forgotten(market: Market, clock: FakeClock) -> None:
    by_phone(market)
    assert counts(market) == (1, 3, 1)

    clock.advance(days=1)
    assert forget_expired(market) == 0
    clock.advance(days=1, hours=1)
    assert forget_expired(market) == 3
    assert counts(market) == (0, 0, 1)
    clock.advance(days=118)
    assert forget_expired(market) == 1
    assert counts(market) == (0, 0, 0)


def test_forgetting_goes_in_batches(market: Market, clock: FakeClock) -> None:
    for number in range(5):
        make_code(market, CALLER, phone=f"1990000010{number}")
    clock.advance(days=3)

    assert [forget_expired(market, limit=4) for _ in range(3)] == [4, 2, 0]

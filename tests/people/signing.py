"""People who sign in: what the tests of this room share."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import pyotp
import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import SQLModel

from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.people.actors import actor_for
from market.people.caller import Caller
from market.people.codes import make_code
from market.people.manage import give_role, open_account
from market.people.passwords import set_password
from market.people.second_factor import confirm_second_factor, enrol_second_factor, set_second_factor
from market.people.sign_in import sign_in_with_code, sign_in_with_password
from market.people.tokens import SignedIn
from market.places.manage import RegionRow, add_regions
from tests.clock import FakeClock

ADMIN = Actor(ActorKind.ADMIN, "account")
CALLER = Caller("203.0.113.7", "Tester/1.0", "我的手机", "request-1")
PHONE, OTHER_PHONE = "19900000001", "19900000002"
COOPERATIVE = "cop_00000000000000000000000000"
DISTRICT = "330213000000"
LOGIN_NAME, PASSWORD = "sun.shenhe", "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

T = TypeVar("T")


def by_phone(market: Market, phone: str = PHONE, *, caller: Caller = CALLER) -> SignedIn:
    """Sign in with a fresh code."""
    return sign_in_with_code(market, caller, phone=phone, code=make_code(market, caller, phone=phone).code)


def by_password(market: Market, *, second_factor: str | None = None, caller: Caller = CALLER) -> SignedIn:
    """Sign in the member of staff that `staff` made."""
    return sign_in_with_password(market, caller, login_name=LOGIN_NAME, password=PASSWORD, second_factor=second_factor)


def staff(market: Market, *, role: Role = Role.STAFF_MODERATOR, is_enrolled: bool = True) -> str:
    """A member of staff with phone, password and second factor; the account."""
    add_regions(market, ADMIN, [RegionRow(DISTRICT, "奉化区", None)])
    account_id = open_account(market, ADMIN, name="孙审核", phone=PHONE)
    give_role(market, ADMIN, account_id=account_id, role=role, within="" if role is Role.ADMIN else DISTRICT)
    set_password(market, ADMIN, account_id=account_id, login_name=LOGIN_NAME, password=PASSWORD)
    if is_enrolled:
        set_second_factor(market, ADMIN, account_id=account_id, secret=SECRET)
    return account_id


def totp(clock: FakeClock, secret: str = SECRET) -> str:
    """What the authenticator shows."""
    return pyotp.TOTP(secret).at(clock.now)


def enrolled(market: Market, clock: FakeClock) -> tuple[str, tuple[str, ...]]:
    """A member of staff who has enrolled a second factor; its secret and the recovery codes."""
    staff(market, is_enrolled=False)
    me = actor(market, by_password(market).access_token)
    secret = enrol_second_factor(market, me, password=PASSWORD).secret
    return secret, confirm_second_factor(market, me, code=totp(clock, secret))


def actor(market: Market, credential: str) -> Actor:
    """The actor of a credential, as a request asks for it."""
    return actor_for(market, credential, request_id="request-1", locale="zh-CN")


def owner(account_id: str = "acc_00000000000000000000000000", *, of: str = COOPERATIVE) -> Actor:
    """Somebody who owns an organisation."""
    return Actor(ActorKind.MEMBER, account_id, organisations={of: frozenset({Role.OWNER})})


def at_once(count: int, act: Callable[[int], T]) -> list[T | Exception]:
    """What so many threads get that do it at the same moment: answers and refusals."""
    barrier = threading.Barrier(count)

    def run(number: int) -> T | Exception:
        barrier.wait()
        try:
            return act(number)
        except Exception as error:  # noqa: BLE001 - what is looked at
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def refused(results: list[Any], kind: type[Exception]) -> int:
    """How many were refused in this way."""
    return sum(isinstance(result, kind) for result in results)


def later(coroutine: Any) -> Any:
    """Run a coroutine to its end."""
    return asyncio.run(coroutine)


@contextmanager
def statements(market: Market) -> Iterator[list[str]]:
    """The statements that transactions and reads run within, as the driver gets them, without values."""
    seen: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):  # SQLAlchemy says it on one engine, the driver on the other
            seen.append(statement)

    engines = (market.database.writer, market.database.readers)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", listen)


def everything(market: Market) -> str:
    """All that this room and the kernel keep, as one text."""
    kept = [
        mapper.local_table
        for mapper in SQLModel._sa_registry.mappers
        if mapper.class_.__module__.startswith(("market.people", "market.kernel"))
    ]
    with market.read() as session:
        return "\n".join(repr(tuple(row)) for table in kept for row in session.execute(sa.select(table)))

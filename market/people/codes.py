"""One-time codes sent to phones. What is kept is a keyed hash of number and code, and a code opens once."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel.market import Market
from market.kernel.phones import mobile
from market.kernel.sealing import Sealer
from market.people.attempts import count_attempt
from market.people.caller import Caller
from market.people.gateways.sms import SmsSender
from market.people.rules import CODE_DIGITS, CODE_LIFE, CODE_TRIES_MAX, Counted, is_over, network_of
from market.people.tables import PHONE, OneTimeCode

_CODES = SQLModel.metadata.tables[str(OneTimeCode.__tablename__)]
_NEW = insert(_CODES)
_REPLACE = _NEW.on_conflict_do_update(
    index_elements=[_CODES.c.phone_digest],
    set_={each.name: _NEW.excluded[each.name] for each in _CODES.c if not each.primary_key},
)
# One of the five tries is taken before the code is compared: parallel guesses cannot share one.
_TRY = (
    sa.update(_CODES)
    .where(
        _CODES.c.phone_digest == sa.bindparam("of_phone"),
        _CODES.c.used_at.is_(None),
        _CODES.c.tries < CODE_TRIES_MAX,
    )
    .values(tries=_CODES.c.tries + 1)
    .returning(_CODES.c.code_digest, _CODES.c.created_at, _CODES.c.expires_at)
)
_USE = (
    sa.update(_CODES)
    .where(_CODES.c.phone_digest == sa.bindparam("of_phone"), _CODES.c.used_at.is_(None))
    .values(used_at=sa.bindparam("used"))
    .returning(_CODES.c.phone_digest)
)


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """A code on its way to a phone: the only moment at which it exists in plain."""

    phone: str = field(repr=False)
    code: str = field(repr=False)


async def send_code(market: Market, sender: SmsSender, caller: Caller, *, phone: str) -> None:
    """Send a one-time code to a number, whether or not anybody has an account with it.

    Refuses: what `make_code` refuses; Unavailable when the provider does not take the message, which counts all the same.
    """
    message = await market.run(make_code, market, caller, phone=phone)
    await sender.send_code(message.phone, message.code)


def make_code(market: Market, caller: Caller, *, phone: str) -> CodeMessage:
    """Make a number's one-time code, in place of an earlier one. Open to everybody; accounts are not looked at, so known
    and unknown numbers cannot be told apart.

    Refuses: Invalid for what is no mobile number; TooManyAttempts by number (1 a minute, 5 an hour, 10 a day) or network.
    """
    number, now = mobile(phone), market.now()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    row = {
        "phone_digest": market.sealer.digest(number, purpose=PHONE),
        "code_digest": _digest(market.sealer, number, code),
        "tries": 0,
        "created_at": now,
        "expires_at": now + CODE_LIFE,
        "used_at": None,
    }
    with market.transaction() as session:
        count_attempt(session, market.sealer, Counted.CODE_TO_PHONE, number, now=now)
        count_attempt(session, market.sealer, Counted.CODE_FROM_IP, network_of(caller.ip), now=now)
        session.execute(_REPLACE, row)
    return CodeMessage(number, code)


def use_code(session: Session, sealer: Sealer, *, phone: str, code: str, now: datetime) -> bool:
    """Step: use a number's code; whether it was right, alive and unused. The caller must commit also when it was not,
    for a wrong one costs one of the five tries.

    Guards: the row of the number: two tries at once are made one after the other, and `used_at` is set once.
    """
    return use_codes(session, sealer, {phone: code}, now=now)


def use_codes(session: Session, sealer: Sealer, given: Mapping[str, str], *, now: datetime) -> bool:
    """Step: use the codes of several numbers, by number: all of them when all are right, else none; whether they were.
    A try is counted for each, as `use_code` does and guards; rows are taken in one order."""
    tried = {sealer.digest(phone, purpose=PHONE): (phone, code) for phone, code in given.items()}
    right = [_is_right(session, sealer, digest, *tried[digest], now=now) for digest in sorted(tried)]
    if not all(right):
        return False
    return all(session.execute(_USE, {"of_phone": each, "used": now}).first() is not None for each in sorted(tried))


def _is_right(session: Session, sealer: Sealer, phone_digest: str, phone: str, code: str, *, now: datetime) -> bool:
    found = session.execute(_TRY, {"of_phone": phone_digest}).one_or_none()
    given = _digest(sealer, phone, code)
    # Compared whether or not there is one, so that both cost the same.
    is_right = hmac.compare_digest(given, found.code_digest if found else "0" * len(given))
    return found is not None and is_right and not is_over(made_at=found.created_at, ends_at=found.expires_at, now=now)


def _digest(sealer: Sealer, phone: str, code: str) -> str:
    # With the number in it, so that one number's code is none of another's.
    return sealer.digest(f"{phone}:{code}", purpose="one_time_code.code")

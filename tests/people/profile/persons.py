"""People to have affairs of their own, and somewhere for them to live."""

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import select

from market.kernel.audit import AuditEntry
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.people.caller import Caller
from market.people.profile.addresses import AddressDraft
from market.people.tables import Account
from market.people.wechat import let_in_by_openid
from market.places.manage import RegionRow, add_regions

ADMIN = Actor(ActorKind.ADMIN, "account")
COUNTY, TOWNSHIP, VILLAGE = "330213000000", "330213005000", "330213005208"
KEY = "key-of-16-letters"


@dataclass(frozen=True)
class Person:
    """Somebody who has just signed in with their phone in hand."""

    actor: Actor
    device_id: str
    phone: str
    openid: str
    device_name: str
    user_agent: str

    @property
    def id(self) -> str:
        assert self.actor.account_id
        return self.actor.account_id


def settle(market: Market) -> None:
    """A village, its township and its county."""
    rows = [(COUNTY, "奉化区", None), (TOWNSHIP, "萧王庙街道", COUNTY), (VILLAGE, "滕头村", TOWNSHIP)]
    add_regions(market, ADMIN, [RegionRow(code, name, parent) for code, name, parent in rows])


def person(market: Market, name: str = "王小明", phone: str = "13812345678") -> Person:
    """Somebody new, signed in by WeChat."""
    openid, device_name, user_agent = f"openid-of-{phone}", f"{name}的手机", f"MicroMessenger/8 ({name})"
    caller = Caller("203.0.113.9", user_agent, device_name)
    signed_in = let_in_by_openid(market, caller, openid=openid, phone=phone)
    with market.transaction() as session:
        session.get_one(Account, signed_in.account_id).name = name
    actor = Actor(ActorKind.CUSTOMER, signed_in.account_id, request_id="req-1")
    return Person(actor, signed_in.device_id, phone, openid, device_name, user_agent)


def draft(**changed: Any) -> AddressDraft:
    """A good address, with what a test changes of it."""
    good = {
        "region_code": VILLAGE,
        "street": "滕头路 12 号",
        "recipient": "王小明",
        "phone": "+86 138-1234-5678",
        "label": "家",
    }
    return AddressDraft(**{**good, **changed})


def actions(market: Market, actor: Actor) -> list[str]:
    """What the actor is on record for, of their own affairs."""
    with market.read() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.actor == actor.account_id).order_by(sa.text("seq")))
        return [entry.action for entry in entries if entry.action != "account.open"]


def dump(market: Market) -> str:
    """Every row of every table, as a backup would have them."""
    texts = []
    with market.read() as session:
        connection = session.connection()
        for name in sorted(sa.inspect(connection).get_table_names()):
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"')
            texts += [f"{name} {json.dumps([str(value) for value in row], ensure_ascii=False)}" for row in rows]
    return "\n".join(texts)

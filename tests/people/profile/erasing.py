"""People to be erased, and how to see that they were."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from market import migrations
from market.kernel.market import Market
from market.people.passwords import set_password
from market.people.profile.addresses import add_address
from market.people.profile.belongings import belongings
from market.people.profile.consents import give_consent
from market.people.profile.erasure import (
    ErasureCheck,
    erase_people,
    request_erasure,
)
from market.people.profile.export import make_exports, request_export
from market.people.profile.preferences import edit_profile
from market.people.profile.requests import list_privacy_requests
from market.people.profile.rules import (
    ConsentKind,
    ConsentSource,
    MessageLanguage,
    Obligation,
    PrivacyState,
)
from market.people.tables import Account
from tests.people.profile.persons import ADMIN, KEY, Person, draft, person

UNKNOWN = "pvr_00000000000000000000000000"
COOPERATIVE, HOUSEHOLD = "cop_00000000000000000000000000", "pdr_00000000000000000000000000"
ALL = migrations.metadata()


def ask(market: Market, owner: Person, number: int = 0, *, checks: Sequence[ErasureCheck] = ()) -> str:
    return request_erasure(market, owner.actor, device_id=owner.device_id, key=f"{KEY}-{number}", checks=checks)


def erase(market: Market, *, checks: Sequence[ErasureCheck] = ()) -> int:
    return erase_people(market, ALL, checks)


def state(market: Market, owner: Person) -> PrivacyState:
    return list_privacy_requests(market, owner.actor)[0].state


def live(market: Market, name: str = "王小明", phone: str = "13812345678") -> Person:
    """Somebody who has left traces in every corner, and has just signed in again."""
    owner = person(market, name, phone)
    add_address(market, owner.actor, draft(recipient=f"收件人{owner.phone}", phone=owner.phone), key=KEY)
    give_consent(market, owner.actor, kind=ConsentKind.PRIVACY, version="2026-01-01", source=ConsentSource.MINI_PROGRAM)
    edit_profile(market, owner.actor, language=MessageLanguage.EN)
    set_password(
        market, ADMIN, account_id=owner.id, login_name=f"login.{owner.phone}", password="correct horse battery"
    )
    request_export(market, owner.actor, key=KEY)
    make_exports(market, ALL)
    return person(market, name, phone)


def traces(market: Market, owner: Person) -> set[str]:
    """Whatever in the database tells who this person is: plain texts, and each sealed text and keyed hash of theirs."""
    found = {owner.device_name, owner.user_agent, f"login.{owner.phone}"}
    with market.read() as session:
        found.add(session.get_one(Account, owner.id).name)
        for each in belongings(ALL):
            names = [column.name for column in each.table.c if column.name.endswith(("_sealed", "_digest"))]
            # A device's tokens are no trace: they open nothing any more.
            if each.is_own and names and each.table.name != "device":
                for row in session.execute(
                    sa.select(*[each.table.c[name] for name in names]).where(each.where(owner.id))
                ):
                    found.update(value for value in row if value)
    return found


def ties(code: str, *account_ids: str) -> ErasureCheck:
    """A room with something open for these people."""

    def check(_session: Session, account_id: str) -> Iterable[Obligation]:
        if account_id in account_ids:
            yield Obligation(code, f"ord_{code}", "请先完成进行中的订单。", "Finish the order under way.")

    return check

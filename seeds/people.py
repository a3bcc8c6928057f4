"""The demo's people: one for each role, so that every kind of actor has a name, and each a way to sign in.

Everybody signs in by phone, with a code that is written to the server's log. Staff roles only count after password and
authenticator, which are the same for all of the demo's staff and printed at the start: the demo is for development, and
production refuses to seed it.
"""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from market.kernel.market import Market
from market.kernel.permissions import Role
from market.people.manage import give_role, open_account
from market.people.passwords import set_password
from market.people.second_factor import is_enrolled, set_second_factor
from market.people.tables import Account
from seeds.ground import SEEDER

DISTRICT = "330213000000"
"""奉化: what the demo's staff look after; the analyst has the whole city."""
CITY = "330200000000"
COOPERATIVE = "cooperative"
"""Stands for the demo's first cooperative."""
PASSWORD = "village-demo-only"  # noqa: S105 - it protects made-up people
AUTHENTICATOR = "DEMOXXVILLAGEXXDEMOXXVILLAGEXX22"
"""The secret of the demo staff's authenticator, in base32."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody made up. `within` is a region's code, or COOPERATIVE."""

    name: str
    phone: str
    role: Role | None = None
    within: str = ""
    login_name: str = ""


PEOPLE = (
    DemoPerson("林顾客", "19900000001"),
    DemoPerson("王社长", "19900000002", Role.OWNER, COOPERATIVE),
    DemoPerson("陈编辑", "19900000003", Role.EDITOR, COOPERATIVE),
    DemoPerson("周发货", "19900000004", Role.FULFILMENT, COOPERATIVE),
    DemoPerson("吴会计", "19900000005", Role.FINANCE, COOPERATIVE),
    DemoPerson("郑社员", "19900000006", Role.VIEWER, COOPERATIVE),
    DemoPerson("孙审核", "19900000007", Role.STAFF_MODERATOR, DISTRICT, "sun.shenhe"),
    DemoPerson("钱分析", "19900000008", Role.STAFF_ANALYST, CITY, "qian.fenxi"),
    DemoPerson("赵财务", "19900000009", Role.STAFF_FINANCE, DISTRICT, "zhao.caiwu"),
    DemoPerson("李管理", "19900000010", Role.ADMIN, "", "li.guanli"),
)


def seed_people(market: Market, *, cooperative_id: str) -> dict[str, str]:
    """Open the accounts that are not there yet, and give them their roles and ways to sign in; the ids by name."""
    with market.read() as session:
        known = known_people(session)
    for person in PEOPLE:
        account_id = known.get(person.name) or open_account(market, SEEDER, name=person.name, phone=person.phone)
        known[person.name] = account_id
        if person.role is not None:
            where = cooperative_id if person.within == COOPERATIVE else person.within
            give_role(market, SEEDER, account_id=account_id, role=person.role, within=where)
        if person.login_name:
            _let_sign_in(market, account_id, person.login_name)
    return known


def _let_sign_in(market: Market, account_id: str, login_name: str) -> None:
    with market.read() as session:
        if is_enrolled(session, account_id):
            return  # it is what is given last
    set_password(market, SEEDER, account_id=account_id, login_name=login_name, password=PASSWORD)
    set_second_factor(market, SEEDER, account_id=account_id, secret=AUTHENTICATOR)


def known_people(session: Session) -> dict[str, str]:
    """Step: the demo's accounts by name."""
    names = [person.name for person in PEOPLE]
    found = session.exec(select(Account.name, Account.id).where(col(Account.name).in_(names))).all()
    return {name: account_id for name, account_id in found}


def told_people(session: Session) -> dict[str, str]:
    """Step: what to print of them, by role: who they are, and how they sign in."""
    known = known_people(session)
    return {
        (person.role or Role.CUSTOMER).value.lower(): _told(person, known[person.name])
        for person in PEOPLE
        if person.name in known
    }


def _told(person: DemoPerson, account_id: str) -> str:
    told = f"{person.name}, {account_id}, phone {person.phone}"
    if not person.login_name:
        return told
    return f"{told}; as staff: {person.login_name}, password {PASSWORD}, authenticator {AUTHENTICATOR}"

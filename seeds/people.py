"""The demo's people: one for each role, so that every kind of actor has a name."""

from sqlmodel import Session, col, select

from market.kernel.market import Market
from market.kernel.permissions import Role
from market.people.manage import give_role, open_account
from market.people.tables import Account
from seeds.ground import SEEDER

DISTRICT = "330213000000"
"""奉化: what the demo's staff look after; the analyst has the whole city."""
CITY = "330200000000"
PEOPLE: tuple[tuple[str, Role | None, str], ...] = (
    ("林顾客", None, ""),
    ("王社长", Role.OWNER, "cooperative"),
    ("陈编辑", Role.EDITOR, "cooperative"),
    ("周发货", Role.FULFILMENT, "cooperative"),
    ("吴会计", Role.FINANCE, "cooperative"),
    ("郑社员", Role.VIEWER, "cooperative"),
    ("孙审核", Role.STAFF_MODERATOR, DISTRICT),
    ("钱分析", Role.STAFF_ANALYST, CITY),
    ("赵财务", Role.STAFF_FINANCE, DISTRICT),
    ("李管理", Role.ADMIN, ""),
)
"""(name, role, where): a region's code, or the demo's cooperative. Made-up people."""


def seed_people(market: Market, *, cooperative_id: str) -> dict[str, str]:
    """Open the accounts that are not there yet and give them their roles; the ids by name."""
    with market.read() as session:
        known = known_people(session)
    for name, role, within in PEOPLE:
        account_id = known.get(name) or open_account(market, SEEDER, name=name)
        known[name] = account_id
        if role is not None:
            where = cooperative_id if within == "cooperative" else within
            give_role(market, SEEDER, account_id=account_id, role=role, within=where)
    return known


def known_people(session: Session) -> dict[str, str]:
    """Step: the demo's accounts by name."""
    names = [name for name, _role, _within in PEOPLE]
    found = session.exec(select(Account.name, Account.id).where(col(Account.name).in_(names))).all()
    return {name: account_id for name, account_id in found}


def told_people(session: Session) -> dict[str, str]:
    """Step: what to print of them: who holds which role, by account id."""
    known = known_people(session)
    return {
        (role or Role.CUSTOMER).value.lower(): f"{name}, {known[name]}"
        for name, role, _within in PEOPLE
        if name in known
    }

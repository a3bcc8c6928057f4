"""Use cases: open accounts, give roles, and say what an account may do."""

from sqlmodel import Session, select

from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import ORGANISATION_ROLES, STAFF_ROLES, Actor, ActorKind, Permission, Role, require
from market.people.tables import Account, RoleHeld


def open_account(market: Market, actor: Actor, *, name: str) -> str:
    """Open an account for a person; its id. Refuses: Forbidden; Invalid for an empty name."""
    require(actor, Permission.PERSON_MANAGE)
    if not name.strip():
        raise Invalid(field="name", allowed="a person has a name", allowed_zh="姓名不能为空")
    with market.transaction() as session:
        account = Account(id=market.new_id("acc"), name=name, created_at=market.now())
        session.add(account)
        return account.id


def give_role(market: Market, actor: Actor, *, account_id: str, role: Role, within: str = "") -> None:
    """Give an account a role: `within` is an organisation's id for its roles, a region's code for staff, else empty.

    Refuses: Forbidden; NotFound; Invalid when the role does not go with where. Once: a role held is left alone.
    """
    require(actor, Permission.PERSON_MANAGE)
    in_organisation, in_region = role in ORGANISATION_ROLES, role in STAFF_ROLES
    if bool(within) != (in_organisation or in_region) or role in {Role.VISITOR, Role.CUSTOMER, Role.SYSTEM}:
        raise Invalid(
            field="role",
            allowed="organisation roles are held in an organisation, staff roles in a region, ADMIN in neither",
            allowed_zh="组织角色属于某个组织，工作人员角色属于某个地区，管理员不限",
        )
    with market.transaction() as session:
        if session.get(Account, account_id) is None:
            raise NotFound(field="account")
        held = select(RoleHeld.id).where(
            RoleHeld.account_id == account_id, RoleHeld.role == role, RoleHeld.within == within
        )
        if session.exec(held).first() is None:
            session.add(
                RoleHeld(
                    id=market.new_id("rol"),
                    account_id=account_id,
                    role=role,
                    within=within,
                    organisation_id=within if in_organisation else None,
                    region_code=within if in_region else None,
                )
            )


def actor_of(session: Session, account_id: str) -> Actor:
    """Step: the account as an actor, with all its roles. Refuses with NotFound."""
    if session.get(Account, account_id) is None:
        raise NotFound(field="account")
    held = session.exec(select(RoleHeld).where(RoleHeld.account_id == account_id)).all()
    organisations: dict[str, set[Role]] = {}
    for each in held:
        if each.organisation_id is not None:
            organisations.setdefault(each.organisation_id, set()).add(each.role)
    staff = frozenset(each.role for each in held if each.region_code is not None)
    if any(each.role == Role.ADMIN for each in held):
        kind = ActorKind.ADMIN
    elif staff:
        kind = ActorKind.STAFF
    else:
        kind = ActorKind.MEMBER if organisations else ActorKind.CUSTOMER
    return Actor(
        kind,
        account_id,
        organisations={each: frozenset(roles) for each, roles in organisations.items()},
        staff_roles=staff if kind is ActorKind.STAFF else frozenset(),
        region_codes=frozenset(each.region_code for each in held if each.region_code and kind is ActorKind.STAFF),
    )

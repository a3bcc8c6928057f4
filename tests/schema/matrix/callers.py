"""Callers of every kind, and what is written of them: who may do what, and to whose things."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission, Role
from market.people.actors import actor_of
from market.people.keys import KeyDraft, create_key
from market.people.manage import give_role, open_account
from market.people.rules import KEY_SCOPES
from schema.permissions import Access, Rule
from tests.checkout.shop import key
from tests.kernel.test_permissions import MATRIX
from tests.schema.matrix.signed import credential_of
from tests.schema.matrix.things import Thing
from tests.schema.stalls import ADMIN

WRITTEN: Mapping[str, Mapping[Role, str]] = {
    name: dict(zip(Role, letters, strict=True))
    for name, *letters in (line.split() for line in MATRIX.strip().splitlines()[1:])
}
"""What each role may: A for everything, R in its region, G in its organisation, O of its own. Not `GRANTS`: a second
hand's table, so that a grant too many does not make itself right."""
DELEGATED = frozenset(
    {
        Permission.LISTING_EDIT,
        Permission.MEDIA_UPLOAD,
        Permission.IMPORT_RUN,
        Permission.STOCK_ADJUST,
        Permission.SESSION_MANAGE,
        Permission.ORDER_FULFIL,
        Permission.REFUND_APPROVE,
    }
)
"""What a cooperative's people may do to a member's things if it gave them the power. Nothing else, whatever it gave."""
OWN_ONLY = frozenset({Permission.PROFILE_MANAGE})
"""What even administrators may with their own things only."""
ROLES = (Role.OWNER, Role.EDITOR, Role.FULFILMENT, Role.FINANCE, Role.VIEWER)
STAFF = (Role.STAFF_MODERATOR, Role.STAFF_ANALYST, Role.STAFF_FINANCE)


class Outcome(StrEnum):
    """What a caller is to be told."""

    NOT_SIGNED_IN = "NotSignedIn"
    FORBIDDEN = "Forbidden"
    UNKNOWN = "as unknown"
    OPEN = "open"


@dataclass
class Callers:
    """Actors by what they are, and which producers let which cooperative do everything that can be delegated."""

    by_name: dict[str, Actor]
    credentials: dict[str, str | None]
    lets: dict[str, frozenset[str]] = field(default_factory=dict)

    def expected(self, caller: str, rule: Rule, things: Collection[Thing]) -> Outcome:
        """What the rule means for a caller who names these things."""
        actor = self.by_name[caller]
        if rule is Access.PUBLIC:
            return Outcome.OPEN
        assert isinstance(rule, Permission)
        grants = _grants(actor, rule)
        if not grants:
            return Outcome.NOT_SIGNED_IN if actor.kind is ActorKind.VISITOR else Outcome.FORBIDDEN
        reached = all(any(self._reaches(actor, rule, grant, thing) for grant in grants) for thing in things)
        return Outcome.OPEN if reached else Outcome.UNKNOWN

    def _reaches(self, actor: Actor, rule: Permission, grant: tuple[str, str], thing: Thing) -> bool:
        letter, organisation = grant
        match letter:
            case "A":
                return True
            case "O":
                return thing.account is not None and thing.account == actor.account_id
            case "R":
                return any((thing.region or "").startswith(code[:6]) for code in actor.region_codes)
        lets = self.lets.get(organisation, frozenset()) if rule in DELEGATED else frozenset()
        return bool({thing.organisation, thing.other_organisation} & {organisation, *lets})


def _grants(actor: Actor, rule: Permission) -> list[tuple[str, str]]:
    """The letters that an actor's roles have for a permission, each with the organisation it is held in."""
    if actor.limits is not None and rule not in actor.limits:
        return []
    held = [(role, organisation) for organisation, roles in actor.organisations.items() for role in roles]
    held += [(role, "") for role in actor.staff_roles]
    if actor.kind in {ActorKind.VISITOR, ActorKind.ADMIN}:
        held.append((Role(actor.kind.value), ""))
    if actor.account_id is not None:
        held.append((Role.CUSTOMER, ""))
    found = [(WRITTEN[rule][role], organisation) for role, organisation in held if WRITTEN[rule][role] != "."]
    return [("O", "") if rule in OWN_ONLY and letter == "A" else (letter, within) for letter, within in found]


def person(market: Market, phone: str | None = None, **roles: Collection[Role]) -> Actor:
    """A new person with these roles (by organisation or region), as they are meant to act: what the API takes them for,
    it finds out by itself."""
    account_id = open_account(market, ADMIN, name="某人", phone=phone)
    for within, held in roles.items():
        for role in held:
            give_role(market, ADMIN, account_id=account_id, role=role, within="" if role is Role.ADMIN else within)
    given = frozenset(role for held in roles.values() for role in held)
    if Role.ADMIN in given:
        return Actor(ActorKind.ADMIN, account_id)
    if given & frozenset(STAFF):
        return Actor(ActorKind.STAFF, account_id, staff_roles=given, region_codes=frozenset(roles))
    organisations = {within: frozenset(held) for within, held in roles.items()}
    return Actor(ActorKind.MEMBER if organisations else ActorKind.CUSTOMER, account_id, organisations=organisations)


def again(market: Market, account_id: str | None) -> Actor:
    """The person, with the roles that they have by now."""
    assert account_id is not None
    with market.read() as session:
        return actor_of(session, account_id)


def api_key(market: Market, owner: Actor, organisation: str, scopes: Collection[Permission]) -> tuple[Actor, str]:
    """An API key as it is meant to act, and its text."""
    draft = KeyDraft(organisation, "对接", frozenset(scopes), 90)
    made = create_key(market, owner, draft, idempotency_key=key())
    held = {organisation: frozenset({Role.OWNER})}
    return Actor(ActorKind.MEMBER, made.key_id, organisations=held, limits=frozenset(scopes)), made.secret


def all_kinds(
    market: Market,
    *,
    owners: tuple[Actor, Actor],
    buyers: tuple[Actor, Actor],
    sellers: tuple[str, str],
    cooperatives: Mapping[str, str],
    regions: tuple[str, str],
) -> Callers:
    """One of every kind: of the seller and region concerned, of others, of cooperatives (name → id)."""
    seller, other = sellers
    found = {"visitor": VISITOR, "buyer": buyers[0], "another customer": buyers[1]}
    found["owner"], found["another seller's owner"] = owners
    for role in ROLES[1:]:
        found[role.value.lower()] = person(market, None, **{seller: [role]})
        found[f"another seller's {role.value.lower()}"] = person(market, None, **{other: [role]})
    for name, cooperative in cooperatives.items():
        for role in ROLES:
            found[f"{name}'s {role.value.lower()}"] = person(market, None, **{cooperative: [role]})
    for role in STAFF:
        name = role.value.removeprefix("STAFF_").lower()
        found[f"staff {name}"] = person(market, None, **{regions[0]: [role]})
        found[f"staff {name} elsewhere"] = person(market, None, **{regions[1]: [role]})
    found["administrator"] = person(market, None, ADMIN=[Role.ADMIN])
    secrets: dict[str, str] = {}
    for name, at, scopes in (
        ("key", 0, KEY_SCOPES),
        ("key without the scope", 0, {Permission.LISTING_READ}),
        ("another seller's key", 1, KEY_SCOPES),
    ):
        found[name], secret = api_key(market, owners[at], sellers[at], scopes)
        secrets[str(found[name].account_id)] = secret
    return Callers(found, {name: credential_of(market, actor, secrets) for name, actor in found.items()})

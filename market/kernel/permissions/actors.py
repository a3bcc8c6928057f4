"""Actors, and the few functions that read the table for them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from market.kernel.errors import Forbidden, Language, NotSignedIn
from market.kernel.permissions.grants import GRANTS
from market.kernel.permissions.words import ORGANISATION_ROLES, STAFF_ROLES, WIDTH, ActorKind, Permission, Role, Scope

_REGION_CODE = re.compile(r"[1-9][0-9]{11}")
_REGION_LEVELS = (2, 4, 6, 9, 12)
"""Digits that say the province, city, county, township and village of a statistical region code."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a call. Refuses to exist with roles that do not go with its kind: that is a bug, hence ValueError.

    `organisations` maps organisation ids to the roles held there; `region_codes` bound the staff roles. Whoever is
    signed in is a customer too. `limits`, of an API key, are the only permissions it was given of its roles'.
    """

    kind: ActorKind
    account_id: str | None = None
    organisations: Mapping[str, frozenset[Role]] = field(default_factory=dict, hash=False)
    staff_roles: frozenset[Role] = frozenset()
    region_codes: frozenset[str] = frozenset()
    limits: frozenset[Permission] | None = None
    request_id: str = ""
    locale: Language = "zh-CN"

    def __post_init__(self) -> None:
        object.__setattr__(self, "organisations", MappingProxyType(dict(self.organisations)))
        is_person = self.kind not in {ActorKind.VISITOR, ActorKind.SYSTEM}
        if is_person != bool(self.account_id):
            raise ValueError("a person has an account; a visitor and the system have none")
        if self.organisations and self.kind not in {ActorKind.MEMBER, ActorKind.STAFF, ActorKind.ADMIN}:
            raise ValueError(f"a {self.kind} holds no organisation roles")
        if (self.staff_roles or self.region_codes) and self.kind is not ActorKind.STAFF:
            raise ValueError(f"a {self.kind} holds no staff roles")
        if not all(roles <= ORGANISATION_ROLES for roles in self.organisations.values()):
            raise ValueError("only organisation roles are held in an organisation")
        if not self.staff_roles <= STAFF_ROLES:
            raise ValueError("only staff roles are held in a region")
        for code in self.region_codes:
            region_prefix(code)


VISITOR = Actor(ActorKind.VISITOR)
"""Anybody, not signed in."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The rows a permission opens to an actor: everything, or the union of what is named. The filter of their reads."""

    is_all: bool = False
    account_id: str | None = None
    organisation_ids: frozenset[str] = frozenset()
    region_prefixes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return self.is_all or bool(self.account_id or self.organisation_ids or self.region_prefixes)

    def covers(
        self, *, owner_id: str | None = None, organisation_id: str | None = None, region_code: str | None = None
    ) -> bool:
        """Whether a thing of this person, this organisation, in this region is among them. Unknown is not."""
        if self.is_all:
            return True
        if owner_id is not None and owner_id == self.account_id:
            return True
        if organisation_id is not None and organisation_id in self.organisation_ids:
            return True
        if region_code is None or not _REGION_CODE.fullmatch(region_code):
            return False
        return any(region_code.startswith(prefix) for prefix in self.region_prefixes)


def region_prefix(code: str) -> str:
    """The digits that all regions within this one begin with. ValueError when it is not a 12-digit code.

    >>> [region_prefix(code) for code in ("330000000000", "331024000000", "331024101000", "331024101201")]
    ['33', '331024', '331024101', '331024101201']
    """
    if not _REGION_CODE.fullmatch(code):
        raise ValueError(f"a region code has 12 digits, got {code!r}")
    return next(code[:digits] for digits in _REGION_LEVELS if not code[digits:].strip("0"))


def held(actor: Actor) -> list[tuple[Role, str | None]]:
    """The actor's roles, each with the organisation it is held in."""
    found: list[tuple[Role, str | None]] = []
    if actor.kind in {ActorKind.VISITOR, ActorKind.ADMIN, ActorKind.SYSTEM}:
        found.append((Role(actor.kind.value), None))
    if actor.account_id is not None:
        found.append((Role.CUSTOMER, None))
    found += [(role, None) for role in actor.staff_roles]
    found += [(role, organisation) for organisation, roles in actor.organisations.items() for role in roles]
    return found


def scope_of(actor: Actor, permission: Permission) -> Scope | None:
    """The widest scope in which any of the actor's roles grants it, or None.

    >>> scope_of(VISITOR, Permission.CATALOGUE_READ), scope_of(VISITOR, Permission.STOCK_ADJUST)
    (<Scope.ALL: 'ALL'>, None)
    """
    if actor.limits is not None and permission not in actor.limits:
        return None
    scopes = [GRANTS[role][permission] for role, _ in held(actor) if permission in GRANTS[role]]
    return max(scopes, key=WIDTH.__getitem__, default=None)


def reach(actor: Actor, permission: Permission) -> Reach:
    """What the permission opens to the actor, or refuses: NotSignedIn for a visitor, Forbidden for anybody else.

    For a use case that does not know yet whose thing it is about: filter the read by it.
    """
    is_all, account_id, organisations, prefixes = False, None, set(), set()
    if actor.limits is not None and permission not in actor.limits:
        raise Forbidden
    for role, organisation in held(actor):
        match GRANTS[role].get(permission):
            case Scope.ALL:
                is_all = True
            case Scope.REGION:
                prefixes |= {region_prefix(code) for code in actor.region_codes}
            case Scope.ORGANISATION if organisation is not None:
                organisations.add(organisation)
            case Scope.OWN:
                account_id = actor.account_id
    opened = Reach(is_all, account_id, frozenset(organisations), frozenset(prefixes))
    if not opened:
        raise NotSignedIn if actor.kind is ActorKind.VISITOR else Forbidden
    return opened


def require(
    actor: Actor,
    permission: Permission,
    *,
    owner_id: str | None = None,
    organisation_id: str | None = None,
    region_code: str | None = None,
) -> None:
    """Let the actor do it to a thing of this person, this organisation, in this region; or refuse.

    What is not said is not covered: with nothing said, only a grant in the scope ALL passes.
    Refuses: NotSignedIn for a visitor, Forbidden for anybody else.

    >>> require(VISITOR, Permission.CATALOGUE_READ)
    """
    opened = reach(actor, permission)
    if not opened.covers(owner_id=owner_id, organisation_id=organisation_id, region_code=region_code):
        raise Forbidden

"""Who acts, what they may do, and to how much of it: a table, and the few functions that read it.

Everything is refused unless `GRANTS` says otherwise. A use case says `require` when it knows whose thing it is about,
or `reach` when it does not yet: the `Reach` it gets is the row filter of its reads, so that a stranger's id and an
unknown one answer alike. Read `GRANTS` first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from market.kernel.errors import Forbidden, Language, NotSignedIn

_REGION_CODE = re.compile(r"[1-9][0-9]{11}")
_REGION_LEVELS = (2, 4, 6, 9, 12)
"""Digits that say the province, city, county, township and village of a statistical region code."""


class ActorKind(StrEnum):
    """Who is at the other end."""

    VISITOR = "VISITOR"
    CUSTOMER = "CUSTOMER"
    MEMBER = "MEMBER"
    STAFF = "STAFF"
    ADMIN = "ADMIN"
    SYSTEM = "SYSTEM"


class Role(StrEnum):
    """What an actor is to the marketplace, to an organisation, or to a region. One actor has several."""

    VISITOR = "VISITOR"
    CUSTOMER = "CUSTOMER"
    OWNER = "OWNER"
    EDITOR = "EDITOR"
    FULFILMENT = "FULFILMENT"
    FINANCE = "FINANCE"
    VIEWER = "VIEWER"
    STAFF_MODERATOR = "STAFF_MODERATOR"
    STAFF_ANALYST = "STAFF_ANALYST"
    STAFF_FINANCE = "STAFF_FINANCE"
    ADMIN = "ADMIN"
    SYSTEM = "SYSTEM"


ORGANISATION_ROLES = frozenset({Role.OWNER, Role.EDITOR, Role.FULFILMENT, Role.FINANCE, Role.VIEWER})
STAFF_ROLES = frozenset({Role.STAFF_MODERATOR, Role.STAFF_ANALYST, Role.STAFF_FINANCE})


class Scope(StrEnum):
    """How far a grant goes."""

    OWN = "OWN"
    ORGANISATION = "ORGANISATION"
    REGION = "REGION"
    ALL = "ALL"


_WIDTH = {scope: width for width, scope in enumerate(Scope)}


class Permission(StrEnum):
    """One thing that may be done, `<resource>:<action>`. What the public sees is `read` of place and catalogue."""

    PLACE_READ = "place:read"
    PLACE_MANAGE = "place:manage"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_EDIT = "organisation:edit"
    ORGANISATION_REVIEW = "organisation:review"
    MEMBERSHIP_READ = "membership:read"
    MEMBERSHIP_MANAGE = "membership:manage"
    CATALOGUE_READ = "catalogue:read"
    CATEGORY_MANAGE = "category:manage"
    LISTING_READ = "listing:read"
    LISTING_EDIT = "listing:edit"
    LISTING_REVIEW = "listing:review"
    STOCK_READ = "stock:read"
    STOCK_ADJUST = "stock:adjust"
    SESSION_READ = "session:read"
    SESSION_MANAGE = "session:manage"
    ORDER_READ = "order:read"
    PERSON_MANAGE = "person:manage"
    PERSON_UNMASK = "person:unmask"
    REPORT_READ = "report:read"
    REPORT_EXPORT = "report:export"
    AUDIT_READ = "audit:read"
    OUTBOX_MANAGE = "outbox:manage"


_PUBLIC = {
    Permission.PLACE_READ: Scope.ALL,
    Permission.ORGANISATION_READ: Scope.ALL,
    Permission.CATALOGUE_READ: Scope.ALL,
}


def _within(scope: Scope, *permissions: Permission) -> Mapping[Permission, Scope]:
    return MappingProxyType(dict.fromkeys(permissions, scope))


_VIEW = (Permission.MEMBERSHIP_READ, Permission.LISTING_READ, Permission.STOCK_READ, Permission.SESSION_READ)

GRANTS: Mapping[Role, Mapping[Permission, Scope]] = MappingProxyType(
    {
        Role.VISITOR: MappingProxyType(_PUBLIC),
        Role.CUSTOMER: MappingProxyType({**_PUBLIC, Permission.ORDER_READ: Scope.OWN}),
        Role.OWNER: _within(
            Scope.ORGANISATION,
            *_VIEW,
            Permission.ORGANISATION_EDIT,
            Permission.MEMBERSHIP_MANAGE,
            Permission.LISTING_EDIT,
            Permission.STOCK_ADJUST,
            Permission.SESSION_MANAGE,
            Permission.ORDER_READ,
            Permission.PERSON_UNMASK,
            Permission.REPORT_READ,
            Permission.REPORT_EXPORT,
        ),
        Role.EDITOR: _within(
            Scope.ORGANISATION, *_VIEW, Permission.LISTING_EDIT, Permission.STOCK_ADJUST, Permission.SESSION_MANAGE
        ),
        # Whoever ships or receives guests must be able to call them.
        Role.FULFILMENT: _within(
            Scope.ORGANISATION, *_VIEW, Permission.STOCK_ADJUST, Permission.ORDER_READ, Permission.PERSON_UNMASK
        ),
        Role.FINANCE: _within(
            Scope.ORGANISATION, *_VIEW, Permission.ORDER_READ, Permission.REPORT_READ, Permission.REPORT_EXPORT
        ),
        Role.VIEWER: _within(Scope.ORGANISATION, *_VIEW),
        Role.STAFF_MODERATOR: _within(
            Scope.REGION, *_VIEW, Permission.ORGANISATION_REVIEW, Permission.LISTING_REVIEW, Permission.REPORT_READ
        ),
        Role.STAFF_ANALYST: _within(Scope.REGION, Permission.REPORT_READ, Permission.REPORT_EXPORT),
        Role.STAFF_FINANCE: _within(
            Scope.REGION, Permission.ORDER_READ, Permission.REPORT_READ, Permission.REPORT_EXPORT
        ),
        Role.ADMIN: _within(Scope.ALL, *Permission),
        # The worker: expires holds, keeps kept columns, delivers messages. It never reads people unmasked.
        Role.SYSTEM: _within(
            Scope.ALL,
            *_PUBLIC,
            Permission.LISTING_READ,
            Permission.STOCK_READ,
            Permission.STOCK_ADJUST,
            Permission.SESSION_READ,
            Permission.SESSION_MANAGE,
            Permission.ORDER_READ,
            Permission.OUTBOX_MANAGE,
        ),
    }
)
"""Role × permission → scope. What is not here is refused."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a call. Refuses to exist with roles that do not go with its kind: that is a bug, hence ValueError.

    `organisations` maps organisation ids to the roles held there; `region_codes` bound the staff roles. Whoever is
    signed in is a customer too.
    """

    kind: ActorKind
    account_id: str | None = None
    organisations: Mapping[str, frozenset[Role]] = field(default_factory=dict, hash=False)
    staff_roles: frozenset[Role] = frozenset()
    region_codes: frozenset[str] = frozenset()
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


def _held(actor: Actor) -> list[tuple[Role, str | None]]:
    """The actor's roles, each with the organisation it is held in."""
    held: list[tuple[Role, str | None]] = []
    if actor.kind in {ActorKind.VISITOR, ActorKind.ADMIN, ActorKind.SYSTEM}:
        held.append((Role(actor.kind.value), None))
    if actor.account_id is not None:
        held.append((Role.CUSTOMER, None))
    held += [(role, None) for role in actor.staff_roles]
    held += [(role, organisation) for organisation, roles in actor.organisations.items() for role in roles]
    return held


def scope_of(actor: Actor, permission: Permission) -> Scope | None:
    """The widest scope in which any of the actor's roles grants it, or None.

    >>> scope_of(VISITOR, Permission.CATALOGUE_READ), scope_of(VISITOR, Permission.STOCK_ADJUST)
    (<Scope.ALL: 'ALL'>, None)
    """
    scopes = [GRANTS[role][permission] for role, _ in _held(actor) if permission in GRANTS[role]]
    return max(scopes, key=_WIDTH.__getitem__, default=None)


def reach(actor: Actor, permission: Permission) -> Reach:
    """What the permission opens to the actor, or refuses: NotSignedIn for a visitor, Forbidden for anybody else.

    For a use case that does not know yet whose thing it is about: filter the read by it.
    """
    is_all, account_id, organisations, prefixes = False, None, set(), set()
    for role, organisation in _held(actor):
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

"""Who may do what: the whole matrix, and the reach of each scope."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.kernel.errors import Forbidden, NotSignedIn
from market.kernel.permissions import (
    GRANTS,
    ORGANISATION_ROLES,
    STAFF_ROLES,
    VISITOR,
    Actor,
    ActorKind,
    Permission,
    Reach,
    Role,
    Scope,
    reach,
    region_prefix,
    require,
    scope_of,
)

COUNTY, TOWN, VILLAGE = "331024000000", "331024101000", "331024101201"
OTHER_COUNTY = "331023000000"

# One column a role: V visitor, C customer; owner, editor, fulfilment, finance, viewer; moderator, analyst, finance
# of the staff; admin; system. A all, O own, G organisation, R region.
MATRIX = """
                      V C  o e f $ v  M N F  A S
place:read            A A  . . . . .  . . .  A A
place:manage          . .  . . . . .  . . .  A .
organisation:read     A A  . . . . .  . . .  A A
organisation:edit     . .  G . . . .  . . .  A .
organisation:review   . .  . . . . .  R . .  A .
membership:read       . .  G G G G G  R . .  A .
membership:manage     . .  G . . . .  . . .  A .
catalogue:read        A A  . . . . .  . . .  A A
category:manage       . .  . . . . .  . . .  A .
listing:read          . .  G G G G G  R . .  A A
listing:edit          . .  G G . . .  . . .  A .
listing:review        . .  . . . . .  R . .  A .
stock:read            . .  G G G G G  R . .  A A
stock:adjust          . .  G G G . .  . . .  A A
session:read          . .  G G G G G  R . .  A A
session:manage        . .  G G . . .  . . .  A A
order:read            . O  G . G G .  R . R  A A
order:place           . O  . . . . .  . . .  A .
order:fulfil          . .  G . G . .  . . .  A A
refund:approve        . .  G . . G .  . . .  A A
payment:confirm       . .  . . . . .  . . R  A .
voucher:manage        . .  G . . . .  . . R  A .
review:write          . O  . . . . .  . . .  A .
review:moderate       . .  . . . . .  R . .  A .
claim:decide          . .  . . . . .  R . .  A .
ledger:read           . .  G . . G .  . . R  A A
settlement:manage     . .  . . . . .  . . R  A .
statement:confirm     . .  G . . G .  . . .  A .
media:upload          . O  G G . . .  . . .  A .
import:run            . .  G G . . .  . . .  A .
key:manage            . .  G . . . .  . . .  A .
profile:manage        . O  . . . . .  . . .  A .
organisation:register . O  . . . . .  . . .  A .
person:manage         . .  . . . . .  . . .  A .
person:unmask         . .  G . G . .  . . .  A .
report:read           . .  G . . G .  R R R  A A
report:export         . .  G . . G .  . R R  A .
report:submit         . .  . . . . .  . R .  A .
report:review         . .  . . . . .  . . R  A .
plan:read             . .  . . . . .  R R R  A .
plan:manage           . .  . . . . .  . R .  A .
observation:submit    . .  . . . . .  . R .  A .
observation:verify    . .  . . . . .  . R .  A .
audit:read            . .  G . . . .  R . .  A .
outbox:manage         . .  . . . . .  . . .  A A
"""
LETTERS = {Scope.ALL: "A", Scope.OWN: "O", Scope.ORGANISATION: "G", Scope.REGION: "R"}


def a_member(*roles: Role, organisation: str = "cop_a") -> Actor:
    return Actor(ActorKind.MEMBER, account_id="acc_m", organisations={organisation: frozenset(roles)})


def a_staff(*roles: Role, regions: tuple[str, ...] = (COUNTY,)) -> Actor:
    return Actor(ActorKind.STAFF, account_id="acc_s", staff_roles=frozenset(roles), region_codes=frozenset(regions))


CUSTOMER = Actor(ActorKind.CUSTOMER, account_id="acc_c")
ADMIN = Actor(ActorKind.ADMIN, account_id="acc_a")
SYSTEM = Actor(ActorKind.SYSTEM)


def test_the_grants_are_exactly_these() -> None:
    rows = [line.split() for line in MATRIX.strip().splitlines()[1:]]
    written = {
        permission.value: [LETTERS[GRANTS[role][permission]] if permission in GRANTS[role] else "." for role in Role]
        for permission in Permission
    }

    assert written == {row[0]: row[1:] for row in rows}


def test_roles_are_granted_no_scope_they_cannot_have() -> None:
    for role, grants in GRANTS.items():
        if role in ORGANISATION_ROLES:
            assert set(grants.values()) <= {Scope.ORGANISATION}
        if role in STAFF_ROLES:
            assert set(grants.values()) <= {Scope.REGION}


def test_the_grants_cannot_be_changed_while_running() -> None:
    for grants in GRANTS.values():
        with pytest.raises(TypeError):
            grants[Permission.AUDIT_READ] = Scope.ALL  # type: ignore[index]
    with pytest.raises(TypeError):
        GRANTS[Role.VISITOR] = {}  # type: ignore[index]


def test_every_permission_is_named_resource_and_action() -> None:
    for permission in Permission:
        resource, action = permission.value.split(":")
        assert permission.name == f"{resource}_{action}".upper()


def test_an_actor_cannot_be_changed() -> None:
    roles = {"cop_a": frozenset({Role.VIEWER})}
    actor = Actor(ActorKind.MEMBER, account_id="acc_m", organisations=roles)

    roles["cop_b"] = frozenset({Role.OWNER})

    assert set(actor.organisations) == {"cop_a"}
    with pytest.raises(TypeError):
        actor.organisations["cop_b"] = frozenset({Role.OWNER})  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        actor.kind = ActorKind.ADMIN  # type: ignore[misc]


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": ActorKind.VISITOR, "account_id": "acc_1"},
        {"kind": ActorKind.SYSTEM, "account_id": "acc_1"},
        {"kind": ActorKind.CUSTOMER},
        {"kind": ActorKind.ADMIN},
        {"kind": ActorKind.CUSTOMER, "account_id": "acc_1", "organisations": {"cop_a": frozenset({Role.OWNER})}},
        {"kind": ActorKind.VISITOR, "organisations": {"cop_a": frozenset({Role.OWNER})}},
        {"kind": ActorKind.MEMBER, "account_id": "acc_1", "organisations": {"cop_a": frozenset({Role.ADMIN})}},
        {"kind": ActorKind.MEMBER, "account_id": "acc_1", "staff_roles": frozenset({Role.STAFF_FINANCE})},
        {"kind": ActorKind.MEMBER, "account_id": "acc_1", "region_codes": frozenset({COUNTY})},
        {"kind": ActorKind.STAFF, "account_id": "acc_1", "staff_roles": frozenset({Role.ADMIN})},
        {"kind": ActorKind.STAFF, "account_id": "acc_1", "region_codes": frozenset({"3310"})},
    ],
)
def test_no_actor_has_roles_that_do_not_go_with_its_kind(facts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="account|roles|region code"):
        Actor(**facts)


@pytest.mark.parametrize(
    "actor", [VISITOR, CUSTOMER, a_member(Role.VIEWER), a_staff(Role.STAFF_ANALYST), ADMIN, SYSTEM]
)
def test_everybody_reads_the_catalogue(actor: Actor) -> None:
    require(actor, Permission.CATALOGUE_READ)

    assert scope_of(actor, Permission.CATALOGUE_READ) is Scope.ALL


def test_a_visitor_is_asked_to_sign_in_and_others_are_refused() -> None:
    for act in (require, reach):
        with pytest.raises(NotSignedIn):
            act(VISITOR, Permission.LISTING_EDIT)
        with pytest.raises(Forbidden):
            act(CUSTOMER, Permission.LISTING_EDIT)
    assert scope_of(CUSTOMER, Permission.LISTING_EDIT) is None


def test_what_is_not_said_is_not_covered() -> None:
    require(ADMIN, Permission.ORDER_READ)

    for actor in (CUSTOMER, a_member(Role.OWNER), a_staff(Role.STAFF_FINANCE)):
        with pytest.raises(Forbidden):
            require(actor, Permission.ORDER_READ)


def test_own_covers_oneself_only() -> None:
    require(CUSTOMER, Permission.ORDER_READ, owner_id="acc_c")

    with pytest.raises(Forbidden):
        require(CUSTOMER, Permission.ORDER_READ, owner_id="acc_x")
    assert reach(CUSTOMER, Permission.ORDER_READ) == Reach(account_id="acc_c")


def test_an_organisation_role_covers_that_organisation_only() -> None:
    actor = Actor(
        ActorKind.MEMBER,
        account_id="acc_m",
        organisations={"cop_a": frozenset({Role.EDITOR}), "cop_b": frozenset({Role.VIEWER, Role.FINANCE})},
    )

    require(actor, Permission.LISTING_EDIT, organisation_id="cop_a")
    require(actor, Permission.REPORT_READ, organisation_id="cop_b")
    for permission, organisation in [
        (Permission.LISTING_EDIT, "cop_b"),
        (Permission.LISTING_EDIT, "cop_c"),
        (Permission.REPORT_READ, "cop_a"),
    ]:
        with pytest.raises(Forbidden):
            require(actor, permission, organisation_id=organisation)
    # Beside being members, they buy.
    assert reach(actor, Permission.ORDER_READ) == Reach(account_id="acc_m", organisation_ids=frozenset({"cop_b"}))
    assert scope_of(actor, Permission.ORDER_READ) is Scope.ORGANISATION


def test_an_id_is_never_taken_for_one_of_another_kind() -> None:
    with pytest.raises(Forbidden):
        require(CUSTOMER, Permission.ORDER_READ, organisation_id="acc_c")
    with pytest.raises(Forbidden):
        require(a_member(Role.EDITOR), Permission.LISTING_EDIT, owner_id="cop_a", region_code=VILLAGE)


def test_a_region_covers_what_lies_within_it() -> None:
    staff = a_staff(Role.STAFF_MODERATOR)

    for code in (COUNTY, TOWN, VILLAGE):
        require(staff, Permission.LISTING_REVIEW, region_code=code)
    for code in (
        OTHER_COUNTY,
        "331000000000",
        "330000000000",
        "331024",
        "331024-hello",
        "",
        "３３１０２４０００００１",
    ):
        with pytest.raises(Forbidden):
            require(staff, Permission.LISTING_REVIEW, region_code=code)


def test_staff_without_a_region_reach_nothing() -> None:
    with pytest.raises(Forbidden):
        reach(a_staff(Role.STAFF_ANALYST, regions=()), Permission.REPORT_READ)


@pytest.mark.parametrize(
    ("code", "prefix"),
    [
        ("330000000000", "33"),
        ("331000000000", "3310"),
        ("331024000000", "331024"),
        ("331024101000", "331024101"),
        ("331024101201", "331024101201"),
        ("331024100000", "331024100"),
        ("441900003000", "441900003"),  # Dongguan has no counties
        ("331024101010", "331024101010"),
    ],
)
def test_the_trailing_zeros_say_the_level(code: str, prefix: str) -> None:
    assert region_prefix(code) == prefix


@pytest.mark.parametrize("code", ["", "33", "000000000000", "3310241012010", "33102410120x", "331024101201\n"])
def test_other_codes_are_no_region(code: str) -> None:
    with pytest.raises(ValueError, match="12 digits"):
        region_prefix(code)


@given(village=st.from_regex(r"[1-9][0-9]{11}", fullmatch=True), digits=st.sampled_from([2, 4, 6, 9, 12]))
def test_every_ancestor_covers_its_villages(village: str, digits: int) -> None:
    ancestor = village[:digits].ljust(12, "0")

    require(a_staff(Role.STAFF_ANALYST, regions=(ancestor,)), Permission.REPORT_READ, region_code=village)


def test_the_reach_of_all_is_everything() -> None:
    assert reach(ADMIN, Permission.AUDIT_READ).is_all
    assert reach(ADMIN, Permission.AUDIT_READ).covers()
    assert not Reach().covers(owner_id=None, organisation_id=None, region_code=None)

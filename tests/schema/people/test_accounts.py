"""Accounts by API: administrators open, block and empower them; their people see their own and nobody else's."""

from typing import Any

import pyotp
import pytest
from sqlmodel import func, select

from market.kernel.audit import AuditEntry
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind
from market.people.manage import open_account
from market.people.tables import Account
from market.places.manage import RegionRow, add_regions
from tests.people.signing import ADMIN, DISTRICT, LOGIN_NAME, OTHER_PHONE, PASSWORD, PHONE
from tests.schema.asking import Asker, asked
from tests.schema.people.client import SIGN_IN, Client
from tests.schema.people.test_sign_in import PASSWORD_INPUT

ACCOUNT = """{
  __typename
  ... on AccountPayload {
    account { id name phone state hasPassword hasSecondFactor roles { role region { code } organisation { id } } }
  }
  ... on UserError { code }
}"""
OPEN = f"mutation Open($input: OpenAccountInput!, $key: ID!) {{ openAccount(input: $input, idempotencyKey: $key) {ACCOUNT} }}"
GIVE = f"mutation Give($input: RoleInput!) {{ giveRole(input: $input) {ACCOUNT} }}"
TAKE = f"mutation Take($input: RoleInput!) {{ takeRole(input: $input) {ACCOUNT} }}"
PASS = f"mutation Pass($input: SetPasswordInput!) {{ setPassword(input: $input) {ACCOUNT} }}"
BLOCK = f"mutation Block($id: ID!) {{ blockAccount(accountId: $id) {ACCOUNT} }}"
UNBLOCK = f"mutation Unblock($id: ID!) {{ unblockAccount(accountId: $id) {ACCOUNT} }}"
RESET = f"mutation Reset($id: ID!) {{ resetSecondFactor(accountId: $id) {ACCOUNT} }}"
ENROL = """mutation Enrol($password: String!) {
  enrolSecondFactor(password: $password) {
    __typename ... on EnrolSecondFactorPayload { secret uri } ... on UserError { code }
  }
}"""
CONFIRM = """mutation Confirm($code: String!) {
  confirmSecondFactor(code: $code) {
    __typename ... on ConfirmSecondFactorPayload { recoveryCodes } ... on UserError { code }
  }
}"""
CHANGE = """mutation Change($current: String!, $new: String!) {
  changePassword(input: {current: $current, new: $new}) {
    __typename ... on ChangePasswordPayload { deviceId } ... on UserError { code }
  }
}"""
NODE = "query Node($id: ID!) { node(id: $id) { id } }"
NEW_PASSWORD = "another horse battery"


async def done(asker: Asker, query: str, actor: Actor = ADMIN, **variables: Any) -> Any:
    (answer,) = (await asker.data(query, variables, actor=actor)).values()
    return answer


def test_an_administrator_makes_a_member_of_staff_who_then_signs_in(market: Market) -> None:
    add_regions(market, ADMIN, [RegionRow(DISTRICT, "奉化区", None)])

    async def walk(here: Market) -> None:
        asker = Asker(here)
        opened = (await done(asker, OPEN, input={"name": "孙审核", "phone": PHONE}, key="k" * 16))["account"]
        assert opened == {
            "id": opened["id"],
            "name": "孙审核",
            "phone": "199****0001",
            "state": "ACTIVE",
            "hasPassword": False,
            "hasSecondFactor": False,
            "roles": [],
        }
        again = await done(asker, OPEN, input={"name": "孙审核", "phone": PHONE}, key="k" * 16)
        assert again["account"] == opened
        taken = await done(asker, OPEN, input={"name": "别人", "phone": PHONE}, key="m" * 16)
        assert taken == {"__typename": "Conflict", "code": "PHONE_TAKEN"}
        role = {"account": opened["id"], "role": "STAFF_MODERATOR", "region": DISTRICT}
        given = await done(asker, GIVE, input=role)
        assert given["account"]["roles"] == [
            {"role": "STAFF_MODERATOR", "region": {"code": DISTRICT}, "organisation": None}
        ]
        set_ = {"account": opened["id"], "loginName": LOGIN_NAME, "password": PASSWORD}
        assert (await done(asker, PASS, input=set_))["account"]["hasPassword"]

        await _enrols(Client(here))

        assert (await done(asker, RESET, id=opened["id"]))["account"]["hasSecondFactor"] is False
        assert (await done(asker, TAKE, input=role))["account"]["roles"] == []

    asked(market, walk)


async def _enrols(staff: Client) -> None:
    staff.token = (await staff.do(SIGN_IN, input=PASSWORD_INPUT))["accessToken"]
    assert (await staff.do(ENROL, password="a guess at it"))["code"] == "WRONG_PASSWORD"
    enrolment = await staff.do(ENROL, password=PASSWORD)
    totp = pyotp.TOTP(enrolment["secret"])
    assert enrolment["uri"] == totp.provisioning_uri(name=LOGIN_NAME, issuer_name="数字乡村集市")
    confirmed = await staff.do(CONFIRM, code=totp.at(staff.market.now()))
    assert len(confirmed["recoveryCodes"]) == 10
    changed = await staff.do(CHANGE, current=PASSWORD, new=NEW_PASSWORD)
    assert changed["deviceId"] is not None
    assert (await staff.do("{ me { hasSecondFactor } }")) == {"hasSecondFactor": True}
    staff.token = None
    full = {"loginName": LOGIN_NAME, "password": NEW_PASSWORD, "secondFactor": confirmed["recoveryCodes"][0]}
    assert (await staff.do(SIGN_IN, input={"password": full}))["isStrong"]


def test_an_account_is_blocked_and_let_in_again(market: Market) -> None:
    account_id = open_account(market, ADMIN, name="甲", phone=PHONE)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        assert (await done(asker, BLOCK, id=account_id))["account"]["state"] == "BLOCKED"
        assert (await done(asker, BLOCK, id=account_id))["code"] == "ILLEGAL_TRANSITION"
        assert (await done(asker, UNBLOCK, id=account_id))["account"]["state"] == "ACTIVE"
        assert (await done(asker, BLOCK, id="acc_00000000000000000000000000"))["code"] == "NOT_FOUND"

    asked(market, walk)


@pytest.mark.parametrize(
    ("actor", "code"),
    [
        (VISITOR, "UNAUTHENTICATED"),
        (Actor(ActorKind.CUSTOMER, "acc_00000000000000000000000001"), "FORBIDDEN"),
    ],
)
def test_nobody_else_changes_accounts(market: Market, actor: Actor, code: str) -> None:
    account_id = open_account(market, ADMIN, name="甲", phone=PHONE)
    role = {"account": account_id, "role": "ADMIN"}
    secret = {"account": account_id, "loginName": LOGIN_NAME, "password": PASSWORD}
    with market.read() as session:
        before = session.exec(select(func.count()).select_from(AuditEntry)).one()

    async def walk(here: Market) -> None:
        asker = Asker(here)
        answers = [
            await done(asker, OPEN, actor, input={"name": "乙", "phone": OTHER_PHONE}, key="k" * 16),
            await done(asker, GIVE, actor, input=role),
            await done(asker, TAKE, actor, input=role),
            await done(asker, PASS, actor, input=secret),
            await done(asker, BLOCK, actor, id=account_id),
            await done(asker, UNBLOCK, actor, id=account_id),
            await done(asker, RESET, actor, id=account_id),
        ]
        assert [answer["code"] for answer in answers] == [code] * 7

    asked(market, walk)

    with market.read() as session:
        assert session.exec(select(func.count()).select_from(AuditEntry)).one() == before
        assert session.exec(select(Account.name)).all() == ["甲"]


def test_an_account_is_seen_by_its_person_and_administrators(market: Market) -> None:
    mine, theirs = (open_account(market, ADMIN, name=name) for name in ("甲", "乙"))
    me = Actor(ActorKind.CUSTOMER, mine)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        assert (await done(asker, NODE, me, id=mine)) == {"id": mine}
        foreign = await asker.answer(NODE, {"id": theirs}, actor=me)
        unknown = await asker.answer(NODE, {"id": "acc_00000000000000000000000000"}, actor=me)
        assert foreign.body == unknown.body
        assert (await done(asker, NODE, ADMIN, id=theirs)) == {"id": theirs}

    asked(market, walk)

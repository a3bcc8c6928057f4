"""Profile, consents and privacy requests by API."""

import json
from typing import Any

from market import migrations
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from market.people.manage import give_role
from market.people.profile.erasure import erase_people
from market.people.profile.export import make_exports
from market.people.profile.requests import list_privacy_requests
from market.people.profile.rules import COOLING_OFF, PrivacyState
from market.places.manage import VillageDraft, add_village
from market.server.privacy import ERASURE_CHECKS
from tests.clock import FakeClock
from tests.people.profile.persons import ADMIN, KEY, VILLAGE, person, settle
from tests.schema.asking import Asker, asked
from tests.schema.people.client import Client

ALL = migrations.metadata()
PHONE = "13812345678"
UNKNOWN = "pvr_00000000000000000000000000"
PROFILE = "{ profile { language account { name phone } } }"
EDIT = """mutation($input: EditProfileInput!) {
  done: editProfile(input: $input) {
    __typename
    ... on EditProfilePayload { profile { language account { name } } }
    ... on UserError { code }
    ... on InvalidInput { field }
  }
}"""
CONSENT = "{ __typename ... on ConsentPayload { kind isGiven version at } ... on UserError { code } }"
GIVE = f"mutation($version: String!) {{ done: giveConsent(kind: MARKETING, version: $version, source: APP) {CONSENT} }}"
WITHDRAW = f"mutation {{ done: withdrawConsent(kind: MARKETING, source: WEB) {CONSENT} }}"
CONSENTS = """{ profile {
  consents { totalCount nodes { kind decision version source } }
  consentHistory { nodes { decision version } }
} }"""
REQUEST = """{
  __typename
  ... on PrivacyRequestPayload {
    privacyRequest { id kind state nextStates dueAt finishedAt expiresAt obligations obligationSubjects }
  }
  ... on UserError { code message }
  ... on IllegalTransition { fromState toState allowed }
}"""
WHY_NOT = """{
  __typename
  ... on HasObligations { code message obligations obligationSubjects }
  ... on SignInNotRecent { withinMinutes }
}"""
EXPORT = f"mutation($key: ID!) {{ done: requestExport(idempotencyKey: $key) {REQUEST} }}"
ERASE = f"mutation($key: ID!) {{ done: requestErasure(idempotencyKey: $key) {REQUEST} }}"
CANNOT = f"mutation($key: ID!) {{ done: requestErasure(idempotencyKey: $key) {WHY_NOT} }}"
TAKE_BACK = f"mutation($id: ID!) {{ done: withdrawErasure(requestId: $id) {REQUEST} }}"
COPY = "query($id: ID!) { personalData(requestId: $id) }"
REQUESTS = "{ profile { privacyRequests { nodes { id kind state } } } }"
NODE = "query($id: ID!) { node(id: $id) { id ... on PrivacyRequest { state } } }"


async def do(asker: Asker, query: str, actor: Actor, **variables: Any) -> Any:
    return (await asker.data(query, variables, actor=actor))["done"]


def test_a_profile_is_read_and_edited_by_its_person(market: Market) -> None:
    owner = person(market)

    async def walk(here: Market) -> None:
        asker = Asker(here)
        before = await asker.data(PROFILE, actor=owner.actor)
        assert before["profile"] == {"language": "ZH_CN", "account": {"name": "王小明", "phone": "138****5678"}}
        done = await do(asker, EDIT, owner.actor, input={"language": "EN"})
        assert done["profile"] == {"language": "EN", "account": {"name": "王小明"}}
        done = await do(asker, EDIT, owner.actor, input={"name": "王大明", "language": None})
        assert done["profile"] == {"language": "EN", "account": {"name": "王大明"}}
        refused = await do(asker, EDIT, owner.actor, input={"name": ""})
        assert refused == {"__typename": "InvalidInput", "code": "BAD_USER_INPUT", "field": "name"}
        assert (await do(asker, EDIT, VISITOR, input={"name": "王"}))["__typename"] == "NotSignedIn"
        assert (await asker.data(PROFILE))["profile"] is None

    asked(market, walk)


def test_consents_are_given_and_taken_back_alike(market: Market) -> None:
    owner, other = person(market).actor, person(market, "李四", "13912345678").actor

    async def walk(here: Market) -> None:
        asker = Asker(here)
        never = await do(asker, WITHDRAW, owner)
        assert never == {
            "__typename": "ConsentPayload",
            "kind": "MARKETING",
            "isGiven": False,
            "version": None,
            "at": None,
        }
        given = await do(asker, GIVE, owner, version="2026-01-01")
        assert (given["isGiven"], given["version"], given["at"]) == (True, "2026-01-01", "2026-06-02T01:30:00Z")
        await do(asker, GIVE, owner, version="2026-06-01")
        assert (await do(asker, WITHDRAW, owner))["isGiven"] is False
        found = (await asker.data(CONSENTS, actor=owner))["profile"]
        assert found["consents"] == {
            "totalCount": 1,
            "nodes": [{"kind": "MARKETING", "decision": "WITHDRAWN", "version": "2026-06-01", "source": "WEB"}],
        }
        assert [each["decision"] for each in found["consentHistory"]["nodes"]] == ["WITHDRAWN", "GIVEN", "GIVEN"]
        assert (await asker.data(CONSENTS, actor=other))["profile"]["consents"]["totalCount"] == 0
        assert (await do(asker, GIVE, owner, version=""))["code"] == "BAD_USER_INPUT"
        assert (await do(asker, GIVE, VISITOR, version="1"))["__typename"] == "NotSignedIn"

    asked(market, walk)


def test_a_copy_is_asked_for_and_read_by_its_person(market: Market) -> None:
    owner, other = person(market).actor, person(market, "李四", "13912345678").actor

    async def walk(here: Market) -> None:
        asker = Asker(here)
        made = (await do(asker, EXPORT, owner, key=KEY))["privacyRequest"]
        assert (made["kind"], made["state"], made["nextStates"]) == ("EXPORT", "REQUESTED", ["READY", "EXPIRED"])
        early = await asker.ask(COPY, {"id": made["id"]}, actor=owner)
        assert [error["extensions"]["code"] for error in early["errors"]] == ["EXPORT_NOT_READY"]
        twice = await do(asker, EXPORT, owner, key=f"{KEY}-2")
        assert (twice["__typename"], twice["code"]) == ("Conflict", "ALREADY_REQUESTED")
        make_exports(here, ALL)
        copy = json.loads((await asker.data(COPY, {"id": made["id"]}, actor=owner))["personalData"])
        assert copy["own"]["account"][0]["phone"] == PHONE
        found = (await asker.data(REQUESTS, actor=owner))["profile"]["privacyRequests"]["nodes"]
        assert found == [{"id": made["id"], "kind": "EXPORT", "state": "READY"}]
        for query in (COPY, NODE):
            foreign = await asker.answer(query, {"id": made["id"]}, actor=other)
            unknown = await asker.answer(query, {"id": UNKNOWN}, actor=other)
            assert foreign.body == unknown.body

    asked(market, walk)


def test_a_person_signs_in_asks_to_be_erased_and_takes_it_back(market: Market, clock: FakeClock) -> None:
    async def walk(here: Market) -> None:
        client = Client(here)
        signed_in = await client.sign_in(PHONE)
        made = (await client.do(ERASE, key=KEY))["privacyRequest"]
        assert (made["kind"], made["state"], made["dueAt"]) == ("ERASURE", "REQUESTED", "2026-06-09T01:30:00Z")
        assert (await client.do(ERASE, key=KEY))["privacyRequest"] == made
        back = (await client.do(TAKE_BACK, id=made["id"]))["privacyRequest"]
        assert (back["state"], back["nextStates"], back["finishedAt"]) == ("WITHDRAWN", [], "2026-06-02T01:30:00Z")
        twice = await client.do(TAKE_BACK, id=made["id"])
        assert (twice["__typename"], twice["fromState"], twice["allowed"]) == ("IllegalTransition", "WITHDRAWN", [])
        assert (await client.do(TAKE_BACK, id=UNKNOWN))["code"] == "NOT_FOUND"
        clock.advance(minutes=10)
        late = await client.do(CANNOT, key=f"{KEY}-2")
        assert (late["__typename"], late["withinMinutes"]) == ("SignInNotRecent", 10)
        await client.sign_in(PHONE)
        assert (await client.do(ERASE, key=f"{KEY}-2"))["privacyRequest"]["state"] == "REQUESTED"
        clock.now += COOLING_OFF
        assert erase_people(here, ALL, ERASURE_CHECKS) == 1
        assert await client.ask(REQUESTS) == {"status": 401, "code": "UNAUTHENTICATED"}
        erased = Actor(ActorKind.CUSTOMER, signed_in["accountId"])
        assert [each.state for each in list_privacy_requests(here, erased)] == [
            PrivacyState.ERASED,
            PrivacyState.WITHDRAWN,
        ]

    asked(market, walk)


def test_the_last_owner_of_an_organisation_is_told_which(market: Market) -> None:
    settle(market)
    home = add_village(
        market, ADMIN, VillageDraft(VILLAGE, "滕头村", None, "", None, 29.69, 121.39, is_place_checked=True)
    )
    farm = register_organisation(
        market, ADMIN, OrganisationDraft(OrganisationKind.HOUSEHOLD, "老王家", None, "", None, home)
    )

    async def walk(here: Market) -> None:
        client = Client(here)
        signed_in = await client.sign_in(PHONE)
        give_role(here, ADMIN, account_id=signed_in["accountId"], role=Role.OWNER, within=farm)
        refused = await client.do(CANNOT, key=KEY)
        assert (refused["__typename"], refused["code"]) == ("HasObligations", "HAS_OBLIGATIONS")
        assert (refused["obligations"], refused["obligationSubjects"]) == (["LAST_OWNER"], [farm])
        assert refused["message"] == "暂时不能注销：您是该组织唯一的所有者，请先移交给他人、关闭组织或撤回入驻申请。"

    asked(market, walk)

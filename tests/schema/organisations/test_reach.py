"""Who sees what of organisations, and who may change what: strangers are told nothing that an unknown id is not told."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col

from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, Role
from market.organisations.manage import (
    CertificateDraft,
    grant_powers,
    invite_person,
    join_cooperative,
    request_membership,
    submit_certificate,
)
from market.organisations.rules import CertificateKind, MembershipSide, OrganisationState, Power
from market.organisations.tables import Organisation
from tests.organisations.county import ADMIN, CODE, OTHER_DISTRICT, UNKNOWN, County, key
from tests.schema.asking import Asker, asked
from tests.schema.organisations import walking
from tests.schema.organisations.walking import ask, change, read

PRIVATE = """
query ($id: ID!) {
  organisation(id: $id) {
    id state nextStates representative contactPhone submittedAt waitingHours
    people { totalCount nodes { accountId name phone roles } edges { cursor } }
    licences { nodes { id } } allCertificates { nodes { id state } } allMemberships { nodes { id } }
    membershipRequests { nodes { requestId } } history { nodes { toState } }
  }
}
"""
NESTED = """
{
  producers {
    nodes {
      id state nextStates representative contactPhone submittedAt waitingHours
      people { totalCount nodes { name } } licences { nodes { id } } allCertificates { nodes { id } }
      allMemberships { nodes { id } } membershipRequests { nodes { requestId } } history { nodes { toState } }
      certificates { scan state reasons reasonNotes submittedAt reviewedAt organisation { id } }
      memberships { leftOn powers { power } }
    }
  }
}
"""


@dataclass
class Others:
    """Somebody else's affairs, and whoever asks about them."""

    county: County
    owner: Actor
    producer: str
    applied: str
    licence: str
    invitation: str
    membership: str
    certificate: str
    request: str
    strangers: dict[str, Actor]


@pytest.fixture(name="others")
def _others(market: Market) -> Others:
    county = County(market)
    producer, cooperative = county.active(name="老王家"), county.cooperative()
    owner = county.holding(Role.OWNER, producer, phone="13800000007")
    membership = join_cooperative(
        market,
        ADMIN,
        cooperative_id=cooperative,
        producer_id=producer,
        joined_on=business_day(market.now()),
    )
    grant_powers(
        market,
        ADMIN,
        membership_id=membership,
        powers=list(Power),
        valid_from=business_day(market.now()),
        idempotency_key=key(),
    )
    invitation = invite_person(
        market, owner, organisation_id=producer, phone="13812345678", roles=[Role.EDITOR], idempotency_key=key()
    )
    _applicant, applied = county.submitted()
    certificate = submit_certificate(
        market,
        owner,
        CertificateDraft(producer, CertificateKind.ORGANIC, "有机产品", scan_id=county.scan(producer)),
        idempotency_key=key(),
    )
    request = request_membership(
        market,
        owner,
        cooperative_id=county.cooperative("别家合作社"),
        producer_id=producer,
        asked_by=MembershipSide.PRODUCER,
        idempotency_key=key(),
    )
    strangers = {
        "another owner": county.holding(Role.OWNER, county.active(name="老李家")),
        "another district's staff": county.moderator(OTHER_DISTRICT),
    }
    return Others(
        county,
        owner,
        producer,
        applied,
        county.licence(owner, producer),
        invitation,
        membership,
        certificate,
        request,
        strangers,
    )


def test_strangers_read_another_organisation_like_an_unknown_one(others: Others) -> None:
    for name, actor in others.strangers.items():
        answers = {
            json.dumps(ask(others.county.market, PRIVATE, actor, id=each))
            for each in (others.producer, others.applied, UNKNOWN["pdr"], UNKNOWN["cop"])
        }

        assert answers == {json.dumps({"data": {"organisation": None}})}, name


def test_visitors_and_customers_are_refused_the_private_fields(others: Others) -> None:
    customer = others.county.actor(others.county.person())

    for actor, code in ((VISITOR, "UNAUTHENTICATED"), (customer, "FORBIDDEN")):
        for query in (PRIVATE, NESTED, "{ organisationsToReview { totalCount } }"):
            variables = {"id": others.producer} if "$id" in query else {}
            response = ask(others.county.market, query, actor, **variables)
            assert {error["extensions"]["code"] for error in response["errors"]} == {code}


def test_private_fields_of_a_public_producer_are_empty_for_others(others: Others) -> None:
    market = others.county.market
    stranger = others.strangers["another owner"]

    for actor, is_open in ((stranger, False), (others.owner, True)):
        (shown,) = [each for each in read(market, NESTED, actor)["producers"]["nodes"] if each["id"] == others.producer]
        values = {
            "state": "ACTIVE" if is_open else None,
            "people": {"totalCount": 1, "nodes": [{"name": "王大明"}]} if is_open else {"totalCount": 0, "nodes": []},
            "licences": {"nodes": [{"id": others.licence}] if is_open else []},
            "allMemberships": {"nodes": [{"id": others.membership}] if is_open else []},
            "history": {"nodes": [{"toState": "ACTIVE"}] if is_open else []},
            "allCertificates": {"nodes": [{"id": others.certificate}] if is_open else []},
            "membershipRequests": {"nodes": [{"requestId": others.request}] if is_open else []},
        }
        assert {name: shown[name] for name in values} == values
        (membership,) = shown["memberships"]
        assert len(membership["powers"]) == (5 if is_open else 0)


@pytest.mark.parametrize("state", list(OrganisationState))
def test_everybody_sees_active_organisations_alone(others: Others, state: OrganisationState) -> None:
    market, producer = others.county.market, others.producer
    with market.transaction() as session:
        session.execute(sa.update(Organisation).where(col(Organisation.id) == producer).values(state=state))
    query = """
    query ($id: ID!, $village: ID!) {
      producer(id: $id) { id }
      node(id: $id) { id }
      nodes(ids: [$id]) { id }
      producers(where: { kinds: [HOUSEHOLD] }) { nodes { id } }
      village(id: $village) { producers { nodes { id } } }
      cooperatives { nodes { members { nodes { id } } } }
    }
    """

    for actor in (VISITOR, others.owner, ADMIN):
        answer = json.dumps(read(market, query, actor, id=producer, village=others.county.village))
        assert answer.count(producer) == (6 if state is OrganisationState.ACTIVE else 0)

    own = read(market, "query ($id: ID!) { organisation(id: $id) { state } }", others.owner, id=producer)
    assert own == {"organisation": {"state": state.value}}


def test_a_membership_of_a_frozen_organisation_is_hidden_but_for_its_sides(others: Others) -> None:
    market = others.county.market
    query = "query ($id: ID!) { node(id: $id) { id ... on Membership { producer { name } cooperative { name } } } }"
    assert read(market, query, id=others.membership)["node"]["producer"] == {"name": "老王家"}
    with market.transaction() as session:
        session.execute(
            sa.update(Organisation)
            .where(col(Organisation.id) == others.producer)
            .values(state=OrganisationState.FROZEN)
        )

    assert read(market, query, id=others.membership) == {"node": None}
    own = "query ($id: ID!) { organisation(id: $id) { allMemberships { nodes { producer { name } } } } }"
    found = read(market, own, others.owner, id=others.producer)["organisation"]["allMemberships"]["nodes"]
    assert found == [{"producer": {"name": "老王家"}}]


def test_papers_and_invitations_are_read_by_id_by_those_concerned_alone(others: Others) -> None:
    market, county = others.county.market, others.county
    query = "query ($id: ID!) { node(id: $id) { id } }"
    invited = county.actor(county.person("13812345678"))
    editor = county.holding(Role.EDITOR, others.producer)
    seen = {
        "licence": (others.licence, {"owner": others.owner, "staff": county.moderator()}),
        "invitation": (others.invitation, {"owner": others.owner, "invited": invited}),
    }
    everybody = others.strangers | {
        "owner": others.owner,
        "staff": county.moderator(),
        "invited": invited,
        "editor": editor,
    }

    for which, (row_id, allowed) in seen.items():
        for name, actor in everybody.items():
            response = ask(market, query, actor, id=row_id)
            unknown = ask(market, query, actor, id=UNKNOWN["lic" if which == "licence" else "inv"])
            if name in allowed:
                assert response == {"data": {"node": {"id": row_id}}}, (which, name)
            else:
                assert json.dumps(response) == json.dumps(unknown), (which, name)


def test_a_cursor_tells_no_name(others: Others) -> None:
    editor = others.county.holding(Role.EDITOR, others.producer)

    shown = read(others.county.market, PRIVATE, editor, id=others.producer)["organisation"]["people"]

    assert "王大明" not in json.dumps(shown["edges"], ensure_ascii=False)
    assert shown["nodes"][0] == {
        "accountId": others.owner.account_id,
        "name": "王**",
        "phone": "138****0007",
        "roles": ["OWNER"],
    }


def test_people_come_in_pages_each_once(others: Others) -> None:
    county, producer = others.county, others.producer
    accounts = [others.owner.account_id, *[county.holding(Role.EDITOR, producer).account_id for _ in range(4)]]
    query = """
    query ($id: ID!, $after: String) {
      organisation(id: $id) { people(first: 2, after: $after) {
        totalCount nodes { accountId } pageInfo { hasNextPage endCursor }
      } }
    }
    """

    found, after, more = [], None, True
    while more:
        page = read(county.market, query, others.owner, id=producer, after=after)["organisation"]["people"]
        assert page["totalCount"] == 5
        found += [each["accountId"] for each in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]

    assert found == accounts


def test_an_answer_to_one_viewer_is_not_kept_for_another(others: Others) -> None:
    query = "query ($id: ID!) { node(id: $id) { __typename } }"
    askers = [(ADMIN, True), (VISITOR, False), (others.owner, True), (others.strangers["another owner"], False)]

    async def ask_in_turn(here: Market) -> list[Any]:
        await here.database.news.open()  # else nothing kept is trusted
        try:
            asker = Asker(here, is_cached=True)
            return [await asker.data(query, {"id": others.licence}, actor=actor) for actor, _may in askers]
        finally:
            await here.database.news.close()

    found = asked(others.county.market, ask_in_turn)

    assert found == [{"node": {"__typename": "Licence"} if may else None} for _actor, may in askers]


# -- changes -----------------------------------------------------------------------------------------------------------

REASONS = [{"code": "DETAILS_DIFFER"}]


def _changes(others: Others, today: str) -> dict[str, tuple[str, dict[str, Any], str]]:
    """Every mutation on somebody else's thing: its document, its variables, and the path of the id in them."""
    producer, application, account = others.producer, others.applied, others.owner.account_id
    return {
        "edit": (walking.EDIT, {"input": {"organisationId": producer, "story": "x"}}, "input.organisationId"),
        "submit": (walking.SUBMIT, {"id": application}, "id"),
        "withdraw": (walking.WITHDRAW, {"id": application}, "id"),
        "approve": (walking.APPROVE, {"id": application}, "id"),
        "return": (walking.RETURN, {"id": application, "reasons": REASONS}, "id"),
        "reject": (walking.REJECT, {"id": application, "reasons": REASONS}, "id"),
        "close": (walking.CLOSE, {"id": producer, "reasons": REASONS}, "id"),
        "submit licence": (
            walking.SUBMIT_LICENCE,
            {
                "input": {
                    "organisationId": producer,
                    "kind": "BUSINESS_LICENCE",
                    "number": CODE,
                    "scanId": "mda_00000000000000000000000000",
                }
            },
            "input.organisationId",
        ),
        "submit certificate": (
            walking.SUBMIT_CERTIFICATE,
            {
                "input": {
                    "organisationId": producer,
                    "kind": "ORGANIC",
                    "name": "x",
                    "scanId": "mda_00000000000000000000000000",
                }
            },
            "input.organisationId",
        ),
        "review licence": (walking.REVIEW_LICENCE, {"input": {"id": others.licence, "accept": True}}, "input.id"),
        "review certificate": (
            walking.REVIEW_CERTIFICATE,
            {"input": {"id": others.certificate, "accept": True}},
            "input.id",
        ),
        "request": (
            walking.REQUEST,
            {"input": {"cooperativeId": UNKNOWN["cop"], "producerId": producer, "askedBy": "PRODUCER"}},
            "input.producerId",
        ),
        "answer request": (walking.ANSWER_REQUEST, {"id": others.request, "accept": True}, "id"),
        "withdraw request": (walking.WITHDRAW_REQUEST, {"id": others.request}, "id"),
        "invite": (
            walking.INVITE,
            {"input": {"organisationId": producer, "phone": "13700000000", "roles": ["EDITOR"]}},
            "input.organisationId",
        ),
        "resend": (walking.RESEND, {"id": others.invitation}, "id"),
        "cancel": (walking.CANCEL, {"id": others.invitation}, "id"),
        "answer": (walking.ANSWER, {"id": others.invitation, "accept": True}, "id"),
        "change roles": (walking.CHANGE_ROLES, {"id": producer, "account": account, "roles": ["EDITOR"]}, "id"),
        "remove": (walking.REMOVE, {"id": producer, "account": account}, "id"),
        "leave": (walking.LEAVE, {"id": producer}, "id"),
        "end": (walking.END, {"id": others.membership}, "id"),
        "grant": (
            walking.GRANT,
            {"input": {"membershipId": others.membership, "powers": ["FULFIL"], "validFrom": today}},
            "input.membershipId",
        ),
        "revoke": (walking.REVOKE, {"id": others.membership, "powers": ["FULFIL"]}, "id"),
    }


def _unknown(variables: dict[str, Any], path: str) -> dict[str, Any]:
    """The same variables about something that is not there."""
    copied = json.loads(json.dumps(variables))
    *above, last = path.split(".")
    inner = copied
    for step in above:
        inner = inner[step]
    inner[last] = f"{inner[last][:4]}{'0' * 26}"
    return dict(copied)


def _everything(market: Market) -> str:
    """All rows of the room, and of roles."""
    names = [
        "organisation",
        "organisation_event",
        "membership",
        "membership_power",
        "membership_request",
        "invitation",
        "licence",
        "certificate",
        "role_held",
        "audit_entry",
        "outbox_message",
        "idempotency_key",
    ]
    with market.read() as session:
        tables = [SQLModel.metadata.tables[name] for name in names]
        rows = [session.execute(sa.select(table).order_by(*table.primary_key.columns)).all() for table in tables]
    return str(rows)


def test_no_stranger_changes_anything_or_learns_that_it_is_there(others: Others) -> None:
    market, county = others.county.market, others.county
    cases = _changes(others, business_day(market.now()).isoformat())
    callers = others.strangers | {"visitor": VISITOR, "customer": county.actor(county.person())}
    before = _everything(market)

    for what, (document, variables, path) in cases.items():
        for name, actor in callers.items():
            foreign = change(market, document, actor, **variables)
            unknown = change(market, document, actor, **_unknown(variables, path))

            assert json.dumps(foreign) == json.dumps(unknown), (what, name)
            if name == "visitor":
                assert foreign["code"] == "UNAUTHENTICATED", what
            else:
                assert foreign["code"] in {"FORBIDDEN", "NOT_FOUND"}, (what, name, foreign)
    assert _everything(market) == before

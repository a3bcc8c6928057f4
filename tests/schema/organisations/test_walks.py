"""The whole way by API: an application until it sells, people who join, a membership with its powers."""

from typing import Any

import pytest

from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import Actor, Role
from tests.clock import FakeClock
from tests.organisations.county import CODE, County
from tests.schema.organisations import walking
from tests.schema.organisations.walking import change, read

ORGANISATION = """
query ($id: ID!) {
  organisation(id: $id) {
    __typename id name kind state nextStates legalName creditCode representative contactPhone submittedAt waitingHours
    village { name } county { name }
    licences { nodes { kind state isValid waitingHours } }
    history(last: 10) { nodes { fromState toState reasons reasonNotes } }
    people { totalCount nodes { accountId name phone roles } }
  }
}
"""


@pytest.fixture(name="county")
def _county(market: Market) -> County:
    return County(market)


def test_an_application_goes_all_the_way(county: County, clock: FakeClock) -> None:
    market, account = county.market, county.person("13800000009", name="王小明")
    facts = {"legalName": "宁波滕头果业专业合作社", "representative": "王小明", "contactPhone": "138 0000 0001"}
    applied = change(
        market,
        walking.APPLY,
        county.actor(account),
        input={"kind": "COOPERATIVE", "name": "滕头果业", "villageId": county.village, **facts},
    )
    organisation_id = applied["organisationId"]
    owner = county.actor(account)

    mine = read(market, "{ me { organisations { nodes { roles organisation { id state } } } } }", owner)
    assert mine["me"]["organisations"]["nodes"] == [
        {"roles": ["OWNER"], "organisation": {"id": organisation_id, "state": "DRAFT"}}
    ]
    assert change(market, walking.SUBMIT, owner, id=organisation_id)["code"] == "BAD_USER_INPUT"
    edited = change(market, walking.EDIT, owner, input={"organisationId": organisation_id, "creditCode": CODE})
    assert edited["organisation"]["contactPhone"] == "13800000001"
    assert change(market, walking.SUBMIT, owner, id=organisation_id)["needed"] == ["BUSINESS_LICENCE"]
    licence = change(
        market,
        walking.SUBMIT_LICENCE,
        owner,
        input={
            "organisationId": organisation_id,
            "kind": "BUSINESS_LICENCE",
            "number": CODE,
            "scanId": county.scan(account),
        },
    )["licence"]
    assert licence.pop("scan").startswith("/private-media/mda_")
    licence_id = licence.pop("id")
    assert licence == {
        "kind": "BUSINESS_LICENCE",
        "number": CODE,
        "state": "PENDING",
        "isValid": False,
        "waitingHours": 0,
        "reasons": [],
        "organisation": {"id": organisation_id},
    }
    submitted = change(market, walking.SUBMIT, owner, id=organisation_id)["organisation"]
    assert submitted == {
        "id": organisation_id,
        "state": "SUBMITTED",
        "nextStates": ["RETURNED", "ACTIVE", "REJECTED", "CLOSED"],
    }
    clock.advance(hours=30)

    _staff_decide(county, organisation_id, licence_id)

    shown = read(market, ORGANISATION, owner, id=organisation_id)["organisation"]
    people = shown.pop("people")
    assert shown == {
        "__typename": "Cooperative",
        "id": organisation_id,
        "name": "滕头果业",
        "kind": "COOPERATIVE",
        "state": "ACTIVE",
        "nextStates": ["FROZEN"],
        "legalName": "宁波滕头果业专业合作社",
        "creditCode": CODE,
        "representative": "王小明",
        "contactPhone": "13800000001",
        "submittedAt": "2026-06-02T01:30:00Z",
        "waitingHours": None,
        "village": {"name": "滕头村"},
        "county": {"name": "奉化区"},
        "licences": {
            "nodes": [{"kind": "BUSINESS_LICENCE", "state": "ACCEPTED", "isValid": True, "waitingHours": None}]
        },
        "history": {
            "nodes": [
                {"fromState": "SUBMITTED", "toState": "ACTIVE", "reasons": [], "reasonNotes": []},
                {"fromState": "DRAFT", "toState": "SUBMITTED", "reasons": [], "reasonNotes": []},
                {"fromState": None, "toState": "DRAFT", "reasons": [], "reasonNotes": []},
            ]
        },
    }
    assert people == {
        "totalCount": 1,
        "nodes": [{"accountId": account, "name": "王小明", "phone": "138****0009", "roles": ["OWNER"]}],
    }
    public = read(market, "{ cooperatives { nodes { name legalName creditCode } } }")
    assert public["cooperatives"]["nodes"] == [
        {"name": "滕头果业", "legalName": "宁波滕头果业专业合作社", "creditCode": CODE}
    ]


def _staff_decide(county: County, organisation_id: str, licence_id: str) -> None:
    """Staff find both in their queues, and approve."""
    market, moderator = county.market, county.moderator()
    queues = read(
        market,
        "{ organisationsToReview { nodes { id waitingHours representative } }"
        " licencesToReview { nodes { id waitingHours } } certificatesToReview { totalCount } }",
        moderator,
    )
    assert queues == {
        # Staff see persons no more than they need.
        "organisationsToReview": {"nodes": [{"id": organisation_id, "waitingHours": 30, "representative": "王**"}]},
        "licencesToReview": {"nodes": [{"id": licence_id, "waitingHours": 30}]},
        "certificatesToReview": {"totalCount": 0},
    }
    assert change(market, walking.APPROVE, moderator, id=organisation_id)["needed"] == ["BUSINESS_LICENCE"]
    accepted = change(market, walking.REVIEW_LICENCE, moderator, input={"id": licence_id, "accept": True})
    assert accepted["licence"]["state"] == "ACCEPTED"
    approved = change(market, walking.APPROVE, moderator, id=organisation_id)
    assert approved["organisation"]["state"] == "ACTIVE"
    again = change(market, walking.APPROVE, moderator, id=organisation_id)
    assert (again["__typename"], again["code"]) == ("IllegalTransition", "ILLEGAL_TRANSITION")


def test_an_application_is_returned_with_reasons_and_rejected(county: County) -> None:
    market, moderator = county.market, county.moderator()
    owner, organisation_id = county.submitted()
    reasons = [{"code": "DETAILS_DIFFER"}, {"code": "OTHER", "note": "请补充门牌照片"}]

    returned = change(market, walking.RETURN, moderator, id=organisation_id, reasons=reasons)

    assert returned["organisation"]["state"] == "RETURNED"
    history = read(market, ORGANISATION, owner, id=organisation_id)["organisation"]["history"]["nodes"]
    assert history[0] == {
        "fromState": "SUBMITTED",
        "toState": "RETURNED",
        "reasons": ["DETAILS_DIFFER", "OTHER"],
        "reasonNotes": ["", "请补充门牌照片"],
    }
    change(market, walking.SUBMIT, owner, id=organisation_id)
    waiting = county.licence(owner, organisation_id)
    queue = "{ licencesToReview { nodes { id } } }"
    assert read(market, queue, moderator)["licencesToReview"]["nodes"] == [{"id": waiting}]
    rejected = change(market, walking.REJECT, moderator, id=organisation_id, reasons=reasons)
    assert rejected["organisation"] == {"id": organisation_id, "state": "REJECTED", "nextStates": []}
    assert read(market, queue, moderator)["licencesToReview"]["nodes"] == []


def test_a_certificate_is_seen_once_it_is_accepted(county: County) -> None:
    market, moderator, producer = county.market, county.moderator(), county.active()
    owner = county.holding(Role.OWNER, producer)
    given = {"organisationId": producer, "kind": "ORGANIC", "name": "有机产品", "scanId": county.scan(producer)}
    certificate = change(market, walking.SUBMIT_CERTIFICATE, owner, input=given)["certificate"]
    public = "query ($id: ID!) { node(id: $id) { id } producers { nodes { certificates { id } } } }"

    assert (certificate["state"], certificate["isValid"]) == ("PENDING", False)
    assert read(market, public, id=certificate["id"]) == {"node": None, "producers": {"nodes": [{"certificates": []}]}}
    change(market, walking.REVIEW_CERTIFICATE, moderator, input={"id": certificate["id"], "accept": True})

    found = {"id": certificate["id"]}
    assert read(market, public, id=certificate["id"]) == {
        "node": found,
        "producers": {"nodes": [{"certificates": [found]}]},
    }


def test_somebody_is_invited_and_joins(county: County, clock: FakeClock) -> None:
    market, producer = county.market, county.active(name="老王家")
    owner = county.holding(Role.OWNER, producer)
    invited = change(
        market,
        walking.INVITE,
        owner,
        input={"organisationId": producer, "phone": "13812345678", "roles": ["EDITOR", "VIEWER"]},
    )["invitation"]
    invitation_id = invited.pop("id")
    assert invited == {"phone": "138****5678", "roles": ["EDITOR", "VIEWER"], "state": "OPEN", "sentCount": 1}
    clock.advance(minutes=1)
    assert change(market, walking.RESEND, owner, id=invitation_id)["invitation"]["sentCount"] == 2

    account = county.person("13812345678", name="李小红")
    person = county.actor(account)
    mine = "{ me { invitations { nodes { id organisationName roles organisation { id state } } } } }"
    assert read(market, mine.replace(" organisation { id state }", ""), person)["me"]["invitations"]["nodes"] == [
        {"id": invitation_id, "organisationName": "老王家", "roles": ["EDITOR", "VIEWER"]}
    ]
    assert change(market, walking.ANSWER, person, id=invitation_id, accept=True) == {
        "__typename": "AnswerInvitationPayload",
        "invitationId": invitation_id,
    }

    assert change(market, walking.ANSWER, person, id=invitation_id, accept=True)["state"] == "ACCEPTED"
    member = county.actor(account)
    people = read(
        market,
        "query ($id: ID!) { organisation(id: $id) { people { nodes { accountId name roles } } } }",
        member,
        id=producer,
    )["organisation"]["people"]["nodes"]
    # Their own name in full, the owner's not: an editor need not know it.
    assert people == [
        {"accountId": owner.account_id, "name": "王**", "roles": ["OWNER"]},
        {"accountId": account, "name": "李小红", "roles": ["EDITOR", "VIEWER"]},
    ]
    changed = change(market, walking.CHANGE_ROLES, owner, id=producer, account=account, roles=["FULFILMENT"])
    assert {"accountId": account, "roles": ["FULFILMENT"]} in changed["organisation"]["people"]["nodes"]
    removed = change(market, walking.REMOVE, owner, id=producer, account=account)
    assert removed["organisation"]["people"]["totalCount"] == 1
    assert change(market, walking.LEAVE, owner, id=producer)["code"] == "LAST_OWNER"


def test_a_producer_joins_a_cooperative_and_gives_it_powers(county: County) -> None:
    market, cooperative, producer = county.market, county.cooperative("滕头合作社"), county.active(name="老王家")
    chair, farmer = county.holding(Role.OWNER, cooperative), county.holding(Role.OWNER, producer)
    today = business_day(market.now()).isoformat()
    sides = {"cooperativeId": cooperative, "producerId": producer, "askedBy": "PRODUCER"}

    asked = change(market, walking.REQUEST, farmer, input=sides)
    request_id = asked["request"].pop("requestId")
    assert asked == {
        "__typename": "MembershipRequestPayload",
        "request": {
            "state": "REQUESTED",
            "askedBy": "PRODUCER",
            "cooperative": {"name": "滕头合作社"},
            "producer": {"name": "老王家"},
        },
        "membership": None,
    }
    assert change(market, walking.REQUEST, chair, input=sides | {"askedBy": "COOPERATIVE"})["code"] == "ALREADY_MEMBER"
    answered = change(market, walking.ANSWER_REQUEST, chair, id=request_id, accept=True)
    assert answered["membership"] == {"id": request_id, "joinedOn": today, "leftOn": None, "powers": []}
    given = {"membershipId": request_id, "powers": ["FULFIL", "MANAGE_STOCK"], "validFrom": today}
    assert change(market, walking.GRANT, chair, input=given)["code"] == "FORBIDDEN"
    granted = change(market, walking.GRANT, farmer, input=given)["membership"]["powers"]
    assert granted == [{"power": power, "validFrom": today, "validTo": None} for power in ("FULFIL", "MANAGE_STOCK")]
    revoked = change(market, walking.REVOKE, farmer, id=request_id, powers=["FULFIL"])
    assert [each["power"] for each in revoked["membership"]["powers"]] == ["MANAGE_STOCK"]

    _either_side_reads_it(county, chair, farmer, [cooperative, producer], request_id)
    ended = change(market, walking.END, chair, id=request_id)["membership"]
    assert (ended["leftOn"], ended["powers"]) == (today, [])
    everybody = read(market, "{ producers { nodes { memberships { id } } } }")["producers"]["nodes"]
    assert everybody == [{"memberships": []}] * 2


def _either_side_reads_it(county: County, chair: Actor, farmer: Actor, sides: list[str], membership_id: str) -> None:
    query = """
    query ($id: ID!) {
      organisation(id: $id) {
        allMemberships { nodes { id powers { power } } }
        membershipRequests { nodes { requestId state } }
      }
    }
    """
    for actor, which in zip((chair, farmer), sides, strict=True):
        found: Any = read(county.market, query, actor, id=which)["organisation"]
        assert found["allMemberships"]["nodes"] == [{"id": membership_id, "powers": [{"power": "MANAGE_STOCK"}]}]
        assert found["membershipRequests"]["nodes"] == [{"requestId": membership_id, "state": "ACCEPTED"}]
    # Everybody sees the membership, only the two its powers.
    stranger = county.holding(Role.OWNER, county.active(name="老李家"))
    query = "{ producers(orderBy: NAME) { nodes { name memberships { id powers { power } leftOn } } } }"
    nodes = read(county.market, query, stranger)["producers"]["nodes"]
    assert {"name": "老王家", "memberships": [{"id": membership_id, "powers": [], "leftOn": None}]} in nodes

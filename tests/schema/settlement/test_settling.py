"""Settlement by API: from a sale to the bank, as sellers, cooperatives and staff see it, and nobody else."""

from typing import Any

import pytest

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.settlement.release import release_due
from market.settlement.statements.draft import draft_statements
from tests.checkout.shop import key
from tests.clock import FakeClock
from tests.schema.asking import Asker, asked
from tests.schema.stalls import ADMIN
from tests.settlement.world import World, bought, build, deliver, hired, staff

STATEMENTS = """
query Statements($where: StatementWhere) {
  statements(where: $where) {
    totalCount
    nodes {
      id state nextStates firstDay lastDay period lineCount
      opening { amount } released { amount } refunded { amount } paidOut { amount } closing { amount }
      party { name }
      lines(first: 10) { nodes { kind businessDay transactionId amount { amount } commission { amount }
                                 producer { name } sellerOrder { number lines { title } } } }
      members { nodes { isMember amount { amount } producer { name } firstDay lastDay } }
    }
  }
}
"""
NODE = "query Node($id: ID!) { node(id: $id) { id __typename } }"
MEMBERS = "{ memberAccounts { nodes { statementId amount { amount } producer { name } } } }"
BALANCE = """
query Balance($party: ID!) {
  settlementBalance(party: $party) { pending { amount } payable { amount } onItsWay { amount } }
}
"""
CHECK = "{ ledgerCheck { isRight findingCount findings { kind subject off { amount } } } }"
FIELDS = {
    "issueStatements": "... on IssuedPayload { statementIds }",
    "confirmStatement": "... on StatementPayload { statement { state confirmedAt nextStates } }",
    "disputeStatement": "... on StatementPayload { statement { state dispute } }",
    "answerDispute": "... on StatementPayload { statement { state answer } }",
    "setSettlementPeriod": "... on SettlementPeriodPayload { party period }",
    "proposePayouts": """... on PayoutBatchPayload { batch {
        id state nextStates payoutCount total { amount } madeBy checkedBy
        payouts { nodes { id state amount { amount } party { name } statement { id } } } } }""",
    "approvePayouts": "... on PayoutBatchPayload { batch { state payouts { nodes { state } } } }",
    "rejectPayouts": "... on PayoutBatchPayload { batch { state note } }",
    "recordPayoutPaid": "... on PayoutPayload { payout { state reference endedAt } }",
    "recordPayoutFailed": "... on PayoutPayload { payout { state reason } }",
    "proposeCorrection": """... on LedgerCorrectionPayload { correction {
        id state nextStates entries reason reverses party { name } } }""",
    "approveCorrection": "... on LedgerCorrectionPayload { correction { state checkedBy } }",
    "rejectCorrection": "... on LedgerCorrectionPayload { correction { state } }",
    "setCommission": """... on CommissionRulePayload { rule {
        id basisPoints validFrom validTo organisation { name } category { name } } }""",
    "endCommission": "... on CommissionRulePayload { rule { validTo } }",
}


class Settling:
    """The API over a world with one month of money."""

    def __init__(self, market: Market, world: World, seller: Actor, cooperative: Actor) -> None:
        self.market, self.world, self.seller, self.cooperative = market, world, seller, cooperative
        self.asker = Asker(market)

    async def do(self, name: str, arguments: str, actor: Actor, **more: Any) -> Any:
        """One mutation, its arguments written out; `$key` stands for a new key."""
        text = arguments.replace("$key", f'"{key()}"')
        asked_for = (
            f"mutation {{ it: {name}({text}) {{ __typename {FIELDS[name]} ... on UserError {{ code message }} }} }}"
        )
        return (await self.asker.data(asked_for, more, actor=actor))["it"]

    async def statements(self, actor: Actor) -> Any:
        return (await self.asker.data(STATEMENTS, actor=actor))["statements"]["nodes"]


@pytest.fixture(name="world")
def _world(market: Market) -> World:
    return build(market)


@pytest.fixture(name="month")
def _month(market: Market, clock: FakeClock, world: World) -> tuple[World, Actor, Actor]:
    """June, with boxes of a producer and teas of two members, drafted."""
    deliver(market, bought(market, world, boxes=2, teas=(1, 3)))
    clock.advance(days=8)
    release_due(market)
    clock.now = clock.now.replace(month=7, day=2)
    draft_statements(market)
    return world, hired(market, world.shop.stalls.producer), hired(market, world.cooperative, Role.OWNER)


Month = tuple[World, Actor, Actor]


def test_from_a_statement_to_the_bank(market: Market, month: Month) -> None:
    async def ask(here: Market) -> None:
        settling = Settling(here, *month)
        do, seller = settling.do, settling.seller
        assert await settling.statements(seller) == [], "a draft is the staff's"
        drafts = await settling.statements(staff())
        assert [each["state"] for each in drafts] == ["DRAFT", "DRAFT"]
        ids = ", ".join(f'"{each["id"]}"' for each in drafts)
        assert len((await do("issueStatements", f"statementIds: [{ids}]", staff()))["statementIds"]) == 2

        (mine,) = await settling.statements(seller)
        assert (mine["firstDay"], mine["lastDay"], mine["period"]) == ("2026-06-01", "2026-06-30", "MONTH")
        assert mine["nextStates"] == ["CONFIRMED", "DISPUTED"]
        assert mine["opening"]["amount"] == "0.00"
        assert mine["closing"] == mine["released"]
        assert {line["kind"] for line in mine["lines"]["nodes"]} == {"RELEASE"}
        titles = [line["sellerOrder"]["lines"][0]["title"] for line in mine["lines"]["nodes"]]
        assert titles == ["水蜜桃", "水蜜桃"], "down to what was sold"
        (theirs,) = await settling.statements(settling.cooperative)
        assert [each["isMember"] for each in theirs["members"]["nodes"]] == [True, True]

        for actor, statement in ((seller, mine), (settling.cooperative, theirs)):
            done = await do("confirmStatement", f'statementId: "{statement["id"]}", idempotencyKey: $key', actor)
            assert done["statement"]["state"] == "CONFIRMED"
        batch = (await do("proposePayouts", 'input: { region: "330213000000" }, idempotencyKey: $key', staff(1)))[
            "batch"
        ]
        assert (batch["state"], batch["payoutCount"], batch["checkedBy"]) == ("PROPOSED", 2, None)
        approve = f'batchId: "{batch["id"]}", idempotencyKey: $key'
        assert (await do("approvePayouts", approve, staff(1)))["code"] == "SAME_PERSON"
        done = (await do("approvePayouts", approve, staff(2)))["batch"]
        assert (done["state"], {each["state"] for each in done["payouts"]["nodes"]}) == ("APPROVED", {"APPROVED"})
        first, second = batch["payouts"]["nodes"]
        done = await do(
            "recordPayoutPaid", f'payoutId: "{first["id"]}", reference: "ICBC-1", idempotencyKey: $key', staff(1)
        )
        assert (done["payout"]["state"], done["payout"]["reference"]) == ("PAID", "ICBC-1")
        done = await do(
            "recordPayoutFailed", f'payoutId: "{second["id"]}", reason: "户名不符", idempotencyKey: $key', staff(1)
        )
        assert (done["payout"]["state"], done["payout"]["reason"]) == ("FAILED", "户名不符")
        assert (await do("approvePayouts", approve, staff(2)))["code"] == "ILLEGAL_TRANSITION"
        assert (await settling.asker.data(CHECK, actor=staff()))["ledgerCheck"] == {
            "isRight": True,
            "findingCount": 0,
            "findings": [],
        }

    asked(market, ask)


def test_a_member_sees_its_own_account_and_not_the_others(market: Market, month: Month) -> None:
    world = month[0]
    member = hired(market, world.members[0])

    async def ask(here: Market) -> None:
        settling = Settling(here, *month)
        assert (await settling.asker.data(MEMBERS, actor=member))["memberAccounts"]["nodes"] == [], "still a draft"
        ids = ", ".join(f'"{each["id"]}"' for each in await settling.statements(staff()))
        await settling.do("issueStatements", f"statementIds: [{ids}]", staff())
        (own,) = (await settling.asker.data(MEMBERS, actor=member))["memberAccounts"]["nodes"]
        assert own["producer"]["name"] == "老陈家"
        assert await settling.statements(member) == [], "the statement is the cooperative's"
        everybody = (await settling.asker.data(MEMBERS, actor=settling.cooperative))["memberAccounts"]["nodes"]
        assert [each["producer"]["name"] for each in everybody] in (["老陈家", "老周家"], ["老周家", "老陈家"])

    asked(market, ask)


def test_a_dispute_a_correction_and_a_commission_rule(market: Market, month: Month) -> None:
    world = month[0]

    async def ask(here: Market) -> None:
        settling = Settling(here, *month)
        do, seller, party = settling.do, settling.seller, world.shop.stalls.producer
        ids = ", ".join(f'"{each["id"]}"' for each in await settling.statements(staff()))
        await do("issueStatements", f"statementIds: [{ids}]", staff())
        (mine,) = await settling.statements(seller)
        statement = f'statementId: "{mine["id"]}"'
        done = await do("disputeStatement", f'{statement}, reason: "佣金多收了", idempotencyKey: $key', seller)
        assert done["statement"] == {"state": "DISPUTED", "dispute": "佣金多收了"}
        entries = '[{ account: COMMISSION, amount: "1.50" }, { account: SELLER_PAYABLE, amount: "-1.50" }]'
        draft = f'input: {{ party: "{party}", reason: "佣金多收", entries: {entries} }}, idempotencyKey: $key'
        made = (await do("proposeCorrection", draft, staff(1)))["correction"]
        assert made["entries"] == [["COMMISSION", 150], ["SELLER_PAYABLE", -150]]
        decide = f'correctionId: "{made["id"]}", idempotencyKey: $key'
        assert (await do("approveCorrection", decide, staff(1)))["code"] == "SAME_PERSON"
        done = await do("approveCorrection", decide, staff(2))
        assert done["correction"] == {"state": "APPROVED", "checkedBy": "acc_finance_2"}
        done = await do("answerDispute", f'{statement}, answer: "已更正", idempotencyKey: $key', staff(1))
        assert done["statement"] == {"state": "ISSUED", "answer": "已更正"}

        rule = (
            f'input: {{ basisPoints: 300, validFrom: "2026-07-01", organisationId: "{party}" }}, idempotencyKey: $key'
        )
        made = (await do("setCommission", rule, staff(1)))["rule"]
        assert (made["basisPoints"], made["organisation"]["name"], made["category"]) == (300, "老王家", None)
        assert (await do("setCommission", rule, staff(1)))["code"] == "COMMISSION_OVERLAP"
        for_all = 'input: { basisPoints: 300, validFrom: "2027-07-01" }, idempotencyKey: $key'
        assert (await do("setCommission", for_all, staff(1)))["code"] == "FORBIDDEN"
        done = await do("endCommission", f'ruleId: "{made["id"]}", lastDay: "2026-07-31"', staff(1))
        assert done["rule"] == {"validTo": "2026-07-31"}
        again = rule.replace("2026-07-01", "2026-08-01")
        assert (await do("setCommission", again, staff(1)))["rule"]["validFrom"] == "2026-08-01"
        done = await do("setSettlementPeriod", f'party: "{party}", period: HALF_MONTH', staff(1))
        assert done["period"] == "HALF_MONTH"

    asked(market, ask)


def test_strangers_see_nothing_and_may_do_nothing(market: Market, month: Month) -> None:
    world = month[0]
    stranger, elsewhere = hired(market, world.members[1], Role.OWNER), staff(9, "330281000000")

    async def ask(here: Market) -> None:
        settling = Settling(here, *month)
        asker, do = settling.asker, settling.do
        ids = [each["id"] for each in await settling.statements(staff())]
        await do("issueStatements", f"statementIds: {ids}".replace("'", '"'), staff())
        (mine,) = await settling.statements(settling.seller)
        unknown = here.new_id("stm")
        for actor in (stranger, elsewhere):
            for statement in (mine["id"], unknown):
                assert (await asker.data(NODE, {"id": statement}, actor=actor))["node"] is None
            assert [each for each in await settling.statements(actor) if each["id"] == mine["id"]] == []
            seen = await asker.data(BALANCE, {"party": world.shop.stalls.producer}, actor=actor)
            assert seen["settlementBalance"] is None
        refusals = [
            await do("confirmStatement", f'statementId: "{statement}", idempotencyKey: $key', stranger)
            for statement in (mine["id"], unknown)
        ]
        assert refusals[0] == refusals[1]
        assert refusals[0]["code"] == "NOT_FOUND"
        for actor, code in ((VISITOR, "UNAUTHENTICATED"), (Actor(ActorKind.CUSTOMER, "acc_x"), "FORBIDDEN")):
            answer = await asker.ask(CHECK, actor=actor)
            assert answer["errors"][0]["extensions"]["code"] == code
            assert (await do("proposePayouts", 'input: { region: "330213000000" }, idempotencyKey: $key', actor))[
                "code"
            ] == code
        own = await asker.data(BALANCE, {"party": world.shop.stalls.producer}, actor=settling.seller)
        assert own["settlementBalance"]["payable"] == mine["closing"]
        bills = "{ reconciliations { totalCount } billDifferences(where: { isResolved: false, kinds: [AMOUNT] }) { totalCount } }"
        for actor in (ADMIN, staff()):
            assert await asker.data(bills, actor=actor) == {
                "reconciliations": {"totalCount": 0},
                "billDifferences": {"totalCount": 0},
            }

    asked(market, ask)

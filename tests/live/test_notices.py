"""People are told of what they cannot see coming; where nobody can be told, nothing is held up."""

from collections.abc import Sequence
from datetime import timedelta

import httpx
import pytest

from market.catalogue.rules.states import Verdict
from market.kernel import outbox
from market.kernel.errors import Unavailable
from market.kernel.market import Market
from market.kernel.permissions import Role
from market.live.notices import Notice, tell_of_paper
from market.organisations.manage import invite_person
from market.people.actors import actor_of
from market.people.gateways.tencent import TencentAccount
from market.people.manage import give_role, open_account
from market.server.lifecycle import handlers
from market.server.notices import ConsoleTeller, NoTeller, TencentTeller, notice_handlers, open_teller
from market.server.settings import read_settings
from market.server.worker import delivery
from tests.catalogue.fair import Fair, a_variant
from tests.clock import FakeClock
from tests.organisations.county import County, key
from tests.people.fake_tencent import SECRET_ID, SECRET_KEY, FakeTencent
from tests.people.test_sms import Log
from tests.schema.stalls import ADMIN

ACCOUNT = TencentAccount(SECRET_ID, SECRET_KEY, "1400", "宁波乡村", "code")
TEMPLATES = {
    Notice.INVITATION: "inv-1",
    Notice.PAPER_ENDS: "pap-1",
    Notice.REVIEWED: "rev-1",
    Notice.STATEMENT: "stm-1",
    Notice.WEBHOOK_OFF: "whk-1",
}


class Phones:
    """Where notices arrive; the first can fail."""

    def __init__(self, *, fails: int = 0) -> None:
        self.told: list[tuple[str, Notice, list[str]]] = []
        self.fails = fails

    def tell(self, phone: str, notice: Notice, parameters: Sequence[str]) -> None:
        """It arrives."""
        if self.fails:
            self.fails -= 1
            raise ConnectionError
        self.told.append((phone, notice, list(parameters)))


def owners(market: Market, producer: str, *phones: str) -> None:
    for phone in phones:
        account = open_account(market, ADMIN, name="王主", phone=phone)
        give_role(market, ADMIN, account_id=account, role=Role.OWNER, within=producer)


def publish(market: Market, topic: str, **payload: str) -> None:
    with market.transaction() as session:
        outbox.publish(session, topic, aggregate="about", payload=payload, now=market.now())


def test_an_invited_number_is_told_once_it_can_be_and_again_after_a_failure(market: Market, clock: FakeClock) -> None:
    county = County(market)
    producer = county.active(name="老王家")
    invite_person(
        market,
        county.holding(Role.OWNER, producer),
        organisation_id=producer,
        phone="13812345678",
        roles=[Role.EDITOR],
        idempotency_key=key(),
    )
    phones = Phones(fails=1)
    duty = delivery(notice_handlers(market, phones))
    duty.act(market)
    assert phones.told == []
    clock.advance(seconds=6)
    duty.act(market)
    duty.act(market)
    assert phones.told == [("13812345678", Notice.INVITATION, ["老王家"])]


def test_owners_are_told_of_papers_that_end_and_endpoints_that_are_off(market: Market) -> None:
    county = County(market)
    producer, other = county.active(name="老王家"), county.active(name="老李家")
    owners(market, producer, "13800000001", "13800000002")
    owners(market, other, "13800000003")
    publish(
        market,
        "organisation.certificate_expiring",
        organisation_id=producer,
        ends_on="2026-06-30",
        kind="x",
        id="crt_x",
    )
    publish(market, "webhook.disabled", organisation=other, endpoint="whk_x", why="GONE")
    phones = Phones()
    duty = delivery(notice_handlers(market, phones))
    while duty.act(market):
        pass
    assert sorted(phones.told) == [
        ("13800000001", Notice.PAPER_ENDS, ["老王家", "2026-06-30"]),
        ("13800000002", Notice.PAPER_ENDS, ["老王家", "2026-06-30"]),
        ("13800000003", Notice.WEBHOOK_OFF, ["老李家"]),
    ]


def test_sellers_and_whoever_wrote_it_are_told_what_reviewers_decided(market: Market) -> None:
    fair = Fair(market)
    fair.let_manage()
    owners(market, fair.producer, "13800000001")
    owners(market, fair.other_producer, "13800000009")
    editor = open_account(market, ADMIN, name="合作社编辑", phone="13800000002")
    give_role(market, ADMIN, account_id=editor, role=Role.EDITOR, within=fair.cooperative)
    with market.read() as session:
        writer = actor_of(session, editor)
    saved = fair.save(fair.product("水蜜桃"), writer)
    for verdict in (Verdict.REQUEST_CHANGES, Verdict.APPROVE):
        fair.decide(fair.submit(saved.listing_id, writer).revision_id, verdict)
    refused = fair.submitted(fair.product("黄桃", a_variant("YELLOW")))
    fair.decide(refused.revision_id, Verdict.REJECT)
    fair.submitted(fair.product("油桃", a_variant("NECTAR")))

    phones = Phones()
    duty = delivery(notice_handlers(market, phones))
    while duty.act(market):
        pass

    told = [(phone, *parameters) for phone, notice, parameters in phones.told if notice is Notice.REVIEWED]
    assert sorted(told) == sorted(
        [
            *((phone, "水蜜桃", what) for phone in ("13800000001", "13800000002") for what in ("需要修改", "已通过")),
            ("13800000001", "黄桃", "未通过"),
        ]
    )


def test_tencent_gets_the_templates_that_are_set(market: Market, clock: FakeClock) -> None:
    fake = FakeTencent(clock)
    log = Log()
    teller = TencentTeller(
        ACCOUNT,
        {**TEMPLATES, Notice.WEBHOOK_OFF: ""},
        log=log,  # type: ignore[arg-type]  # as much of a log as it needs
        market=market,
        connect=lambda: httpx.AsyncClient(transport=httpx.MockTransport(fake)),
    )
    teller.tell("13800000001", Notice.PAPER_ENDS, ["老王家", "2026-06-30"])
    teller.tell("13800000001", Notice.WEBHOOK_OFF, ["老王家"])
    (sent,) = fake.sent
    assert (sent["TemplateId"], sent["TemplateParamSet"]) == ("pap-1", ["老王家", "2026-06-30"])
    assert sent["PhoneNumberSet"] == ["+8613800000001"]

    fake.status = "InvalidParameterValue.IncorrectPhoneNumber"
    teller.tell("13800000009", Notice.INVITATION, ["老王家"])  # nothing that another try could change
    assert log.lines[-1] == ("notice not sent: no such number", {"phone": "138****0009"})
    fake.is_down = True
    with pytest.raises(Unavailable):
        teller.tell("13800000001", Notice.INVITATION, ["老王家"])


def test_every_setting_has_a_sender_and_every_topic_a_handler(market: Market) -> None:
    log = Log()
    kinds = {"console": ConsoleTeller, "off": NoTeller}
    for name, kind in kinds.items():
        teller = open_teller(read_settings(sms=name), market, log)  # type: ignore[arg-type]
        assert isinstance(teller, kind)
        teller.tell("13800000001", Notice.INVITATION, ["老王家"])
    assert log.lines == [
        ("notice, development only", {"phone": "138****0001", "notice": "INVITATION", "parameters": ["老王家"]})
    ]
    assert {
        "invitation.send",
        "organisation.certificate_expiring",
        "listing.reviewed",
        "package.options_changed",
        "people.erased",
        "statement.issued",
        "webhook.disabled",
        "order.paid",
    } <= set(
        handlers(market, read_settings(sms="off"), log)  # type: ignore[arg-type]
    )


def test_an_organisation_without_owners_holds_nothing_up(market: Market, clock: FakeClock) -> None:
    producer = County(market).active(name="老王家")
    publish(market, "organisation.certificate_expiring", organisation_id=producer, ends_on="2026-06-30")
    with market.transaction() as session:
        (message,) = [each for each in outbox.claim(session, clock.now + timedelta()) if each.aggregate == "about"]
    phones = Phones()
    assert tell_of_paper(market, message, phones) == 0
    assert phones.told == []

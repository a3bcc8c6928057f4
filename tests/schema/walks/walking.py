"""A marketplace with everybody in it that an order meets, all of whom speak GraphQL; and the services outside."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette

from market.checkout.till import on_paid, on_refunded
from market.fulfilment.complete import complete_orders
from market.fulfilment.tracking import follow_parcels
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.orders.commission import CommissionDraft, set_commission
from market.payments.flow import Till, send_refunds
from market.people.actors import actor_for
from market.people.gateways.sms import ConsoleSender
from market.server.payments import WECHAT_PATH, Gateways, payment_routes
from market.server.settings import read_settings
from market.server.tracking import tracker_of, tracking_routes
from market.settlement.release import net_refunds, release_due
from market.settlement.statements.draft import draft_statements
from market.vouchers.evaluate import Scope
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from market.vouchers.rules import CampaignState, DiscountKind, Funder
from schema.services import Services
from tests.aftersales.sales import staff_of
from tests.checkout.shop import Shop, key, open_shop
from tests.clock import FakeClock
from tests.fulfilment.fake_kuaidi100 import CUSTOMER, KEY, FakeKuaidi100
from tests.payments.fake_wechat import FakeWeChat, Sent, credentials
from tests.people.test_sms import Log
from tests.schema.asking import Asker
from tests.schema.stalls import ADMIN
from tests.server.test_worker import log

COUNTY = "330213000000"
VILLAGE = "330213005208"
CODE = "LOCAL30"


@dataclass(frozen=True)
class World:
    """What there is before anybody buys."""

    shop: Shop
    campaign: str
    seller: Actor
    editor: Actor
    gatekeeper: Actor


def finance(number: int) -> Actor:
    """Somebody of finance in the county."""
    roles = frozenset({Role.STAFF_FINANCE})
    return Actor(ActorKind.STAFF, f"acc_finance_{number}", staff_roles=roles, region_codes=frozenset({COUNTY}))


def build(market: Market) -> World:
    """A farm with peaches and a visit that comes with some; 5 % commission; vouchers of public money, ¥30.00 each."""
    set_commission(market, ADMIN, CommissionDraft(500, date(2026, 1, 1)))
    shop = open_shop(market)
    draft = CampaignDraft(
        name="乡村消费券",
        funder=Funder.GOVERNMENT,
        authority_region=COUNTY,
        scope=Scope(region_code=COUNTY),
        kind=DiscountKind.THRESHOLD,
        minimum_fen=30_000,
        amount_fen=3_000,
        budget_fen=9_000,
        person_limit=1,
        code=CODE,
        starts_at=market.now() - timedelta(days=1),
        ends_at=market.now() + timedelta(days=60),
    )
    campaign = create_campaign(market, ADMIN, draft, key=key())
    move_campaign(market, ADMIN, campaign_id=campaign, to=CampaignState.ACTIVE)
    producer = shop.stalls.producer
    return World(
        shop,
        campaign,
        seller=staff_of(market, producer, Role.OWNER),
        editor=staff_of(market, producer, Role.EDITOR),
        gatekeeper=staff_of(market, producer, Role.FULFILMENT),
    )


class Walk:
    """An API to the marketplace, WeChat Pay and 快递100 beside it, and the worker."""

    def __init__(self, market: Market, clock: FakeClock, world: World) -> None:
        self.market, self.clock, self.world = market, clock, world
        self.wechat, self.kuaidi100, self.sms = FakeWeChat(clock), FakeKuaidi100(), Log()
        self.till = Till({"wechat": self.wechat.gateway()}, on_paid, on_refunded)
        self.asker = Asker(market, services=Services(till=self.till, sms=ConsoleSender(self.sms)))
        self.settings = read_settings(
            kuaidi100_key=KEY, kuaidi100_customer=CUSTOMER, public_url="https://shop.example.cn"
        )

    async def ask(self, query: str, actor: Actor | None = None, **variables: Any) -> Any:
        """The one root field of an answer that has no errors."""
        who = {} if actor is None else {"actor": actor}
        (answer,) = (await self.asker.data(query, variables, **who)).values()
        return answer

    async def do(self, field: str, wanted: str, actor: Actor | None = None) -> Any:
        """One mutation, written out: what its payload has of `wanted`, or the code of what it was refused with."""
        query = f"mutation {{ it: {field} {{ __typename {wanted} ... on UserError {{ code message }} }} }}"
        return await self.ask(query, actor)

    async def sign_in(self, phone: str) -> Actor:
        """Somebody signs in with the code that they are sent; who they are from then on."""
        await self.do(f'requestSignInCode(phone: "{phone}")', "")
        code = self.sms.lines[-1][1]["one_time_code"]
        signed_in = await self.do(
            f'signIn(input: {{ phone: {{ phone: "{phone}", code: "{code}" }} }}, deviceName: "手机", tokens: ANSWER)',
            "... on SignInPayload { accessToken }",
        )
        return await self.market.run(
            actor_for, self.market, signed_in["accessToken"], request_id="walk", locale="zh-CN"
        )

    async def wechat_says(self, sent: Sent) -> int:
        """WeChat's notice arrives over HTTP; the status that it is answered with."""
        gateways = Gateways(self.settings, self.market)
        gateways.credentials = credentials()
        app = Starlette(routes=payment_routes(gateways, self.till, self.market, log()))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://shop.example.cn") as http:
            return (await http.post(WECHAT_PATH, content=sent.body, headers=sent.headers)).status_code

    async def carrier_says(self, number: str, status: str) -> int:
        """快递100 tells of a parcel over HTTP; the status that it is answered with."""
        async with self.kuaidi100.client() as service:
            tracker = tracker_of(self.settings, service)
            assert tracker is not None
            await follow_parcels(tracker, self.market)
        self.kuaidi100.happen(number, self.clock(), status)
        url, form = self.kuaidi100.callback(number)
        app = Starlette(routes=tracking_routes(self.settings, self.market, log()))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://shop.example.cn") as http:
            return (await http.post(url, data=form)).status_code

    async def worker(self) -> None:
        """The worker comes round."""
        await send_refunds(self.till, self.market)
        for duty in (complete_orders, release_due, net_refunds, draft_statements):
            await self.market.run(duty, self.market)

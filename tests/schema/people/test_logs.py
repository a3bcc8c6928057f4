"""What a server that people sign in to writes to its log, over HTTP and from top to bottom: nothing of them."""

import json
import os
import re
from pathlib import Path
from typing import Any

import httpx

from market.kernel.market import Market
from market.people.gateways.tencent import TencentSms
from market.people.gateways.wechat import MiniProgram
from market.server.logs import LineWriter, configure_logs
from market.server.observe import observer
from market.server.settings import read_settings
from schema.app import create_execution
from schema.edge.http import GraphQLEndpoint
from schema.services import Services
from tests.clock import FakeClock
from tests.people.fake_tencent import FakeTencent
from tests.people.fake_wechat import APP_ID, APP_SECRET, FakeWeChat
from tests.people.signing import LOGIN_NAME, OTHER_PHONE, PASSWORD, PHONE, staff, totp
from tests.people.test_sms import ACCOUNT
from tests.schema.asking import asked
from tests.schema.people.client import REQUEST, SIGN_IN

MOBILE = re.compile(r"(?<![0-9a-f])1[3-9]\d{9}(?![0-9a-f])")  # a digest may have such a run of digits
OPENID = "oABCD-0123456789abcdefghijkl"


def test_the_log_holds_no_number_code_password_or_token(market: Market, clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    writer = LineWriter(descriptor)
    settings = read_settings(log_format="json", log_level="debug", sms="off")
    log = configure_logs(settings, writer=writer)
    tencent, wechat = FakeTencent(clock), FakeWeChat(clock)
    staff(market)
    secrets = {PHONE, OTHER_PHONE, PASSWORD, OPENID, APP_SECRET}

    async def walk(here: Market) -> None:
        sms = TencentSms(_client(tencent), ACCOUNT, log=log, clock=clock)
        mini = MiniProgram(_client(wechat), app_id=APP_ID, app_secret=APP_SECRET, log=log, clock=clock)
        execution = create_execution(settings, here, log, Services(sms=sms, wechat=mini))
        endpoint = GraphQLEndpoint(execution, log=log, observe=observer(log, None))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(endpoint), base_url="http://shop.example.cn"
        ) as http:

            async def do(query: str, **variables: Any) -> Any:
                response = await http.post("/graphql", json={"query": query, "variables": variables})
                assert response.status_code == 200, response.text
                return response.json()["data"]

            await do(REQUEST, phone=PHONE)
            code = tencent.sent[-1]["TemplateParamSet"][0]
            await do(SIGN_IN, input={"phone": {"phone": PHONE, "code": "000000"}})
            signed_in = (await do(SIGN_IN, input={"phone": {"phone": PHONE, "code": code}}))["signIn"]
            await do(REQUEST, phone=PHONE)
            full = {"loginName": LOGIN_NAME, "password": PASSWORD, "secondFactor": totp(clock)}
            await do(SIGN_IN, input={"password": full})
            login = wechat.sign_in(OPENID)
            await do(SIGN_IN, input={"wechat": {"code": login, "phoneCode": wechat.share_phone(OTHER_PHONE)}})
            secrets.update((code, totp(clock), signed_in["accessToken"], signed_in["refreshToken"], login))
            tencent.status, wechat.is_down = "FailedOperation.InsufficientBalanceInSmsPackage", True
            await do(REQUEST, phone=OTHER_PHONE)
            await do(SIGN_IN, input={"wechat": {"code": wechat.sign_in(OPENID)}})

    asked(market, walk)
    writer.flush()  # and stay open: whatever libraries say later still goes there, and must not meet another's number
    written = path.read_text(encoding="utf-8")

    events = [json.loads(line)["event"] for line in written.splitlines()]
    assert events.count("operation") == 8
    assert {"SMS not sent", "WeChat did not answer"} <= set(events)
    assert not MOBILE.search(written)
    assert not [secret for secret in secrets if re.search(rf"(?<![\w-]){re.escape(secret)}(?![\w-])", written)]


def _client(fake: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(fake))

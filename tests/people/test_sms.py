"""Messages with codes: to the log in development, by a provider that is spoken to as it documents it."""

import logging
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from market.kernel.errors import Invalid, Unavailable
from market.kernel.market import Market
from market.people.codes import send_code
from market.people.errors import TooManyAttempts
from market.people.gateways.calls import open_client
from market.people.gateways.sms import ConsoleSender, NoSender
from market.people.gateways.tencent import TencentAccount, TencentSms, authorization
from market.people.sign_in import sign_in_with_code
from tests.clock import FakeClock
from tests.people.fake_tencent import SECRET_ID, SECRET_KEY, FakeTencent
from tests.people.signing import CALLER, PHONE, later

ACCOUNT = TencentAccount(SECRET_ID, SECRET_KEY, "1400006666", "数字乡村集市", "1110")


class Log:
    """Remembers what was written."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **facts: Any) -> None:
        self.lines.append((event, facts))

    warning = info


def sender(fake: FakeTencent, log: Log, account: TencentAccount = ACCOUNT) -> TencentSms:
    client = httpx.AsyncClient(transport=httpx.MockTransport(fake))
    return TencentSms(client, account, log=log, clock=fake.clock)


def test_the_signature_is_the_one_of_tencents_own_example() -> None:
    """https://cloud.tencent.com/document/api/213/30654, with the key as it is printed there."""
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'

    signed = authorization(
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******",
        "Gu5t9xGARNpq86cd98joQYCN3*******",
        host="cvm.tencentcloudapi.com",
        action="DescribeInstances",
        body=body,
        at=datetime.fromtimestamp(1551113065, UTC),
    )

    assert signed == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3"
    )


def test_the_code_that_is_sent_signs_in(market: Market, clock: FakeClock) -> None:
    fake, log = FakeTencent(clock), Log()

    later(send_code(market, sender(fake, log), CALLER, phone="+86 199 0000 0001"))

    (message,) = fake.sent
    code, minutes = message["TemplateParamSet"]
    assert message["PhoneNumberSet"] == ["+8619900000001"]
    assert (message["SmsSdkAppId"], message["SignName"], message["TemplateId"]) == (
        "1400006666",
        "数字乡村集市",
        "1110",
    )
    assert minutes == "5"
    assert sign_in_with_code(market, CALLER, phone=PHONE, code=code).is_new
    assert log.lines == []


@pytest.mark.parametrize(
    ("status", "wait"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", 30),
        ("LimitExceeded.PhoneNumberOneHourLimit", 3600),
        ("LimitExceeded.PhoneNumberDailyLimit", 86400),
    ],
)
def test_the_providers_own_limits_are_told_as_ours(clock: FakeClock, status: str, wait: int) -> None:
    with pytest.raises(TooManyAttempts) as refusal:
        later(sender(FakeTencent(clock, status), Log()).send_code(PHONE, "123456"))

    assert refusal.value.facts["retry_after_seconds"] == wait


def test_a_number_that_does_not_exist_is_told(clock: FakeClock) -> None:
    with pytest.raises(Invalid, match="phone"):
        later(
            sender(FakeTencent(clock, "InvalidParameterValue.IncorrectPhoneNumber"), Log()).send_code(PHONE, "123456")
        )


def test_whatever_else_goes_wrong_is_for_the_operators_and_names_nobody(clock: FakeClock) -> None:
    log, down = Log(), FakeTencent(clock, is_down=True)
    poor = FakeTencent(clock, "FailedOperation.InsufficientBalanceInSmsPackage")
    wrong_key = TencentAccount(SECRET_ID, "another key", "1400006666", "数字乡村集市", "1110")
    slow = FakeTencent(lambda: datetime(2026, 6, 2, 3, 0, tzinfo=UTC))
    slow_sender = TencentSms(
        httpx.AsyncClient(transport=httpx.MockTransport(slow)),
        ACCOUNT,
        log=log,
        clock=lambda: datetime(2026, 6, 2, tzinfo=UTC),
    )
    page = httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: httpx.Response(502, text="<html>")))

    for each in (
        sender(poor, log),
        sender(FakeTencent(clock), log, wrong_key),
        slow_sender,
        TencentSms(page, ACCOUNT, log=log, clock=clock),
        sender(down, log),
    ):
        with pytest.raises(Unavailable):
            later(each.send_code(PHONE, "739182"))

    assert [facts["reason"] for _event, facts in log.lines] == [
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "AuthFailure.SignatureFailure",
        "AuthFailure.SignatureExpire",
        "HTTP 502",
        "ConnectError",
    ]
    assert PHONE not in str(log.lines)
    assert "739182" not in str(log.lines)


def test_a_message_that_was_not_taken_counts_all_the_same(market: Market, clock: FakeClock) -> None:
    fake = FakeTencent(clock, is_down=True)
    with pytest.raises(Unavailable):
        later(send_code(market, sender(fake, Log()), CALLER, phone=PHONE))

    with pytest.raises(TooManyAttempts):
        later(send_code(market, sender(fake, Log()), CALLER, phone=PHONE))


def test_in_development_the_code_is_in_the_log_and_the_number_masked(market: Market) -> None:
    log = Log()
    later(send_code(market, ConsoleSender(log), CALLER, phone=PHONE))

    ((event, facts),) = log.lines
    assert event == "one-time code, development only"
    assert facts["phone"] == "199****0001"
    assert sign_in_with_code(market, CALLER, phone=PHONE, code=facts["one_time_code"])


def test_without_a_provider_phones_cannot_sign_in(market: Market) -> None:
    with pytest.raises(Unavailable):
        later(send_code(market, NoSender(), CALLER, phone=PHONE))


def test_the_http_client_writes_no_addresses_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def call() -> None:
        async with open_client() as client:
            with pytest.raises(httpx.HTTPError):
                await client.get("http://127.0.0.1:1/?secret=shown")
        transport = httpx.MockTransport(lambda _request: httpx.Response(200))
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get("http://127.0.0.1:1/?secret=shown")

    later(call())

    assert "shown" not in caplog.text

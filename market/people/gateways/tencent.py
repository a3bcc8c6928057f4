"""Tencent Cloud SMS: `SendSms`, version 2021-01-11 (https://cloud.tencent.com/document/api/382/55981), signed with
TC3-HMAC-SHA256 (https://cloud.tencent.com/document/api/382/52072)."""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType

import httpx

from market.kernel.clock import Clock, system_clock
from market.kernel.errors import Invalid, Unavailable
from market.people.errors import TooManyAttempts
from market.people.gateways.calls import GatewayLog, json_object
from market.people.rules import CODE_LIFE

HOST = "sms.tencentcloudapi.com"
ACTION, VERSION = "SendSms", "2021-01-11"
_CONTENT_TYPE = "application/json; charset=utf-8"
_SIGNED_HEADERS = "content-type;host;x-tc-action"

_WAITS: Mapping[str, int] = MappingProxyType(
    {
        "LimitExceeded.PhoneNumberThirtySecondLimit": 30,
        "LimitExceeded.PhoneNumberOneHourLimit": 3600,
        "LimitExceeded.PhoneNumberDailyLimit": 86_400,
        "LimitExceeded.PhoneNumberSameContentDailyLimit": 86_400,
    }
)
"""The provider's own limits of a number, in seconds to wait."""
_NO_SUCH_NUMBER = "InvalidParameterValue.IncorrectPhoneNumber"


@dataclass(frozen=True, slots=True)
class TencentAccount:
    """Who sends, and which approved template: its first parameter is the code, its second the minutes it lives."""

    secret_id: str
    secret_key: str = field(repr=False)
    app_id: str
    """`SmsSdkAppId`."""
    sign_name: str
    template_id: str
    region: str = "ap-guangzhou"


class TencentSms:
    """Sends codes by Tencent Cloud."""

    def __init__(
        self, client: httpx.AsyncClient, account: TencentAccount, *, log: GatewayLog, clock: Clock = system_clock
    ) -> None:
        self._client = client
        self._account = account
        self._log = log
        self._clock = clock

    async def send_code(self, phone: str, code: str) -> None:
        """Hand it over; see `SmsSender`. Tried once: a person can ask again, and two messages confuse."""
        minutes = str(int(CODE_LIFE.total_seconds()) // 60)
        await self.send_template(phone, self._account.template_id, [code, minutes])

    async def send_template(self, phone: str, template_id: str, parameters: Sequence[str]) -> None:
        """Hand over a message by another approved template, with what its `{1}`, `{2}` … stand for. Refuses as
        `send_code` does."""
        account = self._account
        body = json.dumps(
            {
                "PhoneNumberSet": [f"+86{phone}"],
                "SmsSdkAppId": account.app_id,
                "SignName": account.sign_name,
                "TemplateId": template_id,
                "TemplateParamSet": list(parameters),
            }
        ).encode()
        now = self._clock()
        headers = {
            "Authorization": authorization(
                account.secret_id, account.secret_key, host=HOST, action=ACTION, body=body, at=now
            ),
            "Content-Type": _CONTENT_TYPE,
            "X-TC-Action": ACTION,
            "X-TC-Version": VERSION,
            "X-TC-Region": account.region,
            "X-TC-Timestamp": str(int(now.timestamp())),
        }
        try:
            response = await self._client.post(f"https://{HOST}/", content=body, headers=headers)
        except httpx.HTTPError as error:
            self._log.warning("SMS not sent", provider="tencent", reason=type(error).__name__)
            raise Unavailable from error
        self._judge(response)

    def _judge(self, response: httpx.Response) -> None:
        """Nothing when the message was taken; else the refusal."""
        answer = json_object(response).get("Response", {})
        statuses = answer.get("SendStatusSet") or [{}]
        code = str(answer.get("Error", {}).get("Code") or statuses[0].get("Code") or f"HTTP {response.status_code}")
        if code == "Ok":
            return
        if code in _WAITS:
            raise TooManyAttempts(limit=1, retry_after_seconds=_WAITS[code])
        if code == _NO_SUCH_NUMBER:
            raise Invalid(field="phone", allowed="a number that can be reached", allowed_zh="该手机号无法接收短信")
        self._log.warning("SMS not sent", provider="tencent", reason=code, provider_request=answer.get("RequestId"))
        raise Unavailable


def authorization(secret_id: str, secret_key: str, *, host: str, action: str, body: bytes, at: datetime) -> str:
    """The `Authorization` header of a POST to `/`, for `content-type`, `host`, `x-tc-action` and the body."""
    service, day = host.partition(".")[0], at.strftime("%Y-%m-%d")
    headers = f"content-type:{_CONTENT_TYPE}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    request = f"POST\n/\n\n{headers}\n{_SIGNED_HEADERS}\n{sha256(body).hexdigest()}"
    scope = f"{day}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{int(at.timestamp())}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"TC3{secret_key}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders={_SIGNED_HEADERS}, Signature={signature}"

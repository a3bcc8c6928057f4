"""Tencent Cloud SMS as its documents describe it: it checks the signature and its time, and says no in its own way."""

import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import httpx

SECRET_ID, SECRET_KEY = "AKIDEXAMPLE", "secret-of-the-sms-account"
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<day>[^/]+)/(?P<service>[^/]+)/tc3_request, "
    r"SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class FakeTencent:
    """Called with requests, as httpx's mock transport does. What was sent is in `sent`."""

    clock: Callable[[], datetime]
    status: str = "Ok"
    """What becomes of the message."""
    sent: list[dict[str, Any]] = field(default_factory=list)
    is_down: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("no route", request=request)
        error = self._error(request)
        if error is not None:
            return _answer({"Error": {"Code": error, "Message": "…"}})
        asked = json.loads(request.content)
        if self.status == "Ok":
            self.sent.append(asked)
        statuses = [
            {"SerialNo": "5000:1", "PhoneNumber": phone, "Fee": 1, "Code": self.status, "Message": f"about {phone}"}
            for phone in asked["PhoneNumberSet"]
        ]
        return _answer({"SendStatusSet": statuses})

    def _error(self, request: httpx.Request) -> str | None:
        headers = request.headers
        found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if found is None:
            return "AuthFailure.InvalidAuthorization"
        if found["id"] != SECRET_ID:
            return "AuthFailure.SecretIdNotFound"
        at = int(headers["x-tc-timestamp"])
        if abs(self.clock().timestamp() - at) > 300:
            return "AuthFailure.SignatureExpire"
        values = {"host": request.url.host, **{name: headers[name].lower() for name in found["signed"].split(";")}}
        lines = "".join(f"{name}:{values[name]}\n" for name in found["signed"].split(";"))
        canonical = f"POST\n{request.url.path}\n\n{lines}\n{found['signed']}\n{sha256(request.content).hexdigest()}"
        scope = f"{found['day']}/{found['service']}/tc3_request"
        text = f"TC3-HMAC-SHA256\n{at}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        key = f"TC3{SECRET_KEY}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), sha256).digest()
        if not hmac.compare_digest(hmac.new(key, text.encode(), sha256).hexdigest(), found["signature"]):
            return "AuthFailure.SignatureFailure"
        if request.url.host != "sms.tencentcloudapi.com" or request.method != "POST":
            return "InvalidRequest"
        if (headers["x-tc-action"], headers["x-tc-version"]) != ("SendSms", "2021-01-11"):
            return "InvalidAction"
        asked = json.loads(request.content)
        missing = {"PhoneNumberSet", "SmsSdkAppId", "TemplateId", "SignName"} - asked.keys()
        return "MissingParameter" if missing or not headers.get("x-tc-region") else None


def _answer(response: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"Response": {**response, "RequestId": "a0aabda6-cf91-4f3e-a81f-9198114a2279"}})

"""A receiver of webhooks as they are met: it checks signatures by the specification, and does whatever it is told to."""

import base64
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx

from tests.clock import FakeClock

TOLERANCE_SECONDS = 300


@dataclass
class Receiver:
    """One system that is told. What it answers next is in `answers`; then 204."""

    clock: FakeClock
    secret: str
    answers: list[int | Callable[[httpx.Request], Awaitable[httpx.Response]]] = field(default_factory=list)
    got: list[dict[str, Any]] = field(default_factory=list)
    """Bodies that were signed rightly, in the order they came, with their ids."""
    connected: list[tuple[str, str, str]] = field(default_factory=list)
    """For each request: the address connected to, the name in `Host`, the name for the certificate."""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Take one message."""
        self.connected.append((request.url.host, request.headers["host"], request.extensions.get("sni_hostname", "")))
        body = await request.aread()
        if not self.is_genuine(request.headers, body):
            return httpx.Response(401)
        answer = self.answers.pop(0) if self.answers else 204
        if not isinstance(answer, int):
            return await answer(request)
        if answer < 300:
            self.got.append({"id": request.headers["webhook-id"], **json.loads(body)})
        headers = {"location": "https://other.example.cn/"} if 300 <= answer < 400 else {}
        return httpx.Response(answer, headers=headers)

    def is_genuine(self, headers: httpx.Headers, body: bytes) -> bool:
        """Whether a signature is by the secret and not old (Standard Webhooks, "Verifying signatures")."""
        sent = int(headers["webhook-timestamp"])
        if abs(self.clock.now.timestamp() - sent) > TOLERANCE_SECONDS:
            return False
        signed = f"{headers['webhook-id']}.{sent}.".encode() + body
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        mine = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
        return any(each == f"v1,{mine}" for each in headers["webhook-signature"].split(" "))

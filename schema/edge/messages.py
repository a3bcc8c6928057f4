"""JSON messages over an accepted WebSocket."""

import asyncio
from typing import Any

from schema.edge.bodies import Receive, parse_json
from schema.edge.http import Send
from schema.edge.live import LiveLimits
from schema.edge.refusals import BadRequest


class Closing(Exception):
    """The connection is to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """Messages in and out."""

    def __init__(self, receive: Receive, send: Send, limits: LiveLimits) -> None:
        self._receive = receive
        self._send = send
        self._limits = limits
        self.is_open = True

    async def read(self) -> dict[str, Any] | None:
        """The next message; None once the peer has gone. Raises Closing for what is none."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            self.is_open = False
            return None
        text = event.get("text")
        if text is None:
            raise Closing(4400, "WebSocket message type must be text")
        if len(text) > self._limits.message_bytes_max:
            raise Closing(1009, "Message too long")
        try:
            message = parse_json(text, levels_max=self._limits.json_levels_max)
        except BadRequest:
            raise Closing(4400, "WebSocket message must be valid JSON") from None
        if not isinstance(message, dict):
            raise Closing(4400, "WebSocket message must be an object")
        return message

    async def write(self, message: bytes) -> None:
        """Send a message; TimeoutError when the peer does not read."""
        async with asyncio.timeout(self._limits.send_seconds_max):
            await self._send({"type": "websocket.send", "text": message.decode()})

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye, once."""
        if self.is_open:
            self.is_open = False
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

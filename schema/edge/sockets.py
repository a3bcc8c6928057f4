"""GraphQL over WebSocket by the sub-protocol graphql-transport-ws
(https://github.com/enisdenjo/graphql-ws, PROTOCOL.md; close codes as there).

One connection carries several operations of one caller, who says who they are in `connection_init` (or, in a browser,
by the sign-in cookies of the page). Whether the peer is there is asked by WebSocket's own pings, which the server sends
by itself; whether its credentials are still good, here, at every beat.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from schema.edge.bodies import Receive
from schema.edge.http import Answer, ErrorLog, Scope, Send
from schema.edge.live import Admit, LiveLimits, Perform, Places, Stopped, Stream
from schema.edge.media import MediaType
from schema.edge.messages import Closing, Socket
from schema.edge.refusals import BadRequest, error_body, language_of
from schema.edge.requests import Caller, GraphQLRequest, from_value, request_id_of

PROTOCOL = "graphql-transport-ws"
_TIMED_OUT = (4408, "Connection initialisation timeout")
_FORBIDDEN = (4403, "Forbidden")
_GOING_AWAY = (1012, "Service restart")
_ID_MAX = 128


class GraphQLSockets:
    """An ASGI app for WebSockets. `is_own_page` says, of the handshake's headers, whether its page may come here."""

    def __init__(
        self,
        perform: Perform,
        admit: Admit,
        *,
        is_own_page: Callable[[Mapping[bytes, bytes]], bool],
        places: Places,
        log: ErrorLog,
        limits: LiveLimits | None = None,
    ) -> None:
        """`places` are shared with the other live protocols."""
        self._perform = perform
        self._admit = admit
        self._is_own_page = is_own_page
        self._places = places
        self._log = log
        self._limits = limits or LiveLimits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, from handshake to close."""
        headers = dict(scope["headers"])
        await receive()  # websocket.connect
        if b"origin" in headers and not self._is_own_page(headers):
            await send({"type": "websocket.close", "code": _FORBIDDEN[0]})  # before accepting: HTTP 403
            return
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        client = scope.get("client")
        socket = Socket(receive, send, self._limits)
        caller = Caller(headers, request_id_of(headers), MediaType.JSON, client[0] if client else "")
        connection = _Connection(
            socket, caller, perform=self._perform, admit=self._admit, log=self._log, limits=self._limits
        )
        await connection.run(self._places)


class _Connection:
    """One caller's operations."""

    def __init__(
        self, socket: Socket, caller: Caller, *, perform: Perform, admit: Admit, log: ErrorLog, limits: LiveLimits
    ) -> None:
        self._socket = socket
        self._caller = caller
        self._perform = perform
        self._admit = admit
        self._log = log
        self._limits = limits
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._closing: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    async def run(self, places: Places) -> None:
        """Until either side closes."""
        try:
            caller = await self._init()
            with places.place(caller):
                await self._write({"type": "connection_ack"})
                await self._serve()
        except Closing as closing:
            await self._socket.close(closing.code, closing.reason)
        except BadRequest as refusal:
            code = 4429 if refusal.status == 429 else _FORBIDDEN[0]
            await self._socket.close(code, refusal.message("en")[:120])
        except (OSError, TimeoutError):
            pass  # the peer went away, or does not read
        finally:
            tasks = list(self._operations.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _init(self) -> str:
        """Wait for `connection_init`; who the caller is."""
        try:
            async with asyncio.timeout(self._limits.init_seconds_max):
                while True:
                    message = await self._socket.read()
                    if message is None:
                        raise Closing(1000, "")
                    match message.get("type"):
                        case "connection_init":
                            break
                        case "ping":
                            await self._write({"type": "pong"})
                        case "pong":
                            pass
                        case _:
                            raise Closing(4401, "Unauthorized")
        except TimeoutError:
            raise Closing(*_TIMED_OUT) from None
        payload = message.get("payload") or {}
        if not isinstance(payload, dict):
            raise Closing(4400, "Invalid connection init payload")
        given = next((payload[name] for name in ("Authorization", "authorization") if name in payload), None)
        if given is not None:
            if not isinstance(given, str) or not given.isascii():
                raise Closing(4400, "Invalid connection init payload")
            self._caller.headers = {**self._caller.headers, b"authorization": given.encode()}
        return await self._admit(self._request({"query": "{ __typename }"}))

    async def _serve(self) -> None:
        reading = asyncio.create_task(self._read())
        beating = asyncio.create_task(self._beat())
        try:
            ends: set[asyncio.Future[Any]] = {reading, beating, self._closing}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in (reading, beating):
                if task.done():
                    task.result()
            if self._closing.done():
                raise Closing(*self._closing.result())
        finally:
            for task in (reading, beating):
                task.cancel()
            await asyncio.gather(reading, beating, return_exceptions=True)

    async def _beat(self) -> None:
        """Whether the caller is still who they were."""
        while True:
            await asyncio.sleep(self._limits.beat_seconds)
            await self._admit(self._request({"query": "{ __typename }"}))

    async def _read(self) -> None:
        while True:
            message = await self._socket.read()
            if message is None:
                return
            match message.get("type"):
                case "subscribe":
                    await self._subscribe(message)
                case "complete":
                    task = self._operations.pop(str(message.get("id")), None)
                    if task is not None:
                        task.cancel()
                case "ping":
                    await self._write({"type": "pong"})
                case "pong":
                    pass
                case "connection_init":
                    raise Closing(4429, "Too many initialisation requests")
                case _:
                    raise Closing(4400, "Unknown message type")

    async def _subscribe(self, message: dict[str, Any]) -> None:
        operation, payload = message.get("id"), message.get("payload")
        if not isinstance(operation, str) or not 0 < len(operation) <= _ID_MAX or not isinstance(payload, dict):
            raise Closing(4400, "A subscribe message has an id and a payload")
        if operation in self._operations:
            raise Closing(4409, f"Subscriber for {operation} already exists")
        if len(self._operations) >= self._limits.operations_max:
            most = self._limits.operations_max
            words = f"同时最多 {most} 个操作。", f"At most {most} operations at once."
            await self._refuse(operation, BadRequest(429, "LIMIT_REACHED", *words))
            return
        task = asyncio.create_task(self._operate(operation, payload))
        self._operations[operation] = task

    async def _operate(self, operation: str, payload: dict[str, Any]) -> None:
        """One operation, to its end; none of its troubles are the others'."""
        try:
            answer = await self._perform(self._request(payload))
            if isinstance(answer, Answer):
                await self._answer(operation, answer)
            else:
                await self._stream(operation, answer)
        except BadRequest as refusal:
            if refusal.status in {401, 403}:
                self._close(*_FORBIDDEN)
            await self._refuse(operation, refusal)
        except Stopped as stopped:
            self._close(*(_FORBIDDEN if stopped.is_forbidden else _GOING_AWAY))
        except (OSError, TimeoutError):
            self._close(1008, "Too slow")
        except Exception as error:  # noqa: BLE001 - masked, as everywhere at the edge
            self._log.error("graphql.unexpected_error", exc_info=error, extra={"request_id": self._caller.request_id})
            words = "服务器内部错误。", "Unexpected error."
            await self._refuse(operation, BadRequest(500, "INTERNAL_SERVER_ERROR", *words))
        finally:
            if self._operations.get(operation) is asyncio.current_task():
                del self._operations[operation]

    async def _answer(self, operation: str, answer: Answer) -> None:
        if answer.ok:
            await self._next(operation, answer.body)
            await self._complete(operation)
        else:
            await self._fail(operation, answer.body)

    async def _stream(self, operation: str, stream: Stream) -> None:
        try:
            while (result := await stream.next()) is not None:
                await self._next(operation, result)
            await self._complete(operation)
        finally:
            await stream.close()

    async def _next(self, operation: str, result: bytes) -> None:
        await self._socket.write(b'{"id":' + orjson.dumps(operation) + b',"type":"next","payload":' + result + b"}")

    async def _complete(self, operation: str) -> None:
        self._operations.pop(operation, None)  # its id is free before the client can know
        await self._write({"id": operation, "type": "complete"})

    async def _refuse(self, operation: str, refusal: BadRequest) -> None:
        headers = self._caller.headers
        language = language_of(headers.get(b"accept-language", b"").decode("latin-1"))
        await self._fail(operation, error_body(refusal.message(language), refusal.code, self._caller.request_id))

    async def _fail(self, operation: str, body: bytes) -> None:
        """The operation's end, before anything of it was executed."""
        self._operations.pop(operation, None)
        await self._write({"id": operation, "type": "error", "payload": orjson.loads(body)["errors"]})

    def _request(self, payload: dict[str, Any]) -> GraphQLRequest:
        return from_value(payload, self._caller)

    def _close(self, code: int, reason: str) -> None:
        if not self._closing.done():
            self._closing.set_result((code, reason))

    def _write(self, message: dict[str, Any]) -> Awaitable[None]:
        return self._socket.write(orjson.dumps(message))

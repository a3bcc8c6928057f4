"""Tracking at the server: 快递100 from the settings, where it tells what happens to parcels, the worker's asking."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from market.fulfilment.tracking import ForgedCallback, Kuaidi100, follow_parcels, read_callback, record_track, salt_of
from market.kernel.errors import InvalidId
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.server.logs import Log
from market.server.settings import Settings
from market.server.worker import Duty

CALLBACK_PATH = "/notify/kuaidi100/"
CALLBACK_BYTES_MAX = 256 * 1024
_BATCH = 50


def tracker_of(settings: Settings, http: httpx.AsyncClient) -> Kuaidi100 | None:
    """The tracking service over this client; None when none is set up."""
    key = settings.kuaidi100_key.get_secret_value()
    if not key:
        return None
    return Kuaidi100(http, key, settings.kuaidi100_customer, settings.public_url + CALLBACK_PATH)


def tracking_routes(settings: Settings, market: Market, log: Log) -> list[Route]:
    """Where 快递100 tells what happens to parcels; nowhere when it is not set up."""
    if not settings.kuaidi100_key.get_secret_value():
        return []
    return [Route(CALLBACK_PATH + "{shipment:str}", _callbacks(market, log), methods=["POST"])]


def tracking_duties(settings: Settings) -> list[Duty]:
    """The worker's: new parcels are followed, quiet ones asked about; nothing when no service is set up."""
    if not settings.kuaidi100_key.get_secret_value():
        return []

    async def run(market: Market) -> int:
        async with httpx.AsyncClient() as http:
            tracker = tracker_of(settings, http)
            assert tracker is not None, "asked above"
            return await follow_parcels(tracker, market, limit=_BATCH)

    return [Duty("follow parcels", timedelta(seconds=30), lambda market: asyncio.run(run(market)), _BATCH)]


def _callbacks(market: Market, log: Log) -> Callable[[Request], Awaitable[Response]]:
    async def take(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return _told("500", "too large", 413)
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        try:
            shipment_id = require_id(request.path_params["shipment"], "shp")
            salt = salt_of(market.sealer, shipment_id)
            track = read_callback(form.get("param", ""), form.get("sign", ""), salt=salt)
        except (ForgedCallback, InvalidId) as error:
            log.warning("a callback that is not 快递100's", reason=str(error))
            return _told("500", "not signed by 快递100", 401)
        outcome = await market.run(record_track, market, shipment_id, track)
        log.info("tracking callback", shipment=shipment_id, outcome=outcome)
        return _told("200", "成功", 200)

    return take


async def _body(request: Request) -> bytes | None:
    """What was sent; None when it is too much, whatever its headers say."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > CALLBACK_BYTES_MAX:
            return None
    return body


def _told(code: str, message: str, status: int) -> JSONResponse:
    """What 快递100 understands: anything but 200 makes it send the callback again."""
    return JSONResponse({"result": code == "200", "returnCode": code, "message": message}, status)

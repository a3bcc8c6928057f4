"""Pictures at the server: their store from the settings, where browsers find them, and the worker's duties with them."""

import re
import sys
from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from market.kernel.market import Market
from market.media import sweep
from market.media.errors import StoreUnavailable
from market.media.keep import private_key
from market.media.links import PRIVATE_PATH, Links
from market.media.objects import Found, open_objects
from market.media.rules import MediaSize
from market.media.store import PRIVATE_CACHE, PUBLIC_CACHE, MediaStore
from market.server.logs import Log
from market.server.settings import Settings
from market.server.worker import BATCH, Duty

_KEY = re.compile("[a-z0-9][a-z0-9-]{0,63}/[a-z0-9][a-z0-9-]{0,63}[.]webp")
"""A folder and a file. Nothing else is looked for: no dots to climb by, no folder to list."""
_SIZES = {size.value.lower(): size for size in MediaSize}
_NOTHING: Mapping[str, str] = MappingProxyType({})
_HEADERS = {
    "x-content-type-options": "nosniff",
    # A picture opened by itself runs nothing, whatever a browser makes of it.
    "content-security-policy": "default-src 'none'; sandbox",
}


def open_media(settings: Settings, market: Market) -> MediaStore:
    """The pictures' store of these settings; close it at the end."""
    links = Links.of(market.sealer, public_url=settings.media_url)
    return MediaStore(open_objects(settings.media_store_url), links)


def media_routes(store: MediaStore, market: Market, log: Log) -> list[Route]:
    """Where pictures are served: private ones here, public ones too unless another server has them."""

    async def public(request: Request) -> Response:
        key = request.path_params["key"]
        if not _KEY.fullmatch(key):
            return _refused(404, "no such picture")
        return await _served(request, store.public(key), PUBLIC_CACHE, log)

    async def private(request: Request) -> Response:
        media_id, size = request.path_params["media_id"], _SIZES.get(request.path_params["size"])
        expires, signature = (request.query_params.get(each, "") for each in ("expires", "signature"))
        if size is None or not store.links.is_good(
            media_id, size, expires=expires, signature=signature, now=market.now()
        ):
            return _refused(403, "this link is not, or no longer, good: ask for a new one")
        key = await market.look(_private_key, market, media_id)
        if key is None:
            return _refused(404, "no such picture")
        return await _served(request, store.private(key, size), PRIVATE_CACHE, log)

    routes = [Route(f"{PRIVATE_PATH}{{media_id}}/{{size}}", private)]
    if store.links.public_url.startswith("/"):
        routes.append(Route(f"{store.links.public_url}{{key:path}}", public))
    return routes


def _private_key(market: Market, media_id: str) -> str | None:
    with market.read() as session:
        return private_key(session, media_id)


async def _served(request: Request, finding: Awaitable[Found | None], cache_control: str, log: Log) -> Response:
    try:
        found = await finding
    except StoreUnavailable:
        log.exception("media: store unavailable")
        return _refused(503, "try again later", {"retry-after": "1"})
    if found is None:
        return _refused(404, "no such picture")
    headers = {**_HEADERS, "cache-control": cache_control, "etag": found.etag}
    if found.etag and found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers, media_type="image/webp")


def _refused(status: int, text: str, more: Mapping[str, str] = _NOTHING) -> Response:
    headers = {**_HEADERS, "cache-control": "no-store", **more}
    return Response(text, status, headers, media_type="text/plain; charset=utf-8")


def media_duties(store: MediaStore) -> Sequence[Duty]:
    """What the worker does with pictures, besides its other duties."""

    def expire(market: Market) -> int:
        return sweep.expire_pictures(market, limit=BATCH)

    def delete_removed(market: Market) -> int:
        return sweep.delete_removed(market, store, limit=BATCH)

    def delete_strays(market: Market) -> int:
        return sweep.delete_strays(market, store)

    return (
        Duty("expire pictures", timedelta(hours=1), expire),
        Duty("delete removed pictures", timedelta(hours=1), delete_removed),
        # All of a day's at once: a full batch must not start it over.
        Duty("delete stray files", timedelta(days=1), delete_strays, batch=sys.maxsize),
    )

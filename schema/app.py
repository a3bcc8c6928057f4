"""The composition root: settings → market → GraphQL → ASGI. Nothing else knows all of its parts."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager, closing
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route

from market.bulk.rules import FILE_BYTES_MAX
from market.kernel.market import Market
from market.live.feed import Feed
from market.media.store import MediaStore
from market.payments.flow import Till
from market.people.actors import actor_for
from market.server.gateways import open_sms, open_wechat
from market.server.health import health_routes
from market.server.lifecycle import heeding_signals, running
from market.server.logs import Log, configure_logs
from market.server.media import media_duties, media_routes, open_media
from market.server.metrics import Counting, Metrics
from market.server.observe import observer
from market.server.opening import open_market
from market.server.payments import Gateways, payment_duties, payment_routes
from market.server.settings import Settings, read_settings
from market.server.tracking import tracking_duties, tracking_routes
from market.server.webhooks import webhook_duties, webhook_policy
from schema.authentication import Authentication
from schema.build import build_schema, core_schema
from schema.cache import ResponseCache
from schema.edge.documents import Documents
from schema.edge.events import EventStreams
from schema.edge.graphiql import GraphiQL
from schema.edge.http import GraphQLEndpoint
from schema.edge.limits import Limits
from schema.edge.live import LiveLimits, Places
from schema.edge.multipart import UploadLimits
from schema.edge.sockets import GraphQLSockets
from schema.examples import EXAMPLES, STAFF_EXAMPLES
from schema.execution import Execution
from schema.facts import facts
from schema.live.counted import counted
from schema.live.execution import LiveExecution, Parts
from schema.projection import Delivery
from schema.projection.plan import Planner
from schema.query import QUERY
from schema.reports.outputs.downloads import ReportDownloads
from schema.services import Services
from schema.walks import WALKS

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

LIVE = LiveLimits()
LIST_ITEMS = 4
"""Assumed for lists that are not connections (pictures, variants, ticket types), in points of cost."""


def asgi() -> App:
    """The application of this process, from its environment: what the server runs."""
    settings = read_settings()
    app = create_app(settings, open_market(settings), configure_logs(settings))
    gc.collect()
    gc.freeze()  # what is loaded lives as long as the process: each full collection walked it, 80 ms within a large report
    return app


def create_app(settings: Settings, market: Market, log: Log) -> App:
    """The application over a market, which it opens on start and closes at the end."""
    metrics = Metrics() if settings.metrics else None
    media = open_media(settings, market)
    gateways = Gateways(settings, market)
    http = gateways.client()
    till = gateways.till(http)
    page = _page() if settings.graphiql else None
    parts = create_parts(settings, market, log)
    execution = _execution(settings, parts, create_services(settings, market, log, media, till))
    feed = Feed(market, log)
    endpoint: App = GraphQLEndpoint(
        execution,
        log=log,
        observe=observer(log, metrics),
        uploads=UploadLimits(file_bytes_max=FILE_BYTES_MAX),
        graphiql=page,
    )
    endpoint, sockets = _live(settings, parts, LiveExecution(parts, feed, execution), endpoint, metrics)
    if metrics is not None:
        endpoint = Counting(endpoint, metrics)
    if settings.allowed_origins:
        endpoint = _shared(endpoint, settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        with closing(media):
            duties = [
                *payment_duties(gateways),
                *media_duties(media),
                *tracking_duties(settings),
                *webhook_duties(settings, metrics),
            ]
            async with running(market, settings, log, duties):
                with heeding_signals(feed.drain):
                    yield
                await feed.close()
        if http is not None:
            await http.aclose()

    routes: list[BaseRoute] = [*health_routes(market.database, metrics), *media_routes(media, market, log)]
    routes += payment_routes(gateways, till, market, log)
    routes += tracking_routes(settings, market, log)
    routes += ReportDownloads(market, _authentication(settings, market)).routes()
    if page is not None:
        routes += [Mount("/graphiql", page), Route("/", _to_graphiql)]
    rest = Starlette(routes=routes, lifespan=lifespan)

    async def app(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        # The one path that thousands take a second does not go through a router.
        if scope["type"] == "http" and scope["path"] == "/graphql":
            await endpoint(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == "/graphql":
            await sockets(scope, receive, send)
        else:
            await rest(scope, receive, send)

    return app


def _page() -> GraphiQL:
    return GraphiQL(examples=EXAMPLES + STAFF_EXAMPLES + WALKS, subscriptions="/graphql", title="Market")


def _shared(endpoint: App, settings: Settings) -> App:
    """The endpoint, for other sites' pages too."""
    return CORSMiddleware(
        endpoint,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        allow_credentials="*" not in settings.allowed_origins,
        expose_headers=["etag", "x-request-id", "retry-after"],
        max_age=600,
    )


def _live(
    settings: Settings, parts: Parts, live: LiveExecution, endpoint: App, metrics: Metrics | None
) -> tuple[App, App]:
    """The endpoint, with streams of events; and what WebSockets come to. A caller's connections are counted together."""
    perform = live.perform if metrics is None else counted(live.perform, metrics)
    places = Places(LIVE.connections_max)

    def is_own_page(headers: Mapping[bytes, bytes]) -> bool:
        return "*" in settings.allowed_origins or parts.authentication.is_own_page(headers)

    streams = EventStreams(
        endpoint, perform, live.admit, is_own_page=is_own_page, places=places, log=parts.log, limits=LIVE
    )
    sockets = GraphQLSockets(perform, live.admit, is_own_page=is_own_page, places=places, log=parts.log, limits=LIVE)
    return streams, sockets


def create_parts(settings: Settings, market: Market, log: Log) -> Parts:
    """What requests and subscriptions of a market are executed with."""
    schema = core_schema(build_schema())
    documents = Documents(
        schema,
        Limits(cost=settings.cost_max, list_items=LIST_ITEMS),
        suggestions=settings.suggestions,
        introspection=settings.introspection,
    )
    planner = Planner(schema, QUERY, market.database.engine, facts(market, media_url=settings.media_url))
    delivery = Delivery(planner, market.database)
    return Parts(market, schema, documents, planner, delivery, _authentication(settings, market), log)


def create_execution(settings: Settings, market: Market, log: Log, services: Services) -> Execution:
    """What answers GraphQL requests of a market."""
    return _execution(settings, create_parts(settings, market, log), services)


def _execution(settings: Settings, parts: Parts, services: Services) -> Execution:
    cache = None
    if settings.cache_entries and settings.cache_bytes:
        topics = parts.market.database.topics
        cache = ResponseCache(topics, entries_max=settings.cache_entries, bytes_max=settings.cache_bytes)
    return Execution(
        parts.market,
        parts.schema,
        parts.documents,
        parts.delivery,
        authentication=parts.authentication,
        services=services,
        cache=cache,
        log=parts.log,
    )


def _authentication(settings: Settings, market: Market) -> Authentication:
    return Authentication(market, actor_for, frozenset(settings.allowed_origins) - {"*"})


def create_services(settings: Settings, market: Market, log: Log, media: MediaStore, till: Till) -> Services:
    """The outside world, as the settings say."""
    return Services(
        media=media,
        media_url=settings.media_url,
        sms=open_sms(settings, market, log),
        wechat=open_wechat(settings, market, log),
        till=till,
        webhooks=webhook_policy(settings),
    )


async def _to_graphiql(_request: Request) -> RedirectResponse:
    return RedirectResponse("/graphiql/")

"""The composition root: settings → market → GraphQL → ASGI. Nothing else knows all of its parts."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from market.server.logs import configure_logs
from market.server.settings import read_settings

from market.kernel.database import open_database
from market.kernel.market import Market

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


def asgi() -> App:
    """The application of this process, from its environment: what `uvicorn --factory schema.app:asgi` serves."""
    settings = read_settings()
    configure_logs(settings)
    return create_app(settings, Market(open_database(settings.database_url)))

"""The market of a process, from its settings. Apart from `lifecycle`, so that commands need not load every room."""

from market.kernel.database import open_database
from market.kernel.market import Market
from market.server.settings import Settings


def open_market(settings: Settings) -> Market:
    """The market of these settings; close it at the end."""
    return Market(open_database(settings.database_url), secret=settings.secret.get_secret_value())

"""From a credential to an actor."""

from market.kernel.errors import Language, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import Actor


def actor_for(market: Market, credential: str, *, request_id: str, locale: Language) -> Actor:
    """The actor of a token or key, or refuses with NotSignedIn."""
    raise NotSignedIn

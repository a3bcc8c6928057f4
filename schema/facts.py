"""What the application knows and reads are compiled with: how deep categories lie, where media is served."""

from collections.abc import Callable
from typing import Any

from market.catalogue.queries import category_depths
from market.kernel.market import Market


def facts(market: Market, *, media_url: str) -> dict[str, Any]:
    """The facts of one process."""
    return {"category_depth": _category_depth(market), "media_url": media_url, "sealer": market.sealer}


def _category_depth(market: Market) -> Callable[[str], int | None]:
    """How deep a category lies, None for one that is not there; read again once categories have changed."""
    depths: dict[str, int] = {}
    stamp: tuple[int, ...] | None = None

    def depth(category_id: str) -> int | None:
        nonlocal depths, stamp
        current = market.database.topics.stamp(["categories"])
        if current != stamp:
            with market.read() as session:
                depths = category_depths(session)
            stamp = current
        return depths.get(category_id)

    return depth

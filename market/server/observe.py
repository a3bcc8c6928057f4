"""From an answered request to its log line and its figures."""

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from market.server.logs import OPERATION, Log, operation_label
from market.server.metrics import Metrics

_SERVER_FAULT = 500


class Observed(Protocol):
    """What the edge says about a request when its answer is out. No variables, no personal data."""

    operation: str
    """Its name, as the client chose it."""
    kind: str
    """query, mutation or subscription; empty when it never came that far."""
    status: int
    ms: float
    bytes: int
    cost: int
    cache: str
    """hit, miss or empty."""
    errors: tuple[str, ...]
    """The codes told."""
    request_id: str


def observer(log: Log, metrics: Metrics | None) -> Callable[[Observed], None]:
    """A function that logs and counts each request."""
    label = lru_cache(maxsize=1_000)(operation_label)

    def observe(request: Observed) -> None:
        write = log.error if request.status >= _SERVER_FAULT else log.info
        write(
            OPERATION,
            operation=label(request.operation),
            kind=request.kind,
            status=request.status,
            ms=round(request.ms, 2),
            bytes=request.bytes,
            cost=request.cost,
            cache=request.cache,
            errors=request.errors,
            request_id=request.request_id,
        )
        if metrics is not None:
            metrics.count(
                operation=request.operation,
                kind=request.kind,
                status=request.status,
                cache=request.cache,
                seconds=request.ms / 1000,
                size_bytes=request.bytes,
                cost=request.cost,
                errors=request.errors,
            )

    return observe

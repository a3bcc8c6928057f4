"""Metrics for Prometheus. Few labels, each with few values: whatever a client can choose is bounded here.

With several server processes each writes its figures to files of a shared folder (PROMETHEUS_MULTIPROC_DIR, which
`market serve` sets before it starts them), and whichever process is asked adds them up.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal

import prometheus_client as prometheus
from prometheus_client.multiprocess import MultiProcessCollector

from market.server.logs import operation_label

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
OPERATIONS_MAX = 100
"""Operations with a figure of their own; the others are counted together as `other`."""

_TIMES_UNTIL_NAMED = 20
_CANDIDATES_MAX = 1_000
_CODES_MAX = 50
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_OTHER = "other"
_SUCCESS = frozenset({200, 304})

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Metrics:
    """The figures of this process."""

    def __init__(self) -> None:
        self.registry = prometheus.CollectorRegistry()
        self._requests = self._counter("market_requests", "Requests answered.", "kind", "status", "cache")
        self._seconds = prometheus.Histogram(
            "market_request_seconds",
            "From a request's first byte to the last byte of its answer.",
            ["kind", "cache"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._bytes = self._counter("market_response_bytes", "Bytes of answers' bodies.", "kind")
        self._cost = self._counter("market_cost_points", "Points that operations cost.", "kind")
        self._errors = self._counter("market_errors", "Errors told to clients.", "code")
        self._operations = self._counter("market_operations", "Requests by operation name.", "operation")
        self.in_flight = self._gauge("market_requests_in_flight", "Requests being answered now.", "livesum")
        self._subscriptions = self._gauge("market_subscriptions_open", "Subscriptions that go on now.", "livesum")
        self._events = self._counter("market_subscription_events", "Results sent to subscribers.")
        self._webhooks = self._counter("market_webhook_tries", "Webhook messages that this process sent.", "outcome")
        self.webhooks_waiting = self._gauge(
            "market_webhooks_waiting", "Webhook messages to send or send again, whichever process does.", "mostrecent"
        )
        # Bound once: looking a child up by its labels costs as much as all the counting.
        self._bound: dict[tuple[str, int, str], tuple[Any, Any, Any, Any]] = {}
        self._codes: dict[str, prometheus.Counter] = {}
        self._names = _Names(self._operations)

    def _counter(self, name: str, what: str, *labels: str) -> prometheus.Counter:
        return prometheus.Counter(name, what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, mode: Literal["livesum", "mostrecent"]) -> prometheus.Gauge:
        """`mode` says how the figures of several processes come to one."""
        return prometheus.Gauge(name, what, registry=self.registry, multiprocess_mode=mode)

    def count_subscriptions(self, more: int) -> None:
        """One more is open, or one less (-1)."""
        self._subscriptions.inc(more)

    def count_event(self) -> None:
        """A subscriber was sent a result."""
        self._events.inc()

    def count_webhook(self, is_delivered: bool) -> None:
        """A webhook message was tried."""
        self._webhooks.labels("delivered" if is_delivered else "failed").inc()

    def count(
        self,
        *,
        operation: str,
        kind: str,
        status: int,
        cache: str,
        seconds: float,
        size_bytes: int,
        cost: int,
        errors: tuple[str, ...],
    ) -> None:
        """Count one answered request. `kind`, `status` and `cache` are the server's own words."""
        key = (kind, status, cache)
        bound = self._bound.get(key)
        if bound is None:
            bound = self._bound[key] = (
                self._requests.labels(kind or "none", str(status), cache or "none"),
                self._seconds.labels(kind or "none", cache or "none"),
                self._bytes.labels(kind or "none"),
                self._cost.labels(kind or "none"),
            )
        requests, seconds_of, bytes_of, cost_of = bound
        requests.inc()
        seconds_of.observe(seconds)
        bytes_of.inc(size_bytes)
        cost_of.inc(cost)
        for code in errors:
            self._error(code).inc()
        self._names.counter(operation, is_success=status in _SUCCESS and not errors).inc()

    def _error(self, code: str) -> prometheus.Counter:
        found = self._codes.get(code)
        if found is None:
            label = code if len(self._codes) < _CODES_MAX else _OTHER
            found = self._codes[code if label == code else _OTHER] = self._errors.labels(label)
        return found

    def text(self) -> bytes:
        """All figures, of all processes, in Prometheus's text format."""
        if FOLDER_VARIABLE not in os.environ:
            return prometheus.generate_latest(self.registry)
        together = prometheus.CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # prometheus_client has no annotation
        return prometheus.generate_latest(together)


class _Names:
    """Which operations have a counter of their own: a name earns it by succeeding often, so that a client with
    invented names cannot take the places of the shop's."""

    def __init__(self, counter: prometheus.Counter) -> None:
        self._counter = counter
        self._named: dict[str, prometheus.Counter] = {}
        self._candidates: dict[str, int] = {}
        self._other = counter.labels(_OTHER)

    def counter(self, name: str, *, is_success: bool) -> prometheus.Counter:
        """Where to count a request of this name."""
        found = self._named.get(name)
        if found is not None:
            return found
        if is_success and name and len(self._named) < OPERATIONS_MAX:
            times = self._candidates.pop(name, 0) + 1
            if times >= _TIMES_UNTIL_NAMED:
                self._named[name] = self._counter.labels(operation_label(name))
            else:
                self._candidates[name] = times  # now the latest; the one not seen for longest goes
                if len(self._candidates) > _CANDIDATES_MAX:
                    del self._candidates[next(iter(self._candidates))]
        return self._other


class Counting:
    """An ASGI app with its running requests counted. An object, since Starlette takes functions for something else."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app = app
        self._in_flight = metrics.in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count while the app answers."""
        self._in_flight.inc()
        try:
            await self._app(scope, receive, send)
        finally:
            self._in_flight.dec()

"""What calls to other companies' servers have in common."""

from typing import Any, Protocol

import httpx

TIMEOUT = httpx.Timeout(5.0, connect=3.0)
"""A person is waiting in front of it."""


class GatewayLog(Protocol):
    """Where it is told that a provider does not do what it should: its own words for it, and nothing of the person."""

    def warning(self, event: str, **facts: Any) -> None:
        """Write it."""


def open_client() -> httpx.AsyncClient:
    """The HTTP client for gateways, for the life of the process; whoever opens it closes it."""
    return httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The response's JSON object, whatever media type it claims; empty when it is none (a proxy's page, say)."""
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

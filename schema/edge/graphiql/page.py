"""The GraphiQL page and its files as an ASGI app.

The files are stored compressed and addressed by a hash of their content, so that a browser keeps
them for a year and a new build is a new address. The page itself is a few hundred bytes with a
strict content security policy; what it shows (the examples) comes from `config.json`.
"""

import gzip
import hashlib
import html
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from schema.edge.refusals import quality_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

Example = tuple[str, str, Mapping[str, Any]]
"""A tab: its name (shown as the first comment), the document, its variables. The tab's title is
the operation's name, so name the operation."""

_ASSETS = Path(__file__).parent / "assets"
_TYPES = {".js": b"text/javascript; charset=utf-8", ".css": b"text/css; charset=utf-8"}
# Monaco writes style elements as it runs, hence 'unsafe-inline' for styles and only for them.
_POLICY = (
    b"default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    b"style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{files}/graphiql.css">
<style>html, body, #graphiql {{ height: 100%; margin: 0 }}</style>
</head>
<body>
<div id="graphiql" data-config="{base}/config.json"></div>
<noscript>GraphiQL needs JavaScript.</noscript>
<script src="{files}/graphiql.js" defer></script>
</body>
</html>
"""


@cache
def _packed() -> tuple[str, dict[str, Path]]:
    """The packaged files, and the hash of their contents that is part of their address. They stay on the disk: each
    browser asks once."""
    files = {path.name.removesuffix(".gz"): path for path in _ASSETS.glob("*.gz")}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + files[name].read_bytes())
    return digest.hexdigest()[:16], files


class GraphiQL:
    """An ASGI app to mount at `base`; `page` alone can be served at the GraphQL endpoint too."""

    def __init__(
        self,
        *,
        endpoint: str = "/graphql",
        base: str = "/graphiql",
        examples: Sequence[Example] = (),
        subscriptions: str | None = None,
        title: str = "GraphiQL",
    ) -> None:
        """Prepare the page: `examples` open as tabs, unless the browser has tabs of its own.

        `endpoint` is the GraphQL address and `base` the path where this app is mounted, both as
        the browser sees them; `subscriptions` is the address of a graphql-transport-ws endpoint.
        """
        base = base.rstrip("/")
        self._version, self._files = _packed()
        text = _PAGE.format(
            title=html.escape(title),
            base=html.escape(base),
            files=html.escape(f"{base}/{self._version}"),
        )
        self._page = text.encode()
        self._config = orjson.dumps(
            {
                "endpoint": endpoint,
                "subscriptions": subscriptions,
                "tabs": [_tab(*example) for example in examples],
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the page, its configuration or one of its files, or answer 404 or 405."""
        if scope["type"] != "http":
            message = f"GraphiQL answers HTTP, not {scope['type']}: route it elsewhere."
            raise RuntimeError(message)
        if scope["method"] not in {"GET", "HEAD"}:
            allow = ((b"allow", b"GET, HEAD"),)
            await _send(scope, send, 405, b"text/plain", b"GET only", allow)
            return
        path: str = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        if not path:
            await self.page(scope, receive, send)
        elif path == "config.json":
            headers = ((b"cache-control", b"no-cache"),)
            await _send(scope, send, 200, b"application/json", self._config, headers)
        else:
            await self._file(scope, send, path)

    async def page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the page itself; it is the answer to a browser that opens the GraphQL address."""
        headers: tuple[Header, ...] = (
            (b"cache-control", b"no-cache"),
            (b"content-security-policy", _POLICY),
            (b"referrer-policy", b"same-origin"),
            (b"vary", b"accept"),
        )
        await _send(scope, send, 200, b"text/html; charset=utf-8", self._page, headers)

    async def _file(self, scope: Scope, send: Send, path: str) -> None:
        version, _, name = path.partition("/")
        if version != self._version or name not in self._files:
            await _send(scope, send, 404, b"text/plain", b"Not found", ())
            return
        headers: tuple[Header, ...] = (
            (b"cache-control", b"public, max-age=31536000, immutable"),
            (b"content-security-policy", _POLICY),  # a worker obeys the policy of its own file
            (b"vary", b"accept-encoding"),
        )
        body = self._files[name].read_bytes()
        if _accepts_gzip(scope):
            headers = (*headers, (b"content-encoding", b"gzip"))
        else:
            body = gzip.decompress(body)
        await _send(scope, send, 200, _TYPES[Path(name).suffix], body, headers)


def _tab(name: str, query: str, variables: Mapping[str, Any]) -> dict[str, str]:
    text = orjson.dumps(variables, option=orjson.OPT_INDENT_2).decode() if variables else ""
    return {"query": f"# {name}\n{query.strip()}\n", "variables": text}


def _accepts_gzip(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            for coding in value.decode("latin-1").lower().split(","):
                kind, _, parameters = coding.partition(";")
                if kind.strip() in {"gzip", "*"} and quality_of(parameters) > 0:
                    return True
    return False


async def _send(  # noqa: PLR0917 - one argument per part of the response
    scope: Scope,
    send: Send,
    status: int,
    content_type: bytes,
    body: bytes,
    headers: tuple[Header, ...],
) -> None:
    start = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"x-content-type-options", b"nosniff"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

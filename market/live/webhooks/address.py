"""Which addresses a webhook may call: public ones only, so that nobody makes this server call its own neighbours
(server-side request forgery, OWASP cheat sheet).

A name is resolved once, every address that comes of it is judged, and the connection goes to the address that was
judged: a name that answers otherwise the second time (DNS rebinding) gains nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from market.kernel.errors import Invalid
from market.live.webhooks.rules import URL_MAX

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host name, as texts; OSError when there are none."""

# `is_global` takes these for public, though they lead to IPv4 addresses of any kind: translation (RFC 6052, RFC 8215),
# 6to4 (RFC 3056), Teredo (RFC 4380).
_TUNNELS = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
_HTTPS = 443


class Refused(Exception):
    """This address is not called. The text says why, without telling what is there."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How strict it is."""

    is_open: bool = False
    """For development and tests: plain HTTP, any port and private addresses are called as well."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and as whom to speak to."""

    url: str
    host: str
    """The name, for `Host` and for the certificate."""
    netloc: str
    address: str


def is_public(text: str) -> bool:
    """Whether an IP address can belong to somebody else's server on the internet.

    >>> [is_public(text) for text in ("93.184.216.34", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "224.0.0.1")]
    [True, False, False, False, False]
    >>> [is_public(text) for text in ("64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1%eth0", "100.100.100.200", "0.0.0.0")]
    [False, False, False, False, False]
    """
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif any(address in tunnel for tunnel in _TUNNELS):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def check_url(url: str, policy: Policy) -> str:
    """The address of an endpoint, or refuses with Invalid what can never be called."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong("an address can be read", "无法识别的网址") from None
    host = parts.hostname
    schemes = {"https", "http"} if policy.is_open else {"https"}
    if parts.scheme not in schemes or not host or not url.isascii() or len(url) > URL_MAX or _has_blanks(url):
        raise _wrong("an address begins with https:// and has a host", "须以 https:// 开头并含主机名")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _wrong("no user, password or fragment", "不能包含用户名、密码或片段")
    if not policy.is_open:
        if port not in {None, _HTTPS}:
            raise _wrong("port 443", "只能使用 443 端口")
        if _is_address(host) and not is_public(host):
            raise _wrong("a public host", "须为公网主机")
    return url


async def target_of(url: str, policy: Policy, resolve: Resolve | None = None) -> Target:
    """Where to connect for this endpoint now, or raises Refused; OSError when its name has no address."""
    parts = urlsplit(check_url(url, policy))
    assert parts.hostname is not None, "it was checked"
    port = parts.port or (_HTTPS if parts.scheme == "https" else 80)
    found = await (resolve or resolve_name)(parts.hostname, port)
    if not found:
        raise OSError("the host name has no address")
    if not policy.is_open and not all(is_public(each) for each in found):
        # All of them: one private address among public ones is either a mistake or an attack.
        raise Refused("the host is not on the public internet")
    chosen = found[0]
    shown = f"[{chosen}]" if ":" in chosen else chosen
    pinned = parts._replace(netloc=f"{shown}:{port}")
    return Target(pinned.geturl(), parts.hostname, _without_user(parts), chosen)


async def resolve_name(host: str, port: int) -> list[str]:
    """The system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _without_user(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _has_blanks(url: str) -> bool:
    return any(character <= " " or character in "\x7f\\" for character in url)


def _wrong(allowed: str, allowed_zh: str) -> Invalid:
    return Invalid(field="url", allowed=allowed, allowed_zh=allowed_zh)

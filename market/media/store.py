"""The pictures' store as use cases and the server get it: made once from the settings, handed in, never global."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from market.media.links import Links
from market.media.objects import Found, Objects
from market.media.rules import PUBLIC_KINDS, MediaKind, MediaSize, key_of, sized

if TYPE_CHECKING:
    from market.media.render import Rendered

P = ParamSpec("P")
T = TypeVar("T")

PUBLIC, PRIVATE = "public/", "private/"
"""The two parts of the store. A web server or content network is shown the first one only."""

PUBLIC_CACHE = "public, max-age=31536000, immutable"
PRIVATE_CACHE = "private, no-store"

_RENDERED_AT_ONCE = 2


class MediaStore:
    """Pictures' files, and links to them."""

    def __init__(self, objects: Objects, links: Links) -> None:
        self.objects = objects
        self.links = links
        self._threads = ThreadPoolExecutor(_RENDERED_AT_ONCE, "market-media")

    async def run(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that takes a picture in. Two at once, which bounds their memory; the others queue."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(act, *args, **kwargs))

    def put(self, picture: "Rendered", *, kind: MediaKind, sha256: str, day: date) -> str:
        """Keep a picture that comes on this day; its key. Refuses with StoreUnavailable.

        Once: the same content on the same day goes to the same place. Guards: on the disk before the row that names it
        is made, so that a crash in between leaves files without a row, which `sweep` deletes, and never a row without
        files.
        """
        key = key_of(day, sha256)
        cache_control = PUBLIC_CACHE if kind in PUBLIC_KINDS else PRIVATE_CACHE
        files = {path_of(kind, sized(key, size)): content for size, content in picture.files.items()}
        for path, content in files.items():
            self.objects.put(path, content, cache_control=cache_control)
        self.objects.settle(list(files))
        return key

    async def public(self, key: str) -> Found | None:
        """The file of a public key, sizes included; None when it is not there."""
        return await self.objects.get(PUBLIC + key)

    async def private(self, key: str, size: MediaSize) -> Found | None:
        """The file of a private picture; None when it is not there."""
        return await self.objects.get(PRIVATE + sized(key, size))

    def close(self) -> None:
        """Wait for what is being rendered."""
        self._threads.shutdown()


def path_of(kind: MediaKind, key: str) -> str:
    """The part of the store that keeps pictures of this kind, and the key in it."""
    return (PUBLIC if kind in PUBLIC_KINDS else PRIVATE) + key

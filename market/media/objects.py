"""Where files are kept: a folder, a bucket of any S3-compatible store, or memory, by URL. The one user of obstore.

A file appears whole or not at all: obstore writes a folder's files beside their place and moves them there, and a
bucket's in one request.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from market.media.errors import StoreUnavailable

if TYPE_CHECKING:  # it is not there when the program runs
    from obstore.store import ClientConfig, RetryConfig, S3Config

_TYPE = "image/webp"
_RETRIES: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}
_LISTED = 500


@dataclass(frozen=True, slots=True)
class Found:
    """A file's content, and the store's entity tag of it (RFC 9110 §8.8.3)."""

    content: bytes
    etag: str


def open_objects(url: str, *, bucket: "S3Config | None" = None) -> "Objects":
    """The store of this URL, or refuses with ValueError.

    `file:///folder` (made when it is not there), `s3://bucket/prefix` or `memory:///`, which is gone with the process.
    What is not said of a bucket here (keys, region, endpoint) is read from the environment's `AWS_…` variables.
    """
    parts = urlsplit(url)
    match parts.scheme:
        case "file" if not parts.netloc and parts.path.strip("/"):
            return Objects(LocalStore(Path(unquote(parts.path)), mkdir=True, automatic_cleanup=True))
        case "s3" if parts.netloc:
            said = bucket or {}
            # Unless it is said here: then `AWS_ALLOW_HTTP` counts, which options given at all would hide.
            options: ClientConfig | None = (
                {"allow_http": True} if said.get("endpoint", "").startswith("http://") else None
            )
            return Objects(S3Store.from_url(url, config=said, client_options=options, retry_config=_RETRIES))
        case "memory":
            return Objects(MemoryStore())
    raise ValueError("use file:///var/lib/market/media or s3://bucket/prefix")


class Objects:
    """Files by path. Everything here refuses with StoreUnavailable when the store does not do it."""

    def __init__(self, store: ObjectStore, *, fsync: Callable[[int], None] = os.fsync) -> None:
        self._store = store
        self._fsync = fsync

    def put(self, path: str, content: bytes, *, cache_control: str) -> None:
        """Keep a file, in place of one that is there. `cache_control` is for whoever serves a bucket directly."""
        headers = {"Content-Type": _TYPE, "Cache-Control": cache_control}
        with _refusing():
            # A folder keeps no headers.
            attributes = None if isinstance(self._store, LocalStore) else headers
            obstore.put(self._store, path, content, attributes=attributes)

    def settle(self, paths: Sequence[str]) -> None:
        """Come back once these files would outlive a loss of power. A bucket's do when `put` has come back; a folder's,
        and the folders that name them, are still to be written to the disk."""
        if not isinstance(self._store, LocalStore) or self._store.prefix is None:
            return
        files = [self._store.prefix / path for path in paths]
        folders = {above for file in files for above in (file.parent, file.parent.parent)}
        with _refusing():
            for each in [*files, *sorted(folders)]:
                descriptor = os.open(each, os.O_RDONLY)
                try:
                    self._fsync(descriptor)
                finally:
                    os.close(descriptor)

    async def get(self, path: str) -> Found | None:
        """A file; None when it is not there."""
        with _refusing():
            try:
                found = await obstore.get_async(self._store, path)
                return Found(bytes(await found.bytes_async()), found.meta["e_tag"] or "")
            except FileNotFoundError:
                return None

    def delete(self, paths: Sequence[str]) -> None:
        """Delete files; those that are not there are left alone."""
        with _refusing():
            if not isinstance(self._store, LocalStore):
                obstore.delete(self._store, paths)
                return
            for path in paths:  # of a folder's files, the first that is missing would end it
                try:
                    obstore.delete(self._store, path)
                except FileNotFoundError:
                    continue

    def folders(self, prefix: str) -> list[str]:
        """The names right below a prefix that have files below them."""
        with _refusing():
            found = obstore.list_with_delimiter(self._store, prefix)["common_prefixes"]
            return sorted(each.rpartition("/")[2] for each in found)

    def paths(self, prefix: str) -> Iterator[list[str]]:
        """The paths of all files below a prefix, some hundreds at a time."""
        with _refusing():
            for some in obstore.list(self._store, prefix, chunk_size=_LISTED):
                yield [each["path"] for each in some]


@contextmanager
def _refusing() -> Iterator[None]:
    """Tells what a store raises as what the marketplace says."""
    try:
        yield
    except (BaseError, OSError) as error:
        raise StoreUnavailable from error

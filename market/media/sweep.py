"""The worker's: pictures that nothing shows, and files that no row names, go. Late is harmless.

Files are only deleted from days that are over for uploads, so nothing that is being deleted can come back meanwhile:
an upload of the same picture writes to another place (see `rules.key_of`).
"""

from datetime import date, timedelta

from market.kernel.clock import business_day
from market.kernel.market import Market
from market.media import keep
from market.media.rules import PUBLIC_KINDS, MediaSize, large, sized
from market.media.store import PRIVATE, PUBLIC, MediaStore, path_of
from market.media.tables import Media

STRAY_AFTER = timedelta(days=2)
"""A day's files are looked at from the second day after it: whatever was stored then has long got its row."""
STRAY_UNTIL = timedelta(days=30)
"""And until then, so that the work does not grow with the store."""


def expire_pictures(market: Market, *, limit: int) -> int:
    """Remove pictures that nothing has shown within seven days, at most so many; how many."""
    with market.transaction() as session:
        return keep.expire_media(session, now=market.now(), limit=limit)


def delete_removed(market: Market, store: MediaStore, *, limit: int) -> int:
    """Delete the files and rows of pictures removed two days ago, at most so many; how many. Refuses with
    StoreUnavailable, and goes on next time. Several workers at once do no harm."""
    with market.read() as session:
        due = keep.removed_media(session, now=market.now(), limit=limit)
    return sum(_delete(market, store, media) for media in due)


def _delete(market: Market, store: MediaStore, media: Media) -> bool:
    with market.read() as session:
        is_public = media.kind in PUBLIC_KINDS
        is_shared = bool(keep.known_keys(session, [media.key], is_public=is_public, besides=media.id))
    if not is_shared:
        store.objects.delete([path_of(media.kind, sized(media.key, size)) for size in MediaSize])
    with market.transaction() as session:
        return keep.forget_media(session, media)


def delete_strays(market: Market, store: MediaStore) -> int:
    """Delete the files of the last month that no row names: of uploads that were cut off before they had one. How many
    files. Refuses with StoreUnavailable."""
    today = business_day(market.now())
    return sum(
        _delete_strays_of(market, store, part, name)
        for part in (PUBLIC, PRIVATE)
        for name in store.objects.folders(part)
        if _is_swept(name, today)
    )


def _is_swept(name: str, today: date) -> bool:
    """Whether a folder is a day whose files are looked at. The seeds' pictures are in others."""
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return False
    return day.isoformat() == name and STRAY_AFTER <= today - day <= STRAY_UNTIL


def _delete_strays_of(market: Market, store: MediaStore, part: str, day: str) -> int:
    deleted = 0
    for paths in store.objects.paths(f"{part}{day}/"):
        keys = {path: large(path.removeprefix(part)) for path in paths}
        with market.read() as session:
            known = keep.known_keys(session, set(keys.values()), is_public=part == PUBLIC)
        strays = [path for path, key in keys.items() if key not in known]
        store.objects.delete(strays)
        deleted += len(strays)
    return deleted

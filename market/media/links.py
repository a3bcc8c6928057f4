"""Links to pictures: to public ones for good, to private ones for minutes and signed (HMAC-SHA-256, RFC 2104)."""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from market.kernel.sealing import Sealer
from market.media.rules import LINK_KEPT, PUBLIC_KINDS, MediaKind, MediaSize, sized

PRIVATE_PATH = "/private-media/"
"""Where the server answers for private pictures. Always itself: whoever serves the public ones never sees these."""

_PURPOSE = "media-url"
_SIGNATURE_CHARACTERS = 64
_EXPIRES = re.compile("[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links, and checks those it made. `public_url` ends in a slash; `key` is secret."""

    public_url: str
    key: bytes

    @classmethod
    def of(cls, sealer: Sealer, *, public_url: str) -> "Links":
        """Those of a marketplace: signed with its secret."""
        return cls(public_url, sealer.key(_PURPOSE))

    def to(self, media_id: str, *, kind: MediaKind, key: str, size: MediaSize, now: datetime) -> str:
        """Where this size of a picture is found: by everybody, or, when it is private, by whoever is given the link."""
        return self.public(key, size) if kind in PUBLIC_KINDS else self.private(media_id, size, now=now)

    def public(self, key: str, size: MediaSize) -> str:
        """Where everybody finds this size of a public picture."""
        return f"{self.public_url}{sized(key, size)}"

    def private(self, media_id: str, size: MediaSize, *, now: datetime) -> str:
        """Where whoever is given this link finds a private picture, for the next ten minutes."""
        expires = str(int((now + LINK_KEPT).timestamp()))
        signature = self._signature(media_id, size.value, expires)
        return f"{PRIVATE_PATH}{media_id}/{size.value.lower()}?expires={expires}&signature={signature}"

    def is_good(self, media_id: str, size: MediaSize, *, expires: str, signature: str, now: datetime) -> bool:
        """Whether this private link was made here and is not over. Any text may be asked about."""
        if not _EXPIRES.fullmatch(expires) or len(signature) != _SIGNATURE_CHARACTERS or not signature.isascii():
            return False
        is_ours = hmac.compare_digest(signature, self._signature(media_id, size.value, expires))
        return is_ours and now.timestamp() < int(expires)

    def _signature(self, media_id: str, size: str, expires: str) -> str:
        return hmac.new(self.key, f"{media_id}\n{size}\n{expires}".encode(), sha256).hexdigest()

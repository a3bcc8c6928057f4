"""Sealing: personal data at rest. What must be shown again is encrypted, what must be found again has a keyed hash.

Both keys come from the marketplace's one secret, a different one for each purpose (HKDF, RFC 5869), so that a sealed
phone cannot pass for a sealed address and equal numbers in two tables do not show that they are equal. Losing the
secret loses what was sealed; changing it needs everything sealed anew.
"""

import base64
import hmac
import os
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = "1."
_NONCE_BYTES = 12


class Sealer:
    """Seals and opens texts with one secret. `purpose` names the column, as `account.phone`."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._key = lru_cache(maxsize=64)(self._derived)

    def seal(self, text: str, *, purpose: str) -> str:
        """The text, encrypted (AES-256-GCM, RFC 5116): another one each time."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher(purpose).encrypt(nonce, text.encode(), purpose.encode())
        return _FORMAT + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, *, purpose: str) -> str:
        """The text again. ValueError when it was not sealed with this secret for this purpose: a bug or meddling."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as for the cipher

        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(_FORMAT))
            return self._cipher(purpose).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise ValueError(f"{purpose}: not sealed with this secret") from error

    def digest(self, text: str, *, purpose: str) -> str:
        """A keyed hash, in hex (HMAC-SHA-256): the same for equal texts, and useless without the secret."""
        return hmac.new(self._key("digest", purpose), text.encode(), sha256).hexdigest()

    def key(self, purpose: str) -> bytes:
        """32 bytes for a purpose of its own, such as signing tokens."""
        return self._key("key", purpose)

    def _cipher(self, purpose: str) -> "AESGCM":
        from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 - 7 MB that an idle server does without
            AESGCM,
        )

        return AESGCM(self._key("seal", purpose))

    def _derived(self, use: str, purpose: str) -> bytes:
        """HKDF-SHA-256 without a salt, its first block: RFC 5869, sections 2.2 and 2.3."""
        extracted = hmac.digest(bytes(sha256().digest_size), self._secret, "sha256")
        return hmac.digest(extracted, f"{use}:{purpose}".encode() + b"\x01", "sha256")

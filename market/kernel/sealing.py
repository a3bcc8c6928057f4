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

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

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
        sealed = AESGCM(self._key("seal", purpose)).encrypt(nonce, text.encode(), purpose.encode())
        return _FORMAT + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, *, purpose: str) -> str:
        """The text again. ValueError when it was not sealed with this secret for this purpose: a bug or meddling."""
        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(_FORMAT))
            key = AESGCM(self._key("seal", purpose))
            return key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise ValueError(f"{purpose}: not sealed with this secret") from error

    def digest(self, text: str, *, purpose: str) -> str:
        """A keyed hash, in hex (HMAC-SHA-256): the same for equal texts, and useless without the secret."""
        return hmac.new(self._key("digest", purpose), text.encode(), sha256).hexdigest()

    def key(self, purpose: str) -> bytes:
        """32 bytes for a purpose of its own, such as signing tokens."""
        return self._key("key", purpose)

    def _derived(self, use: str, purpose: str) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"{use}:{purpose}".encode()).derive(self._secret)

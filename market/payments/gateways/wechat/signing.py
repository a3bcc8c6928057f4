"""Signatures and sealed resources of WeChat Pay v3.

Requests are signed with the merchant's key (SHA256-RSA2048 over method, path, timestamp, nonce and the exact bytes of
the body); answers and notices with WeChat's, over timestamp, nonce and body, and refused when they are five minutes off.
Resources in notices are sealed with the API v3 key (AES-256-GCM).
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from market.payments.errors import ForgedNotice

SCHEMA = "WECHATPAY2-SHA256-RSA2048"
FRESH_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Credentials:
    """A merchant's keys. `public_keys` are WeChat's, by the serial that its messages name (`PUB_KEY_ID_…`)."""

    appid: str
    mchid: str
    serial_no: str
    private_key: RSAPrivateKey
    api_v3_key: bytes
    public_keys: Mapping[str, RSAPublicKey]

    @classmethod
    def of(
        cls,
        *,
        appid: str,
        mchid: str,
        serial_no: str,
        private_key_pem: str,
        api_v3_key: str,
        public_key_id: str,
        public_key_pem: str,
    ) -> "Credentials":
        """From texts as WeChat's merchant platform gives them. ValueError for what is no such key."""
        private, public = (
            load_pem_private_key(private_key_pem.encode(), None),
            load_pem_public_key(public_key_pem.encode()),
        )
        if not isinstance(private, RSAPrivateKey) or not isinstance(public, RSAPublicKey):
            raise ValueError("WeChat Pay's keys are RSA keys")  # noqa: TRY004 - a wrong setting, not a wrong type
        if len(api_v3_key.encode()) != 32:
            raise ValueError("the API v3 key has 32 characters")
        return cls(appid, mchid, serial_no, private, api_v3_key.encode(), {public_key_id: public})


def sign(key: RSAPrivateKey, *parts: str) -> str:
    """The base64 signature of these lines, each ended by a newline."""
    return base64.b64encode(key.sign(_lines(*parts), PKCS1v15(), SHA256())).decode()


def authorization(credentials: Credentials, method: str, path: str, body: bytes, now: datetime) -> str:
    """The Authorization header of a request. `path` with its query, as it is sent."""
    timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
    signature = sign(credentials.private_key, method, path, timestamp, nonce, body.decode())
    return (
        f'{SCHEMA} mchid="{credentials.mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{timestamp}",serial_no="{credentials.serial_no}"'
    )


def verify(credentials: Credentials, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Let a message of WeChat's through, or refuse with ForgedNotice: unknown serial, wrong signature (its probes are
    signed `WECHATPAY/SIGNTEST/…`), or more than five minutes off. `headers` by lower-case name."""
    try:
        timestamp, nonce = headers["wechatpay-timestamp"], headers["wechatpay-nonce"]
        key = credentials.public_keys[headers["wechatpay-serial"]]
        signature = base64.b64decode(headers["wechatpay-signature"], validate=True)
        age = abs(now.timestamp() - int(timestamp))
        key.verify(signature, _lines(timestamp, nonce, body.decode()), PKCS1v15(), SHA256())
    except (KeyError, ValueError, InvalidSignature) as error:
        raise ForgedNotice("not signed by WeChat Pay") from error
    if age >= FRESH_SECONDS:
        raise ForgedNotice("too old or from the future")


def unseal(credentials: Credentials, *, ciphertext: str, nonce: str, associated_data: str) -> bytes:
    """What a notice's resource holds, or refuses with ForgedNotice."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(credentials.api_v3_key).decrypt(nonce.encode(), sealed, associated_data.encode())
    except (ValueError, InvalidTag) as error:
        raise ForgedNotice("not sealed with our key") from error


def _lines(*parts: str) -> bytes:
    return "".join(f"{part}\n" for part in parts).encode()

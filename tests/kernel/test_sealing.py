"""Keys are derived as RFC 5869 says: what was sealed with another implementation of it still opens."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from market.kernel.sealing import Sealer

SECRET = "a secret of some length, 0123456789"


def test_keys_are_those_of_hkdf() -> None:
    for purpose in ("access-token", "account.phone", "用途"):
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"key:{purpose}".encode()).derive(SECRET.encode())

        assert Sealer(SECRET).key(purpose) == derived


def test_what_is_sealed_opens_with_the_same_secret_and_purpose_only() -> None:
    sealed = Sealer(SECRET).seal("19900000001", purpose="account.phone")

    assert Sealer(SECRET).open(sealed, purpose="account.phone") == "19900000001"
    for sealer, purpose in ((Sealer(SECRET), "address.phone"), (Sealer(f"{SECRET}!"), "account.phone")):
        try:
            opened = sealer.open(sealed, purpose=purpose)
        except ValueError:
            opened = None
        assert opened is None

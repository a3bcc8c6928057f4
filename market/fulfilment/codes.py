"""Pick-up codes: 50 random bits in Crockford's base32, which has no letters that look alike. Short enough to be read out
at a counter; five tries make guessing hopeless."""

import re
import secrets

from market.kernel.errors import Invalid
from market.kernel.sealing import Sealer

PICKUP_CODE = "shipment.code"
"""The sealer's purpose."""
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 10
_LOOK_ALIKE = str.maketrans("OIL", "011")


def new_pickup_code() -> str:
    """A new code, as people read it: two groups of five."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def pickup_code(text: str) -> str:
    """A code as it was typed, in its one form; refuses with Invalid what cannot be one.

    >>> pickup_code(" o1abc 23def ")
    '01ABC-23DEF'
    """
    letters = re.sub(r"[\s-]", "", text[:100]).upper().translate(_LOOK_ALIKE)
    if len(letters) != _LENGTH or not set(letters) <= set(_LETTERS):
        raise Invalid(
            field="code", allowed="a pick-up code has 10 letters and digits", allowed_zh="取货码为 10 位字母和数字"
        )
    return f"{letters[:5]}-{letters[5:]}"


def digest_of(sealer: Sealer, code: str) -> str:
    """What is compared."""
    return sealer.digest(code, purpose=PICKUP_CODE)

"""Ticket codes: 100 random bits in Crockford's base32, which has no letters that look alike."""

import re
import secrets

from market.kernel.errors import Invalid
from market.kernel.sealing import Sealer

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 20
_GROUP = 5
_LOOK_ALIKE = str.maketrans("OIL", "011")
PURPOSE = "ticket.code"


def new_code() -> str:
    """A new code, as people read it: four groups of five.

    >>> len(new_code())
    23
    """
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def normal_code(text: str) -> str:
    """A code as it was typed or scanned, in its one form; refuses with Invalid what cannot be one.

    >>> normal_code(" 0123o-4567i89abc-defgh ")
    '01230-45671-89ABC-DEFGH'
    """
    letters = re.sub(r"[\s-]", "", text).upper().translate(_LOOK_ALIKE)
    if len(letters) != _LENGTH or not set(letters) <= set(_LETTERS):
        raise Invalid(
            field="code",
            allowed="a ticket's code has 20 letters and digits",
            allowed_zh="票码为 20 位字母和数字",
        )
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def digest_of(sealer: Sealer, code: str) -> str:
    """What a ticket is found by."""
    return sealer.digest(code, purpose=PURPOSE)

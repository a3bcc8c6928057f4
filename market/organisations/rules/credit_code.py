"""The unified social credit code (统一社会信用代码) of GB 32100-2015: 18 characters, the last of which checks the others.

One for the registering authority, one for the kind of body, six digits of the region, nine of the organisation's code
(GB 11714), one check character.
"""

import re

from market.kernel.errors import Invalid

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015 table 3: I, O, S, V and Z are left out, as they look like digits or each other."""
_SHAPE = re.compile(rf"[{_ALPHABET}]{{2}}[0-9]{{6}}[{_ALPHABET}]{{10}}")
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def check_character(first: str) -> str:
    """The check character of a code's first 17.

    >>> check_character("91350100M000100Y4")
    '3'
    """
    total = sum(_ALPHABET.index(character) * weight for character, weight in zip(first, _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31]


def credit_code_of(text: str, *, field: str = "credit_code") -> str:
    """The code as it is kept: capitals without spaces. Refuses with Invalid what is not one.

    >>> credit_code_of("9135 0100 m000 100y 43")
    '91350100M000100Y43'
    """
    code = text.replace(" ", "").upper()
    if not _SHAPE.fullmatch(code) or check_character(code[:17]) != code[17]:
        raise Invalid(
            field=field,
            allowed="the 18 characters of the unified social credit code on the business licence",
            allowed_zh="请填写营业执照上的 18 位统一社会信用代码",
        )
    return code

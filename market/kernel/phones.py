"""Mainland mobile numbers: one spelling to store and to find them by, and a masked one to show.

Eleven digits, the first two of them 13 to 19: the network codes of the Ministry of Industry and Information
Technology's numbering plan (电信网编号计划).
"""

import re
import unicodedata

from market.kernel.errors import Invalid

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_COUNTRY = re.compile(r"(?:\+|00)86|86(?=1[3-9][0-9]{9}$)")
_SPACING = re.compile(r"[\s\-()]")
_LENGTH_MAX = 32


def mobile(text: str, *, field: str = "phone") -> str:
    """The number's eleven digits however it was written, or refuses with Invalid when it is no mainland mobile number.

    Input methods type full-width digits and address books add +86: both are taken.

    >>> [mobile(text) for text in ("138 1234 5678", "+86 138-1234-5678", "008613812345678", "１３８１２３４５６７８")]
    ['13812345678', '13812345678', '13812345678', '13812345678']
    """
    plain = _SPACING.sub("", unicodedata.normalize("NFKC", text)) if len(text) <= _LENGTH_MAX else ""
    digits = _COUNTRY.sub("", plain, count=1) if _COUNTRY.match(plain) else plain
    if not _MOBILE.fullmatch(digits):
        raise Invalid(
            field=field,
            allowed="a mainland mobile number has 11 digits, such as 13812345678",
            allowed_zh="请填写 11 位大陆手机号码，例如 13812345678",
        )
    return digits


def masked(phone: str) -> str:
    """The number as it is shown to whoever need not call it.

    >>> masked("13812345678")
    '138****5678'
    """
    return f"{phone[:3]}****{phone[-4:]}"

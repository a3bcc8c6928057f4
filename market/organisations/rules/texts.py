"""What people write about an organisation, as it is kept."""

import unicodedata

from market.kernel.errors import Invalid

NAME_MAX, STORY_MAX, NUMBER_MAX = 60, 4000, 60
"""Characters."""
_CONTROL = {"Cc", "Cs", "Co", "Cn"}


def text_of(text: str, *, field: str, characters_max: int, is_long: bool = False) -> str:
    """The text composed (NFC) and without space around it; a long one may have lines and may be empty.

    Refuses with Invalid one that is too long or has control characters.

    >>> text_of(" 老王家 ", field="name", characters_max=NAME_MAX)
    '老王家'
    """
    plain = unicodedata.normalize("NFC", text.strip()) if len(text) <= 4 * characters_max else text
    controls = [each for each in plain if unicodedata.category(each) in _CONTROL and not (is_long and each == "\n")]
    if len(plain) > characters_max or controls or not (plain or is_long):
        least = 0 if is_long else 1
        raise Invalid(
            field=field,
            allowed=f"{least} to {characters_max} characters, without control characters",
            allowed_zh=f"{least} 至 {characters_max} 个字符，不含控制字符",
        )
    return plain

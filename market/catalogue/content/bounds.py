"""What a draft may hold at most, so that every draft can be stored and shown. Whether it makes sense is `content.check`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from market.catalogue.content.drafts import Draft
from market.kernel.errors import Invalid

TEXT_MAX = 200
"""Characters of a text that is not named below."""
TEXTS_MAX: Mapping[str, int] = {
    "title": 120,
    "title_en": 200,
    "summary": 300,
    "summary_en": 600,
    "description": 20_000,
    "description_en": 40_000,
    "sku": 64,
    "note": 500,
    "note_en": 1000,
}
COUNTS_MAX: Mapping[str, int] = {
    "images": 30,
    "certificate_ids": 20,
    "variants": 100,
    "windows": 12,
    "options": 20,
    "units": 20,
    "notes": 100,
    "tiers": 10,
    "gifts": 20,
}
NUMBER_MAX = 1_000_000_000
"""Of any number: fits a 32-bit column, and is ten million yuan in fen."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def check_bounds(draft: Draft) -> None:
    """Refuses with Invalid a text that is too long or has control characters, too many parts, or a number too large."""
    for path, name, value in _leaves("", draft):
        match value:
            case Enum() | None | bool():
                pass
            case str():
                _check_text(path, value, TEXTS_MAX.get(name, TEXT_MAX))
            case int() if abs(value) > NUMBER_MAX:
                raise Invalid(field=path, allowed=f"at most {NUMBER_MAX}", allowed_zh=f"不超过 {NUMBER_MAX}")
            case tuple() if len(value) > COUNTS_MAX.get(name, TEXT_MAX):
                most = COUNTS_MAX.get(name, TEXT_MAX)
                raise Invalid(field=path, allowed=f"at most {most}", allowed_zh=f"最多 {most} 个")


def _check_text(path: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Invalid(field=path, allowed=f"at most {most} characters", allowed_zh=f"最多 {most} 个字")
    if _CONTROL.search(text):
        raise Invalid(field=path, allowed="text without control characters", allowed_zh="不含控制字符的文字")


def _leaves(path: str, value: Any, name: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every value in a draft with its path and the name of the field it is in; parts are counted from 1."""
    if is_dataclass(value):
        for each in fields(value):
            # What both kinds share is not a part of its own.
            below = path if each.name == "listing" else f"{path}.{each.name}".lstrip(".")
            yield from _leaves(below, getattr(value, each.name), each.name)
        return
    yield path, name, value
    if isinstance(value, tuple):
        for number, each in enumerate(value, start=1):
            yield from _leaves(f"{path}.{number}", each, name)

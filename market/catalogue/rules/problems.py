"""One thing that is wrong with a draft."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Where (`variants.2.price`, parts counted from 1), and what to do about it in Chinese and English."""

    path: str
    zh: str
    en: str

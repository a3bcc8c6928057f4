"""Search: which words a listing has, and where."""

import re
import unicodedata

from market.catalogue.search import terms
from tests.schema.oracle.data import Tokens


def tier_of(tokens: Tokens, query: str) -> int | None:
    """The first tier that, with those before it, has all words; None when they are not all there."""
    phrases, prefixes = terms(query)
    for tier in range(len(tokens)):
        texts = tokens[: tier + 1]
        if all(_has_phrase(texts, phrase) for phrase in phrases) and all(_has_word(texts, word) for word in prefixes):
            return tier
    return None


def _has_phrase(texts: Tokens, phrase: list[str]) -> bool:
    size = len(phrase)
    return any(text[at : at + size] == phrase for text in texts for at in range(len(text) - size + 1))


def _has_word(texts: Tokens, prefix: str) -> bool:
    return any(token.startswith(prefix) for text in texts for token in text)


def segments(title: str, query: str) -> list[str]:
    """The title in pieces: the second, fourth… are what the query's words found, the longest word first."""
    words = _words(query)
    pieces, at, start = [], 0, 0
    while at < len(title):
        found = next((word for word in words if title[at : at + len(word)].lower() == word), None)
        if found is None:
            at += 1
        else:
            pieces += [title[start:at], title[at : at + len(found)]]
            at = start = at + len(found)
    return [*pieces, title[start:]]


def _words(query: str) -> list[str]:
    """Runs of Chinese, and runs of other letters and digits."""
    spaced = re.sub(r"([\u3400-\u9fff]+)", r" \1 ", unicodedata.normalize("NFKC", query).lower())
    words = {word for part in spaced.split() for word in re.findall(r"[^\W_]+", part)}
    return sorted(words, key=lambda word: (-len(word), word))

"""Search text. Chinese as bigrams and single characters, the way Lucene's CJK analyser does it; Latin words whole,
asked by their beginning.

A listing's words are in three tiers: its title; who and where it is from; what is written about it. Relevance is the
first tier that has all words, then `rank_of`: popular first. Both engines walk that order and stop when a page is full.
"""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise

from market.catalogue.rules import ListingKind
from market.kernel.database import Engine
from market.kernel.errors import Invalid

TIERS = ("title", "place", "body")
QUERY_LENGTH_MAX = 64
TERMS_MAX = 8
BOUNDARY = "\ue000"
"""A token that no text has: phrases do not reach over it. Private use, which FTS5's unicode61 keeps as a token."""
POPULARITY_MAX = (1 << 20) - 1
_SERIAL_BITS = 43

_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<word>[^\W_{_CJK}]+)")


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    """The runs of Chinese and the words of anything else, full-width forms and case folded."""
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text).lower()):
        yield match["cjk"] is not None, match[0]


def kind_token(kind: ListingKind) -> str:
    """A token that stands in the title tier of every listing of a kind, so that one kind can be searched by index."""
    return BOUNDARY + ("p" if kind is ListingKind.PRODUCT else "t")


def index_text(text: str, *, with_singles: bool) -> str:
    """The tokens to index of a text, in order; single characters only where asked (titles and places).

    >>> index_text("奉化水蜜桃 2.5kg", with_singles=False).replace(BOUNDARY, "|")
    '奉化 化水 水蜜 蜜桃 | 2 5kg |'
    """
    tokens: list[str] = []
    singles: dict[str, None] = {}
    for is_chinese, run in _runs(text):
        if is_chinese and len(run) > 1:
            tokens += [a + b for a, b in pairwise(run)] + [BOUNDARY]
        else:
            tokens.append(run)
        if is_chinese:
            singles.update(dict.fromkeys(run))
    if with_singles:
        tokens += [BOUNDARY, *singles]
    if tokens and tokens[-1] != BOUNDARY:
        tokens.append(BOUNDARY)
    return " ".join(tokens)


def terms(query: str) -> tuple[list[list[str]], list[str]]:
    """Phrases of adjacent tokens, and beginnings of words, all of which a listing must have.

    Refuses with Invalid a query with no word in it, or too long.

    >>> terms("水蜜桃 tea")
    ([['水蜜', '蜜桃']], ['tea'])
    """
    phrases: list[list[str]] = []
    prefixes: list[str] = []
    for is_chinese, run in _runs(query[: QUERY_LENGTH_MAX + 1]):
        if not is_chinese:
            prefixes.append(run)
        else:
            phrases.append([run] if len(run) == 1 else [a + b for a, b in pairwise(run)])
    if not phrases and not prefixes or len(query) > QUERY_LENGTH_MAX or len(phrases) + len(prefixes) > TERMS_MAX:
        raise Invalid(
            field="query",
            allowed=f"search for one to {TERMS_MAX} words, at most {QUERY_LENGTH_MAX} characters",
            allowed_zh=f"请输入 1 到 {TERMS_MAX} 个词，最多 {QUERY_LENGTH_MAX} 个字符",
        )
    return phrases, prefixes


def asked(query: str, engine: Engine, *, tier: int | None, kind: ListingKind | None = None) -> str:
    """What to bind to find listings whose words are all within a tier (in any, for None), of one kind when given.

    Refuses as `terms` does.
    """
    phrases, prefixes = terms(query)
    if kind is not None:
        phrases.append([kind_token(kind)])
    return engine.search_words(tier, phrases, prefixes)


def rank_of(popularity: int, listing_id: str) -> int:
    """Where a listing stands among those that match alike: more popular first, the rest by chance, but always the same.

    Unique but for a chance of one in 2^43; the database refuses a second one.
    """
    serial = int.from_bytes(sha256(listing_id.encode()).digest()[:8]) >> (64 - _SERIAL_BITS)
    return (max(0, min(popularity, POPULARITY_MAX)) << _SERIAL_BITS) | serial


def highlighted(text: str, *, query: str) -> list[str]:
    """A text in pieces, every second of which is what the query's words found.

    >>> highlighted("奉化水蜜桃", query="水蜜桃")
    ['奉化', '水蜜桃', '']
    """
    words = sorted({run for _is_chinese, run in _runs(query)}, key=len, reverse=True)
    if not words:
        return [text]
    return re.split("(" + "|".join(re.escape(word) for word in words) + ")", text, flags=re.IGNORECASE)

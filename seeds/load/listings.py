"""What both kinds of invented offers share: the listing, its pictures, and its words for search."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from random import Random

from sqlmodel import Session

from market.catalogue.rules import ListingKind, ListingState
from market.catalogue.search import TIERS, index_text, kind_token, rank_of
from market.catalogue.tables import Image, Listing, listing_search
from market.kernel.database import Engine
from seeds import content
from seeds.load.bulk import Ids, bulk_insert
from seeds.load.rowset import RowSet
from seeds.load.sellers import Seller
from seeds.load.words import Words
from seeds.media import shared_picture

_POPULARITY_FIRST, _POPULARITY_FALL = 1_000_000, 0.7
_SECONDS_ON_SALE = 2 * 365 * 86_400

Tokens = tuple[int, str, str, tuple[str, ...]]
"""A search row to be: rank, title, place, and the parts of the body."""


@cache
def _tokens(text: str) -> str:
    """The body's tokens of a text that many listings share."""
    return index_text(text, with_singles=False)


@cache
def _place_tokens(text: str) -> str:
    return index_text(text, with_singles=True)


class Phrases:
    """What the hand-written offers of a category say, sentence by sentence, to be said again in other combinations."""

    def __init__(self, category: str) -> None:
        offers = [row for noun in ("product", "package") for row in content.rows(noun) if row["category"] == category]
        self.summaries = [(row["summary"], row["summary_en"]) for row in offers]
        self.zh = [part for row in offers for part in re.findall(r"[^。]+。", row["description"])]
        self.en = [part for row in offers for part in re.split(r"(?<=\.) ", row["description_en"])]


class Categories:
    """The category tree by slug: ids and names from the root down."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        rows = {row["slug"]: row for row in content.rows("category")}

        def path(slug: str) -> list[str]:
            return [*(path(rows[slug]["parent"]) if rows[slug]["parent"] else ()), slug]

        self.ids = {slug: [ids[each] for each in path(slug)] for slug in rows}
        self.names = {slug: " ".join(rows[each]["name"] for each in path(slug)) for slug in rows}
        leaves = rows.keys() - {row["parent"] for row in rows.values()}
        self.phrases = {slug: Phrases(slug) for slug in leaves}


class Listings:
    """Makes listings, and remembers their words until all are made. Popularity falls as the power of the rank."""

    def __init__(
        self, chance: Random, ids: Ids, rows: RowSet, categories: Categories, *, now: datetime, total: int
    ) -> None:
        self.chance, self.ids, self.rows, self.now = chance, ids, rows, now
        self._categories = categories
        self._popularity = [int(_POPULARITY_FIRST / rank**_POPULARITY_FALL) for rank in range(1, total + 1)]
        chance.shuffle(self._popularity)
        self._search: list[Tokens] = []

    def add(
        self,
        kind: ListingKind,
        listing_id: str,
        *,
        title: Words,
        category: str,
        motif: str,
        seller: Seller,
        more: tuple[str, ...],
        **kept: object,
    ) -> None:
        """One more listing that is on sale. `more` are words of its kind, `kept` its kept columns."""
        chance, place, path = self.chance, seller.place, self._categories.ids[category]
        phrases = self._categories.phrases[category]
        summary = chance.choice(phrases.summaries)
        zh, en = chance.choices(phrases.zh, k=2), chance.choices(phrases.en, k=2)
        popularity = self._popularity.pop()
        rank = rank_of(popularity, listing_id)
        published_at = self.now - timedelta(seconds=chance.randrange(_SECONDS_ON_SALE))
        reviews = max(0, int(chance.gauss(popularity**0.5 / 4, 6)))
        rating = chance.randint(380, 500) if reviews else None
        self.rows.add(
            Listing,
            id=listing_id,
            kind=kind,
            state=ListingState.LIVE,
            title=title[0],
            title_en=title[1],
            summary=summary[0],
            summary_en=summary[1],
            description="".join(zh),
            description_en=" ".join(en),
            producer_id=seller.id,
            cooperative_id=seller.cooperative_id,
            category_id=path[-1],
            category_1=path[0],
            category_2=path[1] if len(path) > 1 else None,
            category_3=path[2] if len(path) > 2 else None,
            village_id=place.id,
            region_code=place.code,
            township_code=place.code[:9] + "000",
            county_code=place.code[:6] + "000000",
            latitude=place.latitude,
            longitude=place.longitude,
            popularity=popularity,
            rating_hundredths=rating,
            rating_count=reviews,
            rating_sum=(rating or 0) * reviews // 100,
            search_rank=rank,
            published_at=published_at,
            created_at=published_at,
            updated_at=published_at,
            **kept,
        )
        self._add_images(listing_id, title, motif)
        self._remember(rank, kind, title, seller, (*summary, self._categories.names[category], *zh, *en, *more))

    def _remember(self, rank: int, kind: ListingKind, title: Words, seller: Seller, body: tuple[str, ...]) -> None:
        words = index_text(f"{title[0]} {title[1]}", with_singles=True)
        self._search.append(
            (
                rank,
                f"{words} {kind_token(kind)}",
                _place_tokens(seller.search_text),
                tuple([_tokens(part) for part in body]),
            )
        )

    def _add_images(self, listing_id: str, title: Words, motif: str) -> None:
        for position in range(1, self.chance.randint(1, 2) + 1):
            image = shared_picture(motif, position).image(*title)
            self.rows.add(
                Image,
                id=self.ids.new("img"),
                listing_id=listing_id,
                position=position,
                key=image.key,
                alt=image.alt,
                alt_en=image.alt_en,
                width=image.width,
                height=image.height,
            )

    def write_search(self, session: Session, engine: Engine) -> None:
        """Step: insert the search rows in the order of their rank, which is many times faster on SQLite (FTS5 flushes
        what it gathered whenever a row comes before its predecessor)."""
        self._search.sort()

        def rows() -> Iterator[tuple[object, ...]]:
            for rank, title, place, body in self._search:
                index = engine.search_index([title, place, " ".join(body)])
                yield (rank, *[index[tier] for tier in TIERS])

        bulk_insert(session, listing_search, ["rowid", *TIERS], rows())

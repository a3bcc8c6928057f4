"""Steps: a listing's row in the search table, there exactly while it is on sale."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue import search
from market.catalogue.content.drafts import Draft, ProductDraft
from market.catalogue.tables import Category, Listing, listing_search
from market.kernel.database import Engine
from market.organisations.tables import Organisation
from market.places.tables import Region


def index_listing(session: Session, engine: Engine, listing: Listing, draft: Draft) -> None:
    """Step: make a listing findable by its words, or by its new ones."""
    sellers = [listing.producer_id, *filter(None, [listing.cooperative_id])]
    names = session.exec(select(Organisation.name, Organisation.name_en).where(col(Organisation.id).in_(sellers)))
    codes = [listing.region_code, listing.township_code, listing.county_code]
    regions = session.exec(select(Region.name).where(col(Region.code).in_(codes)))
    categories = session.exec(
        select(Category.name).where(col(Category.id).in_([listing.category_1, listing.category_2, listing.category_3]))
    )
    place = " ".join([part for pair in names for part in pair if part] + list(regions))
    body = " ".join(
        filter(
            None,
            [
                listing.summary,
                listing.summary_en,
                *categories,
                listing.description,
                listing.description_en,
                *_words_of_kind(draft),
            ],
        )
    )
    title = search.index_text(f"{listing.title} {listing.title_en or ''}", with_singles=True)
    texts = [
        f"{title} {search.kind_token(listing.kind)}",
        search.index_text(place, with_singles=True),
        search.index_text(body, with_singles=False),
    ]
    unindex_listing(session, listing)
    session.execute(sa.insert(listing_search).values(rowid=listing.search_rank, **engine.search_index(texts)))


def unindex_listing(session: Session, listing: Listing) -> None:
    """Step: nobody finds the listing any more."""
    session.execute(sa.delete(listing_search).where(listing_search.c.rowid == listing.search_rank))


def _words_of_kind(draft: Draft) -> list[str | None]:
    if isinstance(draft, ProductDraft):
        return [draft.origin, draft.origin_en, *[each.name for each in draft.variants]]
    return [draft.meeting_point, *[text for _kind, text, _text_en in draft.notes]]

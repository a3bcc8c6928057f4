"""Step: a listing's stars follow its shown reviews, in the transaction that changes them."""

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.catalogue.content.topics import topics_of
from market.catalogue.tables import Listing
from market.kernel.topics import touch
from market.reviews.rules import average_hundredths

_LISTINGS = SQLModel.metadata.tables[str(Listing.__tablename__)]


def count_stars(session: Session, listing_id: str, *, reviews: int, stars: int) -> None:
    """Step: so many more (or fewer) reviews and stars of a listing count; its average follows, halves up.

    Guards: one update takes the row and counts; the average is reckoned from what it has then.
    """
    listing = _LISTINGS.c
    row = session.execute(
        sa.update(_LISTINGS)
        .where(listing.id == listing_id)
        .values(rating_count=listing.rating_count + reviews, rating_sum=listing.rating_sum + stars)
        .returning(
            listing.rating_count,
            listing.rating_sum,
            listing.id,
            listing.category_1,
            listing.category_2,
            listing.category_3,
        )
    ).one()
    average = average_hundredths(row.rating_sum, row.rating_count)
    session.execute(sa.update(_LISTINGS).where(listing.id == listing_id).values(rating_hundredths=average))
    touch(session, "reviews", *topics_of(row))

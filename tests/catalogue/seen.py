"""What there is at the fair, as the tables say it."""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from market.catalogue.content.codec import decoded
from market.catalogue.content.read import content_of
from market.catalogue.rules import ListingState
from market.catalogue.rules.states import OPEN_REVISIONS
from market.catalogue.search import asked
from market.catalogue.tables import Listing, ListingRevision, ListingSuspension, Variant, listing_search
from market.kernel.audit import AuditEntry
from market.kernel.market import Market


@dataclass
class Seen:
    """One marketplace, looked at."""

    market: Market

    def saying(self, listing_id: str, **listing: Any) -> Any:
        """What a listing says to buyers, with other values for fields that both kinds share."""
        with self.market.read() as session:
            content = content_of(session, session.get_one(Listing, listing_id))
        assert content is not None
        return replace(content, listing=replace(content.listing, **listing))

    def listing(self, listing_id: str) -> Listing:
        """A listing's row."""
        with self.market.read() as session:
            return session.get_one(Listing, listing_id)

    def listing_of(self, revision_id: str) -> Listing:
        """The listing of a revision."""
        return self.listing(self.revision(revision_id).listing_id)

    def revision(self, revision_id: str) -> ListingRevision:
        """A revision's row."""
        with self.market.read() as session:
            return session.get_one(ListingRevision, revision_id)

    def open(self, listing_id: str) -> ListingRevision | None:
        """A listing's open revision."""
        with self.market.read() as session:
            return session.exec(
                select(ListingRevision).where(
                    ListingRevision.listing_id == listing_id,
                    col(ListingRevision.state).in_(OPEN_REVISIONS),
                )
            ).one_or_none()

    def wanted(self, listing_id: str) -> Any:
        """What a listing's open revision would have it say."""
        revision = self.open(listing_id)
        assert revision is not None
        return decoded(revision.content)

    def state(self, listing_id: str) -> ListingState:
        return self.listing(listing_id).state

    def causes(self, listing_id: str) -> list[str]:
        """The causes for which a listing is off sale."""
        with self.market.read() as session:
            held = select(ListingSuspension.cause).where(ListingSuspension.listing_id == listing_id)
            return sorted(str(each) for each in session.exec(held))

    def found(self, words: str) -> list[str]:
        """The listings that a search finds, by id."""
        engine = self.market.database.engine
        matches = engine.matches_any(listing_search, sa.literal(asked(words, engine, tier=None)))
        with self.market.read() as session:
            rows = select(Listing.id).join(listing_search, listing_search.c.rowid == col(Listing.search_rank))
            return sorted(session.exec(rows.where(matches)))

    def variants(self, listing_id: str) -> dict[str, Variant]:
        """A product's variants by SKU, retired ones too."""
        with self.market.read() as session:
            rows = session.exec(select(Variant).where(Variant.listing_id == listing_id).order_by(col(Variant.position)))
            return {each.sku: each for each in rows}

    def audited(self) -> list[tuple[str, str, str]]:
        """The audit trail: actor, action, principal."""
        with self.market.read() as session:
            rows = session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))
            return [(each.actor, each.action, each.principal) for each in rows]
